import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
} from 'yaml'
import { type Finding, isRecord, type Path, type Problem } from './problems.ts'

/** A configuration file that was read: its value and where each part of it stands. */
export interface Source {
  readonly value: unknown
  /** 1-based line of a value, or of the nearest thing around it that is written in the file. */
  lineOf(path: Path, at?: 'key' | 'value'): number
}

/** What the YAML library calls a fault, in words; its own messages may quote the file, and with it a secret. */
const words: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'an alias (*name) has no anchor (&name) before it',
  BAD_DQ_ESCAPE: 'a quoted text contains an escape sequence that YAML does not know',
  BAD_INDENT: 'the indentation does not fit the lines around it',
  BAD_SCALAR_START: 'a value cannot start with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'two keys on one line; quote the text or start a new line',
  DUPLICATE_KEY: 'the same key appears twice in one block',
  MISSING_CHAR: 'a closing quote, bracket or comma is missing',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line and followed by ":"',
  MULTIPLE_DOCS: 'the file contains more than one YAML document',
  RESOURCE_EXHAUSTION: 'the file is nested too deeply',
  TAB_AS_INDENT: 'a tab is used for indentation; use spaces',
  UNEXPECTED_TOKEN: 'something is in a place where YAML does not allow it',
}

/** The text of a file, or of standard input (0). Throws an error with a `code`: of the system, or `NOT_UTF8`. */
export function readText(path: string | 0): string {
  const bytes = readFileSync(path)
  if (!isUtf8(bytes) || bytes.includes(0)) throw Object.assign(new Error('not UTF-8'), { code: 'NOT_UTF8' })
  return bytes.toString('utf8')
}

/** Why a file could not be read, in words; undefined where that is not the cause. */
export function readFailure(error: unknown): string | undefined {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'NOT_UTF8') return 'is not a text in UTF-8 (perhaps UTF-16): save it as UTF-8'
  if (code === 'ENOENT') return 'cannot be read (ENOENT): there is no such file'
  if (code === 'EISDIR') return 'cannot be read (EISDIR): it is a folder'
  return code && `cannot be read (${code})`
}

/** Reads YAML (JSON is YAML); the faults of the text itself come back as problems. */
export function readSource(text: string): Source | readonly Problem[] {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true })
  const problems = document.errors.map(({ code, pos }) => ({
    path: '',
    line: lines.linePos(pos[0]).line,
    message: words[code] ?? `this is not valid YAML (${code})`,
  }))
  if (problems.length > 0) return problems
  const value = plainValue(document)
  if (value === undefined)
    return [{ path: '', line: 1, message: 'aliases expand to more than a file may contain' }]
  if (isCyclic(value.value))
    return [
      { path: '', line: 1, message: 'an alias (*name) is inside of the block that it stands for (&name)' },
    ]
  return { value: value.value, lineOf: (path, at = 'value') => lineOf(document, lines, path, at) }
}

function plainValue(document: Document.Parsed): { readonly value: unknown } | undefined {
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) as unknown }
  } catch {
    return undefined
  }
}

function isCyclic(value: unknown, around: readonly unknown[] = []): boolean {
  if (typeof value !== 'object' || value === null) return false
  return around.includes(value) || Object.values(value).some((each) => isCyclic(each, [...around, value]))
}

function lineOf(document: Document.Parsed, lines: LineCounter, path: Path, at: 'key' | 'value'): number {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const [index, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step)) as
        Pair<Node, Node | null> | undefined
      if (!pair) break
      const keyOffset = startOf(pair.key) ?? offset
      offset = index === path.length - 1 && at === 'key' ? keyOffset : (startOf(pair.value) ?? keyOffset)
      // A block starts on the line after its key; people look for the key.
      if (isMap(pair.value) || isSeq(pair.value)) offset = keyOffset
      node = pair.value
    } else if (isSeq(node)) {
      const item: unknown = node.items[Number(step)]
      if (item === undefined) break
      offset = startOf(item) ?? offset
      node = item
    } else break
  }
  return lines.linePos(offset).line
}

function startOf(node: unknown): number | undefined {
  const range = (node as { range?: readonly number[] | null } | null | undefined)?.range
  return range?.[0]
}

/** The process environment, as `process.env` holds it. */
export type Variables = Readonly<Record<string, string | undefined>>

/** Reads what `file:/path` names; throws an error with a `code` when it cannot. */
export type SecretReader = (path: string) => Buffer

export interface Resolved {
  readonly value: unknown
  readonly findings: readonly Finding[]
  /** Paths whose reference failed: their values are stand-ins that no other check may complain about. */
  readonly missing: ReadonlySet<string>
}

const largestSecretFile = 64 * 1024

/**
 * Replaces `${NAME}` in every text from the environment (`$${` stands for `${` itself) and a text that is
 * `file:/path` by that file's content without its last line break. Keys are left as they are.
 */
export function resolveReferences(
  value: unknown,
  env: Variables,
  readSecretFile: SecretReader = readFileSync,
): Resolved {
  const found: Finding[] = []
  const missing = new Set<string>()
  const fail = (path: Path, message: string) => {
    found.push({ path, message })
    missing.add(pathKey(path))
    return ''
  }
  const walk = (each: unknown, path: Path): unknown => {
    if (typeof each === 'string')
      return each.startsWith('file:') ? readSecret(each, path) : replace(each, path)
    if (Array.isArray(each)) return each.map((item, index) => walk(item, [...path, index]))
    if (!isRecord(each)) return each
    return Object.fromEntries(Object.entries(each).map(([key, item]) => [key, walk(item, [...path, key])]))
  }
  const replace = (text: string, path: Path) =>
    text.replace(/\$\$\{|\$\{([^}]*)\}/g, (whole, name: string | undefined) => {
      if (whole === '$${') return '${'
      if (name === undefined || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
        return fail(path, '${…} must contain the name of an environment variable')
      const variable = env[name]
      if (variable === undefined) return fail(path, `the environment variable ${name} is not set`)
      return variable === '' ? fail(path, `the environment variable ${name} is empty`) : variable
    })
  const readSecret = (reference: string, path: Path): string => {
    const file = reference.slice('file:'.length)
    if (!file.startsWith('/'))
      return fail(path, 'file: must be followed by an absolute path, as in file:/run/secrets/token')
    try {
      const content = readSecretFile(file)
      if (content.length > largestSecretFile) return fail(path, `the file ${file} is larger than 64 KiB`)
      const text = content.toString('utf8').replace(/\r?\n$/, '')
      return text === '' ? fail(path, `the file ${file} is empty`) : text
    } catch (error) {
      return fail(
        path,
        `the file ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`,
      )
    }
  }
  return { value: walk(value, []), findings: found, missing }
}

export function pathKey(path: Path): string {
  return JSON.stringify(path)
}

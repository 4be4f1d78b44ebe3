import {
  LineCounter,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type Node,
  type Pair,
} from 'yaml'
import type { Path, Problem } from './problems.ts'

/** A configuration file that was read: its value and where each part of it stands. */
export interface Source {
  readonly value: unknown
  /** 1-based line of a value, or of the nearest thing around it that is written in the file. */
  lineOf(path: Path, at?: 'key' | 'value'): number
}

/** What the YAML library calls a fault, in words; its own messages may quote the file, and with it a secret. */
const words: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'an alias (*name) has no anchor (&name) before it',
  BAD_DQ_ESCAPE: 'a "…" text holds an escape that YAML does not know',
  BAD_INDENT: 'the indentation does not fit the lines around it',
  BAD_SCALAR_START: 'a text cannot start with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'two keys on one line; quote the text or start a new line',
  DUPLICATE_KEY: 'the same key stands twice in one block',
  MISSING_CHAR: 'a closing quote, bracket or comma is missing',
  MULTILINE_IMPLICIT_KEY: 'a key must stand on one line, followed by ":"',
  MULTIPLE_DOCS: 'the file holds more than one YAML document',
  RESOURCE_EXHAUSTION: 'the file is nested too deeply',
  TAB_AS_INDENT: 'a tab is used for indentation; use spaces',
  UNEXPECTED_TOKEN: 'something stands where YAML does not allow it',
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
    return [{ path: '', line: 1, message: 'aliases expand to more than the file may hold' }]
  return { value: value.value, lineOf: (path, at = 'value') => lineOf(document, lines, path, at) }
}

function plainValue(document: Document.Parsed): { readonly value: unknown } | undefined {
  try {
    return { value: document.toJS({ maxAliasCount: 100 }) as unknown }
  } catch {
    return undefined
  }
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

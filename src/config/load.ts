import { readFileSync } from 'node:fs'
import type { Configuration, ConnectionConfig, DirectoryConfig } from '../model/configuration.ts'
import type { AnyVendor } from '../vendors/contract.ts'
import { checkConnection } from './connection.ts'
import { checkDirectory, tokenFindings } from './directory.ts'
import { insecureTargetsOf } from './environment.ts'
import { findings } from './file/findings.ts'
import { type Finding, isRecord, type Path, pathText, type Problem } from './file/problems.ts'
import { pathKey, resolveReferences, type SecretReader, type Variables } from './file/references.ts'
import {
  ConfigurationSchema,
  ConnectionSchema,
  namePattern,
  type RawConnection,
  type RawDirectory,
} from './file/schema.ts'
import { readSource, type Source } from './file/source.ts'
import type { Context } from './rules/check.ts'

export type CheckedConnection =
  | { readonly ok: true; readonly connection: ConnectionConfig }
  /** In words: what and where. */
  | { readonly ok: false; readonly problems: readonly string[] }

/** One connection as a configuration file would hold it, by the same rules; references are not resolved. */
export function checkOne(
  name: string,
  raw: unknown,
  vendors: readonly AnyVendor[],
  insecureTargets: readonly string[],
): CheckedConnection {
  const shape = findings(ConnectionSchema, raw)
  const { value, findings: found } = checkConnection(name, raw as RawConnection, [], {
    vendors,
    insecureTargets,
    lineOf: () => 0,
    sound: (path) => !shape.some((each) => isPart(each.path, path) || isPart(path, each.path)),
  })
  const problems = [...shape, ...found].map(({ path, message }) => `${pathText(path)} ${message}`.trim())
  if (!new RegExp(namePattern).test(name))
    problems.push('name must be letters, digits, ".", "_" and "-", at most 63')
  return problems.length === 0 && value
    ? { ok: true, connection: value }
    : { ok: false, problems: [...new Set(problems)] }
}

const isPart = (path: readonly unknown[], of: readonly unknown[]): boolean =>
  path.length >= of.length && of.every((step, index) => String(step) === String(path[index]))

export type Loaded =
  | { readonly ok: true; readonly configuration: Configuration }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Reads and checks a configuration file; every problem is reported at once, and none holds a value of the file. */
export function loadConfiguration(path: string, env: Variables, vendors: readonly AnyVendor[]): Loaded {
  try {
    return parseConfiguration(readFileSync(path, 'utf8'), env, vendors)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === undefined) throw error
    return { ok: false, problems: [{ path: '', line: 0, message: `${path} cannot be read (${code})` }] }
  }
}

/** As `loadConfiguration`, from the text of a file. */
export function parseConfiguration(
  text: string,
  env: Variables,
  vendors: readonly AnyVendor[],
  readSecretFile?: SecretReader,
): Loaded {
  const source = readSource(text)
  if (!('lineOf' in source)) return { ok: false, problems: source }
  if (!isRecord(source.value))
    return {
      ok: false,
      problems: [{ path: '', line: 1, message: 'the file must hold a block "directories:"' }],
    }

  const resolved = resolveReferences(source.value, env, readSecretFile)
  const known = [...resolved.missing].map((key) => JSON.parse(key) as Path)
  const usable = (path: Path) => !known.some((each) => startsWith(path, each))
  const shape = findings(ConfigurationSchema, resolved.value).filter(({ path }) => usable(path))
  const context: Context = {
    vendors,
    insecureTargets: insecureTargetsOf(env),
    lineOf: (path) => source.lineOf(path),
    sound: (path) => !shape.some((each) => startsWith(each.path, path) || startsWith(path, each.path)),
  }
  const { directories, found } = checkDirectories(resolved.value, context, usable)
  const all = [...resolved.findings, ...shape, ...found.filter(({ path }) => usable(path))]
  return all.length === 0
    ? { ok: true, configuration: { directories } }
    : { ok: false, problems: toProblems(all, source) }
}

function checkDirectories(value: unknown, context: Context, usable: (path: Path) => boolean) {
  const raw = isRecord(value) && isRecord(value['directories']) ? value['directories'] : {}
  const checked = Object.entries(raw)
    .filter(([, each]) => isRecord(each))
    .map(([name, each]) => checkDirectory(name, each as RawDirectory, ['directories', name], context))
  return {
    directories: checked.flatMap(({ value: directory }): DirectoryConfig[] => (directory ? [directory] : [])),
    found: [...checked.flatMap((each) => each.findings), ...tokenFindings(raw, usable)],
  }
}

function toProblems(found: readonly Finding[], source: Source): readonly Problem[] {
  const problems = found.map(({ path, message, atKey }) => ({
    path: pathText(path),
    line: source.lineOf(path, atKey ? 'key' : 'value'),
    message,
  }))
  const once = new Map(problems.map((problem) => [pathKey([problem.path, problem.message]), problem]))
  return [...once.values()].toSorted((a, b) => a.line - b.line)
}

function startsWith(path: Path, start: Path): boolean {
  return start.every((step, index) => String(path[index]) === String(step)) && path.length >= start.length
}

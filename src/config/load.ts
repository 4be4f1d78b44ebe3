import { isWeakSecret, shortestSecret, strongSecret } from './weak-secret.ts'
import type { Configuration, ConnectionConfig, DirectoryConfig } from '../model/configuration.ts'
import type { AnyVendor } from '../vendors/contract.ts'
import { checkConnection, type Checked } from './connection.ts'
import { insecureTargetsOf } from './environment.ts'
import {
  pathKey,
  readFailure,
  readSource,
  readText,
  resolveReferences,
  type SecretReader,
  type Source,
  type Variables,
} from './file.ts'
import { findings } from './findings.ts'
import { type Finding, isRecord, isWithin, type Path, pathText, type Problem, soundness } from './problems.ts'
import type { Context } from './rules.ts'
import {
  ConfigurationSchema,
  ConnectionSchema,
  namePattern,
  type RawConnection,
  type RawDirectory,
} from './schema.ts'

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
    sound: soundness(shape),
  })
  const problems = [...shape, ...found].map(({ path, message }) => `${pathText(path)} ${message}`.trim())
  if (!new RegExp(namePattern).test(name))
    problems.push('name must be letters, digits, ".", "_" and "-", at most 63 characters')
  return problems.length === 0 && value
    ? { ok: true, connection: value }
    : { ok: false, problems: [...new Set(problems)] }
}

export type Loaded =
  | { readonly ok: true; readonly configuration: Configuration }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/** Reads and checks a configuration file; every problem is reported at once, and none holds a value of the file. */
export function loadConfiguration(path: string, env: Variables, vendors: readonly AnyVendor[]): Loaded {
  try {
    return parseConfiguration(readText(path), env, vendors)
  } catch (error) {
    const message = readFailure(error)
    if (message === undefined) throw error
    return { ok: false, problems: [{ path: '', line: 0, message }] }
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
      problems: [{ path: '', line: 1, message: 'the file must contain a block "directories:"' }],
    }

  const resolved = resolveReferences(source.value, env, readSecretFile)
  const known = [...resolved.missing].map((key) => JSON.parse(key) as Path)
  const usable = (path: Path) => !known.some((each) => isWithin(path, each))
  const shape = findings(ConfigurationSchema, resolved.value).filter(({ path }) => usable(path))
  const context: Context = {
    vendors,
    insecureTargets: insecureTargetsOf(env),
    lineOf: (path) => source.lineOf(path),
    sound: soundness(shape),
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

function checkDirectory(
  name: string,
  raw: RawDirectory,
  base: Path,
  context: Context,
): Checked<DirectoryConfig> {
  const connections = isRecord(raw.connections) ? Object.entries(raw.connections) : []
  const checked = connections
    .filter(([, each]) => isRecord(each))
    .map(([key, each]) => checkConnection(key, each as RawConnection, [...base, 'connections', key], context))
  const found = [...domainFindings(raw, base, context), ...checked.flatMap((each) => each.findings)]
  if (found.length > 0 || !context.sound(base)) return { findings: found }
  return {
    findings: [],
    value: {
      name,
      client: raw.client ?? 'auto',
      domains: (raw.domains ?? []).map((domain) => domain.toLowerCase()),
      tokens: raw.tokens ?? [],
      connections: checked
        .map(({ value }) => value)
        .filter((value): value is ConnectionConfig => value !== undefined),
    },
  }
}

function domainFindings(raw: RawDirectory, base: Path, { sound }: Context): readonly Finding[] {
  const path = [...base, 'domains']
  const domains = sound(path) ? (raw.domains ?? []) : []
  return domains.flatMap((domain, index) =>
    /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(domain)
      ? []
      : [{ path: [...path, index], message: 'must be a domain such as corp.example, without "@"' }],
  )
}

/** Token secrets select a directory, so that each must be long enough and stand for one token only. */
function tokenFindings(
  directories: Readonly<Record<string, unknown>>,
  usable: (path: Path) => boolean,
): readonly Finding[] {
  const found: Finding[] = []
  const bySecret = new Map<string, Path>()
  for (const [directory, raw] of Object.entries(directories)) {
    const tokens = isRecord(raw) && Array.isArray(raw['tokens']) ? (raw['tokens'] as unknown[]) : []
    const names = new Set<unknown>()
    for (const [index, token] of tokens.entries()) {
      if (!isRecord(token)) continue
      const path = ['directories', directory, 'tokens', index]
      if (names.has(token['name']))
        found.push({
          path: [...path, 'name'],
          message: 'another token of this directory already has this name',
        })
      names.add(token['name'])
      const secret = token['secret']
      if (typeof secret !== 'string' || !usable([...path, 'secret'])) continue
      found.push(...secretFindings(secret, path, bySecret))
    }
  }
  return found
}

function secretFindings(secret: string, token: Path, bySecret: Map<string, Path>): readonly Finding[] {
  const path = [...token, 'secret']
  if (secret.length < shortestSecret)
    return [{ path, message: `must have at least ${shortestSecret} characters` }]
  if (isWeakSecret(secret)) return [{ path, message: `must have ${strongSecret}` }]
  if (!/^[\x21-\x7e]+$/.test(secret)) return [{ path, message: 'must be printable ASCII without spaces' }]
  const first = bySecret.get(secret)
  if (first) return [{ path, message: `is the same secret as ${pathText(first)}; each token needs its own` }]
  bySecret.set(secret, token)
  return []
}

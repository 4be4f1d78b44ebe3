import { checkConnection, type Checked } from './connection.ts'
import type { ConnectionConfig, DirectoryConfig } from '../model/configuration.ts'
import { isRecord, pathText, type Finding, type Path } from './file/problems.ts'
import type { RawConnection, RawDirectory } from './file/schema.ts'
import type { Context } from './rules/check.ts'

const shortestSecret = 16

export function checkDirectory(
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
export function tokenFindings(
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
        found.push({ path: [...path, 'name'], message: 'another token of this directory has this name' })
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
  if (!/^[\x21-\x7e]+$/.test(secret)) return [{ path, message: 'must be printable ASCII without spaces' }]
  const first = bySecret.get(secret)
  if (first) return [{ path, message: `is the same secret as ${pathText(first)}; each token needs its own` }]
  bySecret.set(secret, token)
  return []
}

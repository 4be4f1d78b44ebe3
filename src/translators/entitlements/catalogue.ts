import type { Deviation, Reason } from '../../model/plan.ts'
import type { Capabilities, EntitlementKind } from '../../model/capabilities.ts'
import { type Entitlement, entitlementKey, type Scope } from '../../model/account.ts'
import { slotOf } from '../granted.ts'

/** Names that look like what was asked for, best first; for a message, so cheap rather than clever. */
export function nearestNames(asked: string, names: readonly string[], count = 3): readonly string[] {
  const target = asked.toLowerCase().slice(0, longest)
  const limit = Math.max(2, Math.floor(target.length / 3))
  return [...new Set(names)]
    .slice(0, mostNames)
    .map((name) => ({ name, distance: distanceTo(target, name.toLowerCase().slice(0, longest)) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map(({ name }) => name)
}

const longest = 64
const mostNames = 2_000

// One name inside the other is near whatever its length: "admin" for "Falcon Administrator".
function distanceTo(asked: string, name: string): number {
  if (asked === '' || name === '') return Infinity
  return asked.includes(name) || name.includes(asked) ? 1 : editDistance(asked, name)
}

/** Levenshtein's distance, a row at a time. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const swap = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(swap, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    above = current
  }
  return above[b.length] ?? 0
}

/** Says why a request grants nothing. No resolution: the vendor has nothing of that kind. */
export function deviationOf(
  request: EntitlementRequest,
  reason: Reason,
  resolution: Resolution | undefined,
): Deviation {
  const where = reason.line === undefined ? '' : ` (line ${reason.line})`
  const what = `${request.kind} "${request.name}"${inScope(request)}${where}`
  if (resolution?.kind === 'ambiguous') {
    const detail = `Several entitlements are meant by ${what}: ${resolution.among.join(', ')}. Use the id or name a scope; until then nothing is granted or revoked for it.`
    return { code: 'entitlement-ambiguous', detail }
  }
  if (resolution?.kind === 'unknown') {
    const near = resolution.nearest.map((name) => `"${name}"`).join(', ')
    const hint = near === '' ? '' : ` Nearest: ${near}.`
    const detail = `The vendor has no ${what}.${hint} Correct the rule or make it there; until then nothing is granted or revoked for it.`
    return { code: 'entitlement-unknown', detail }
  }
  if (resolution?.kind === 'refused') {
    const detail = `The vendor does not grant ${what}: ${resolution.why}. Take it out of the rule; until then nothing is granted or revoked for it.`
    return { code: 'entitlement-refused', detail }
  }
  const detail = `This API profile of the vendor has no ${request.kind}s, so ${what} cannot be granted. Take it out of the rule.`
  return { code: 'entitlement-kind-missing', detail }
}

function inScope({ scope }: EntitlementRequest): string {
  return Object.entries(scope ?? {})
    .map(([level, id]) => ` in ${level} ${id}`)
    .join('')
}

/** One stable text per request, however the configuration writes it: `role:soc@site:emea`. */
export function requestKey({ kind, name, scope }: EntitlementRequest): string {
  const levels = Object.entries(scope ?? {}).map(([level, id]) => `@${level}:${fold(id)}`)
  return `${kind}:${fold(name)}${levels.sort().join('')}`
}

/** The slot that a request is about, as far as it can be told without the catalogue. */
export function slotOfRequest({ kind, scope }: EntitlementRequest, defaultScope: Scope | undefined): string {
  const [named] = Object.entries(scope ?? {})
  if (named) return `${kind}@${named[0]}:${named[1].trim()}`
  return slotOf({ kind, ...(defaultScope ? { scope: defaultScope } : {}) })
}

/** One entitlement that a rule asks for, as the configuration spells it. */
export interface EntitlementRequest {
  readonly kind: EntitlementKind
  readonly name: string
  readonly scope?: { readonly [level: string]: string }
}

export type Resolution =
  /** `further`: the same role in the other home scopes. */
  | { readonly kind: 'found'; readonly entitlement: Entitlement; readonly further: readonly Entitlement[] }
  | { readonly kind: 'unknown'; readonly nearest: readonly string[] }
  | { readonly kind: 'ambiguous'; readonly among: readonly string[] }
  /** The vendor has it, but grants it to no account here: why, in words. */
  | { readonly kind: 'refused'; readonly why: string }

/**
 * Finds what a request names: by id, then by name, letter case aside. A request without a scope means the default scope,
 * else all home scopes, else an entry without one, else the only entry there is; never a role in a team.
 */
export function resolve(
  request: EntitlementRequest,
  catalogue: readonly Entitlement[],
  defaultScope?: Scope,
  scopes?: Capabilities['scopes'],
): Resolution {
  const entries = indexOf(catalogue)[request.kind]
  const name = fold(request.name)
  const named = (pool: readonly Entitlement[]): readonly Entitlement[] =>
    request.scope ? withinScope(pool, request.scope, catalogue, scopes) : withoutScope(pool, defaultScope)
  const byId = named(entries.byId.get(name) ?? [])
  const found = distinct(byId.length > 0 ? byId : named(entries.byName.get(name) ?? []))

  const [entitlement, ...further] = found
  if (!entitlement) return { kind: 'unknown', nearest: nearestNames(request.name, entries.names) }
  if (further.length > 0 && !isOnePerHome(found)) {
    return { kind: 'ambiguous', among: found.map(entitlementKey) }
  }
  const refused = found.find((each) => each.refused !== undefined)
  if (refused?.refused !== undefined) return { kind: 'refused', why: refused.refused }
  return { kind: 'found', entitlement, further }
}

function isOnePerHome(found: readonly Entitlement[]): boolean {
  return found.every(({ home }) => home) && new Set(found.map(slotOf)).size === found.length
}

function withoutScope(pool: readonly Entitlement[], defaultScope: Scope | undefined): readonly Entitlement[] {
  const inDefault = defaultScope ? pool.filter(({ scope }) => scope && isSame(scope, defaultScope)) : []
  if (inDefault.length > 0) return inDefault
  const atHome = pool.filter(({ home }) => home)
  if (atHome.length > 0) return atHome
  const unscoped = pool.filter(({ scope }) => scope === undefined)
  return unscoped.length > 0 ? unscoped : pool.filter(({ scope }) => scope?.level !== 'team')
}

/**
 * Entries of the scope that a rule names. Where the vendor lists entries of that level at all, only those count;
 * otherwise an entry without a scope is taken into the scope.
 */
function withinScope(
  pool: readonly Entitlement[],
  asked: NonNullable<EntitlementRequest['scope']>,
  catalogue: readonly Entitlement[],
  known: Capabilities['scopes'],
): readonly Entitlement[] {
  const scopes = Object.entries(asked).flatMap(([level, value]) =>
    scopesNamed(level, value, catalogue, known),
  )
  const inScope = pool.filter(({ scope }) => scope && scopes.some((each) => isSame(scope, each)))
  if (inScope.length > 0) return inScope
  const { levels } = indexOf(catalogue)
  return pool
    .filter(({ scope }) => scope === undefined)
    .flatMap((entry) =>
      scopes.filter(({ level }) => !levels.has(level)).map((scope) => ({ ...entry, scope })),
    )
}

/** Teams are named or numbered like any group of the catalogue; other levels by id, or as the catalogue names them. */
function scopesNamed(
  level: string,
  value: string,
  catalogue: readonly Entitlement[],
  known: Capabilities['scopes'] = {},
): readonly Scope[] {
  if (level !== 'team') {
    const { levels } = indexOf(catalogue)
    const support = Object.hasOwn(known, level) ? known[level] : undefined
    if (!support && !levels.has(level)) return []
    const { checksumDigits } = support ?? {}
    if (checksumDigits !== undefined) return [{ level, id: withoutChecksum(fold(value), checksumDigits) }]
    const named = indexOf(catalogue).scopes.get(`${level} ${fold(value)}`) ?? []
    return [{ level, id: value.trim() }, ...named]
  }
  const { byId, byName } = indexOf(catalogue).group
  const teams = byId.get(fold(value)) ?? byName.get(fold(value)) ?? []
  return distinct(teams).map(({ id }) => ({ level, id }))
}

function withoutChecksum(id: string, digits: number): string {
  const at = id.length - digits - 1
  return id[at] === '-' && /^[0-9a-f]+$/.test(id.slice(at + 1)) ? id.slice(0, at) : id
}

function isSame(a: Scope, b: Scope): boolean {
  return a.level === b.level && fold(a.id) === fold(b.id)
}

interface KindIndex {
  readonly byId: ReadonlyMap<string, readonly Entitlement[]>
  readonly byName: ReadonlyMap<string, readonly Entitlement[]>
  readonly names: readonly string[]
}

interface CatalogueIndex extends Readonly<Record<EntitlementKind, KindIndex>> {
  /** Levels that the vendor lists role entries of. */
  readonly levels: ReadonlySet<string>
  /** Scopes by level and name. */
  readonly scopes: ReadonlyMap<string, readonly Scope[]>
}

// A sweep plans many people against one catalogue; the index lives as long as that array does.
const indexes = new WeakMap<readonly Entitlement[], CatalogueIndex>()

function indexOf(catalogue: readonly Entitlement[]): CatalogueIndex {
  const known = indexes.get(catalogue)
  if (known) return known
  const index = {
    role: indexOfKind(catalogue.filter(({ kind }) => kind === 'role')),
    group: indexOfKind(catalogue.filter(({ kind }) => kind === 'group')),
    levels: new Set(catalogue.flatMap(({ scope }) => (scope ? [scope.level] : []))),
    scopes: scopesByName(catalogue),
  }
  indexes.set(catalogue, index)
  return index
}

function scopesByName(catalogue: readonly Entitlement[]): ReadonlyMap<string, readonly Scope[]> {
  const scopes = new Map<string, Scope[]>()
  const seen = new Set<string>()
  for (const { scope, scopeName } of catalogue) {
    if (!scope || scopeName === undefined || seen.has(`${scope.level} ${scope.id}`)) continue
    seen.add(`${scope.level} ${scope.id}`)
    const name = `${scope.level} ${fold(scopeName)}`
    scopes.set(name, [...(scopes.get(name) ?? []), scope])
  }
  return scopes
}

function indexOfKind(entries: readonly Entitlement[]): KindIndex {
  return {
    byId: Map.groupBy(entries, ({ id }) => fold(id)),
    byName: Map.groupBy(entries, ({ name }) => fold(name)),
    names: entries.map(({ name }) => name),
  }
}

function distinct(entries: readonly Entitlement[]): readonly Entitlement[] {
  return [...new Map(entries.map((entry) => [entitlementKey(entry), entry])).values()]
}

function fold(text: string): string {
  return text.trim().toLowerCase()
}

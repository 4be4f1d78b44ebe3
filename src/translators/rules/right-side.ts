import type { Match } from './left-side.ts'
import type { DefaultGrant, Rule } from '../../model/policy.ts'

/** Whether the rule says itself what is granted or set. */
export function hasRightSide({ role, team, vendorGroup, set }: DefaultGrant): boolean {
  return [role, team, vendorGroup, set].some((side) => side !== undefined)
}

/** Whether a right side reads differently from person to person: `{team}`. */
export function hasTemplate({ role, team, vendorGroup, scope = {} }: DefaultGrant): boolean {
  return [role, team, vendorGroup, ...Object.values(scope)].some((text) =>
    /\{[A-Za-z_]\w*\}/.test(text ?? ''),
  )
}

/** The right side with its templates filled in. */
export function filledIn(right: DefaultGrant, captures: Match['captures']): DefaultGrant {
  if (Object.keys(captures).length === 0) return right
  const fill = (text: string): string =>
    text.replace(/\{([A-Za-z_]\w*)\}/g, (whole, name: string) =>
      Object.hasOwn(captures, name) ? (captures[name] ?? '') : whole,
    )
  const { role, team, vendorGroup, scope, set } = right
  return {
    ...(role === undefined ? {} : { role: fill(role) }),
    ...(team === undefined ? {} : { team: fill(team) }),
    ...(vendorGroup === undefined ? {} : { vendorGroup: fill(vendorGroup) }),
    ...(scope
      ? { scope: Object.fromEntries(Object.entries(scope).map(([level, name]) => [level, fill(name)])) }
      : {}),
    ...(set ? { set } : {}),
  }
}

type Resource = Readonly<Record<string, unknown>>

/** A value of the User's own roles or entitlements: what it names, and where only that is meant. */
export interface NamedValue {
  readonly name: string
  /** Given by an id of the catalogue that Drawbridge publishes (`/Roles`, `/Entitlements`). */
  readonly kind?: 'role' | 'group'
  readonly scope?: { readonly [level: string]: string }
}

/**
 * The values of roles and entitlements, each once, in their order. Ids that name another connection are left out; JSON
 * text inside a value (Entra ID, AppRoleAssignmentsComplex) is read.
 */
export function namedValues(resource: Resource, connection: string | undefined): readonly NamedValue[] {
  const named = [...entriesOf(resource['roles']), ...entriesOf(resource['entitlements'])].flatMap((entry) => {
    const text = textOf(entry)
    if (text === undefined) return []
    const published = publishedId(text)
    if (!published) return [{ name: text }]
    const { connection: home, ...value } = published
    return connection === undefined || home === connection ? [value] : []
  })
  return [...new Map(named.map((value) => [keyOf(value), value])).values()]
}

function entriesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textOf(entry: unknown): string | undefined {
  if (typeof entry === 'string') return filled(entry)
  if (!isRecord(entry)) return undefined
  const value = filled(entry['value'])
  const decoded = value?.startsWith('{') ? parsed(value) : undefined
  if (decoded) return filled(decoded['value']) ?? filled(decoded['displayName'])
  return value ?? filled(entry['display'])
}

/** `connection~kind~id[~level~id]`, other bytes than letters, digits, `_` and `-` as a dot and two hexadecimal digits. */
function publishedId(text: string): (NamedValue & { readonly connection: string }) | undefined {
  if (!/^[\w.~-]+$/.test(text)) return undefined
  const [connection, kind, id, level, scopeId, ...rest] = text.split('~').map(unescaped)
  if (connection === undefined || id === undefined || rest.length > 0) return undefined
  if (kind !== 'role' && kind !== 'group') return undefined
  if (level === undefined) return { connection, kind, name: id }
  return scopeId === undefined ? undefined : { connection, kind, name: id, scope: { [level]: scopeId } }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text.replace(/\.([0-9a-f]{2})/g, '%$1'))
  } catch {
    // Not UTF-8, so no id of ours; taken as it stands.
    return text
  }
}

function keyOf({ name, kind, scope }: NamedValue): string {
  return JSON.stringify([kind, name.toLowerCase(), scope])
}

function filled(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}

function parsed(text: string): Resource | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A rule as a sentence: `group "Admins", except "Guests", grants role "SOC" in site "EMEA" for 24h`. */
export function ruleWords(rule: Rule): string {
  const { except, until } = rule
  const exceptions = except?.length ? `, except ${except.map(quoted).join(', ')},` : ''
  const right = hasRightSide(rule) ? grantWords(rule) : 'what they name'
  return `${leftWords(rule)}${exceptions} grants ${right}${untilWords(until)}`
}

/** Whom a rule concerns. */
export function leftWords({ group, attribute, roles }: Rule): string {
  if (group !== undefined) return `group ${quoted(group)}`
  if (attribute !== undefined) return `filter ${attribute}`
  return roles === '*'
    ? "the User's own roles and entitlements"
    : `the User's own role ${quoted(roles ?? '')}`
}

/** A right side in words; empty when it grants nothing. */
export function grantWords({ role, team, vendorGroup, scope, set }: DefaultGrant): string {
  const names = Object.entries({ role, team, vendorGroup }).filter(([, name]) => name !== undefined)
  const where = Object.entries(scope ?? {}).map(([level, name]) => ` in ${level} ${quoted(name)}`)
  const grants = names.map(
    ([kind, name]) => `${kind === 'vendorGroup' ? 'group' : kind} ${quoted(name ?? '')}`,
  )
  const settings = Object.entries(set ?? {}).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return [grants.join(', ') + where.join(''), ...settings].filter((part) => part !== '').join(', ')
}

function untilWords(until: string | undefined): string {
  if (until === undefined) return ''
  if (until === 'suffix') return ' for as long as the group’s name says'
  return /^\d+[a-z]+$/.test(until) ? ` for ${until}` : ` until ${until}`
}

function quoted(text: string): string {
  return JSON.stringify(text)
}

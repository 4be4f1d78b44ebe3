import type { Match } from './left-side.ts'
import type { DefaultGrant, Rule } from '../../model/policy.ts'
import type { EntitlementRequest } from '../entitlements/catalogue.ts'
import type { Reason } from '../../model/plan.ts'

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

/** The scope of a right side is its role's, if it has one. */
export function requestsOf({ role, team, vendorGroup, scope }: DefaultGrant): readonly EntitlementRequest[] {
  const scoped = scope ? { scope } : {}
  const groupScope = role === undefined ? scoped : {}
  return [
    ...(role === undefined ? [] : [{ kind: 'role', name: role, ...scoped } as const]),
    ...[team, vendorGroup].flatMap((name) =>
      name === undefined ? [] : [{ kind: 'group', name, ...groupScope } as const],
    ),
  ]
}

/** One entitlement that a rule asks for, for one person. */
export interface RuleRequest {
  readonly request: EntitlementRequest
  readonly reason: Reason
  /** ISO 8601 instant at which the rule stops asking. */
  readonly until?: string
  /** Named by a value of the User: a role if there is one of that name, else a group. */
  readonly anyKind?: true
  /** Id of the SCIM Group that the vendor's group is made for (`create: true`). */
  readonly madeFor?: string
}

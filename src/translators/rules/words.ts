import type { DefaultGrant, Rule } from '../../model/plan.ts'
import { hasRightSide } from './right-side.ts'

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

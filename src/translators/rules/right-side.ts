import type { DefaultGrant } from '../../model/plan.ts'
import type { Match } from './left-side.ts'

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

import type { Rule } from '../../model/plan.ts'
import type { AnyVendor, EntitlementKind } from '../../vendors/contract.ts'
import type { Context } from '../connection.ts'
import type { Finding, Path } from '../file/problems.ts'
import type { RawConnection, RawRule } from '../file/schema.ts'
import { leftFindings } from './left-side.ts'
import { createFindings } from './create.ts'
import { settingFindings } from './settings.ts'
import { templateFindings } from './templates.ts'

type Grant = RawRule | NonNullable<RawConnection['default']>

const kindOf = { role: 'role', team: 'group', vendorGroup: 'group' } as const satisfies Record<
  string,
  EntitlementKind
>
const rightSides = Object.keys(kindOf) as (keyof typeof kindOf)[]

/** Everything wrong with the rules and the default of a connection, as far as it can be told without its vendor. */
export function ruleFindings(
  vendor: AnyVendor,
  raw: RawConnection,
  base: Path,
  { sound }: Pick<Context, 'sound'>,
): readonly Finding[] {
  const rules = Array.isArray(raw.rules) ? raw.rules : []
  const found = rules.flatMap((rule, index) => {
    const path = [...base, 'rules', index]
    if (!sound(path)) return []
    return [
      ...sidesOf(rule, path),
      ...leftFindings(rule, path),
      ...templateFindings(rule, path),
      ...kindFindings(vendor, rule, path),
      ...settingFindings(vendor, rule.set, [...path, 'set']),
      ...createFindings(vendor, rule, path),
    ]
  })
  const path = [...base, 'default']
  if (!sound(path)) return found
  const byDefault = raw.default ?? {}
  return [
    ...found,
    ...kindFindings(vendor, byDefault, path),
    ...settingFindings(vendor, byDefault.set, [...path, 'set']),
  ]
}

/** A rule as the translators read it. */
export function toRule(raw: RawRule, line: number): Rule {
  const { group, attribute, roles, role, team, vendorGroup, scope, set, create, except, until } = raw
  const given = {
    group,
    attribute,
    roles: roles?.trim(),
    role,
    team,
    vendorGroup,
    scope,
    set: set as Rule['set'],
    create: create === true ? true : undefined,
    except: except && except.length > 0 ? except : undefined,
    until,
  }
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  return { ...known, line }
}

function sidesOf(rule: RawRule, path: Path): readonly Finding[] {
  const left = [rule.group, rule.attribute, rule.roles].filter((side) => side !== undefined).length
  const right = [rule.role, rule.team, rule.vendorGroup, rule.set].filter((side) => side !== undefined).length
  const found: Finding[] = []
  if (left !== 1) found.push({ path, message: 'a rule needs exactly one of group, attribute, roles' })
  if (right === 0 && rule.roles === undefined)
    found.push({ path, message: 'a rule must grant something: role, team, vendorGroup or set' })
  return found
}

function kindFindings(vendor: AnyVendor, grant: Grant, path: Path): readonly Finding[] {
  const tables = vendor.profiles.map((profile) => vendor.capabilities(profile).entitlements)
  const missing = rightSides.filter(
    (side) => grant[side] !== undefined && !tables.some((kinds) => kinds[kindOf[side]]),
  )
  const found: Finding[] = missing.map((side) => ({
    path: [...path, side],
    message: `${vendor.name} has no ${kindOf[side] === 'role' ? 'roles' : 'groups or teams'} that can be granted`,
  }))
  if (grant.scope && Object.keys(grant.scope).length !== 1)
    found.push({ path: [...path, 'scope'], message: 'must name exactly one level' })
  return found
}

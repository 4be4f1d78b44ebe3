import type { AnyVendor } from '../../vendors/contract.ts'
import type { Finding, Path } from '../file/problems.ts'
import type { RawRule } from '../file/schema.ts'

/** What is wrong with `create: true` of a rule: it makes the vendor's group for a SCIM Group, and for nothing else. */
export function createFindings(vendor: AnyVendor, rule: RawRule, path: Path): readonly Finding[] {
  if (rule.create !== true) return []
  const at = [...path, 'create']
  if (!vendor.profiles.some((profile) => vendor.capabilities(profile).groups))
    return [{ path: at, atKey: true, message: `${vendor.name} has no groups or teams that can be made` }]
  if (rule.group === undefined)
    return [
      { path: at, atKey: true, message: 'makes a group for a SCIM group: the rule must name one by group' },
    ]
  if (rule.team === undefined && rule.vendorGroup === undefined)
    return [{ path: at, atKey: true, message: 'needs a team or vendorGroup to make' }]
  return []
}

import type { AnyVendor, SettingSupport } from '../../vendors/contract.ts'
import { nearest, type Finding, type Path } from '../file/problems.ts'

/** What is wrong with the account settings that a rule sets. */
export function settingFindings(
  vendor: AnyVendor,
  set: Readonly<Record<string, unknown>> | undefined,
  path: Path,
): readonly Finding[] {
  const tables = vendor.profiles.map((profile) => vendor.capabilities(profile).settings ?? {})
  const known: Readonly<Record<string, SettingSupport>> = Object.assign({}, ...tables)
  const names = Object.keys(known)
  return Object.entries(set ?? {}).flatMap(([name, value]): Finding[] => {
    const support = Object.hasOwn(known, name) ? known[name] : undefined
    const at = [...path, name]
    if (support) return fits(value, support) ? [] : [{ path: at, message: `must be ${expected(support)}` }]
    if (names.length === 0)
      return [
        { path: at, atKey: true, message: `${vendor.name} has no settings of accounts that rules can set` },
      ]
    const guess = nearest(name, names)
    const hint = guess ? `did you mean "${guess}"?` : `it has ${names.join(', ')}`
    return [{ path: at, atKey: true, message: `is not a setting of accounts at ${vendor.name}; ${hint}` }]
  })
}

function fits(value: unknown, { type, minimum, maximum }: SettingSupport): boolean {
  if (type === 'boolean') return typeof value === 'boolean'
  if (typeof value !== 'number' || !Number.isInteger(value)) return false
  return value >= (minimum ?? value) && value <= (maximum ?? value)
}

function expected({ type, minimum, maximum }: SettingSupport): string {
  if (type === 'boolean') return 'true or false'
  const least = minimum === undefined ? '' : `, at least ${minimum}`
  const most = maximum === undefined ? '' : `, at most ${maximum}`
  return `a whole number${least}${most}`
}

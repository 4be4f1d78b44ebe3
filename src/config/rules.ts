import type { EntitlementKind, SettingSupport } from '../model/capabilities.ts'
import type { Rule } from '../model/policy.ts'
import type { Filter } from '../scim/filter/ast.ts'
import { isPattern } from '../translators/rules/left-side.ts'
import { isDuration } from '../translators/rules/until.ts'
import type { AnyVendor } from '../vendors/contract.ts'
import { captureNames, compilePattern, PatternError, readFilter } from './matching.ts'
import { type Finding, nearest, type Path } from './problems.ts'
import type { RawConnection, RawRule } from './schema.ts'

/** What checking a part of the file needs to know of the rest. */
export interface Context {
  readonly vendors: readonly AnyVendor[]
  readonly insecureTargets: readonly string[]
  readonly lineOf: (path: Path) => number
  /** False where the shape of the file is already known to be wrong. */
  readonly sound: (path: Path) => boolean
}

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

/** What is wrong with whom a rule concerns, whom it does not, and until when. */
function leftFindings(rule: RawRule, path: Path): readonly Finding[] {
  const { group, attribute, except = [], until } = rule
  return [
    ...(group === undefined ? [] : groupFindings(group, [...path, 'group'])),
    ...except.flatMap((each, index) => groupFindings(each, [...path, 'except', index])),
    ...(attribute === undefined ? [] : filterFindings(attribute, [...path, 'attribute'])),
    ...(until === undefined ? [] : untilFindings(until, group, [...path, 'until'])),
  ]
}

function groupFindings(written: string, path: Path): readonly Finding[] {
  if (written === 'externalId:') return [{ path, message: 'externalId: must be followed by a value' }]
  if (!isPattern(written)) {
    return written.startsWith('/')
      ? [{ path, message: 'a pattern must end in /, or in /i to ignore case' }]
      : []
  }
  try {
    compilePattern(written)
    return []
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    return [{ path, message: patternWords(written, error) }]
  }
}

/** What RE2 leaves out so that matching takes time in proportion to the text. */
const refused: readonly { readonly construct: RegExp; readonly words: string }[] = [
  { construct: /\(\?<?[=!]/, words: 'look-ahead and look-behind, (?= (?! (?<= (?<!,' },
  { construct: /\\(?:[1-9]|k[<{'])/, words: 'back-references, \\1 or \\k<name>,' },
  { construct: /\(\?>|[*+?}]\+/, words: 'atomic groups and possessive repetition, (?> and ++,' },
]

function patternWords(written: string, error: PatternError): string {
  const found = refused.find(({ construct }) => construct.test(written))
  if (found) {
    return `${found.words} are not available, because they cannot be matched in linear time; see the RE2 syntax`
  }
  // The library's words name the fault; the piece of the pattern that follows stays out.
  const fault = /error parsing regexp: ([^:`]+)/.exec(error.message)?.[1] ?? 'it cannot be read'
  return `is not a valid RE2 pattern: ${fault.trim()}`
}

function filterFindings(text: string, path: Path): readonly Finding[] {
  let filter: Filter
  try {
    filter = readFilter(text)
  } catch {
    return [{ path, message: 'is not a SCIM filter, such as department eq "Finance" or title co "Lead"' }]
  }
  if (compares(filter, ({ type }) => type === 'unknown'))
    return [{ path, message: 'compares an attribute that Users do not have' }]
  if (compares(filter, ({ names: [first] }) => first === 'meta' || first === 'id' || first === 'password'))
    return [{ path, message: 'must not compare id, meta or password' }]
  return []
}

type BoundPath = Extract<Filter, { kind: 'present' }>['path']

function compares(filter: Filter, test: (path: BoundPath) => boolean): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.some((term) => compares(term, test))
    case 'not':
      return compares(filter.term, test)
    case 'present':
    case 'compare':
      return test(filter.path)
    case 'element':
      return (
        test(filter.path) ||
        compares(filter.filter, ({ type }) => type === 'unknown' && test({ ...filter.path, type }))
      )
  }
}

function untilFindings(until: string, group: string | undefined, path: Path): readonly Finding[] {
  const counts = until === 'suffix' || isDuration(until)
  if (counts && group === undefined)
    return [
      {
        path,
        message:
          'a duration counts from the start of a membership, so the rule needs a group; or give a date',
      },
    ]
  if (counts) return []
  const isInstant = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(until)
  if (isInstant && !Number.isNaN(Date.parse(until))) return []
  return [
    { path, message: 'must be a duration such as 24h or 7d, a date such as 2027-01-31, or the word suffix' },
  ]
}

/** What is wrong with `create: true` of a rule: it makes the vendor's group for a SCIM Group, and for nothing else. */
function createFindings(vendor: AnyVendor, rule: RawRule, path: Path): readonly Finding[] {
  if (rule.create !== true) return []
  const at = [...path, 'create']
  if (!vendor.profiles.some((profile) => vendor.capabilities(profile).groups))
    return [{ path: at, atKey: true, message: `${vendor.name} has no groups or teams that can be created` }]
  if (rule.group === undefined)
    return [
      {
        path: at,
        atKey: true,
        message: 'creates a group at the vendor for a SCIM group: the rule must name one with group',
      },
    ]
  if (rule.team === undefined && rule.vendorGroup === undefined)
    return [{ path: at, atKey: true, message: 'needs a team or vendorGroup to create' }]
  return []
}

/** What is wrong with the account settings that a rule sets. */
function settingFindings(
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
      return [{ path: at, atKey: true, message: `${vendor.name} has no account settings that rules can set` }]
    const guess = nearest(name, names)
    const hint = guess ? `did you mean "${guess}"?` : `it has ${names.join(', ')}`
    return [{ path: at, atKey: true, message: `is not an account setting of ${vendor.name}; ${hint}` }]
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

/** Templates of the right side must be named captures of the pattern on the left; `roles` has the one `{value}`. */
function templateFindings(rule: RawRule, path: Path): readonly Finding[] {
  const known = capturesOf(rule)
  if (known === undefined) return []
  const { role, team, vendorGroup, scope = {} } = rule
  const texts: readonly (readonly [Path, string | undefined])[] = [
    [[...path, 'role'], role],
    [[...path, 'team'], team],
    [[...path, 'vendorGroup'], vendorGroup],
    ...Object.entries(scope).map(([level, text]) => [[...path, 'scope', level], text] as const),
  ]
  return texts.flatMap(([at, text = '']) =>
    [...text.matchAll(/\{([A-Za-z_]\w*)\}/g)]
      .filter(([, name]) => !known.includes(name ?? ''))
      .map(() => ({ path: at, message: noSuchCapture(rule, known) })),
  )
}

/** Undefined where braces are ordinary characters, or the pattern cannot be read. */
function capturesOf({ group, roles }: RawRule): readonly string[] | undefined {
  if (roles !== undefined) return ['value']
  if (group === undefined || !isPattern(group)) return undefined
  try {
    const names = captureNames(group)
    return names.length === 0 ? undefined : names
  } catch {
    return undefined
  }
}

function noSuchCapture({ roles }: RawRule, known: readonly string[]): string {
  if (roles !== undefined) return 'the only template of a rule over roles is {value}'
  return `the pattern has no capture with that name; it has ${known.map((name) => `{${name}}`).join(', ')}`
}

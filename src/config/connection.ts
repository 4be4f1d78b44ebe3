import type { Policy, Rule } from '../translators/model.ts'
import type { AnyVendor, EntitlementKind } from '../vendors/contract.ts'
import { durationMs } from './duration.ts'
import type { ConnectionConfig } from './model.ts'
import { findings } from './file/findings.ts'
import { isRecord, nearest, type Finding, type Path } from './file/problems.ts'
import type { RawConnection, RawRule } from './file/schema.ts'
import { unavailable } from './unavailable.ts'
import { checkSettings, credentialsSchema, defaultSteps, possibleSteps } from './vendor-settings.ts'

/** What checking a part of the file needs to know of the rest. */
export interface Context {
  readonly vendors: readonly AnyVendor[]
  readonly insecureTargets: readonly string[]
  readonly lineOf: (path: Path) => number
  /** False where the shape of the file is already known to be wrong. */
  readonly sound: (path: Path) => boolean
}

export interface Checked<T> {
  readonly value?: T
  readonly findings: readonly Finding[]
}

const longestReplyMs = 50_000

/** Checks one connection as far as its shape allows; `value` is meant only when the whole file has no findings. */
export function checkConnection(
  name: string,
  raw: RawConnection,
  base: Path,
  context: Context,
): Checked<ConnectionConfig> {
  const vendor = context.vendors.find(({ id }) => id === raw.vendor)
  const general = [...unavailable(soundParts(raw, base, context), base), ...replyFindings(raw, base, context)]
  if (!vendor) return { findings: [...general, ...unknownVendor(raw.vendor, base, context)] }

  const settings = checkSettings(vendor, raw.settings, [...base, 'settings'], context.insecureTargets)
  const credentials = isRecord(raw.credentials)
    ? findings(credentialsSchema(vendor), raw.credentials, [...base, 'credentials'])
    : []
  const all = [
    ...general,
    ...(context.sound([...base, 'settings']) ? settings.findings : []),
    ...credentials,
    ...stepFindings(vendor, raw, base, context),
    ...invitationFindings(vendor, raw, base),
    ...grantFindings(vendor, raw, base, context),
  ]
  if (all.length > 0 || !context.sound(base)) return { findings: all }
  return {
    findings: [],
    value: {
      name,
      vendor: vendor.id,
      apiProfile: settings.apiProfile,
      settings: settings.settings,
      ...(settings.plan !== undefined && { plan: settings.plan }),
      credentials: raw.credentials as Readonly<Record<string, string>>,
      policy: policyOf(raw, base, context, defaultSteps(vendor, settings.apiProfile, settings.settings)),
    },
  }
}

function policyOf(
  raw: RawConnection,
  base: Path,
  { lineOf }: Context,
  steps: ReturnType<typeof defaultSteps>,
): Policy {
  return {
    mode: raw.mode ?? 'enforce',
    people: raw.people ?? 'assigned',
    login: raw.login ?? 'userName',
    rules: (raw.rules ?? []).map((rule, index) => toRule(rule, lineOf([...base, 'rules', index]))),
    default: only(raw.default ?? {}, ['role', 'team', 'vendorGroup', 'scope']),
    exclusive: raw.exclusive ?? false,
    deprovision: {
      inactive: raw.deprovision?.inactive ?? steps.inactive,
      deleted: raw.deprovision?.deleted ?? steps.deleted,
      graceDays: raw.deprovision?.graceDays ?? 0,
    },
    rename: raw.rename ?? 'keep',
    adopt: raw.adopt ?? 'always',
    reinvite: raw.reinvite ?? 'never',
    reply: {
      budgetMs: durationMs(raw.reply?.budget ?? '8s') ?? 8000,
      pendingShutOut: raw.reply?.pendingShutOut ?? 'retry',
    },
  }
}

function toRule(raw: RawRule, line: number): Rule {
  return { group: raw.group ?? '', ...only(raw, ['role', 'team', 'vendorGroup', 'scope']), line }
}

function only<T extends object, K extends keyof T>(value: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(
    keys.filter((key) => value[key] !== undefined).map((key) => [key, value[key]]),
  ) as Pick<T, K>
}

function soundParts(raw: RawConnection, base: Path, { sound }: Context): RawConnection {
  const parts = Object.entries(raw).filter(([key]) => key === 'rules' || sound([...base, key]))
  const rules = Array.isArray(raw.rules) ? raw.rules : []
  return {
    ...(Object.fromEntries(parts) as unknown as RawConnection),
    rules: rules.map((rule, index) => (sound([...base, 'rules', index]) ? rule : {})),
  }
}

function unknownVendor(vendor: unknown, base: Path, { vendors }: Context): readonly Finding[] {
  if (typeof vendor !== 'string' || vendor === '') return []
  const known = vendors.map(({ id }) => id)
  const guess = nearest(vendor, known)
  const hint = guess ? `; did you mean "${guess}"?` : ''
  return [
    { path: [...base, 'vendor'], message: `is not a vendor of this release (${known.join(', ')})${hint}` },
  ]
}

function replyFindings(raw: RawConnection, base: Path, { sound }: Context): readonly Finding[] {
  const path = [...base, 'reply', 'budget']
  const budget = sound(path) ? raw.reply?.budget : undefined
  return budget !== undefined && (durationMs(budget) ?? 0) > longestReplyMs
    ? [{ path, message: 'must be at most 50s: identity providers give up after about a minute' }]
    : []
}

function stepFindings(
  vendor: AnyVendor,
  raw: RawConnection,
  base: Path,
  { sound }: Context,
): readonly Finding[] {
  const possible = possibleSteps(vendor)
  return (['inactive', 'deleted'] as const).flatMap((key) => {
    const path = [...base, 'deprovision', key]
    const steps = sound(path) ? (raw.deprovision?.[key] ?? []) : []
    return steps.flatMap((step, index) =>
      possible.includes(step)
        ? []
        : [
            {
              path: [...path, index],
              message: `${vendor.name} has no such step; it has ${possible.join(', ')}`,
            },
          ],
    )
  })
}

function invitationFindings(vendor: AnyVendor, { reinvite }: RawConnection, base: Path): readonly Finding[] {
  const invites = vendor.profiles.some((profile) => vendor.capabilities(profile).account.create === 'invite')
  if (reinvite !== 'once' || invites) return []
  return [{ path: [...base, 'reinvite'], message: `${vendor.name} makes accounts without an invitation` }]
}

const kindOf = { role: 'role', team: 'group', vendorGroup: 'group' } as const satisfies Record<
  string,
  EntitlementKind
>
const rightSides = Object.keys(kindOf) as (keyof typeof kindOf)[]

function grantFindings(
  vendor: AnyVendor,
  raw: RawConnection,
  base: Path,
  context: Context,
): readonly Finding[] {
  const rules = Array.isArray(raw.rules) ? raw.rules : []
  const ruleFindings = rules.flatMap((rule, index) => {
    const path = [...base, 'rules', index]
    return context.sound(path) ? [...sidesOf(rule, path), ...kindFindings(vendor, rule, path)] : []
  })
  const path = [...base, 'default']
  return [...ruleFindings, ...(context.sound(path) ? kindFindings(vendor, raw.default ?? {}, path) : [])]
}

function sidesOf(rule: RawRule, path: Path): readonly Finding[] {
  const left = [rule.group, rule.attribute, rule.roles].filter((side) => side !== undefined).length
  const right = [rule.role, rule.team, rule.vendorGroup, rule.set].filter((side) => side !== undefined).length
  const found: Finding[] = []
  if (left !== 1) found.push({ path, message: 'a rule needs exactly one of group, attribute, roles' })
  if (right === 0 && rule.roles === undefined)
    found.push({ path, message: 'a rule must grant something: role, team or vendorGroup' })
  if (rule.group === 'externalId:')
    found.push({ path: [...path, 'group'], message: 'externalId: must be followed by a value' })
  return found
}

function kindFindings(
  vendor: AnyVendor,
  grant: RawRule | NonNullable<RawConnection['default']>,
  path: Path,
): readonly Finding[] {
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

import type { AnyVendor } from '../vendors/contract.ts'
import type { RawConnection } from './schema.ts'
import type { ConnectionConfig } from '../model/configuration.ts'
import { findings } from './findings.ts'
import { type Finding, isRecord, nearest, type Path } from './problems.ts'
import { type Context, ruleFindings, toRule } from './rules.ts'
import { checkSettings, credentialsSchema, defaultSteps, possibleSteps } from './vendor-settings.ts'
import type { DefaultSteps, GuardLimit, Policy } from '../model/policy.ts'
import { durationMs } from '../translators/rules/until.ts'

export interface Checked<T> {
  readonly value?: T
  readonly findings: readonly Finding[]
}

const longestReplyMs = 50_000
const shortestReconcileMs = 60_000

/** Checks one connection as far as its shape allows; `value` is meant only when the whole file has no findings. */
export function checkConnection(
  name: string,
  raw: RawConnection,
  base: Path,
  context: Context,
): Checked<ConnectionConfig> {
  const vendor = context.vendors.find(({ id }) => id === raw.vendor)
  const general = [...replyFindings(raw, base, context), ...reconcileFindings(raw, base, context)]
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
    ...ruleFindings(vendor, raw, base, context),
  ]
  if (all.length > 0 || !context.sound(base)) return { findings: all }
  const { expiresAt, ...secrets } = raw.credentials as Readonly<Record<string, string>>
  return {
    findings: [],
    value: {
      name,
      vendor: vendor.id,
      apiProfile: settings.apiProfile,
      settings: settings.settings,
      ...(settings.plan !== undefined && { plan: settings.plan }),
      credentials: secrets,
      ...(expiresAt !== undefined && { credentialsEndAt: new Date(expiresAt).toISOString() }),
      policy: policyOf(raw, base, context, defaultSteps(vendor, settings.apiProfile, settings.settings)),
    },
  }
}

function policyOf(raw: RawConnection, base: Path, { lineOf }: Context, steps: DefaultSteps): Policy {
  return {
    mode: raw.mode ?? 'enforce',
    people: raw.people ?? 'assigned',
    login: raw.login ?? 'userName',
    rules: (raw.rules ?? []).map((rule, index) => toRule(rule, lineOf([...base, 'rules', index]))),
    default: only(raw.default ?? {}, ['role', 'team', 'vendorGroup', 'scope', 'set']) as Policy['default'],
    exclusive: raw.exclusive ?? false,
    deprovision: deprovisionOf(raw, steps),
    rename: raw.rename ?? 'keep',
    adopt: raw.adopt ?? 'always',
    guard: guardOf(raw),
    reinvite: raw.reinvite ?? 'never',
    reply: replyOf(raw),
    reconcile: reconcileOf(raw),
  }
}

function deprovisionOf({ deprovision }: RawConnection, steps: DefaultSteps): Policy['deprovision'] {
  return {
    inactive: deprovision?.inactive ?? steps.inactive,
    deleted: deprovision?.deleted ?? steps.deleted,
    graceDays: deprovision?.graceDays ?? 0,
  }
}

function guardOf({ guard }: RawConnection): Policy['guard'] {
  return {
    protect: guard?.protect ?? [],
    shutOuts: limitOf(guard?.shutOuts, 25),
    revokes: limitOf(guard?.revokes, 100),
  }
}

function replyOf({ reply }: RawConnection): Policy['reply'] {
  return {
    budgetMs: durationMs(reply?.budget ?? '8s') ?? 8000,
    pendingShutOut: reply?.pendingShutOut ?? 'retry',
  }
}

function reconcileOf({
  reconcile: { every = '6h', repair } = {},
}: RawConnection): NonNullable<Policy['reconcile']> {
  const everyMs = durationMs(every)
  return { ...(everyMs === undefined ? {} : { everyMs }), repair: repair ?? ['lacking', 'reactivated'] }
}

const guardWindow = '1h'

function limitOf(raw: NonNullable<RawConnection['guard']>['shutOuts'], count: number): GuardLimit {
  return {
    count: raw?.count ?? count,
    withinMs: durationMs(raw?.within ?? guardWindow) ?? 3_600_000,
    ...(raw?.percent === undefined ? {} : { percent: raw.percent }),
  }
}

function only<T extends object, K extends keyof T>(value: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(
    keys.filter((key) => value[key] !== undefined).map((key) => [key, value[key]]),
  ) as Pick<T, K>
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

function reconcileFindings(raw: RawConnection, base: Path, { sound }: Context): readonly Finding[] {
  const path = [...base, 'reconcile', 'every']
  const every = sound(path) ? raw.reconcile?.every : undefined
  return every !== undefined && (durationMs(every) ?? shortestReconcileMs) < shortestReconcileMs
    ? [{ path, message: 'must be at least 1m, or never: a whole listing is read each time' }]
    : []
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
  return [{ path: [...base, 'reinvite'], message: `${vendor.name} creates accounts without an invitation` }]
}

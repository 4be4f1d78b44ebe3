import { Type, type TObject, type TSchema } from 'typebox'
import { Default } from 'typebox/value'
import type { AnyVendor } from '../vendors/contract.ts'
import { checkBaseUrl } from './base-url.ts'
import { findings } from './findings.ts'
import { type Finding, isRecord, type Path } from './problems.ts'
import { endPattern } from './schema.ts'
import type { ApiProfile } from '../model/account.ts'
import type { DefaultSteps, ShutOutStep } from '../model/policy.ts'

/** Settings that every vendor has, beside its own. */
function commonSettings(vendor: AnyVendor) {
  return {
    baseUrl: Type.Optional(
      Type.String({
        description: 'Origin of the vendor’s API, such as https://sentry.example.com; overrides the region.',
      }),
    ),
    apiProfile: Type.Optional(Type.Enum(['auto', ...vendor.profiles], { default: 'auto' })),
    ratePercent: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1000,
        default: 90,
        description: 'Share of the vendor’s published rate limits that is used, in percent.',
      }),
    ),
    plan: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'What the tenant pays for; the doctor compares it with what native SCIM needs.',
      }),
    ),
  }
}

/** Everything that may stand under `settings` of a connection of this vendor. */
export function settingsSchema(vendor: AnyVendor): TSchema {
  return closed(vendor.settings, commonSettings(vendor))
}

/** Everything that may stand under `credentials`: the vendor's own, and when they end where the vendor does not tell it. */
export function credentialsSchema(vendor: AnyVendor): TSchema {
  return closed(vendor.credentials, { expiresAt: Type.Optional(Type.String(expiresAt)) })
}

const expiresAt = {
  pattern: endPattern,
  description:
    'When they end, for the warnings, where the vendor does not tell it: a date such as 2027-01-31, or an instant.',
}

function closed(schema: TSchema, more: Record<string, TSchema>): TSchema {
  const properties = (schema as TObject).properties ?? {}
  return { ...schema, properties: { ...properties, ...more }, additionalProperties: false } as TSchema
}

export interface CheckedSettings {
  readonly apiProfile: 'auto' | ApiProfile
  /** The vendor's own, defaults filled in; `baseUrl` as an origin when given. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly plan?: string
  readonly findings: readonly Finding[]
}

export function checkSettings(
  vendor: AnyVendor,
  raw: unknown,
  base: Path,
  insecureTargets: readonly string[],
): CheckedSettings {
  const given = raw === undefined ? {} : raw
  const found = [...findings(settingsSchema(vendor), given, base)]
  const { baseUrl, apiProfile, plan, ...own } = isRecord(given) ? given : {}
  const checked = typeof baseUrl === 'string' ? checkBaseUrl(baseUrl, insecureTargets) : undefined
  if (checked && 'fault' in checked) found.push({ path: [...base, 'baseUrl'], message: checked.fault })
  const filled = Default(vendor.settings, structuredClone(own)) as Record<string, unknown>
  return {
    apiProfile: (apiProfile ?? 'auto') as 'auto' | ApiProfile,
    settings: checked && 'origin' in checked ? { ...filled, baseUrl: checked.origin } : filled,
    ...(typeof plan === 'string' && { plan }),
    findings: found,
  }
}

/** The vendor's default steps of a shut-out; the `guide` profile tries the off switch first where there is one. */
export function defaultSteps(
  vendor: AnyVendor,
  apiProfile: 'auto' | ApiProfile,
  settings: Readonly<Record<string, unknown>>,
): DefaultSteps {
  const { inactive, deleted } = vendor.deprovisionFor?.(settings) ?? vendor.deprovision
  const switchFirst = apiProfile === 'guide' && vendor.capabilities('guide').account.disable
  return {
    inactive: switchFirst && !inactive.includes('disable') ? ['disable', ...inactive] : inactive,
    deleted,
  }
}

/** Steps that at least one profile of the vendor can take. */
export function possibleSteps(vendor: AnyVendor): readonly ShutOutStep[] {
  const tables = vendor.profiles.map((profile) => vendor.capabilities(profile))
  const possible: Record<ShutOutStep, boolean> = {
    disable: tables.some(({ account }) => account.disable),
    strip: tables.some(({ entitlements }) => Object.keys(entitlements).length > 0),
    remove: tables.some(({ account }) => account.remove),
  }
  return (['disable', 'strip', 'remove'] as const).filter((step) => possible[step])
}

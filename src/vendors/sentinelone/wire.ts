import Type from 'typebox'
import type { Static, TSchema } from 'typebox'
import { Identity, Receipt, Rows } from '../kit/shape.ts'
import type { AccountFacts, Scope } from '../../model/account.ts'
import type { AccountSettings, Attribute } from '../../model/capabilities.ts'

/** Around every answer that holds something. */
export function enveloped<T extends TSchema>(data: T) {
  return Type.Object({ data })
}

/** Around a page. `totalItems` may be 0 with a cursor or without a count, so it is not read. */
export function paged<T extends TSchema>(data: T) {
  return Type.Object({
    data,
    pagination: Type.Optional(
      Type.Object({ nextCursor: Type.Optional(Type.Union([Type.String(), Type.Null()])) }),
    ),
  })
}

/** What a write answers where nothing of it is read. */
export const Done = Receipt(enveloped(Type.Unknown()))

/** One role of a user. Without a scope: of a level that cannot be named in rules (a group of endpoints). */
export interface HeldRole {
  readonly id: string
  readonly name?: string | undefined
  readonly scope?: Scope | undefined
}

/** A user as both profiles tell it. */
export interface ConsoleUser {
  readonly id: string
  readonly login: string
  readonly fullName?: string | undefined
  readonly isActive: boolean
  /** False while the invitation is open. */
  readonly isAccepted: boolean
  readonly roles: readonly HeldRole[]
  readonly settings: AccountSettings
  readonly isSystem: boolean
  readonly createdAt?: string | undefined
  readonly facts: AccountFacts
}

const text = Type.Optional(Type.Union([Type.String(), Type.Null()]))
const flag = Type.Optional(Type.Union([Type.Boolean(), Type.Null()]))

/**
 * What both profiles may show beside roles. Known and not read: `agreedEula`, `agreementUrl`,
 * `globalOrganizationId`, `globalUserId`, `groupsReadOnly`, `isExternalLoginUser`,
 * `primaryTwoFaMethod`, `twoFaConfigured`, `twoFaStatus`, `lowestRole`, `siteRoles`, `tenantRoles`.
 */
export const common = {
  /** 18 to 19 digits: beyond what a JSON number can hold, so a number cannot be read. */
  id: Type.String({ minLength: 1 }),
  email: Type.String(),
  fullName: text,
  source: text,
  dateJoined: text,
  createdAt: text,
  updatedAt: text,
  firstLogin: text,
  lastLogin: text,
  emailVerified: flag,
  emailReadOnly: flag,
  fullNameReadOnly: flag,
  twoFaEnabled: flag,
  twoFaEnabledReadOnly: flag,
  canGenerateApiToken: flag,
  elevatedSessionDurationMinutes: Type.Optional(Type.Union([Type.Number(), Type.Null()])),
  isSystem: flag,
  apiToken: Type.Optional(Type.Union([Type.Object({ expiresAt: text }), Type.Null()])),
}

const Common = Type.Object(common)
type Common = Static<typeof Common>

/** Vendor words for who made a user, in ours; `mgmt` is the console itself. */
const sources: Readonly<Record<string, string>> = {
  mgmt: 'local',
  local: 'local',
  sso_saml: 'sso',
  active_directory: 'directory',
}

export function toUser(user: Common, roles: readonly HeldRole[], isActive: boolean): ConsoleUser {
  const { id, email, fullName, isSystem, dateJoined, createdAt } = user
  return {
    id,
    login: email,
    fullName: fullName ?? undefined,
    isActive,
    // The guide's users tell no verification; whoever has not accepted cannot have signed in.
    isAccepted: user.emailVerified ?? user.lastLogin !== null,
    roles,
    settings: settingsOf(user),
    isSystem: isSystem ?? false,
    createdAt: dateJoined ?? createdAt ?? undefined,
    facts: factsOf(user),
  }
}

function settingsOf(user: Common): AccountSettings {
  const { canGenerateApiToken, twoFaEnabled, elevatedSessionDurationMinutes } = user
  return {
    canGenerateApiToken: canGenerateApiToken ?? false,
    ...(typeof twoFaEnabled === 'boolean' ? { twoFaEnabled } : {}),
    ...(typeof elevatedSessionDurationMinutes === 'number' ? { elevatedSessionDurationMinutes } : {}),
  }
}

function factsOf(user: Common): AccountFacts {
  const { source, lastLogin, updatedAt, emailVerified, twoFaEnabled, apiToken, isSystem } = user
  const readOnly = readOnlyOf(user)
  return {
    ...(source ? { source: sources[source.toLowerCase()] ?? source.toLowerCase() } : {}),
    ...(lastLogin ? { lastLoginAt: lastLogin } : {}),
    ...(updatedAt ? { updatedAt } : {}),
    ...(typeof emailVerified === 'boolean' ? { emailVerified } : {}),
    ...(typeof twoFaEnabled === 'boolean' ? { twoFactor: twoFaEnabled } : {}),
    ...(apiToken?.expiresAt ? { tokenExpiresAt: apiToken.expiresAt } : {}),
    ...(isSystem ? { managedBy: 'SentinelOne itself (isSystem)' } : {}),
    ...(readOnly.length > 0 ? { readOnly } : {}),
    ...(user.twoFaEnabledReadOnly ? { readOnlySettings: ['twoFaEnabled'] } : {}),
  }
}

function readOnlyOf({ emailReadOnly, fullNameReadOnly }: Common): readonly Attribute[] {
  return [
    ...(emailReadOnly ? (['email'] as const) : []),
    ...(fullNameReadOnly ? (['displayName'] as const) : []),
  ]
}

/** A tenant has no id in this API; this stands for it. */
export const tenantScope: Scope = { level: 'tenant', id: 'global' }

const levels: Readonly<Record<string, Scope['level']>> = {
  tenant: 'tenant',
  global: 'tenant',
  account: 'account',
  site: 'site',
}

/** Undefined for a level that the gateway has no word for. */
export function scopeOf(level: string | null | undefined, id: string | null | undefined): Scope | undefined {
  const known = levels[(level ?? '').toLowerCase()]
  if (known === 'tenant') return tenantScope
  return known && id ? { level: known, id } : undefined
}

/** `id` is that of the account or site; a tenant has none. */
const scopeRole = {
  id: text,
  name: text,
  accountName: text,
  siteName: text,
  roleId: text,
  roleName: text,
}
const ScopeRole = Type.Object(scopeRole)

/** A role that a user holds, named by its id or at least by its name: one that is not told must not be read as none. */
export const HeldScopeRole = Type.Union([
  Type.Object({ ...scopeRole, id: Identity(text), roleId: Type.String({ minLength: 1 }) }),
  Type.Object({ ...scopeRole, id: Identity(text), roleName: Type.String({ minLength: 1 }) }),
])

/** The token's owner. */
export const Me = Type.Object({
  id: Type.String({ minLength: 1 }),
  scope: text,
  scopeRoles: Type.Optional(Type.Array(ScopeRole)),
})

export type Me = Static<typeof Me>

export const MeAnswer = enveloped(Me)

const Account = Type.Object({ id: Type.String({ minLength: 1 }), name: Type.String() })

export const AccountPage = paged(Rows(Account))

export const Site = Type.Object({
  id: Type.String({ minLength: 1 }),
  name: Type.String(),
  accountId: Type.String({ minLength: 1 }),
  accountName: text,
})

export type Site = Static<typeof Site>

export const SitePage = paged(Type.Object({ sites: Rows(Site) }))

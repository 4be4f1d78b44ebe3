import { entitlementKey } from '../../vendors/contract.ts'
import type { InventoryEntry } from './ports.ts'

/**
 * One account of a vendor. What the vendor does not tell is absent, never guessed. The columns are documented in
 * docs/operations.md, in this order.
 */
export interface InventoryRow {
  readonly connection: string
  readonly vendor: string
  /** The vendor's own id. */
  readonly accountId: string
  readonly login: string
  readonly name?: string
  readonly state: 'active' | 'disabled' | 'invited'
  /** `linked`, `leaver` (linked, and not wanted active), `unclaimed` (made by an import), `orphan` (no person). */
  readonly standing: 'linked' | 'leaver' | 'unclaimed' | 'orphan'
  readonly userName?: string
  readonly userId?: string
  readonly entitlements?: readonly string[]
  readonly privileged: boolean
  readonly lastOwner?: boolean
  readonly source?: string
  readonly managedBy?: string
  readonly createdAt?: string
  readonly updatedAt?: string
  readonly lastLoginAt?: string
  /** Whole days since the last login. */
  readonly dormantDays?: number
  readonly emailVerified?: boolean
  readonly twoFactor?: boolean
  readonly tokenExpiresAt?: string
  readonly invitation?: 'pending' | 'expired'
  /** Who sent the invitation. */
  readonly invitedBy?: string
  /** Whole days since the invitation. */
  readonly invitedDays?: number
  /** Takes a seat: everybody who is not disabled, invitations included. */
  readonly seat: boolean
  readonly seenAt: string
}

export const inventoryColumns = [
  'connection',
  'vendor',
  'accountId',
  'login',
  'name',
  'state',
  'standing',
  'userName',
  'userId',
  'entitlements',
  'privileged',
  'lastOwner',
  'source',
  'managedBy',
  'createdAt',
  'updatedAt',
  'lastLoginAt',
  'dormantDays',
  'emailVerified',
  'twoFactor',
  'tokenExpiresAt',
  'invitation',
  'invitedBy',
  'invitedDays',
  'seat',
  'seenAt',
] as const satisfies readonly (keyof InventoryRow)[]

const dayMs = 24 * 60 * 60_000

export function toRow(
  { account, person, held, seenAt }: InventoryEntry,
  connection: { readonly name: string; readonly vendor: string },
  nowMs: number,
): InventoryRow {
  const { profile, facts, state } = account
  const entitlements = account.entitlements ?? held?.account.entitlements
  const names = [profile.givenName, profile.familyName].filter((part) => part !== undefined).join(' ')
  const isInvited = state === 'invited' || facts.invitation !== undefined
  return withoutGaps({
    connection: connection.name,
    vendor: connection.vendor,
    accountId: account.id,
    login: account.login,
    name: profile.displayName ?? (names === '' ? undefined : names),
    state,
    standing: standingOf(person),
    userName: person?.userName,
    userId: person?.userId,
    entitlements: entitlements?.map(entitlementKey).sort(),
    privileged: account.privileged,
    lastOwner: facts.lastOwner,
    source: facts.source,
    managedBy: facts.managedBy,
    createdAt: account.createdAt,
    updatedAt: facts.updatedAt,
    lastLoginAt: facts.lastLoginAt,
    dormantDays: daysSince(facts.lastLoginAt, nowMs),
    emailVerified: facts.emailVerified,
    twoFactor: facts.twoFactor,
    tokenExpiresAt: facts.tokenExpiresAt,
    invitation: facts.invitation ?? (state === 'invited' ? 'pending' : undefined),
    invitedBy: facts.invitedBy,
    invitedDays: isInvited ? daysSince(account.createdAt, nowMs) : undefined,
    seat: state !== 'disabled',
    seenAt,
  })
}

function standingOf(person: InventoryEntry['person']): InventoryRow['standing'] {
  if (!person) return 'orphan'
  if (person.unclaimed) return 'unclaimed'
  return person.active && !person.deleted && !person.held ? 'linked' : 'leaver'
}

function daysSince(instant: string | undefined, nowMs: number): number | undefined {
  const ms = instant === undefined ? Number.NaN : Date.parse(instant)
  return Number.isNaN(ms) ? undefined : Math.max(0, Math.floor((nowMs - ms) / dayMs))
}

type Gappy<T> = { readonly [K in keyof T]: T[K] | undefined }

function withoutGaps<T extends object>(row: Gappy<T>): T {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as T
}

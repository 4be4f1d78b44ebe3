import type { AccountSettings, Attribute, EntitlementKind } from './capabilities.ts'

export type Profile = { readonly [A in Attribute]?: string }

/** Attributes to write. `null` clears the value; an absent key is left alone. */
export type ProfileChange = { readonly [A in Attribute]?: string | null }

/**
 * Where a role counts. Absent: the whole tenant, as the vendor understands it. Levels are the vendor's own (`account`, `site`,
 * `cid`); `team` is a role within one of the vendor's groups.
 */
export interface Scope {
  readonly level: string
  readonly id: string
}

/** Something that an account can hold. `id` is the vendor's own. Equal by kind, id and scope: `entitlementKey`. */
export interface EntitlementRef {
  readonly kind: EntitlementKind
  readonly id: string
  readonly scope?: Scope
  /** ISO 8601 instant at which the grant ends. */
  readonly until?: string
}

/** Two references name the same entitlement exactly when their keys are equal. */
export function entitlementKey({ kind, id, scope }: EntitlementRef): string {
  return scope ? `${kind}:${id}@${scope.level}:${scope.id}` : `${kind}:${id}`
}

/** An entry of the catalogue: what a target offers. */
export interface Entitlement extends EntitlementRef {
  readonly name: string
  /** Owner and admin roles: who holds one is never adopted silently. */
  readonly privileged?: boolean
  /** The scope as people write it in a rule. */
  readonly scopeName?: string
  /** Meant by rules that name no scope; several home scopes are meant together. */
  readonly home?: true
  /** Why the vendor grants it to no account of this connection, in words; listed so that a rule which names it says so. */
  readonly refused?: string
}

/** What an account holds. `inherited`: through a vendor group or a parent tenant; the gateway cannot revoke it. */
export interface HeldEntitlement extends EntitlementRef {
  readonly inherited?: boolean
}

export interface EntitlementChange {
  readonly assign: readonly EntitlementRef[]
  readonly revoke: readonly EntitlementRef[]
  /** Settings that are switched off in the same call, where a shut-out strips an account. */
  readonly settings?: AccountSettings
}

/** One person's presence on one target, as the vendor reports it. Plain JSON: it is stored as `held`. */
export interface Account {
  readonly id: string
  /** The vendor's login, in the vendor's spelling. */
  readonly login: string
  readonly profile: Profile
  readonly state: 'active' | 'disabled' | 'invited'
  readonly entitlements: readonly HeldEntitlement[]
  /** Those that the capability table names, as far as the vendor shows them. */
  readonly settings?: AccountSettings
  readonly createdAt?: string
  /** Holds one of the vendor's owner or admin roles. */
  readonly privileged: boolean
  readonly facts: AccountFacts
}

/** What a listing shows. Entitlements are absent where the vendor's listing does not carry them. */
export type AccountSummary = Omit<Account, 'entitlements'> & Partial<Pick<Account, 'entitlements'>>

/**
 * What goes with a creation and is kept in no journal, log or event: it reaches a vendor within the request that brought
 * it, or not at all.
 */
export interface CreationSecret {
  /** As the identity provider pushed it, where an account needs a first password. */
  readonly password?: string
}

export interface AccountDraft {
  readonly login: string
  readonly profile: Profile
  /** Filled only with kinds that the capability table says are assigned `on-create`. */
  readonly entitlements: readonly EntitlementRef[]
  readonly settings?: AccountSettings
}

/** A group or team of the vendor, as the gateway makes, renames and removes them. */
export interface VendorGroup {
  /** As entitlements of kind `group` name it. */
  readonly id: string
  readonly name: string
  readonly createdAt?: string
}

export type ApiProfile = 'current' | 'legacy' | 'guide'

/** What else a vendor tells of an account; inventory shows it, the planner reads only `kind`, `lastOwner`, `managedBy` and `readOnly`. */
export interface AccountFacts {
  /** `service`: stands for no person; never adopted, changed or shut out. Absent: a person's. */
  readonly kind?: 'service'
  /** Who made the account: `local`, `sso`, `scim`, `directory`, … in the vendor's words, lower case. */
  readonly source?: string
  readonly lastLoginAt?: string
  /** When the vendor last saw a change to the account, no matter who made it. */
  readonly updatedAt?: string
  readonly emailVerified?: boolean
  readonly invitation?: 'pending' | 'expired'
  /** Name of who sent the invitation. */
  readonly invitedBy?: string
  readonly twoFactor?: boolean
  readonly tokenExpiresAt?: string
  /** Taking this account's access away would leave the tenant without an owner. */
  readonly lastOwner?: boolean
  /** Another system manages the account (native SCIM, partnership); the vendor refuses our writes. Says who. */
  readonly managedBy?: string
  /** Attributes that the vendor lets no one change on this account, whatever the capability table says. */
  readonly readOnly?: readonly Attribute[]
  /** Settings, likewise. */
  readonly readOnlySettings?: readonly string[]
}

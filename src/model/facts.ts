import type { Attribute } from './capabilities.ts'

/** What else a vendor tells of an account; inventory shows it, the planner reads only `lastOwner`, `managedBy` and `readOnly`. */
export interface AccountFacts {
  /** Who made the account: `local`, `sso`, `scim`, `directory`, … in the vendor's words, lower case. */
  readonly source?: string
  readonly lastLoginAt?: string
  /** When the vendor last saw a change to the account, whoever made it. */
  readonly updatedAt?: string
  readonly emailVerified?: boolean
  readonly invitation?: 'pending' | 'expired'
  /** Name of who sent the invitation. */
  readonly invitedBy?: string
  readonly twoFactor?: boolean
  readonly tokenExpiresAt?: string
  /** Taking this account's access away would leave the tenant without an owner. */
  readonly lastOwner?: boolean
  /** Somebody else manages the account (native SCIM, partnership); the vendor refuses our writes. Says who. */
  readonly managedBy?: string
  /** Attributes that the vendor lets nobody change on this account, whatever the capability table says. */
  readonly readOnly?: readonly Attribute[]
  /** Settings, likewise. */
  readonly readOnlySettings?: readonly string[]
}

import type {
  Account,
  AccountDraft,
  EntitlementChange,
  EntitlementRef,
  Profile,
  ProfileChange,
  ShutOutStep,
} from '../vendors/contract.ts'

/** A User reduced to what vendors can hold. */
export interface Person {
  /** Lower-cased e-mail address under which vendors know the person; see `loginOf`. */
  readonly login: string
  readonly active: boolean
  readonly profile: Profile
  /** The whole name as the directory formats it, if it does. */
  readonly formattedName?: string
  readonly groups: readonly GroupRef[]
}

/** A SCIM group that a person is in, directly. */
export interface GroupRef {
  readonly id: string
  readonly displayName: string
  readonly externalId?: string
}

/** A rule of the configuration: who has the left side is granted the right side. */
export interface Rule {
  /** Exact displayName, letter case aside, or `externalId:…`. */
  readonly group: string
  /** Role by name or id, from the catalogue. */
  readonly role?: string
  /** Team (a group of the vendor) by name or id. */
  readonly team?: string
  /** Group of the vendor by name or id. */
  readonly vendorGroup?: string
  readonly scope?: { readonly [level: string]: string }
  /** Line in the configuration file, for `explain`. */
  readonly line?: number
}

/** What everybody provisioned holds; counts as the last rule. */
export type DefaultGrant = Pick<Rule, 'role' | 'team' | 'vendorGroup' | 'scope'>

/** The policies of one connection (design: configuration file). */
export interface Policy {
  readonly mode: 'shadow' | 'approve' | 'enforce'
  readonly people: 'assigned' | 'mapped'
  readonly login: 'userName' | 'email'
  readonly rules: readonly Rule[]
  readonly default: DefaultGrant
  readonly exclusive: boolean
  readonly deprovision: {
    readonly inactive: readonly ShutOutStep[]
    readonly deleted: readonly ShutOutStep[]
    readonly graceDays: number
  }
  readonly rename: 'keep' | 'recreate' | 'reject'
  readonly adopt: 'always' | 'ask' | 'never'
  /** What follows when an invitation expires. */
  readonly reinvite: 'never' | 'once'
  readonly reply: { readonly budgetMs: number; readonly pendingShutOut: 'retry' | 'accept' }
}

/** Why a person is granted something. */
export interface Reason {
  readonly group?: string
  readonly rule: 'default' | number
  readonly line?: number
}

export interface WantedEntitlement {
  readonly ref: EntitlementRef
  readonly name: string
  readonly reasons: readonly Reason[]
  /** The right sides that led here, as `wishKey` writes them; kept with what is granted. */
  readonly wishes: readonly string[]
}

/** An entitlement that Drawbridge granted, and the right sides that asked for it. */
export interface Granted {
  readonly key: string
  readonly wishes: readonly string[]
}

/** What the directory says must be true of an account. */
export type Wanted =
  /** `mapped` connections want nothing for people whom no rule grants anything. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'shut-out'; readonly because: 'inactive' | 'deleted'; readonly login?: string }
  | {
      readonly kind: 'present'
      readonly person: Person
      readonly entitlements: readonly WantedEntitlement[]
      /** Right sides that do not resolve now (`wishKey`): what they granted is not revoked meanwhile. */
      readonly frozen: readonly string[]
      readonly deviations: readonly Deviation[]
    }

/** What the target was last proven to have. Plain JSON. */
export interface Held {
  readonly account: Account
  /** Only these are revoked, unless the connection is `exclusive`. */
  readonly granted: readonly Granted[]
  /** Our own changes that reads of a lagging vendor may not show yet. */
  readonly recent?: readonly RecentChange[] | undefined
  /** ISO 8601 instant at which Drawbridge renewed the invitation; it does so once. */
  readonly reinvitedAt?: string | undefined
}

export interface RecentChange {
  readonly ref: EntitlementRef
  readonly what: 'assigned' | 'revoked'
  /** ISO 8601 instant of the vendor's confirmation. */
  readonly at: string
}

/** What differs. */
export type Intent =
  | { readonly kind: 'provision' }
  | { readonly kind: 'activate' }
  | { readonly kind: 'update-profile'; readonly change: ProfileChange }
  | { readonly kind: 'assign'; readonly entitlement: EntitlementRef }
  | { readonly kind: 'revoke'; readonly entitlement: EntitlementRef }
  | { readonly kind: 'shut-out'; readonly because: 'inactive' | 'deleted' }

/** One call on a `Target`, as data: it can be stored, shown in a dry run, and computed again. */
export type Operation =
  | { readonly op: 'create'; readonly draft: AccountDraft }
  | { readonly op: 'activate' }
  | { readonly op: 'update'; readonly change: ProfileChange }
  | { readonly op: 'change-entitlements'; readonly change: EntitlementChange }
  /** Takes the first step, reads the account back, and falls through to the next while the step does not hold. */
  | { readonly op: 'shut-out'; readonly steps: readonly ShutOutStep[] }
  /** Part of a shut-out: revokes API tokens, signs the person out. */
  | { readonly op: 'end-sessions' }

/** Something wanted that is impossible on this vendor or forbidden by policy. Reported, never thrown. */
export interface Deviation {
  readonly code:
    | 'attribute-immutable'
    | 'attribute-not-kept'
    | 'login-immutable'
    | 'entitlement-unknown'
    | 'entitlement-ambiguous'
    | 'entitlement-scope-conflict'
    | 'entitlement-kind-missing'
    | 'entitlement-deferred'
    | 'entitlement-inherited'
    | 'no-usable-step'
    | 'invitation-expired'
  /** One sentence for the admin: what, and what to do about it. */
  readonly detail: string
}

/** What the journal holds: what was planned, and what follows from policy alone. */
export type JournalOperation = Operation | { readonly op: 'renew-invitation' }

export interface Plan {
  readonly operations: readonly Operation[]
  readonly deviations: readonly Deviation[]
}

/** Grants as they were before the first step of a shut-out; given back on return. */
export interface Snapshot {
  /** ISO 8601 instant. */
  readonly takenAt: string
  /** The vendor's login of the account, by which its absence is proven once it has been removed. */
  readonly login?: string
  /** The vendor has confirmed that API tokens and sessions were ended, in this shut-out. */
  readonly sessionsEnded?: boolean
  readonly entitlements: readonly EntitlementRef[]
  /** Those that Drawbridge had granted: the rules decide about them anew. */
  readonly granted: readonly Granted[]
}

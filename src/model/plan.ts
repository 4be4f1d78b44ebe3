import type { AccountSettings, Capabilities } from './capabilities.ts'
import type { Account, AccountDraft, EntitlementChange, EntitlementRef, ProfileChange } from './account.ts'
import type { Person } from './person.ts'
import type { Policy, ShutOutStep } from './policy.ts'

/** Why a person is granted something. */
export interface Reason {
  readonly group?: string
  /** The value of the User's roles or entitlements that the rule is about. */
  readonly value?: string
  readonly rule: 'default' | number
  readonly line?: number
}

export interface WantedEntitlement {
  readonly ref: EntitlementRef
  readonly name: string
  readonly reasons: readonly Reason[]
  /** The requests of rules that led here, as `requestKey` writes them; kept with what is granted. */
  readonly requests: readonly string[]
}

/** An entitlement that Drawbridge granted, and the requests that asked for it. Stored under these names. */
export interface Granted {
  /** `entitlementKey`, or `settingKey` of a setting that Drawbridge set. */
  readonly key: string
  readonly wishes: readonly string[]
  /** ISO 8601 instant at which the vendor ends it by itself; what it shows under this key later is not ours. */
  readonly until?: string
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
      /** Requests that do not resolve now (`requestKey`): what they granted is not revoked meanwhile. */
      readonly frozen: readonly string[]
      readonly deviations: readonly Deviation[]
      /** What rules `set`; the first rule that names a setting decides it. */
      readonly settings?: AccountSettings
      /** ISO 8601 instant at which time alone changes what the rules mean. */
      readonly changesAt?: string
      /** Groups that are still to be made at the vendor, in words: the account waits for them. */
      readonly awaited?: readonly string[]
    }

export type WantedPresent = Extract<Wanted, { kind: 'present' }>

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
  | { readonly kind: 'update-settings'; readonly settings: AccountSettings }
  | { readonly kind: 'assign'; readonly entitlement: EntitlementRef }
  | { readonly kind: 'revoke'; readonly entitlement: EntitlementRef }
  | { readonly kind: 'shut-out'; readonly because: 'inactive' | 'deleted' }

/** One call on a `Target`, as data: it can be stored, shown in a dry run, and computed again. */
export type Operation =
  | { readonly op: 'create'; readonly draft: AccountDraft }
  | { readonly op: 'activate' }
  | { readonly op: 'update'; readonly change: ProfileChange; readonly settings?: AccountSettings }
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
    | 'entitlement-refused'
    | 'entitlement-scope-conflict'
    | 'entitlement-kind-missing'
    | 'entitlement-deferred'
    | 'entitlement-inherited'
    | 'group-awaited'
    | 'setting-unknown'
    | 'setting-read-only'
    | 'no-usable-step'
    | 'held'
    | 'can-still-sign-in'
    | 'invitation-expired'
  /** One sentence for the admin: what, and what to do about it. */
  readonly detail: string
}

/** What the journal holds: what was planned, and what follows from policy alone. */
export type JournalOperation = Operation | { readonly op: 'renew-invitation' }

/** What a plan is made from. */
export interface PlanInput<W extends Wanted = Wanted> {
  readonly wanted: W
  readonly held: Held | undefined
  readonly can: Capabilities
  readonly policy: Policy
  /** Given only when a person returns. */
  readonly snapshot?: Snapshot | undefined
  /** Of a person who leaves: the steps that were tried in vain. Absent: any step that holds counts. */
  readonly tried?: readonly ShutOutStep[] | undefined
  /** ISO 8601 instant. */
  readonly now: string
}

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
  /** Steps that were taken or refused in this shut-out and did not hold: the next one counts in their place. */
  readonly tried?: readonly ShutOutStep[]
  /** Taken for an operator's hold: its release gives back in every mode what the hold took. */
  readonly hold?: true
  /** The vendor has confirmed that API tokens and sessions were ended, in this shut-out. */
  readonly sessionsEnded?: boolean
  readonly entitlements: readonly EntitlementRef[]
  readonly settings?: AccountSettings
  /** Those that Drawbridge had granted: the rules decide about them again. */
  readonly granted: readonly Granted[]
}

import type {
  Account,
  AccountDraft,
  AccountSettings,
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
  /** ISO 8601 instant at which the membership began. */
  readonly since?: string
}

/** A rule of the configuration: who has the left side (one of the first three) is granted the right side. Plain JSON. */
export interface Rule {
  /** Exact displayName, letter case aside; `externalId:…`; or `/pattern/`, whose named captures are templates (`{team}`) of the right side. */
  readonly group?: string
  /** A SCIM filter over the User. */
  readonly attribute?: string
  /** A value of the User's own roles or entitlements, or `*`. Without a right side the values themselves name entitlements. */
  readonly roles?: string
  /** Groups, written as under `group`, whose members the rule does not concern. */
  readonly except?: readonly string[]
  /** Duration from the moment of membership (`24h`), ISO 8601 date or instant, or `suffix`: the group's name ends in `-24h`. */
  readonly until?: string
  /** Role by name or id, from the catalogue. */
  readonly role?: string
  /** Team (a group of the vendor) by name or id. */
  readonly team?: string
  /** Group of the vendor by name or id. */
  readonly vendorGroup?: string
  readonly scope?: { readonly [level: string]: string }
  /** Named settings of the account that the vendor declares. */
  readonly set?: AccountSettings
  /** The team or vendor group is made when it is missing; its name and end follow the SCIM group. */
  readonly create?: boolean
  /** Line in the configuration file, for `explain`. */
  readonly line?: number
}

/** What everybody provisioned holds; counts as the last rule. */
export type DefaultGrant = Pick<Rule, 'role' | 'team' | 'vendorGroup' | 'scope' | 'set'>

/** What rules need and translators may not import: handed in. Both throw on a text that the configuration would refuse. */
export interface Matching {
  /** The named captures of a `/pattern/` that is found in a text; undefined where it is not found. */
  captures(pattern: string, text: string): Readonly<Record<string, string>> | undefined
  /** Whether a User satisfies a SCIM filter. */
  satisfies(filter: string, resource: Readonly<Record<string, unknown>>): boolean
}

/** How much may be taken away within a time before the rest waits for a decision. */
export interface GuardLimit {
  readonly count: number
  readonly withinMs: number
  /** Of the linked accounts; the lower of both limits counts, at least 5. */
  readonly percent?: number
}

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
  readonly guard: {
    /** Logins that are never changed: exact, or a pattern with `*`; letter case aside. */
    readonly protect: readonly string[]
    readonly shutOuts: GuardLimit
    readonly revokes: GuardLimit
  }
  /** What follows when an invitation expires. */
  readonly reinvite: 'never' | 'once'
  readonly reply: { readonly budgetMs: number; readonly pendingShutOut: 'retry' | 'accept' }
  /** Absent: only when an operator asks, and nothing is repaired. */
  readonly reconcile?: {
    /** Absent: never by itself. */
    readonly everyMs?: number
    /** Kinds of drift that are looked at anew and put right; the others are only reported. */
    readonly repair: readonly RepairableDrift[]
  }
}

/** Drift that a new look at the account, or at the group, can put right. An orphan has nobody to plan for. */
export type RepairableDrift =
  'missing' | 'lacking' | 'excess' | 'reactivated' | 'profile' | 'group-missing' | 'group-renamed'
export type DriftKind = RepairableDrift | 'orphan' | 'group-orphan'

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
  /** The right sides that led here, as `wishKey` writes them; kept with what is granted. */
  readonly wishes: readonly string[]
}

/** An entitlement that Drawbridge granted, and the right sides that asked for it. */
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
      /** Right sides that do not resolve now (`wishKey`): what they granted is not revoked meanwhile. */
      readonly frozen: readonly string[]
      readonly deviations: readonly Deviation[]
      /** What rules `set`; the first rule that names a setting decides it. */
      readonly settings?: AccountSettings
      /** ISO 8601 instant at which time alone changes what the rules mean. */
      readonly changesAt?: string
      /** Groups that are still to be made at the vendor, in words: the account waits for them. */
      readonly awaited?: readonly string[]
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
  /** Steps that were taken or refused in this shut-out and did not hold: the next one counts in their place. */
  readonly tried?: readonly ShutOutStep[]
  /** The vendor has confirmed that API tokens and sessions were ended, in this shut-out. */
  readonly sessionsEnded?: boolean
  readonly entitlements: readonly EntitlementRef[]
  readonly settings?: AccountSettings
  /** Those that Drawbridge had granted: the rules decide about them anew. */
  readonly granted: readonly Granted[]
}

import type { AccountSettings } from './capabilities.ts'

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
    /** Kinds of drift that are looked at again and put right; the others are only reported. */
    readonly repair: readonly RepairableDrift[]
  }
}

/** Drift that a new look at the account, or at the group, can put right. An orphan has no person to plan for. */
export type RepairableDrift =
  'missing' | 'lacking' | 'excess' | 'reactivated' | 'profile' | 'group-missing' | 'group-renamed'

export type DriftKind = RepairableDrift | 'orphan' | 'group-orphan'

/** What may be done on a vendor when a person becomes inactive or leaves, in order of preference. */
export type ShutOutStep = 'disable' | 'strip' | 'remove'

export interface DefaultSteps {
  readonly inactive: readonly ShutOutStep[]
  readonly deleted: readonly ShutOutStep[]
}

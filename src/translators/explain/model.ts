import type { Deviation, Held, JournalOperation, Reason } from '../../model/plan.ts'
import type { WantedInput } from '../wanted.ts'
import type { AccountSettings, EntitlementKind } from '../../model/capabilities.ts'
import type { Scope } from '../../model/account.ts'

/** A vendor call as the journal has it. */
export interface JournaledCall {
  readonly operation: JournalOperation
  /** ISO 8601 instants. */
  readonly openedAt: string
  readonly closedAt?: string
  /** Absent while it is not known. */
  readonly outcome?: 'done' | 'refused' | 'settled'
  readonly requestId?: string
  /** Why the vendor refused it. */
  readonly detail?: string
}

/** How an account stood when its last run ended. */
export interface AccountState {
  readonly status: string
  readonly proven: boolean
  /** ISO 8601 instant of the last proof. */
  readonly provenAt?: string
  readonly failure?: { readonly kind: string; readonly detail: string }
  readonly deviations: readonly Deviation[]
  /** ISO 8601 instant of the next try; absent where none is due. */
  readonly nextTryAt?: string
  /** Tries that have failed since the last success. */
  readonly failedTries?: number
  /** One phrase: what has to happen before anything more is done for the account. */
  readonly waitsFor?: string
}

export interface ExplainInput extends Omit<WantedInput, 'granted'> {
  readonly connection: string
  readonly vendor: string
  readonly held?: Held
  /** Absent: the person has no row at this connection yet. */
  readonly state?: AccountState
  /** Latest first. */
  readonly calls: readonly JournaledCall[]
  readonly whatIf?: WhatIf
}

/** Groups by displayName, letter case aside. */
export interface WhatIf {
  readonly without?: readonly string[]
  readonly with?: readonly string[]
}

/**
 * Whose doing a held entitlement is. `granted`: Drawbridge's. `inherited`: through a group or parent of the vendor.
 * `temporary`: given at the vendor with an end. `by-hand`: given at the vendor. `floor`: every account has at least this there.
 */
export type Authority = 'granted' | 'inherited' | 'temporary' | 'by-hand' | 'floor'

export interface ExplainedRule {
  readonly rule: number | 'default'
  readonly line?: number
  /** The rule as a sentence. */
  readonly words: string
  readonly outcome: 'grants' | 'no-match' | 'excepted' | 'ended' | 'unresolved' | 'beaten' | 'nothing'
  /** Why; for `grants`, through what. */
  readonly detail: string
}

export interface ExplainedEntitlement {
  /** `entitlementKey`. */
  readonly key: string
  readonly kind: EntitlementKind
  readonly name: string
  readonly scope?: Scope & { readonly name?: string }
  readonly wanted: boolean
  readonly held: boolean
  readonly authority?: Authority
  readonly because: readonly Reason[]
  readonly until?: string
  /** The last call to the vendor that was about it. */
  readonly call?: JournaledCall
  /** What follows where wanted and held differ, or why it stays. */
  readonly remark?: string
}

export interface Explanation {
  readonly connection: string
  readonly vendor: string
  /** `refused`: the User cannot be provisioned as the directory has it. */
  readonly wanted: 'present' | 'shut-out' | 'nothing' | 'refused'
  /** One sentence: why. */
  readonly because: string
  readonly account?: { readonly id: string; readonly login: string; readonly state: string }
  readonly state?: AccountState
  readonly groups: readonly { readonly displayName: string; readonly since?: string }[]
  readonly rules: readonly ExplainedRule[]
  readonly entitlements: readonly ExplainedEntitlement[]
  readonly settings?: AccountSettings
  readonly deviations: readonly Deviation[]
  /** ISO 8601 instant at which time alone changes what the rules mean. */
  readonly changesAt?: string
  /** Present when asked: what would become of the person. */
  readonly whatIf?: Effect
}

/** What a change of groups or rules does to one person at one connection. */
export interface Effect {
  /** `enters`: an account would be made. `leaves`: the person would be shut out. `returns`: the account would be switched on. */
  readonly account?: 'enters' | 'leaves' | 'returns'
  readonly gains: readonly Named[]
  readonly loses: readonly Named[]
  /** What did not resolve under the change. */
  readonly deviations: readonly Deviation[]
}

export interface Named {
  readonly key: string
  readonly name: string
}

import type { Intervening } from '../operations/holds/store.ts'
import type { JournalOperation } from './plan.ts'
import type { AccountWork, Lease } from './work.ts'
import type { GuardLimit } from './policy.ts'

/**
 * Why a plan is recorded. `shadow`: the connection only watches. `approve`: every plan waits. `guard`: a limit tripped.
 * `admission`: people whom the directory already had when the connection was added. `hold`: proposed by an operator.
 */
export type PlanReason = 'shadow' | 'approve' | 'guard' | 'admission' | 'hold'
export type PlanState = 'recorded' | 'waiting' | 'approved' | 'rejected'

/** A plan in people's words. */
export interface PlanWords {
  readonly login: string
  /** One sentence for each operation, deviations after them. */
  readonly lines: readonly string[]
}

export interface PlanDraft {
  readonly reason: PlanReason
  /** Plans of one batch are decided together. */
  readonly batch?: string
  /** SHA-256 of the operations in canonical JSON: an approval is of this plan and no other. */
  readonly hash: string
  readonly operations: readonly JournalOperation[]
  readonly words: PlanWords
}

export interface RecordedPlan extends PlanDraft {
  readonly id: string
  readonly accountId: string
  readonly connectionId: string
  readonly userName: string
  readonly state: PlanState
  /** ISO 8601 instants. */
  readonly createdAt: string
  readonly decidedAt?: string
  readonly decidedBy?: string
}

export interface PlanQuery {
  readonly states?: readonly PlanState[]
  readonly reason?: PlanReason
  readonly batch?: string
  readonly after?: string
  readonly limit: number
}

/** Which plans are decided: named ones, a batch, or all that wait at the connection. */
export type PlanChoice =
  { readonly ids: readonly string[] } | { readonly batch: string } | { readonly all: true }

export type Admission =
  | { readonly kind: 'admitted' }
  /** `counted` of `limit` were let through within the window. */
  | { readonly kind: 'tripped'; readonly counted: number; readonly limit: number }

/** A page of a connection's accounts by id: to look at, never to write. `after` is the last id of the page before. */
export type LookAt = (
  connectionId: string,
  page: { readonly after?: string; readonly limit: number },
) => Promise<readonly AccountWork[]>

/** Plans that wait and the ledger of the guard, as the store keeps them. One plan for each account: the latest. */
export interface PlanStore {
  /** The decision on this very plan, if there is one. */
  decision(accountId: string, hash: string): Promise<'approved' | 'rejected' | undefined>
  /** Records the plan in place of an earlier one; an equal one (hash) that waits or was decided stays as it is. */
  record(lease: Lease, draft: PlanDraft): Promise<void>
  /** Drops the account's plan: it was carried out, or nothing is wanted any more. */
  discard(lease: Lease): Promise<void>
  list(connectionId: string, query: PlanQuery): Promise<readonly RecordedPlan[]>
  /** Decides and, when approved, makes the accounts due now. Answers how many were decided. */
  decide(
    connectionId: string,
    choice: PlanChoice,
    decision: 'approved' | 'rejected',
    by: Intervening,
  ): Promise<number>
  /**
   * Counts this wish of the account in the ledger, once, under the connection's row lock; with `percent` the lower of both
   * limits counts, at least 5. Not counted when tripped.
   */
  admit(
    lease: Lease,
    kind: 'shut-out' | 'revoke',
    wantedVersion: number,
    limit: GuardLimit,
  ): Promise<Admission>
}

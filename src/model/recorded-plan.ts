import type { JournalOperation } from './plan.ts'

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

export type Admission =
  | { readonly kind: 'admitted' }
  /** `counted` of `limit` were let through within the window. */
  | { readonly kind: 'tripped'; readonly counted: number; readonly limit: number }

/** Who intervenes, for the event. */
export interface OperatorActor {
  /** As events name actors: `operator:<name>`. */
  readonly actor: string
  readonly requestId?: string
}

/** What a run needs of a plan that was recorded. */
export interface KnownPlan {
  readonly hash: string
  readonly reason: PlanReason
  readonly state: 'recorded' | 'waiting' | 'approved' | 'rejected'
  readonly operations: readonly JournalOperation[]
}

import type { JournalOperation, Policy } from '../../model/plan.ts'
import type { PlanReason } from '../../model/recorded-plan.ts'
import type { KnownPlan } from '../../model/work.ts'
import { isPartOf, planHash } from './hash.ts'

export interface Question {
  readonly mode: Policy['mode']
  readonly operations: readonly JournalOperation[]
  /** What was recorded for the account before, and what was decided about it. */
  readonly known: KnownPlan | undefined
  /** What the limits count it as. */
  readonly counted: 'shut-out' | 'revoke' | undefined
}

/** `count`: goes on if the ledger of the limits admits it. `record`: is written down, and the run stops. */
export type Verdict =
  | { readonly kind: 'go' }
  | { readonly kind: 'count'; readonly as: 'shut-out' | 'revoke' }
  | { readonly kind: 'record'; readonly reason: PlanReason }
  | { readonly kind: 'rejected' }

/** Whether a plan may be carried out now. Pure: every cause of waiting is decided here. */
export function verdictOf({ mode, operations, known, counted }: Question): Verdict {
  if (operations.length === 0) return { kind: 'go' }
  if (mode === 'shadow') return { kind: 'record', reason: 'shadow' }
  if (known?.state === 'approved' && isPartOf(operations, known.operations)) return { kind: 'go' }
  const stands = known !== undefined && binds(known, mode) && known.hash === planHash(operations)
  if (stands && known.state === 'rejected') return { kind: 'rejected' }
  if (mode === 'approve') return { kind: 'record', reason: 'approve' }
  if (stands && known.state === 'waiting') return { kind: 'record', reason: known.reason }
  return counted === undefined ? { kind: 'go' } : { kind: 'count', as: counted }
}

/** A plan that was recorded because of a mode says nothing once the mode has changed. */
function binds({ reason }: KnownPlan, mode: Policy['mode']): boolean {
  return reason === 'approve' || reason === 'shadow' ? reason === mode : true
}

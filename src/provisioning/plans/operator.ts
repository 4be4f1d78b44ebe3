import type { Notices } from '../notices/ports.ts'
import type { Connections } from '../connections.ts'
import type { HoldDraft, Interventions, Intervening } from '../interventions/ports.ts'
import type { LookAt, PlanChoice, PlanQuery, PlanStore, RecordedPlan } from './ports.ts'
import { previewConnection, type PreviewedAccount, type PreviewOptions } from './preview.ts'
import type { PreviewTotals } from './totals.ts'

/** What operators look at and decide about plans, people and accounts. */
export interface PlanActions {
  /** See `previewConnection`. */
  preview(
    connectionId: string,
    each?: (account: PreviewedAccount) => void | Promise<void>,
    options?: PreviewOptions,
  ): Promise<PreviewTotals | undefined>
  list(connectionId: string, query: PlanQuery): Promise<readonly RecordedPlan[]>
  /** Answers how many plans were decided; what was approved is carried out at once. */
  decide(
    connectionId: string,
    choice: PlanChoice,
    decision: 'approved' | 'rejected',
    by: Intervening,
  ): Promise<number>
  hold(userId: string, draft: HoldDraft, by: Intervening): Promise<boolean>
  release(userId: string, by: Intervening): Promise<boolean>
  acceptRisk(accountId: string, reason: string, by: Intervening): Promise<boolean>
}

export interface PlanParts {
  readonly plans: PlanStore
  readonly interventions: Interventions
  readonly lookAt: LookAt
  readonly connections: Connections
  readonly notices?: Notices
  readonly now: () => number
  /** Accounts became due: workers look at once. */
  readonly wake: () => void
}

export function createPlanActions(parts: PlanParts): PlanActions {
  const { plans, interventions, notices, wake } = parts
  const woken = async <T>(done: Promise<T>): Promise<T> => {
    const result = await done
    wake()
    return result
  }
  return {
    preview: (connectionId, each, options) => previewConnection(parts, connectionId, each, options),
    list: (connectionId, query) => plans.list(connectionId, query),
    async decide(connectionId, choice, decision, { actor }) {
      const count = await woken(plans.decide(connectionId, choice, decision, actor))
      const left = await plans.list(connectionId, { states: ['waiting'], limit: 1 })
      if (notices && left.length === 0) await resolveAll(notices, connectionId)
      return count
    },
    hold: (userId, draft, by) => woken(interventions.hold(userId, draft, by)),
    release: (userId, by) => woken(interventions.release(userId, by)),
    acceptRisk: (accountId, reason, by) => woken(interventions.acceptRisk(accountId, reason, by)),
  }
}

/** Nothing waits any more: what asked for a decision has had it. */
async function resolveAll(notices: Notices, connectionId: string): Promise<void> {
  await notices.resolve({ kind: 'guard-tripped', connectionId, subject: 'shut-out' })
  await notices.resolve({ kind: 'guard-tripped', connectionId, subject: 'revoke' })
  await notices.resolve({ kind: 'decision-needed', connectionId, subject: 'plans' })
}

import type { Notices } from '../../model/notice.ts'
import type { PlanStore } from '../../store/plans.ts'

/** Decisions of operators; when nothing waits any more, the notices that asked for them are resolved. */
export function decisionsOn(plans: PlanStore, notices: Notices): Pick<PlanStore, 'list' | 'decide'> {
  return {
    list: (connectionId, query) => plans.list(connectionId, query),
    async decide(connectionId, choice, decision, by) {
      const count = await plans.decide(connectionId, choice, decision, by)
      const left = await plans.list(connectionId, { states: ['waiting'], limit: 1 })
      if (left.length === 0) await resolveAll(notices, connectionId)
      return count
    },
  }
}

async function resolveAll(notices: Notices, connectionId: string): Promise<void> {
  await notices.resolve({ kind: 'guard-tripped', connectionId, subject: 'shut-out' })
  await notices.resolve({ kind: 'guard-tripped', connectionId, subject: 'revoke' })
  await notices.resolve({ kind: 'decision-needed', connectionId, subject: 'plans' })
}

import type { Notices } from '../../model/notice.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { listPlans } from './store.ts'

/** Resolves the notices that asked for decisions on plans of a connection, once no plan waits there. */
export async function resolveDecided(db: Sql, notices: Notices, connectionId: string): Promise<void> {
  const waiting = await listPlans(db, connectionId, { states: ['waiting'], limit: 1 })
  if (waiting.length > 0) return
  await notices.resolve({ kind: 'guard-tripped', connectionId, subject: 'shut-out' })
  await notices.resolve({ kind: 'guard-tripped', connectionId, subject: 'revoke' })
  await notices.resolve({ kind: 'decision-needed', connectionId, subject: 'plans' })
}

import type { Admission, PlanDraft, PlanState } from '../model/recorded-plan.ts'
import { type Lease, LeaseLost } from '../model/work.ts'
import type { Leasing } from './queue/claim.ts'
import { json, newId, sql, type Sql } from './sql/statement.ts'
import { admit } from './guard-ledger.ts'
import type { GuardLimit } from '../model/policy.ts'

export function createPlanStore(db: Sql, leasing: Leasing): PlanStore {
  return {
    record: (lease, draft) => record(db, leasing, lease, draft),
    discard: (lease) => discard(db, leasing, lease),
    admit: (lease, kind, wantedVersion, limit) => admit(db, leasing, lease, { kind, wantedVersion, limit }),
  }
}

/** Conditional on the lease; an equal plan keeps its state, unless it was only written down before. */
async function record(db: Sql, leasing: Leasing, lease: Lease, draft: PlanDraft): Promise<void> {
  const { reason, batch, hash, operations, words } = draft
  const state: PlanState = reason === 'shadow' ? 'recorded' : 'waiting'
  const row = await db.row(sql`
    WITH leased AS (
      SELECT id, connection_id FROM accounts
      WHERE id = ${lease.id}::uuid AND lease_epoch = ${lease.epoch}::int AND lease_owner = ${leasing.owner}::text FOR UPDATE
    ), kept AS (
      INSERT INTO plans (id, connection_id, account_id, reason, batch, hash, operations, words, state)
      SELECT ${newId()}::uuid, connection_id, id, ${reason}::text, ${batch ?? null}::text, ${hash}::text, ${json(operations)},
        ${json(words)}, ${state}::text FROM leased
      ON CONFLICT (account_id) DO UPDATE SET id = excluded.id, reason = excluded.reason, batch = excluded.batch,
        hash = excluded.hash, operations = excluded.operations, words = excluded.words, state = excluded.state,
        created_at = now(), decided_at = NULL, decided_by = NULL
      WHERE plans.hash <> excluded.hash OR plans.reason <> excluded.reason
    )
    SELECT id FROM leased`)
  if (!row) throw new LeaseLost(`account ${lease.id}`)
}

async function discard(db: Sql, leasing: Leasing, lease: Lease): Promise<void> {
  await db.rows(sql`
    DELETE FROM plans USING accounts a
    WHERE plans.account_id = ${lease.id}::uuid AND a.id = plans.account_id
      AND NOT (plans.reason = 'hold' AND plans.state = 'waiting')
      AND a.lease_epoch = ${lease.epoch}::int AND a.lease_owner = ${leasing.owner}::text`)
}

/** What a run does with its plan and the ledger of the guard. One plan for each account: the latest. */
export interface PlanStore {
  /** Records the plan in place of an earlier one; an equal one (hash) that waits or was decided stays as it is. */
  record(lease: Lease, draft: PlanDraft): Promise<void>
  /** Drops the account's plan: it was carried out, or nothing is wanted any more. */
  discard(lease: Lease): Promise<void>
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

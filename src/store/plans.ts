import type {
  Admission,
  Intervening,
  PlanChoice,
  PlanDraft,
  PlanQuery,
  PlanReason,
  PlanState,
  PlanWords,
  RecordedPlan,
} from '../model/recorded-plan.ts'
import { type AccountWork, type Lease, LeaseLost, priorities } from '../model/work.ts'
import type { JournalOperation } from '../model/plan.ts'
import { wish } from './directory/due.ts'
import { recordEvent } from './directory/events.ts'
import type { Leasing } from './queue/claim.ts'
import { empty, isId, json, newId, type Sql, sql, type Statement } from './sql/statement.ts'
import { admit } from './guard-ledger.ts'
import type { GuardLimit } from '../model/policy.ts'

export function createPlanStore(db: Sql, leasing: Leasing): PlanStore {
  return {
    decision: (accountId, hash) => decision(db, accountId, hash),
    record: (lease, draft) => record(db, leasing, lease, draft),
    discard: (lease) => discard(db, leasing, lease),
    list: (connectionId, query) => list(db, connectionId, query),
    decide: (connectionId, choice, how, by) => decide(db, connectionId, choice, how, by),
    admit: (lease, kind, wantedVersion, limit) => admit(db, leasing, lease, { kind, wantedVersion, limit }),
  }
}

async function decision(
  db: Sql,
  accountId: string,
  hash: string,
): Promise<'approved' | 'rejected' | undefined> {
  const row = await db.row<{ state: 'approved' | 'rejected' }>(sql`
    SELECT state FROM plans WHERE account_id = ${accountId}::uuid AND hash = ${hash}::text
      AND state IN ('approved', 'rejected')`)
  return row?.state
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

interface PlanRow {
  readonly id: string
  readonly account_id: string
  readonly connection_id: string
  readonly user_name: string
  readonly reason: PlanReason
  readonly batch: string | null
  readonly hash: string
  readonly operations: readonly JournalOperation[]
  readonly words: PlanWords
  readonly state: PlanState
  readonly created_at: Date
  readonly decided_at: Date | null
  readonly decided_by: string | null
}

async function list(db: Sql, connectionId: string, query: PlanQuery): Promise<readonly RecordedPlan[]> {
  const { states, reason, batch, after, limit } = query
  if (!isId(connectionId) || (after !== undefined && !isId(after))) return []
  const rows = await db.rows<PlanRow>(sql`
    SELECT p.id, p.account_id, p.connection_id, u.user_name, p.reason, p.batch, p.hash, p.operations, p.words, p.state,
      p.created_at, p.decided_at, p.decided_by
    FROM plans p JOIN accounts a ON a.id = p.account_id JOIN users u ON u.id = a.user_id
    WHERE p.connection_id = ${connectionId}::uuid
      ${states ? sql`AND p.state = ANY(${[...states]}::text[])` : empty}
      ${reason === undefined ? empty : sql`AND p.reason = ${reason}::text`}
      ${batch === undefined ? empty : sql`AND p.batch = ${batch}::text`}
      ${after === undefined ? empty : sql`AND p.id > ${after}::uuid`}
    ORDER BY p.id LIMIT ${limit}::int`)
  return rows.map(toPlan)
}

function toPlan(row: PlanRow): RecordedPlan {
  return {
    id: row.id,
    accountId: row.account_id,
    connectionId: row.connection_id,
    userName: row.user_name,
    reason: row.reason,
    ...(row.batch === null ? {} : { batch: row.batch }),
    hash: row.hash,
    operations: row.operations,
    words: row.words,
    state: row.state,
    createdAt: row.created_at.toISOString(),
    ...(row.decided_at === null ? {} : { decidedAt: row.decided_at.toISOString() }),
    ...(row.decided_by === null ? {} : { decidedBy: row.decided_by }),
  }
}

/**
 * Locks the accounts before the plans, as a run does. An account that is being run at this moment is wished anew, so that
 * the end of that run cannot take the decision for one that it has seen.
 */
async function decide(
  db: Sql,
  connectionId: string,
  choice: PlanChoice,
  how: 'approved' | 'rejected',
  by: Intervening,
): Promise<number> {
  if (!isId(connectionId)) return 0
  const chosen = sql`p.connection_id = ${connectionId}::uuid AND ${isChosen(choice)}`
  return db.transaction(async (tx) => {
    await tx.rows(sql`
      SELECT a.id FROM accounts a WHERE a.id IN (SELECT p.account_id FROM plans p WHERE ${chosen}) ORDER BY a.id FOR UPDATE`)
    const event = {
      directoryId: sql`(SELECT directory_id FROM connections WHERE id = ${connectionId}::uuid)`,
      action: `plan.${how}`,
      resourceType: 'Account',
      resourceId: sql`account_id`,
      more: sql`jsonb_build_object('connectionId', connection_id, 'hash', hash, 'reason', reason, 'batch', batch)`,
    } as const
    const row = await tx.row<{ count: number }>(sql`
      WITH decided AS (
        UPDATE plans p SET state = ${how}::text, decided_at = clock_timestamp(), decided_by = ${by.actor}::text
        WHERE ${chosen} RETURNING p.account_id, p.connection_id, p.hash, p.reason, p.batch
      ), due AS (
        UPDATE accounts SET due_at = now(), attempts = 0,
          wanted_version = wanted_version + CASE WHEN lease_until > clock_timestamp() THEN 1 ELSE 0 END
        FROM decided WHERE accounts.id = decided.account_id
      ), told AS (${recordEvent(by, event, sql`FROM decided`)})
      SELECT count(*)::int AS count FROM decided`)
    if (how === 'approved') await holdProposed(tx, connectionId, by)
    return row?.count ?? 0
  })
}

const heldEvent = {
  directoryId: sql`directory_id`,
  action: 'user.held',
  resourceType: 'User',
  resourceId: sql`id`,
  more: sql`jsonb_build_object('reason', reason)`,
} as const

/** Who was proposed to be shut out is held so from the approval on, whatever the directory wants. */
async function holdProposed(tx: Sql, connectionId: string, by: Intervening): Promise<void> {
  const people = await tx.rows<{ id: string }>(sql`
    WITH proposed AS (
      DELETE FROM plans WHERE connection_id = ${connectionId}::uuid AND reason = 'hold' AND state = 'approved'
      RETURNING account_id, words
    ), held AS (
      UPDATE users SET hold = jsonb_build_object('reason', coalesce(p.words->'lines'->>0, 'proposed'), 'by', ${by.actor}::text, 'at', clock_timestamp())
      FROM proposed p JOIN accounts a ON a.id = p.account_id
      WHERE users.id = a.user_id AND users.deleted_at IS NULL RETURNING users.id, users.directory_id, users.hold->>'reason' AS reason
    ), told AS (${recordEvent(by, heldEvent, sql`FROM held`)})
    SELECT id FROM held`)
  if (people.length === 0) return
  const ids = people.map(({ id }) => id)
  const asked = { leaving: sql`true`, requestId: sql`${by.requestId ?? null}::text` }
  await tx.rows(
    wish(sql`a.user_id = ANY(${ids}::uuid[])`, sql`${priorities['shut-out']}::smallint`, 'now', asked),
  )
}

/** A decision can be changed for plans that are named; whatever is decided in bulk must still wait. */
function isChosen(choice: PlanChoice): Statement {
  if ('ids' in choice)
    return sql`p.id = ANY(${choice.ids.filter(isId)}::uuid[]) AND p.state IN ('waiting', 'rejected')`
  const waits = sql`p.state = 'waiting'`
  return 'batch' in choice ? sql`p.batch = ${choice.batch}::text AND ${waits}` : waits
}

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

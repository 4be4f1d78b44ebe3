import type { JournalOperation } from '../../model/plan.ts'
import type { OperatorActor, PlanDraft, PlanReason, PlanState, PlanWords } from '../../model/recorded-plan.ts'
import { priorities } from '../../model/work.ts'
import { wish } from '../../store/directory/due.ts'
import { recordEvent } from '../../store/directory/events.ts'
import { empty, isId, sql, type Sql, type Statement } from '../../store/sql/statement.ts'

export interface RecordedPlan extends PlanDraft {
  readonly id: string
  readonly accountId: string
  readonly connectionId: string
  readonly userName: string
  /** Of a shut-out: the identity provider's request that asked for it. */
  readonly requestId?: string
  readonly state: PlanState
  /** ISO 8601 instants. */
  readonly createdAt: string
  readonly decidedAt?: string
  readonly decidedBy?: string
}

interface PlanQuery {
  readonly states?: readonly PlanState[]
  readonly reason?: PlanReason
  readonly batch?: string
  readonly after?: string
  readonly limit: number
}

/** Which plans are decided: named ones, a batch, or all that wait at the connection. */
export type PlanChoice =
  { readonly ids: readonly string[] } | { readonly batch: string } | { readonly all: true }

interface PlanRow {
  readonly id: string
  readonly account_id: string
  readonly connection_id: string
  readonly user_name: string
  readonly request_id: string | null
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

/** Plans of a connection that wait, were decided or were only recorded. */
export async function listPlans(
  db: Sql,
  connectionId: string,
  query: PlanQuery,
): Promise<readonly RecordedPlan[]> {
  const { states, reason, batch, after, limit } = query
  if (!isId(connectionId) || (after !== undefined && !isId(after))) return []
  const rows = await db.rows<PlanRow>(sql`
    SELECT p.id, p.account_id, p.connection_id, u.user_name, a.shut_out_request_id AS request_id, p.reason, p.batch, p.hash, p.operations, p.words, p.state,
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
    ...(row.request_id === null ? {} : { requestId: row.request_id }),
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
 * Decides on plans and, when approved, makes their accounts due now. Gives how many were decided. Locks the accounts before
 * the plans, as a run does. The wanted version of an account that is being run at this moment is raised, so that the end of
 * that run cannot take the decision for one that it has seen.
 */
export async function decidePlans(
  db: Sql,
  connectionId: string,
  choice: PlanChoice,
  how: 'approved' | 'rejected',
  actor: OperatorActor,
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
        UPDATE plans p SET state = ${how}::text, decided_at = clock_timestamp(), decided_by = ${actor.actor}::text
        WHERE ${chosen} RETURNING p.account_id, p.connection_id, p.hash, p.reason, p.batch
      ), due AS (
        UPDATE accounts SET due_at = now(), attempts = 0,
          wanted_version = wanted_version + CASE WHEN lease_until > clock_timestamp() THEN 1 ELSE 0 END
        FROM decided WHERE accounts.id = decided.account_id
      ), told AS (${recordEvent(actor, event, sql`FROM decided`)})
      SELECT count(*)::int AS count FROM decided`)
    if (how === 'approved') await holdProposed(tx, connectionId, actor)
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
async function holdProposed(tx: Sql, connectionId: string, actor: OperatorActor): Promise<void> {
  const people = await tx.rows<{ id: string }>(sql`
    WITH proposed AS (
      DELETE FROM plans WHERE connection_id = ${connectionId}::uuid AND reason = 'hold' AND state = 'approved'
      RETURNING account_id, words
    ), held AS (
      UPDATE users SET hold = jsonb_build_object('reason', coalesce(p.words->'lines'->>0, 'proposed'), 'by', ${actor.actor}::text, 'at', clock_timestamp())
      FROM proposed p JOIN accounts a ON a.id = p.account_id
      WHERE users.id = a.user_id AND users.deleted_at IS NULL RETURNING users.id, users.directory_id, users.hold->>'reason' AS reason
    ), told AS (${recordEvent(actor, heldEvent, sql`FROM held`)})
    SELECT id FROM held`)
  if (people.length === 0) return
  const ids = people.map(({ id }) => id)
  const asked = { leaving: sql`true`, requestId: sql`${actor.requestId ?? null}::text` }
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

import { empty, sql, type Statement } from '../sql/statement.ts'

/** When an account that is wished something is due: at once, or after the time in which the request itself runs it. */
export type DueTime = 'now' | 'after-reply'

/** The reply budget of connection `c`. */
export const replyBudget = sql`(coalesce((c.policy->'reply'->>'budgetMs')::int, 8000) * interval '1 millisecond')`
/** Connection `c` makes the client ask again while a shut-out is unproven. */
export const retries = sql`(coalesce(c.policy->'reply'->>'pendingShutOut', 'retry') = 'retry')`

/**
 * An UPDATE that marks accounts `a` of connection `c` as wished for. A new wish only ever brings the due time and the
 * priority forward. Rows are locked in order of their id, so that two writes do not wait for each other.
 */
export function wish(accounts: Statement, priority: Statement, due: DueTime): Statement {
  return sql`UPDATE accounts SET wanted_version = accounts.wanted_version + 1, status = 'pending', failure = NULL, attempts = 0,
      priority = CASE WHEN accounts.due_at IS NULL THEN picked.priority ELSE least(accounts.priority, picked.priority) END,
      due_at = least(accounts.due_at, picked.due_at)
    FROM (
      SELECT a.id, (${priority})::smallint AS priority, now() ${due === 'now' ? empty : sql`+ ${replyBudget}`} AS due_at
      FROM accounts a JOIN connections c ON c.id = a.connection_id
      WHERE ${accounts} ORDER BY a.id FOR UPDATE OF a
    ) picked
    WHERE accounts.id = picked.id`
}

/** An UPDATE that has unproven accounts `a` looked at again, without a new wish. */
export function remind(accounts: Statement): Statement {
  return sql`UPDATE accounts SET due_at = least(accounts.due_at, now())
    FROM (
      SELECT a.id FROM accounts a WHERE ${accounts} AND a.proven_version < a.wanted_version ORDER BY a.id FOR UPDATE OF a
    ) picked
    WHERE accounts.id = picked.id`
}

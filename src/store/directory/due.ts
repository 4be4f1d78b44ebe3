import { empty, sql, type Statement } from '../sql/statement.ts'

/** When an account that is wished something is due: at once, or after the time in which the request itself runs it. */
export type DueTime = 'now' | 'after-reply'

/** The reply budget of connection `c`. */
export const replyBudget = sql`(coalesce((c.policy->'reply'->>'budgetMs')::int, 8000) * interval '1 millisecond')`
/**
 * The client is to ask again while a shut-out of account `a` of connection `c` is unproven. Never for a connection that only
 * watches, nor for an account that nobody manages: their proof would never come.
 */
export const retries = sql`(coalesce(c.policy->'reply'->>'pendingShutOut', 'retry') = 'retry'
  AND coalesce(c.policy->>'mode', 'enforce') <> 'shadow' AND NOT a.unmanaged)`

/**
 * An UPDATE that marks accounts `a` of connection `c` as wished for. A new wish only ever brings the due time and the
 * priority forward. Rows are locked in order of their id, so that two writes do not wait for each other.
 */
export function wish(accounts: Statement, priority: Statement, due: DueTime, asked?: Asked): Statement {
  return sql`UPDATE accounts SET wanted_version = accounts.wanted_version + 1, status = 'pending', failure = NULL, attempts = 0, accepted_risk = NULL,
      priority = CASE WHEN accounts.due_at IS NULL THEN picked.priority ELSE least(accounts.priority, picked.priority) END,
      due_at = least(accounts.due_at, picked.due_at)${asked ? leaversClock(asked) : empty}
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

/** What starts the leaver's clock. */
export interface Asked {
  /** Whether the wish is a shut-out; otherwise it ends the clock. */
  readonly leaving: Statement
  readonly requestId: Statement
}

/** The first request counts until the shut-out is proven or withdrawn. */
function leaversClock({ leaving, requestId }: Asked): Statement {
  return sql`,
      shut_out_request_id = CASE WHEN ${leaving} THEN CASE WHEN accounts.shut_out_asked_at IS NULL THEN ${requestId} ELSE accounts.shut_out_request_id END END,
      shut_out_asked_at = CASE WHEN ${leaving} THEN coalesce(accounts.shut_out_asked_at, now()) END`
}

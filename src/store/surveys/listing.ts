import type { Survey } from '../../provisioning/reconciliation/ports.ts'
import type { AccountSummary } from '../../vendors/contract.ts'
import type { Sql } from '../sql/client.ts'
import { json, sql, type Statement } from '../sql/statement.ts'

/** Account `v` was listed since the survey began its list, be it by another survey that lists at the same time. */
export const isListed = (surveyId: string): Statement =>
  sql`(v.seen_at >= (SELECT (progress->>'since')::timestamptz FROM surveys WHERE id = ${surveyId}::uuid))`

/** Links lead to accounts that should be listed; what an earlier list showed should be, too. */
export async function beginListing(
  db: Sql,
  { id, connectionId }: Survey,
): Promise<{ since: string; before: number }> {
  const row = await db.row<{ since: string; before: number }>(sql`
    UPDATE surveys SET progress = jsonb_build_object('phase', 'listing', 'listed', 0, 'since', date_trunc('milliseconds', clock_timestamp())),
      updated_at = clock_timestamp()
    WHERE id = ${id}::uuid
    RETURNING progress->>'since' AS since, greatest(
      (SELECT count(*) FROM accounts a WHERE a.connection_id = ${connectionId}::uuid AND a.vendor_account_id IS NOT NULL
        AND a.vendor_tenant IS NOT NULL),
      coalesce((SELECT (s.progress->>'listed')::int FROM surveys s WHERE s.connection_id = ${connectionId}::uuid
        AND s.state = 'done' ORDER BY s.started_at DESC LIMIT 1), 0))::int AS before`)
  if (!row) throw new Error(`survey ${id} is gone`)
  return row
}

export async function keepListed(
  db: Sql,
  { id, connectionId }: Survey,
  accounts: readonly AccountSummary[],
): Promise<void> {
  // An account that a page shows twice is kept once.
  const rows = [...new Map(accounts.map((account) => [account.id, account])).values()].map((summary) => {
    return { id: summary.id, login: summary.login.toLowerCase(), summary }
  })
  await db.rows(sql`
    INSERT INTO vendor_accounts (connection_id, vendor_account_id, login_key, summary, survey_id, seen_at)
    SELECT ${connectionId}::uuid, v.id, v.login, v.summary, ${id}::uuid, clock_timestamp()
    FROM jsonb_to_recordset(${json(rows)}) v(id text, login text, summary jsonb)
    ON CONFLICT (connection_id, vendor_account_id) DO UPDATE SET login_key = excluded.login_key, summary = excluded.summary,
      survey_id = excluded.survey_id, seen_at = excluded.seen_at`)
}

export async function endListing(db: Sql, { id, connectionId }: Survey, listed: number): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.rows(sql`
      DELETE FROM vendor_accounts v WHERE v.connection_id = ${connectionId}::uuid AND NOT ${isListed(id)}`)
    await tx.rows(sql`
      UPDATE surveys SET progress = progress || jsonb_build_object('phase', 'comparing', 'listed', ${listed}::int),
        updated_at = clock_timestamp()
      WHERE id = ${id}::uuid`)
  })
}

import type { Admitted, ClaimedSweep } from '../model/sweep.ts'
import type { Sql } from './sql/client.ts'
import { newId } from './sql/ids.ts'
import { json, milliseconds, sql } from './sql/statement.ts'
import { sweepLeaseMs } from './sweeps.ts'
import type { AccountSummary } from '../model/account.ts'

/** Parts of the vendor's list; under the sweep's lease. */
export async function keepListed(
  db: Sql,
  owner: string,
  { id, connectionId }: ClaimedSweep,
  accounts: readonly AccountSummary[],
): Promise<boolean> {
  const rows = [...new Map(accounts.map((summary) => [summary.id, summary])).values()].map((summary) => ({
    id: summary.id,
    key: summary.login.toLowerCase(),
    summary,
  }))
  const kept = await db.row(sql`
    WITH held AS (
      UPDATE sweeps SET lease_until = clock_timestamp() + ${milliseconds(sweepLeaseMs)}
      WHERE id = ${id}::uuid AND lease_owner = ${owner}::text RETURNING id
    ), kept AS (
      INSERT INTO vendor_accounts (connection_id, vendor_account_id, login_key, summary, survey_id, seen_at)
      SELECT ${connectionId}::uuid, r.id, r.key, r.summary, held.id, clock_timestamp()
      FROM held, jsonb_to_recordset(${json(rows)}) r(id text, key text, summary jsonb)
      ON CONFLICT (connection_id, vendor_account_id) DO UPDATE
      SET login_key = excluded.login_key, summary = excluded.summary, survey_id = excluded.survey_id, seen_at = excluded.seen_at
    )
    SELECT id FROM held`)
  return kept !== undefined
}

export async function listed(
  db: Sql,
  { id, connectionId }: ClaimedSweep,
  logins: readonly string[],
): Promise<ReadonlyMap<string, readonly AccountSummary[]>> {
  const rows = await db.rows<{ key: string; summary: AccountSummary }>(sql`
    SELECT login_key AS key, summary FROM vendor_accounts
    WHERE connection_id = ${connectionId}::uuid AND survey_id = ${id}::uuid AND login_key = ANY(${logins}::text[])`)
  const grouped = Map.groupBy(rows, ({ key }) => key)
  return new Map([...grouped].map(([key, found]) => [key, found.map(({ summary }) => summary)]))
}

/** What a live write has touched meanwhile is left to its own run. */
const untouched = sql`accounts.vendor_account_id IS NULL AND accounts.due_at IS NULL AND accounts.proven_version = 0
  AND (accounts.lease_until IS NULL OR accounts.lease_until <= clock_timestamp())`

export async function keepAdmitted(
  tx: Sql,
  { connectionId }: ClaimedSweep,
  { links, plans }: Admitted,
): Promise<void> {
  if (links.length > 0) {
    await tx.rows(sql`
      UPDATE accounts SET vendor_account_id = l.vendor_id, vendor_tenant = l.tenant, held = l.held
      FROM jsonb_to_recordset(${json(
        links.map(({ accountId, vendorTenant, held }) => ({
          id: accountId,
          tenant: vendorTenant,
          vendor_id: held.account.id,
          held,
        })),
      )}) l(id uuid, tenant text, vendor_id text, held jsonb)
      WHERE accounts.id = l.id AND ${untouched} AND NOT EXISTS (
        SELECT FROM accounts other WHERE other.vendor_tenant = l.tenant AND other.vendor_account_id = l.vendor_id)`)
  }
  if (plans.length > 0) {
    await tx.rows(sql`
      WITH drafts AS (
        SELECT * FROM jsonb_to_recordset(${json(plans.map(({ accountId, draft }) => ({ id: newId(), account_id: accountId, ...draft })))})
          d(id uuid, account_id uuid, reason text, batch text, hash text, operations jsonb, words jsonb)
      ), waiting AS (
        UPDATE accounts SET status = 'waiting', failure = jsonb_build_object('kind', 'approval', 'at', now(),
          'detail', 'The directory had this person when the connection was added; the creation waits for approval.')
        FROM drafts WHERE accounts.id = drafts.account_id AND ${untouched} RETURNING accounts.id
      )
      INSERT INTO plans (id, connection_id, account_id, reason, batch, hash, operations, words, state)
      SELECT d.id, ${connectionId}::uuid, d.account_id, d.reason, d.batch, d.hash, d.operations, d.words, 'waiting'
      FROM drafts d JOIN waiting w ON w.id = d.account_id
      ON CONFLICT (account_id) DO NOTHING`)
  }
}

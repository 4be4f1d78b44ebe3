import type { Compared, Survey, SurveyStore } from '../../provisioning/reconciliation/ports.ts'
import type { AccountSummary } from '../../vendors/contract.ts'
import { worksWhere } from '../queue/work.ts'
import type { Sql } from '../sql/client.ts'
import { isListed } from './listing.ts'
import { newId } from '../sql/ids.ts'
import { json, milliseconds, sql, type Statement } from '../sql/statement.ts'

const perPage = 500

/** What the list shows of such accounts may be older than what their run saw. */
const settledSince = (survey: Survey, lagMs: number): Statement => sql`(a.lease_until > clock_timestamp()
  OR a.settled_at >= (SELECT (progress->>'since')::timestamptz FROM surveys WHERE id = ${survey.id}::uuid) - ${milliseconds(lagMs)})`

export async function compare(
  db: Sql,
  survey: Survey,
  position: string | undefined,
  lagMs: number,
): Promise<readonly Compared[]> {
  const { connectionId } = survey
  const works = await worksWhere(
    db,
    sql`a.connection_id = ${connectionId}::uuid AND (${position ?? null}::uuid IS NULL OR a.id > ${position ?? null}::uuid)
      AND NOT u.unclaimed AND (u.deleted_at IS NULL OR a.vendor_account_id IS NOT NULL)
      ORDER BY a.id LIMIT ${perPage}::int`,
  )
  if (works.length === 0) return []
  const rows = await db.rows<{ id: string; busy: boolean; summary: AccountSummary | null }>(sql`
    SELECT a.id, coalesce(${settledSince(survey, lagMs)}, false) AS busy, v.summary
    FROM accounts a LEFT JOIN vendor_accounts v ON v.connection_id = a.connection_id
      AND v.vendor_account_id = a.vendor_account_id AND ${isListed(survey.id)}
    WHERE a.id = ANY(${works.map(({ accountId }) => accountId)}::uuid[])`)
  const byId = new Map(rows.map((row) => [row.id, row]))
  return works.map((work): Compared => {
    const row = byId.get(work.accountId)
    return { work, busy: row?.busy ?? true, ...(row?.summary ? { listed: row.summary } : {}) }
  })
}

export async function unlinkedByLogin(
  db: Sql,
  { id, connectionId }: Survey,
  logins: readonly string[],
): Promise<ReadonlyMap<string, AccountSummary>> {
  if (logins.length === 0) return new Map()
  const rows = await db.rows<{ login_key: string; summary: AccountSummary }>(sql`
    SELECT v.login_key, v.summary FROM vendor_accounts v JOIN connections c ON c.id = v.connection_id
    WHERE v.connection_id = ${connectionId}::uuid AND ${isListed(id)} AND v.login_key = ANY(${[...logins]}::text[])
      AND NOT EXISTS (SELECT FROM accounts a WHERE a.vendor_tenant = c.tenant_id AND a.vendor_account_id = v.vendor_account_id)`)
  return new Map(rows.map((row) => [row.login_key, row.summary]))
}

/** Whose run has begun or ended since the list is left alone: it has read for itself. */
export function keepCompared(
  db: Sql,
  survey: Survey,
  { position, counts, drifts, marks, lagMs }: Parameters<SurveyStore['keepCompared']>[1],
): Promise<number> {
  const requestId = `reconciliation:${survey.id}`
  return db.transaction(async (tx) => {
    const found = drifts.map((drift) => ({ ...drift, id: newId() }))
    await tx.rows(sql`
      INSERT INTO drifts (id, connection_id, survey_id, kind, account_id, vendor_account_id, login, detail)
      SELECT d.id, ${survey.connectionId}::uuid, ${survey.id}::uuid, d.kind, d."accountId", d."vendorAccountId", d.login, d.detail
      FROM jsonb_to_recordset(${json(found)}) d(id uuid, kind text, "accountId" uuid, "vendorAccountId" text, login text, detail jsonb)`)
    const marked = await tx.rows<{ id: string }>(sql`
      UPDATE accounts SET uncertain = true, due_at = least(accounts.due_at, now()),
        priority = CASE WHEN accounts.due_at IS NULL THEN picked.priority ELSE least(accounts.priority, picked.priority) END,
        shut_out_request_id = CASE WHEN picked.leaver AND accounts.shut_out_asked_at IS NULL THEN ${requestId}::text ELSE accounts.shut_out_request_id END,
        shut_out_asked_at = CASE WHEN picked.leaver THEN coalesce(accounts.shut_out_asked_at, now()) ELSE accounts.shut_out_asked_at END
      FROM (
        SELECT a.id, m.priority::smallint AS priority, m.leaver
        FROM jsonb_to_recordset(${json(marks)}) m("accountId" uuid, priority int, leaver boolean) JOIN accounts a ON a.id = m."accountId"
        WHERE NOT coalesce(${settledSince(survey, lagMs)}, false) AND NOT a.unmanaged
        ORDER BY a.id FOR UPDATE OF a
      ) picked
      WHERE accounts.id = picked.id RETURNING accounts.id`)
    const all = { ...counts, marked: (counts['marked'] ?? 0) + marked.length }
    await tx.rows(sql`
      UPDATE surveys SET progress = progress || ${json({ position, counts: all })}, updated_at = clock_timestamp()
      WHERE id = ${survey.id}::uuid`)
    return marked.length
  })
}

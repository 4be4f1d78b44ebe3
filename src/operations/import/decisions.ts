import type { Change, ListedDecision } from '../../model/operator.ts'
import type { Sql } from '../../store/sql/client.ts'
import { json, sql } from '../../store/sql/statement.ts'
import { tell } from '../../store/sql/events.ts'

/** What becomes of an account of a vendor's list that has no person; counts with the next import. */
export async function decideListed(
  db: Sql,
  connectionId: string,
  { vendorAccountId, decision, userId }: ListedDecision,
  by: Change,
): Promise<boolean> {
  const detail = { vendorAccountId, decision, ...(userId ? { userId } : {}) }
  const kept = { decision, ...(userId ? { userId } : {}), by: by.actor, at: new Date().toISOString() }
  const row = await db.row(sql`
    WITH v AS (
      UPDATE vendor_accounts SET decision = ${json(kept)} FROM connections c
      WHERE vendor_accounts.connection_id = ${connectionId}::uuid AND c.id = vendor_accounts.connection_id
        AND vendor_account_id = ${vendorAccountId}::text
        AND (${userId ?? null}::uuid IS NULL OR EXISTS (SELECT FROM users u WHERE u.id = ${userId ?? null}::uuid
          AND u.directory_id = c.directory_id AND u.deleted_at IS NULL))
      RETURNING c.id, c.directory_id
    ), told AS (
      ${tell(
        by,
        {
          action: 'import.decided',
          resourceType: 'Connection',
          directoryId: sql`v.directory_id`,
          resourceId: sql`v.id`,
          detail,
        },
        sql`v`,
      )}
    )
    SELECT id FROM v`)
  return row !== undefined
}

export async function directoryId(db: Sql, name: string): Promise<string | undefined> {
  return (await db.row<{ id: string }>(sql`SELECT id FROM directories WHERE name = ${name}::text`))?.id
}

export async function note(
  db: Sql,
  connectionId: string,
  action: string,
  by: Change,
  detail: object = {},
): Promise<void> {
  const source = sql`connections c WHERE c.id = ${connectionId}::uuid`
  const of = { directoryId: sql`c.directory_id`, resourceId: sql`c.id` }
  await db.rows(tell(by, { action, resourceType: 'Connection', ...of, detail }, source))
}

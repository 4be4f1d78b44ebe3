import { gateway } from './directory/events.ts'
import { type Sql, sql } from './sql/statement.ts'

export async function isRecovering(db: Sql, connectionId: string): Promise<boolean> {
  const row = await db.row(sql`
    SELECT 1 AS recovering FROM connections WHERE id = ${connectionId}::uuid AND recovering_since IS NOT NULL`)
  return row !== undefined
}

/** What waited is due behind all live work. What is held stays in doubt: each account is read before its next plan. */
export async function recovered(db: Sql, connectionId: string): Promise<number> {
  return db.transaction(async (tx) => {
    const rows = await tx.rows(sql`
      WITH over AS (
        UPDATE connections SET recovering_since = NULL WHERE id = ${connectionId}::uuid AND recovering_since IS NOT NULL
        RETURNING id, directory_id
      ), told AS (
        INSERT INTO events (directory_id, actor, action, resource_type, resource_id)
        SELECT directory_id, ${gateway.actor}::text, 'connection.recovered', 'Connection', id::text FROM over
      )
      UPDATE accounts SET due_at = least(accounts.due_at, now()) FROM over
      WHERE accounts.connection_id = over.id AND accounts.proven_version < accounts.wanted_version RETURNING accounts.id`)
    return rows.length
  })
}

/** The store was restored: every account is in doubt, and only shut-outs run until somebody has looked. */
export async function markRestored(tx: Sql): Promise<number> {
  const rows = await tx.rows(sql`
    WITH restored AS (
      UPDATE connections SET recovering_since = clock_timestamp() RETURNING id, directory_id
    ), told AS (
      INSERT INTO events (directory_id, actor, action, resource_type, resource_id)
      SELECT directory_id, ${gateway.actor}::text, 'store.restored', 'Connection', id::text FROM restored
    ), doubted AS (
      UPDATE accounts SET uncertain = true, lease_owner = NULL, lease_until = NULL
    )
    SELECT id FROM restored`)
  return rows.length
}

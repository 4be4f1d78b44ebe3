import { priorities } from '../../model/work.ts'
import { markGroupsOf } from '../group-links.ts'
import { type Sql, sql } from '../sql/statement.ts'
import { recordSweep } from '../sweeps.ts'

/**
 * Gives everybody of the directory an account of a new connection. None is due: the sweep of the connection correlates them
 * with what the vendor has, and a write of the directory goes its own way meanwhile.
 */
export async function enlist(tx: Sql, directoryId: string, connectionId: string): Promise<number> {
  await markGroupsOf(tx, connectionId)
  const row = await tx.row<{ count: number }>(sql`
    WITH enlisted AS (
      INSERT INTO accounts (id, connection_id, user_id, priority)
      SELECT gen_random_uuid(), ${connectionId}::uuid, u.id, ${priorities.backlog}::smallint
      FROM users u WHERE u.directory_id = ${directoryId}::uuid AND u.deleted_at IS NULL
      ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT count(*)::int AS count FROM enlisted`)
  const people = row?.count ?? 0
  if (people > 0) await sweep(tx, directoryId, connectionId, 'connection')
  else
    await tx.rows(
      sql`UPDATE connections SET admitted_at = clock_timestamp() WHERE id = ${connectionId}::uuid`,
    )
  return people
}

/**
 * Once `enlist` is committed: whoever, and whichever Group, was written while the connection was not there yet for that write.
 * The lock waits for the writes that are under way; every later one sees the connection.
 */
export async function enlistRest(db: Sql, connectionId: string): Promise<number> {
  await db.transaction((tx) => tx.rows(sql`LOCK TABLE users, groups IN SHARE MODE`))
  return db.transaction(async (tx) => {
    const row = await tx.row<{ count: number }>(sql`
      WITH enlisted AS (
        INSERT INTO accounts (id, connection_id, user_id, priority, due_at)
        SELECT gen_random_uuid(), c.id, u.id, ${priorities.backlog}::smallint, now()
        FROM connections c JOIN users u ON u.directory_id = c.directory_id
        WHERE c.id = ${connectionId}::uuid AND u.deleted_at IS NULL
          AND NOT EXISTS (SELECT FROM accounts a WHERE a.connection_id = c.id AND a.user_id = u.id)
        ON CONFLICT DO NOTHING RETURNING 1
      )
      SELECT count(*)::int AS count FROM enlisted`)
    await markGroupsOf(tx, connectionId)
    return row?.count ?? 0
  })
}

/** Has every account of a connection looked at: those whose plan is not empty any more become due. */
export async function replan(tx: Sql, directoryId: string, connectionId: string): Promise<void> {
  await markGroupsOf(tx, connectionId)
  return sweep(tx, directoryId, connectionId, 'rules')
}

async function sweep(
  tx: Sql,
  directoryId: string,
  connectionId: string,
  kind: 'rules' | 'connection',
): Promise<void> {
  // One that has not begun looks at what is configured by then.
  await tx.rows(
    recordSweep(
      { directoryId, connectionId, kind, detail: sql`'{}'::jsonb` },
      sql`WHERE NOT EXISTS (SELECT FROM sweeps s WHERE s.connection_id = ${connectionId}::uuid AND s.kind = ${kind}::text
        AND s.state = 'counting' AND s.position IS NULL AND s.lease_owner IS NULL)`,
    ),
  )
}

/** At a start: parked connections are tried again, and so is every shut-out that failed. */
export async function reopen(tx: Sql): Promise<void> {
  await tx.rows(sql`
    WITH reopened AS (
      UPDATE connections SET status = CASE WHEN tenant_id IS NULL THEN 'new' ELSE 'ready' END, parked_at = NULL, parked_reason = NULL
      WHERE status = 'parked' RETURNING id
    )
    UPDATE accounts SET due_at = now() FROM users u
    WHERE u.id = accounts.user_id AND accounts.proven_version < accounts.wanted_version AND (
      accounts.connection_id IN (SELECT id FROM reopened)
      OR (accounts.status = 'failed' AND (NOT u.active_wanted OR u.delete_requested_at IS NOT NULL OR u.deleted_at IS NOT NULL)))`)
}

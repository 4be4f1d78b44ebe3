import { priorities } from '../../provisioning/ports.ts'
import { wish } from '../directory/due.ts'
import type { Sql } from '../sql/client.ts'
import { sql } from '../sql/statement.ts'

/** Gives everybody of the directory an account of a new connection, behind all live work. */
export async function enlist(tx: Sql, directoryId: string, connectionId: string): Promise<number> {
  const row = await tx.row<{ count: number }>(sql`
    WITH enlisted AS (
      INSERT INTO accounts (id, connection_id, user_id, due_at, priority)
      SELECT gen_random_uuid(), ${connectionId}::uuid, u.id, now(), ${priorities.backlog}::smallint
      FROM users u WHERE u.directory_id = ${directoryId}::uuid AND u.deleted_at IS NULL
      ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT count(*)::int AS count FROM enlisted`)
  return row?.count ?? 0
}

/** Has every account of a connection planned anew; tombstones that are proven gone rest. */
export async function replan(tx: Sql, connectionId: string): Promise<number> {
  const row = await tx.row<{ count: number }>(sql`
    WITH wished AS (
      ${wish(
        sql`a.connection_id = ${connectionId}::uuid AND (a.proven_version < a.wanted_version
          OR EXISTS (SELECT FROM users u WHERE u.id = a.user_id AND u.deleted_at IS NULL))`,
        sql`${priorities.backlog}::smallint`,
        'now',
      )} RETURNING 1
    )
    SELECT count(*)::int AS count FROM wished`)
  return row?.count ?? 0
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

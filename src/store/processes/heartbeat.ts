import type { Sql } from '../sql/client.ts'
import { milliseconds, sql } from '../sql/statement.ts'

export const heartbeat = { everyMs: 5_000, liveMs: 20_000 } as const

/** Marks this process as seen, removes the dead, and counts who lives. */
export async function beat(db: Sql, id: string, release: string, liveMs: number): Promise<number> {
  const row = await db.row<{ others: number }>(sql`
    WITH gone AS (
      DELETE FROM processes WHERE id <> ${id}::text AND seen_at <= clock_timestamp() - ${milliseconds(liveMs)}
    ), seen AS (
      INSERT INTO processes (id, release, seen_at) VALUES (${id}::text, ${release}::text, clock_timestamp())
      ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
    )
    SELECT count(*)::int AS others FROM processes
    WHERE id <> ${id}::text AND seen_at > clock_timestamp() - ${milliseconds(liveMs)}`)
  return 1 + (row?.others ?? 0)
}

export async function leave(db: Sql, id: string): Promise<void> {
  await db.rows(sql`DELETE FROM processes WHERE id = ${id}::text`)
}

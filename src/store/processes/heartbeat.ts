import type { Sql } from '../sql/client.ts'
import { milliseconds, sql } from '../sql/statement.ts'

export const heartbeat = { everyMs: 5_000, liveMs: 20_000 } as const

/** What a process tells of itself. */
export interface Presence {
  readonly id: string
  readonly release: string
  /** Of the master keys that it holds. */
  readonly keyIds: readonly string[]
}

/** Marks this process as seen, removes the dead, and counts who lives. */
export async function beat(db: Sql, { id, release, keyIds }: Presence, liveMs: number): Promise<number> {
  const row = await db.row<{ others: number }>(sql`
    WITH gone AS (
      DELETE FROM processes WHERE id <> ${id}::text AND seen_at <= clock_timestamp() - ${milliseconds(liveMs)}
    ), seen AS (
      INSERT INTO processes (id, release, seen_at, key_ids)
      VALUES (${id}::text, ${release}::text, clock_timestamp(), ${[...keyIds]}::text[])
      ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at
    )
    SELECT count(*)::int AS others FROM processes
    WHERE id <> ${id}::text AND seen_at > clock_timestamp() - ${milliseconds(liveMs)}`)
  return 1 + (row?.others ?? 0)
}

export async function leave(db: Sql, id: string): Promise<void> {
  await db.rows(sql`DELETE FROM processes WHERE id = ${id}::text`)
}

/** The master keys that live processes hold, a list for each; empty for one that does not tell. */
export async function keysOfProcesses(db: Sql): Promise<readonly (readonly string[])[]> {
  const rows = await db.rows<{ keys: readonly string[] }>(sql`
    SELECT coalesce(key_ids, '{}') AS keys FROM processes
    WHERE seen_at > clock_timestamp() - ${milliseconds(heartbeat.liveMs)}`)
  return rows.map(({ keys }) => keys)
}

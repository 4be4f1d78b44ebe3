import { createBatcher } from '../../batch.ts'
import type { Processes, Tidings } from '../../model/processes.ts'
import { ownRelease } from '../migrate.ts'
import { milliseconds, type Sql, sql } from '../sql/statement.ts'
import { openLine } from './channel.ts'

const heartbeat = { everyMs: 5_000, liveMs: 20_000 } as const

/** What a process tells of itself. */
interface Presence {
  readonly id: string
  readonly release: string
  /** Of the master keys that it holds. */
  readonly keyIds: readonly string[]
}

/** Marks this process as seen, removes the dead, and counts who lives. */
async function beat(db: Sql, { id, release, keyIds }: Presence, liveMs: number): Promise<number> {
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

async function leave(db: Sql, id: string): Promise<void> {
  await db.rows(sql`DELETE FROM processes WHERE id = ${id}::text`)
}

/** The master keys that live processes hold, a list for each; empty for one that does not tell. */
export async function keysOfProcesses(db: Sql): Promise<readonly (readonly string[])[]> {
  const rows = await db.rows<{ keys: readonly string[] }>(sql`
    SELECT coalesce(key_ids, '{}') AS keys FROM processes
    WHERE seen_at > clock_timestamp() - ${milliseconds(heartbeat.liveMs)}`)
  return rows.map(({ keys }) => keys)
}

export interface Joining {
  /** Another process says so, or it may have while this one could not hear it. */
  hear(what: Tidings): void
  readonly log: { info(values: object, message: string): void; warn(values: object, message: string): void }
  /** Of the master keys that this process holds. */
  readonly keyIds?: readonly string[]
  readonly everyMs?: number
  readonly liveMs?: number
}

interface Self {
  readonly db: Sql
  readonly url: string
  /** Names this process; unique. */
  readonly id: string
}

/** Many writes in a moment are told once. */
const gatherMs = 20

/** Counts this process among those that live, until it is closed. */
export async function joinProcesses({ db, url, id }: Self, joining: Joining): Promise<Processes> {
  const { log, keyIds = [], everyMs = heartbeat.everyMs, liveMs = heartbeat.liveMs } = joining
  const release = await ownRelease()
  let live = 1
  let closed = false

  const count = async (): Promise<void> => {
    if (closed) return
    const now = await beat(db, { id, release, keyIds }, liveMs)
    if (now !== live) log.info({ processes: now }, 'processes on this store')
    live = now
  }
  const countOrWarn = (): Promise<void> =>
    count().catch((error: unknown) => log.warn({ error: String(error) }, 'heartbeat not written'))

  await count()
  const line = openLine(url, {
    hear({ from, what }) {
      if (from === id) return
      if (what === 'due' || what === 'connections') joining.hear(what)
      else void countOrWarn()
    },
    again() {
      if (closed) return
      joining.hear('due')
      say('hello')
    },
  })
  const say = (what: string): void => void line.say({ from: id, what }).catch(() => {})
  const tellOnce = createBatcher<Tidings, true>({
    most: Number.POSITIVE_INFINITY,
    windowMs: gatherMs,
    async together(asked) {
      new Set(asked).forEach(say)
      return asked.map(() => true)
    },
  })
  const timer = setInterval(() => void countOrWarn(), everyMs).unref()

  return {
    live: () => live,
    tell(what) {
      if (live > 1 && !closed) void tellOnce(what)
    },
    async close() {
      closed = true
      clearInterval(timer)
      await leave(db, id).catch(() => {})
      await line.say({ from: id, what: 'bye' }).catch(() => {})
      await line.close()
    },
  }
}

import type { Processes, Tidings } from '../../model/processes.ts'
import { ownRelease } from '../migrate.ts'
import type { Sql } from '../sql/client.ts'
import { beat, heartbeat, leave } from './heartbeat.ts'
import { openLine } from './line.ts'

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
  const untold = new Set<Tidings>()

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
  const timer = setInterval(() => void countOrWarn(), everyMs).unref()

  return {
    live: () => live,
    tell(what) {
      if (live === 1 || closed) return
      if (untold.size === 0) {
        setTimeout(() => {
          const all = [...untold]
          untold.clear()
          all.forEach(say)
        }, gatherMs).unref()
      }
      untold.add(what)
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

import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { BaseLogger } from 'pino'
import type { Receiver } from './receivers.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { chains, delivered, drop, type Head, keepDelivered, seal, sealed, takeTurn } from './store.ts'

export interface KeeperOptions {
  readonly db: Sql
  readonly log: BaseLogger
  readonly receivers: readonly Receiver[]
  /** Events older than this are dropped once an hour; absent: never. */
  readonly retentionDays?: number | undefined
  readonly everyMs?: number
}

export interface Keeper {
  close(): Promise<void>
}

const mostAtOnce = 1_000
const batch = 500
const turnMs = 60_000
const headEveryMs = 60_000
const dropEveryMs = 3_600_000
const longestPauseMs = 300_000

/** Seals what was written, tells the heads to the log, delivers what is sealed, drops what is too old. */
export function startAuditKeeper({
  db,
  log,
  receivers,
  retentionDays,
  everyMs = 1_000,
}: KeeperOptions): Keeper {
  const stop = new AbortController()
  const heads = createHeadLog(log)
  const deliver = createDelivery(db, log, stop.signal)
  let droppedAt = Date.now()

  async function turn(): Promise<void> {
    heads.tell(await seal(db, mostAtOnce))
    for (const receiver of receivers) await deliver(receiver)
    if (retentionDays === undefined || Date.now() - droppedAt < dropEveryMs) return
    droppedAt = Date.now()
    const dropped = await drop(db, retentionDays)
    if (dropped > 0) log.info({ events: dropped, retentionDays }, 'audit events dropped')
  }

  const loop = (async () => {
    while (!stop.signal.aborted) {
      await turn().catch((error: unknown) =>
        log.warn({ error: (error as Error).message }, 'audit not sealed'),
      )
      await delay(everyMs, undefined, { ref: false, signal: stop.signal }).catch(() => undefined)
    }
  })()

  return {
    async close() {
      stop.abort()
      await loop
      await seal(db, mostAtOnce)
        .then((moved) => heads.tell(moved, true))
        .catch(() => undefined)
      for (const receiver of receivers) await receiver.close()
    },
  }
}

/** One receiver after the other; one that refuses is left alone for a while, longer each time. */
function createDelivery(db: Sql, log: BaseLogger, signal: AbortSignal) {
  const owner = randomUUID()
  const pauses = new Map<string, { failures: number; until: number }>()

  return async (receiver: Receiver): Promise<void> => {
    const pause = pauses.get(receiver.name)
    if (pause && Date.now() < pause.until) return
    if (!(await takeTurn(db, receiver.name, owner, turnMs))) return
    try {
      await deliverAll(db, receiver, signal)
      pauses.delete(receiver.name)
    } catch (error) {
      const failures = (pause?.failures ?? 0) + 1
      const ms = Math.min(longestPauseMs, 1_000 * 2 ** Math.min(failures, 9))
      pauses.set(receiver.name, { failures, until: Date.now() + ms })
      const { message } = error as Error
      log.warn({ receiver: receiver.name, failures, error: message, againInMs: ms }, 'audit not delivered')
    }
  }
}

async function deliverAll(db: Sql, receiver: Receiver, signal: AbortSignal): Promise<void> {
  for (const chain of await chains(db)) {
    for (;;) {
      const after = await delivered(db, receiver.name, chain)
      const events = await sealed(db, chain, after, batch)
      if (events.length === 0 || signal.aborted) break
      await receiver.send(events)
      await keepDelivered(db, receiver.name, chain, events.at(-1)!.position!)
    }
  }
}

/** The head of each chain, at most once a minute: what the log has seen cannot be cut off unnoticed. */
function createHeadLog(log: BaseLogger) {
  const told = new Map<string | null, number>()
  return {
    tell(heads: readonly Head[], last = false): void {
      for (const { directory, position, hash } of heads) {
        if (!last && Date.now() - (told.get(directory) ?? 0) < headEveryMs) continue
        told.set(directory, Date.now())
        log.info({ directory: directory ?? undefined, position, hash }, 'audit head')
      }
    },
  }
}

import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { BaseLogger } from 'pino'
import { type AuditKeys, noAuditKeys } from './keys.ts'
import type { Receiver } from './receivers.ts'
import type { Sql } from '../../store/sql/statement.ts'
import {
  chains,
  delivered,
  drop,
  type Head,
  keepDelivered,
  seal,
  sealed,
  takeTurn,
  undeliveredSeconds,
} from './store.ts'

export interface KeeperOptions {
  readonly db: Sql
  readonly log: BaseLogger
  readonly receivers: readonly Receiver[]
  /** Events older than this are dropped once an hour; absent: never. */
  readonly retentionDays?: number | undefined
  readonly everyMs?: number
  /** How long a receiver may take for one delivery, in milliseconds. */
  readonly deadlineMs?: number
  /** What vouches for the chains. */
  readonly keys?: AuditKeys | undefined
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

/**
 * Seals what was written, tells the heads to the log, drops what is too old; and delivers what is sealed, to each receiver in a
 * loop of its own: sealing waits for none of them.
 */
export function startAuditKeeper({
  db,
  log,
  receivers,
  retentionDays,
  everyMs = 1_000,
  deadlineMs = 30_000,
  keys = noAuditKeys,
}: KeeperOptions): Keeper {
  const stop = new AbortController()
  const { signal } = stop
  const heads = createHeadLog(log)
  const deliver = createDelivery({ db, log, signal, deadlineMs })
  let droppedAt = Date.now()

  async function turn(): Promise<void> {
    heads.tell(await seal(db, mostAtOnce, keys))
    if (retentionDays === undefined || Date.now() - droppedAt < dropEveryMs) return
    droppedAt = Date.now()
    const dropped = await drop(db, retentionDays, keys)
    if (dropped > 0) log.info({ events: dropped, retentionDays }, 'audit events dropped')
  }

  async function loop(work: () => Promise<void>, failed: string): Promise<void> {
    while (!signal.aborted) {
      await work().catch((error: unknown) => log.warn({ error: (error as Error).message }, failed))
      await delay(everyMs, undefined, { ref: false, signal }).catch(() => undefined)
    }
  }
  const sealing = loop(turn, 'audit not sealed')
  const delivering = receivers.map((receiver) => loop(() => deliver(receiver), 'audit not delivered'))

  return {
    async close() {
      stop.abort()
      await sealing
      await seal(db, mostAtOnce, keys)
        .then((moved) => heads.tell(moved, true))
        .catch(() => undefined)
      await Promise.all(delivering)
      for (const receiver of receivers) await receiver.close()
    },
  }
}

interface DeliveryDeps {
  readonly db: Sql
  readonly log: BaseLogger
  readonly signal: AbortSignal
  readonly deadlineMs: number
}

/** One receiver after the other; one that refuses is left alone for a while, longer each time. */
function createDelivery({ db, log, signal, deadlineMs }: DeliveryDeps) {
  const owner = randomUUID()
  const pauses = new Map<string, { failures: number; until: number }>()
  const lag = createLagAlert(db, log)

  return async (receiver: Receiver): Promise<void> => {
    await lag(receiver.name)
    const pause = pauses.get(receiver.name)
    if (pause && Date.now() < pause.until) return
    if (!(await takeTurn(db, receiver.name, owner, turnMs))) return
    try {
      await deliverAll({ db, receiver, signal, deadlineMs, owner })
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

interface Delivering {
  readonly db: Sql
  readonly receiver: Receiver
  readonly signal: AbortSignal
  readonly deadlineMs: number
  readonly owner: string
}

async function deliverAll({ db, receiver, signal, deadlineMs, owner }: Delivering): Promise<void> {
  for (const chain of await chains(db)) {
    for (;;) {
      const after = await delivered(db, receiver.name, chain)
      const events = await sealed(db, chain, after, batch)
      if (events.length === 0 || signal.aborted) break
      await within(deadlineMs, signal, receiver.send(events))
      await keepDelivered(db, receiver.name, chain, events.at(-1)!.position!)
      // A long delivery keeps its turn.
      if (!(await takeTurn(db, receiver.name, owner, turnMs))) return
    }
  }
}

/** Rejects when the receiver has not taken them by then: they are sent again, which receivers tell by position. */
async function within(ms: number, signal: AbortSignal, sending: Promise<void>): Promise<void> {
  const timer = new AbortController()
  const stopped = AbortSignal.any([timer.signal, signal])
  const late = delay(ms, undefined, { ref: false, signal: stopped }).then(
    () => Promise.reject(new Error(`the receiver has not taken them within ${ms} ms`)),
    () => (timer.signal.aborted ? undefined : Promise.reject(new Error('the gateway stops'))),
  )
  try {
    await Promise.race([sending, late])
  } finally {
    timer.abort()
    // Either may fail after the other has decided.
    sending.catch(() => undefined)
    late.catch(() => undefined)
  }
}

const lagEveryMs = 60_000
/** What is sealed is delivered within seconds; so late it is an alert. */
const longestLagSeconds = 300

/** Looks once a minute how long the oldest sealed event has waited for a receiver. */
function createLagAlert(db: Sql, log: BaseLogger): (receiver: string) => Promise<void> {
  const looked = new Map<string, number>()
  return async (receiver) => {
    if (Date.now() - (looked.get(receiver) ?? Date.now() - lagEveryMs / 2) < lagEveryMs) {
      if (!looked.has(receiver)) looked.set(receiver, Date.now())
      return
    }
    looked.set(receiver, Date.now())
    const seconds = await undeliveredSeconds(db, receiver)
    if (seconds > longestLagSeconds)
      log.error({ receiver, seconds: Math.round(seconds) }, 'audit delivery lags: look at the receiver')
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

import type { Logger } from 'pino'
import type { Notices } from '../../model/notice.ts'
import type { Sql } from '../../store/sql/statement.ts'
import type { Channel } from './channels.ts'
import {
  markDelivered,
  type Notice,
  raiseNotice,
  resolveNotice,
  resolveSettled,
  takeUndelivered,
} from './store.ts'

export interface NoticeOptions {
  readonly db: Sql
  readonly log: Logger
  readonly channels?: readonly Channel[]
  /** How soon a new notice goes out, and how often it is looked for others, in milliseconds. */
  readonly soonMs?: number
  readonly everyMs?: number
}

export interface RunningNotices extends Notices {
  /** Sends what waits. Never rejects. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** Keeps notices, writes one log line for each new one, and hands them to each channel, grouped and until it takes them. */
export function createNotices(options: NoticeOptions): RunningNotices {
  const { db, log, channels = [], soonMs = 2_000, everyMs = 15_000 } = options
  let running: Promise<void> | undefined
  let soon: NodeJS.Timeout | undefined

  const look = async (): Promise<void> => {
    try {
      await resolveSettled(db)
      await Promise.all(channels.map((channel) => deliver(channel, db, log)))
    } catch (err) {
      log.warn({ err }, 'notices wait')
    }
  }
  const flush = (): Promise<void> => (running ??= look().finally(() => (running = undefined)))
  const timer = setInterval(() => void flush(), everyMs).unref()

  return {
    async raise(draft) {
      try {
        const fresh = await raiseNotice(db, draft)
        if (!fresh) return
        tell(log, fresh)
        soon ??= setTimeout(() => {
          soon = undefined
          void flush()
        }, soonMs).unref()
      } catch (err) {
        log.error({ err, notice: draft.kind, connection: draft.connectionId }, 'a notice could not be kept')
      }
    },
    async resolve(draft) {
      await resolveNotice(db, draft).catch((err: unknown) =>
        log.warn({ err }, 'a notice could not be resolved'),
      )
    },
    flush,
    async close() {
      clearInterval(timer)
      clearTimeout(soon)
      await running
    },
  }
}

/** Ids only, as everywhere in the log: the words, which name people, go to the channels and to operators. */
function tell(log: Logger, { id, kind, connection, subject }: Notice): void {
  log.warn({ notice: kind, noticeId: id, connection, subject }, 'notice')
}

async function deliver(channel: Channel, db: Sql, log: Logger): Promise<void> {
  const notices = await takeUndelivered(db, channel.name, channel.groupMs)
  for (const [kind, together] of Map.groupBy(notices, (notice) => notice.kind)) {
    const undelivered = await channel.deliver(kind, together).catch((error: Error) => error)
    if (undelivered === undefined)
      await markDelivered(
        db,
        channel.name,
        together.map(({ id }) => id),
      )
    else
      log.warn(
        { kind, channel: channel.name, error: undelivered.message },
        'a notice was not taken; it is sent again',
      )
  }
}

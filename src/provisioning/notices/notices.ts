import type { Logger } from 'pino'
import type { Notice, NoticeDraft, Notices, NoticeStore } from './ports.ts'
import { signed } from './signature.ts'

/** Sends a body to the webhook; gives the HTTP status. */
export type PostWebhook = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
) => Promise<number>

export interface Webhook {
  readonly url: string
  readonly secret: string
  readonly post: PostWebhook
}

export interface NoticeOptions {
  readonly store: NoticeStore
  readonly log: Logger
  readonly webhook?: Webhook
  /** Notices of a kind within this time are one delivery, in milliseconds. */
  readonly groupMs?: number
  /** How soon a new notice goes out, and how often it is looked for others, in milliseconds. */
  readonly soonMs?: number
  readonly everyMs?: number
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

export interface RunningNotices extends Notices {
  /** Sends what waits. Never rejects. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** Keeps notices, writes one log line for each new one, and hands them to the webhook, grouped and until it takes them. */
export function createNotices(options: NoticeOptions): RunningNotices {
  const { store, log, webhook, groupMs = 60_000, soonMs = 2_000, everyMs = 15_000, now = Date.now } = options
  let running: Promise<void> | undefined
  let soon: NodeJS.Timeout | undefined

  const look = async (): Promise<void> => {
    try {
      await store.resolveSettled()
      if (webhook) await deliver(webhook, await store.takeUndelivered(groupMs), store, log, now)
    } catch (err) {
      log.warn({ err }, 'notices wait')
    }
  }
  const flush = (): Promise<void> => (running ??= look().finally(() => (running = undefined)))
  const timer = setInterval(() => void flush(), everyMs).unref()

  return {
    async raise(draft) {
      try {
        const fresh = await store.raise(draft)
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
      await store.resolve(draft).catch((err: unknown) => log.warn({ err }, 'a notice could not be resolved'))
    },
    flush,
    async close() {
      clearInterval(timer)
      clearTimeout(soon)
      await running
    },
  }
}

/** Ids only, as everywhere in the log: the words, which name people, go to the webhook and to operators. */
function tell(log: Logger, { id, kind, connection, subject }: Notice): void {
  log.warn({ notice: kind, noticeId: id, connection, subject }, 'notice')
}

async function deliver(
  webhook: Webhook,
  notices: readonly Notice[],
  store: NoticeStore,
  log: Logger,
  now: () => number,
): Promise<void> {
  for (const [kind, together] of Map.groupBy(notices, (notice) => notice.kind)) {
    const body = JSON.stringify({ kind, notices: together })
    const headers = {
      'content-type': 'application/json',
      'drawbridge-signature': signed(body, webhook.secret, now()),
    }
    try {
      const status = await webhook.post(webhook.url, headers, body)
      if (status >= 200 && status < 300) await store.delivered(together.map(({ id }) => id))
      else log.warn({ kind, status }, 'the webhook did not take a notice; it is sent again')
    } catch (error) {
      log.warn(
        { kind, error: (error as Error).message },
        'the webhook cannot be reached; the notice is sent again',
      )
    }
  }
}

/** For those who have nobody to tell. */
export const silent: Notices = {
  raise: async (_: NoticeDraft) => {},
  resolve: async () => {},
}

import pg from 'pg'
import { poolConfig } from '../sql/direct.ts'

/** What one process says to the others. */
interface Message {
  readonly from: string
  readonly what: string
}

export interface Line {
  /** Rejects while the line is down: whoever is not told finds out by looking. */
  say(message: Message): Promise<void>
  close(): Promise<void>
}

interface Hearer {
  hear(message: Message): void
  /** The line is up again: something may have been missed. */
  again(): void
}

const channel = 'drawbridge_due'
const [firstRetryMs, longestRetryMs] = [500, 15_000]

/** One connection that listens and speaks, made anew whenever it breaks. */
export function openLine(url: string, hearer: Hearer): Line {
  const { max: _max, ...config } = poolConfig(url).config
  let client: pg.Client | undefined
  let closed = false
  let retryMs: number = firstRetryMs
  let timer: NodeJS.Timeout | undefined

  const connect = async (): Promise<void> => {
    const next = new pg.Client({ ...config, application_name: 'drawbridge line', keepAlive: true })
    let ended = false
    const lost = (): void => {
      if (ended) return
      ended = true
      if (client === next) client = undefined
      next.end().catch(() => {})
      if (closed) return
      timer = setTimeout(() => void connect(), retryMs).unref()
      retryMs = Math.min(retryMs * 2, longestRetryMs)
    }
    next.on('error', lost).on('end', lost)
    next.on('notification', ({ payload = '' }) => {
      const at = payload.lastIndexOf(' ')
      if (at > 0) hearer.hear({ from: payload.slice(0, at), what: payload.slice(at + 1) })
    })
    try {
      await next.connect()
      await next.query(`LISTEN ${channel}`)
    } catch {
      return lost()
    }
    if (closed) return void next.end().catch(() => {})
    client = next
    retryMs = firstRetryMs
    hearer.again()
  }
  const connecting = connect()

  return {
    async say({ from, what }) {
      if (!client) throw new Error('the line is down')
      await client.query({
        name: 'say',
        text: 'SELECT pg_notify($1, $2)',
        values: [channel, `${from} ${what}`],
      })
    },
    async close() {
      closed = true
      clearTimeout(timer)
      await connecting
      await client?.end().catch(() => {})
    },
  }
}

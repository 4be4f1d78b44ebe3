import { createHmac } from 'node:crypto'
import type { Receiver } from './receiver.ts'

/** Posts a text; answers the status. */
export type Post = (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<number>

/**
 * Sends NDJSON, one event a line. `drawbridge-signature: t=<seconds>,v1=<hex>` is the HMAC-SHA256 of `<t>.<body>` under the
 * shared secret, as for notices.
 */
export function webhookReceiver(
  url: string,
  secret: string,
  post: Post,
  now: () => number = Date.now,
): Receiver {
  return {
    name: 'webhook',
    async send(events) {
      const body = events.map((event) => `${JSON.stringify(event)}\n`).join('')
      const t = Math.floor(now() / 1_000)
      const v1 = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')
      const status = await post(
        url,
        { 'content-type': 'application/x-ndjson', 'drawbridge-signature': `t=${t},v1=${v1}` },
        body,
      )
      if (status < 200 || status > 299) throw new Error(`the webhook answered ${status}`)
    },
    close: async () => {},
  }
}

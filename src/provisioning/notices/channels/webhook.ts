import { explainedAt } from '../../../errors.ts'
import type { Channel } from './channel.ts'
import { signed } from '../signature.ts'

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

/** Posts `{"kind": …, "see": …, "notices": […]}`, signed; any status but 2xx is a refusal. */
export function webhookChannel(
  { url, secret, post }: Webhook,
  { groupMs = 60_000, now = Date.now }: { readonly groupMs?: number; readonly now?: () => number } = {},
): Channel {
  return {
    name: 'webhook',
    groupMs,
    async deliver(kind, notices) {
      const body = JSON.stringify({ kind, see: explainedAt('notice', kind), notices })
      const headers = {
        'content-type': 'application/json',
        'drawbridge-signature': signed(body, secret, now()),
      }
      const status = await post(url, headers, body)
      if (status < 200 || status > 299) throw new Error(`it answered ${status}`)
    },
  }
}

import { explainedAt } from '../../model/errors.ts'
import type { NoticeKind } from '../../model/notice.ts'
import { letterOf } from './letter.ts'
import { signed } from './signature.ts'
import type { ChannelName, Notice } from './store.ts'

/** A way by which notices leave the gateway. */
export interface Channel {
  readonly name: ChannelName
  /** Notices of a kind within this time are one delivery, in milliseconds. */
  readonly groupMs: number
  /** All of one kind. Rejects, without a secret in the message, when they were not taken; they come again later. */
  deliver(kind: NoticeKind, notices: readonly Notice[]): Promise<void>
}

/** An e-mail as it is handed to the mail server. */
interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly text: string
  readonly html: string
  /** The same for the same notices, so that one that is sent again after a lost answer can be told from another. */
  readonly messageId: string
}

/** Rejects when the mail server did not take it; the message holds no secret. */
export type SendMail = (mail: Mail) => Promise<void>

export interface MailOptions {
  readonly from: string
  readonly to: readonly string[]
  readonly send: SendMail
  readonly groupMs?: number
}

/** One e-mail for all notices of a kind that came together. */
export function mailChannel({ from, to, send, groupMs = 300_000 }: MailOptions): Channel {
  const domain = /@([A-Za-z0-9.-]+)>?\s*$/.exec(from)?.[1] ?? 'drawbridge.invalid'
  return {
    name: 'mail',
    groupMs,
    async deliver(kind, notices) {
      const [first] = notices
      if (!first) return
      const messageId = `<${first.id}.${notices.length}@${domain}>`
      await send({ from, to, messageId, ...letterOf(kind, notices) })
    },
  }
}

/** Sends a body to the webhook; gives the HTTP status. */
type PostWebhook = (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<number>

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

import type { Channel } from './channel.ts'
import { letterOf } from './letter.ts'

/** An e-mail as it is handed to the mail server. */
export interface Mail {
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

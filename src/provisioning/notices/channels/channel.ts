import type { ChannelName, Notice, NoticeKind } from '../ports.ts'

/** A way by which notices leave the gateway. */
export interface Channel {
  readonly name: ChannelName
  /** Notices of a kind within this time are one delivery, in milliseconds. */
  readonly groupMs: number
  /** All of one kind. Rejects, without a secret in the message, when they were not taken; they come again later. */
  deliver(kind: NoticeKind, notices: readonly Notice[]): Promise<void>
}

import type { Hold } from '../ports.ts'

/** Who intervenes, for the event. */
export interface Intervening {
  /** As events name actors: `operator:<name>`. */
  readonly actor: string
  readonly requestId?: string
}

export type HoldDraft = Pick<Hold, 'reason' | 'until'>

/** What operators decide about people and accounts against, or beside, the directory. Each is one transaction with its event. */
export interface Interventions {
  /** Shuts the person out everywhere, against a directory that wants them active; `until` ends it by itself. False: no such User. */
  hold(userId: string, draft: HoldDraft, by: Intervening): Promise<boolean>
  /** False: the person is not held. */
  release(userId: string, by: Intervening): Promise<boolean>
  /**
   * Accepts that a shut-out which failed for good stays undone, until something is wished of the account anew: it is not tried
   * again and counts as proven for the answer. False: there is no such shut-out.
   */
  acceptRisk(accountId: string, reason: string, by: Intervening): Promise<boolean>
}

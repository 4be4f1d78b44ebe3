import type { AuditEvent } from '../ports.ts'

/** Where sealed events are sent to, in order. */
export interface Receiver {
  /** Names it in the store, and in logs; no secret. */
  readonly name: string
  /** Rejects when they were not taken; the same ones are sent again later. */
  send(events: readonly AuditEvent[]): Promise<void>
  close(): Promise<void>
}

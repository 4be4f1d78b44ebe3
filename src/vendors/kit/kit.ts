import type { BaseLogger } from 'pino'
import type { Dispatcher } from 'undici'

/** What the gateway lends a connector: no connector opens sockets, reads clocks or makes loggers of its own. */
export interface Kit {
  readonly log: BaseLogger
  readonly dispatcher: Dispatcher
  /** Aborted when the process stops. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Longest wait for one reply. */
  readonly timeoutMs: number
}

import type { BaseLogger } from 'pino'
import type { TSchema } from 'typebox'
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
  /** Shared by everything that calls vendors in this process. Absent: each requester keeps its limits alone. */
  readonly pacing?: Pacing
  /** Is told of every exchange, for those who watch; a connector has no use for it. */
  readonly observe?: ((exchange: Exchange) => void) | undefined
  /** Is told of each field of a reply that was not as promised. */
  readonly deviated?: ((deviation: Deviated) => void) | undefined
  /** Is told how long each call waited for its turn. */
  readonly waited?: ((wait: Wait) => void) | undefined
}

/** A field of a reply that was not as promised, and counts as absent. Never a value. */
interface Deviated {
  /** The vendor's id. */
  readonly vendor: string
  readonly operation: string
  readonly method: string
  /** Of the route; ids as `*`. */
  readonly path: string
  /** JSON pointer into the reply; entries of lists as `*`. */
  readonly field: string
}

export interface Wait {
  readonly vendor: string
  readonly pathClass: string
  /** `postponed`: it did not go out, and comes back later. */
  readonly ended: 'served' | 'postponed'
  readonly ms: number
}

/** One exchange with a vendor as an observer sees it: no query, no bodies, nothing that was sent along. */
export interface Exchange {
  /** The vendor's id. */
  readonly vendor: string
  readonly operation: string
  readonly method: string
  readonly origin: string
  readonly path: string
  /** What the answer is read by; absent where nothing of it is. */
  readonly shape?: TSchema | undefined
  /** Undefined when there was no answer. */
  readonly status: number | undefined
  /** Of the answer; keys in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly endedAt: number
}

/** A limit as a vendor publishes it: so many requests in so long, so many at once. */
export interface Limit {
  /** Calls with the same key share it: the credential, or what else the vendor counts by, and the paths. No secret. */
  readonly key: string
  readonly requests: number
  readonly perMs: number
  readonly concurrent?: number
}

/** When calls may go out. */
export interface Pacing {
  /** Waits for a call's turn, a few seconds at most. Gives what ends the turn, or after how many milliseconds to come back. */
  turn(pathClass: string, limits: readonly Limit[]): Promise<(() => void) | number>
  /** The vendor asks for quiet: the connection at work makes no call of this path class meanwhile. */
  pause(pathClass: string, waitMs: number): void
  connection(): ConnectionPace
  /** Of the work under way; 0 is served first. */
  priority(): number
}

/** What the calls of one connection share. */
export interface ConnectionPace {
  /** Vendor calls of this work are served by its priority, 0 first. `patient`: they wait for their turn however long it takes. */
  during<T>(priority: number, work: () => Promise<T>, patient?: 'patient'): Promise<T>
  /** What another process was told. */
  pause(pathClass: string, waitMs: number): void
}

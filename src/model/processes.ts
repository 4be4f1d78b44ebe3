/** What processes on one database tell each other: accounts became due, an operator changed a connection. */
export type Tidings = 'due' | 'connections'

/** The gateway processes that share one database. Nobody leads: each counts for itself. */
export interface Processes {
  /** How many live, this one included. */
  live(): number
  /** Tells the others, soon and once for many calls; nothing while this process is alone. */
  tell(what: Tidings): void
  /** Takes its leave, so that the others need not wait for it to be missed. */
  close(): Promise<void>
}

/** A limit of a vendor, as far as it is shared out: so many calls in so long. */
export interface SharedLimit {
  readonly key: string
  readonly requests: number
  readonly perMs: number
}

export interface Drawn {
  /** Calls that may go out within `holdMs`. */
  readonly granted: number
  readonly holdMs: number
  /** When nothing was granted: how long until something can be, in milliseconds. */
  readonly nextMs: number
}

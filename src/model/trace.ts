/** One exchange with a vendor as a trace shows it: no address, no query, nothing that was sent. */
export interface TracedCall {
  readonly vendor: string
  readonly operation: string
  readonly method: string
  /** Undefined when there was no answer. */
  readonly status: number | undefined
  /** Milliseconds since the epoch. */
  readonly startedAt: number
  readonly endedAt: number
}

/** What a run is about: ids and names that an operator gave; no person. */
interface TracedRun {
  readonly what: 'account' | 'group'
  readonly id: string
  readonly connection: string
  readonly vendor: string
  readonly priority: number
}

/** How a run ended, in the words of the account's or the group's status and failure. */
export interface TracedEnding {
  readonly status: string
  readonly failure?: string | undefined
}

/** What provisioning tells about its runs. */
export interface RunTracing {
  /** The vendor calls of `work` belong to the run, and the run to the request that does it, if one does. */
  run<T>(about: TracedRun, work: (ended: (ending: TracedEnding) => void) => Promise<T>): Promise<T>
}

/** How a connection stands, for gauges; no names of people. */
export interface ConnectionGauges {
  readonly directory: string
  readonly connection: string
  readonly vendor: string
  readonly parked: boolean
  /** Path classes that are paused. */
  readonly paused: number
  /** Accounts by status; only what is managed. */
  readonly accounts: Readonly<Record<string, number>>
  /** Wanted and proven differ. */
  readonly unproven: number
  /** Shut-outs among them, and the age of the oldest in seconds. */
  readonly shutOutsUnproven: number
  readonly oldestShutOutSeconds: number
  /** Fields of the vendor's replies that are not as documented. */
  readonly replyDeviations: number
  /** Accounts that have been due for more than a minute and that nobody works on. */
  readonly unserved: number
  /** Plans that wait for an operator. */
  readonly plansWaiting: number
  /** By priority, 0 first: how many are due, and since how many seconds the first of them is. */
  readonly due: readonly { readonly priority: number; readonly accounts: number; readonly seconds: number }[]
}

/** What is counted in the store when somebody looks. */
export interface Gauges {
  readonly connections: readonly ConnectionGauges[]
  /** Gateway processes that live. */
  readonly processes: number
  /** Tokens and credentials that end: seconds left, negative once they have. No names of people. */
  readonly endings: readonly {
    readonly kind: string
    readonly name: string
    readonly hint: string
    readonly seconds: number
  }[]
  /** Notices that are open, by kind. */
  readonly notices: Readonly<Record<string, number>>
}

/** An event of the audit as it leaves the store. */
export interface AuditEvent {
  /** In the order of writing, as text: it may be larger than a number holds. */
  readonly id: string
  /** Place in its chain, from 1; absent until it is sealed. */
  readonly position?: number
  /** Hex SHA-256 of the chain up to and with it. */
  readonly hash?: string
  /** ISO 8601 instant, database clock. */
  readonly at: string
  /** Name of the directory; absent for what concerns the whole gateway. */
  readonly directory?: string
  /** `token:<name>`, `operator:<name>`, `gateway`, `file`. */
  readonly actor: string
  readonly requestId?: string
  readonly action: string
  readonly resourceType: string
  readonly resourceId: string
  /** Changed attributes, failure, deviations; `{erased: …}` where it was erased. */
  readonly detail: Readonly<Record<string, unknown>>
}

/** A chain of events: one for each directory, and one, without a name, for the gateway itself. */
export interface Chain {
  readonly directoryId: string | null
  readonly directory: string | null
}

/** The last link of a chain. */
export interface Head extends Chain {
  readonly position: number
  readonly hash: string
}

/** A link as it is checked: what is kept, and what its payload hashes to now. */
export interface Link {
  readonly position: number
  readonly hash: string
  readonly digest: string
  /** Of the payload as it is in the row. */
  readonly found: string
  readonly erased: boolean
  /** Of an erasure: the links whose payload it blanked. */
  readonly positions: readonly number[] | null
  readonly at: string
  readonly action: string
}

/** Where a chain begins after older events were dropped; position 0 where none was. */
export interface Anchor {
  readonly position: number
  readonly hash: string
}

export interface AuditQuery {
  /** Only of this directory, by name. */
  readonly directory?: string
  /** ISO 8601 instants: from, and before. */
  readonly since?: string
  readonly until?: string
}

/** Who has something erased, for the event. */
export interface Eraser {
  readonly actor: string
  readonly requestId?: string
}

export interface AuditStore {
  /** Chains up to `most` events of each chain that no running transaction can precede. Answers the heads that moved. */
  seal(most: number): Promise<readonly Head[]>
  chains(): Promise<readonly Chain[]>
  /** Undefined for a chain without sealed events. */
  head(chain: Chain): Promise<Head | undefined>
  anchor(chain: Chain): Promise<Anchor>
  /** The head as it was when the chain was last sealed. */
  keptHead(chain: Chain): Promise<Anchor | undefined>
  /** Links after a position, in order. */
  links(chain: Chain, after: number, limit: number): Promise<readonly Link[]>
  /** Sealed events after a position of their chain, in order. */
  sealed(chain: Chain, after: number, limit: number): Promise<readonly AuditEvent[]>
  /** What was written in the period after an event, oldest first. */
  page(query: AuditQuery, after: string, limit: number): Promise<readonly AuditEvent[]>
  /** Blanks the payloads of everything about a User; the digests stay, and the erasure is an event. Counts the events. */
  erase(directory: string, userName: string, by: Eraser): Promise<number>
  /** Drops what is older; the chains go on from an anchor. Counts the events. */
  drop(olderThanDays: number): Promise<number>
  /** One process at a time delivers to a receiver; the turn ends by itself after `ms`. */
  takeTurn(receiver: string, owner: string, ms: number): Promise<boolean>
  /** Up to where a receiver has got each chain. */
  delivered(receiver: string, chain: Chain): Promise<number>
  keepDelivered(receiver: string, chain: Chain, position: number): Promise<void>
}

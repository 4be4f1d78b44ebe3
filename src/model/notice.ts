/** What people should look at. */
export type NoticeKind =
  | 'connection-parked'
  | 'guard-tripped'
  | 'shut-out-failed'
  | 'shut-out-waiting'
  | 'shut-out-withdrawn'
  | 'update-refused'
  | 'catalogue-refused'
  | 'decision-needed'
  | 'drift-found'
  | 'reactivated-leaver'
  | 'survey-refused'
  | 'token-expires'
  | 'store-restored'

export interface NoticeDraft {
  readonly kind: NoticeKind
  readonly connectionId?: string
  /** With the kind and the connection: what makes two notices the same. */
  readonly subject?: string
  /** One or two sentences: what happened, and what to do about it. No secret. */
  readonly text: string
  readonly detail?: Readonly<Record<string, unknown>>
}

/** Grouped, not repeated: the same notice raised again counts up and is delivered once until it is resolved. */
export interface Notices {
  /** Never rejects: a notice that cannot be kept is logged. */
  raise(draft: NoticeDraft): Promise<void>
  /** The cause is gone. */
  resolve(draft: Pick<NoticeDraft, 'kind' | 'connectionId' | 'subject'>): Promise<void>
}

/** A notice as the store keeps it. */
export interface Notice extends NoticeDraft {
  readonly id: string
  /** Names, for people. */
  readonly directory?: string
  readonly connection?: string
  /** How often it was raised. */
  readonly count: number
  /** ISO 8601 instants. */
  readonly firstAt: string
  readonly lastAt: string
  readonly resolvedAt?: string
}

export interface NoticeQuery {
  /** Only those whose cause is not gone. */
  readonly open?: boolean
  readonly kind?: NoticeKind
  readonly connectionId?: string
  readonly limit: number
}

/** Ways by which notices leave the gateway; the store keeps apart what went out by which. */
export type ChannelName = 'webhook' | 'mail'

/** Notices as the store keeps them. */
export interface NoticeStore {
  /** Counts up; gives the notice when it is new. */
  raise(draft: NoticeDraft): Promise<Notice | undefined>
  resolve(draft: Pick<NoticeDraft, 'kind' | 'connectionId' | 'subject'>): Promise<void>
  /** Resolves those about an account or a connection whose cause is gone by what the store knows. */
  resolveSettled(): Promise<void>
  /**
   * Takes what waits for a channel: of a kind that was sent within `groupMs` nothing, so that several make one delivery.
   * What is taken comes again later, by backoff, unless it is marked as delivered. What was over for a day is left out:
   * a channel that is set up later does not begin with old stories.
   */
  takeUndelivered(channel: ChannelName, groupMs: number): Promise<readonly Notice[]>
  delivered(channel: ChannelName, ids: readonly string[]): Promise<void>
  /** The latest first. */
  list(query: NoticeQuery): Promise<readonly Notice[]>
}

/** What people should look at. */
export type NoticeKind =
  | 'connection-parked'
  | 'guard-tripped'
  | 'shut-out-failed'
  | 'shut-out-waiting'
  | 'leaver-can-sign-in'
  | 'shut-out-withdrawn'
  | 'update-refused'
  | 'catalogue-refused'
  | 'replies-differ'
  | 'decision-needed'
  | 'drift-found'
  | 'reactivated-leaver'
  | 'survey-refused'
  | 'token-expires'
  | 'store-restored'
  | 'connection-behind'
  | 'work-unserved'

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

import type { LinkedGroup } from './group-work.ts'
import type { AccountWork } from './work.ts'
import type { Account, AccountSummary } from './account.ts'
import type { GroupRef } from './person.ts'
import type { DriftKind } from './policy.ts'

/** Why a vendor's list is walked. */
export type SurveyKind = 'reconcile' | 'import' | 'inventory'

/** How far a survey got; one that broke off goes on from here. */
export interface SurveyProgress {
  /** A listing that broke off is begun anew: vendors give no place to go on from. */
  readonly phase: 'listing' | 'comparing'
  readonly listed: number
  /** ISO 8601 instant, the store's clock: when the listing began. */
  readonly since?: string
  /** The last account that was compared. */
  readonly position?: string
  readonly counts: SurveyCounts
}

/** Drift by kind, and beside it: `compared`, `busy` (not compared, work is under way), `marked`, `contradictions`, `imported`, `undecided`. */
export type SurveyCounts = Readonly<Record<string, number>>

export interface Survey {
  readonly id: string
  readonly connectionId: string
  readonly kind: SurveyKind
  readonly state: 'running' | 'done' | 'failed'
  readonly progress: SurveyProgress
  readonly failure?: string
  /** ISO 8601 instants. */
  readonly startedAt: string
  readonly finishedAt?: string
}

/** A group of the vendor. */
export interface DriftedGroup {
  readonly vendorGroupId: string
  readonly name: string
  /** The SCIM Group; an orphan has none. */
  readonly groupId?: string
}

/** Of an account, or of a group. */
export interface DriftDraft {
  readonly kind: DriftKind
  readonly accountId?: string
  readonly vendorAccountId?: string
  readonly login?: string
  readonly group?: DriftedGroup
  readonly detail: Readonly<Record<string, unknown>>
}

/** A link with a group of the vendor, as it was when the vendor's groups were asked for. */
export interface KeptGroup {
  readonly linkId: string
  readonly group: GroupRef
  readonly linked: Pick<LinkedGroup, 'id' | 'name' | 'madeHere'>
  /** Leased, due, or with an open write: what the vendor shows may be on its way to change. */
  readonly busy: boolean
}

/** What the vendor's groups differ in; `kept` is what they were compared with. */
export interface GroupDrift {
  readonly drafts: readonly (DriftDraft & { readonly group: DriftedGroup })[]
  /** Links whose group a run is to read anew. */
  readonly marks: readonly string[]
  readonly kept: readonly KeptGroup[]
}

export interface Drift extends DriftDraft {
  readonly id: string
  /** The person, where there is one. */
  readonly userName?: string
  /** ISO 8601 instant. */
  readonly foundAt: string
}

/** An account that a run is to look at anew, reading it by id first. */
export interface Mark {
  readonly accountId: string
  readonly priority: number
  /** Starts the leaver's clock. */
  readonly leaver: boolean
}

/** An account and what the list showed under its link. */
export interface Compared {
  readonly work: AccountWork
  /** Settled since the listing began, or leased now: what the list shows may be older. */
  readonly busy: boolean
  readonly listed?: AccountSummary
}

/** An account that the list showed. */
export interface Listed {
  readonly account: AccountSummary
  /** ISO 8601 instant. */
  readonly seenAt: string
  readonly decision?: AccountDecision
}

/**
 * What became of an account that an import could not place: it waits, and an operator says whether to `import` it as a
 * User of its own, to `link` it to a User, or to `ignore` it.
 */
export type AccountDecision =
  | { readonly decision: 'waiting'; readonly detail: string }
  | { readonly decision: 'import' | 'ignore'; readonly by: string; readonly at: string }
  | { readonly decision: 'link'; readonly userId: string; readonly by: string; readonly at: string }

export interface DriftQuery {
  readonly kind?: DriftKind
  readonly after?: string
  readonly limit: number
}

/** Surveys as the store keeps them. */
export interface SurveyStore {
  /** Goes on with a survey that broke off, or begins one. */
  begin(connectionId: string, kind: SurveyKind): Promise<Survey>
  /** Begins the listing anew. `before`: how many accounts there should be, by the last list and by the links. */
  beginListing(survey: Survey): Promise<{ readonly since: string; readonly before: number }>
  keepListed(survey: Survey, accounts: readonly AccountSummary[]): Promise<void>
  /** The list is whole: what it did not show is forgotten. */
  endListing(survey: Survey, listed: number): Promise<void>
  /** The next accounts of the connection, by id; `lagMs` is how long the vendor's reads may lag. */
  compare(survey: Survey, position: string | undefined, lagMs: number): Promise<readonly Compared[]>
  /** Accounts of the list under these logins that nobody is linked to, by lower-cased login. */
  unlinkedByLogin(survey: Survey, logins: readonly string[]): Promise<ReadonlyMap<string, AccountSummary>>
  /** Keeps drift and marks of one page with the place behind it, in one transaction. Gives how many were marked. */
  keepCompared(
    survey: Survey,
    page: {
      readonly position: string
      readonly counts: SurveyCounts
      readonly drifts: readonly DriftDraft[]
      readonly marks: readonly Mark[]
      readonly lagMs: number
    },
  ): Promise<number>
  /** Records accounts without a person as drift; `except` is the gateway's own. Gives how many there are. */
  keepOrphans(survey: Survey, except: string | undefined): Promise<number>
  keptGroups(connectionId: string): Promise<readonly KeptGroup[]>
  /**
   * Records the drift of groups in the place of what the survey recorded before, and marks links. Left out is whatever has
   * changed since it was read. Groups that somebody holds by Drawbridge's grant are no orphans. Gives the counts by kind.
   */
  keepGroupDrift(survey: Survey, drift: GroupDrift): Promise<SurveyCounts>
  finish(survey: Survey, counts: SurveyCounts): Promise<void>
  fail(survey: Survey, failure: string): Promise<void>
  /** The latest first. */
  surveys(connectionId: string, kind?: SurveyKind): Promise<readonly Survey[]>
  /** What the last reconciliation found. */
  drifts(connectionId: string, query: DriftQuery): Promise<readonly Drift[]>
  /** True while only shut-outs run there after a restore. */
  isRecovering(connectionId: string): Promise<boolean>
  /** All kinds of work go on again; what waited is due. Gives how many accounts. */
  recovered(connectionId: string): Promise<number>
}

/** A read of an account as it is now, for what a list does not show. */
export type ReadAccount = (id: string) => Promise<Account | undefined>

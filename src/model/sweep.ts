import type { Held } from './plan.ts'
import type { PlanDraft } from './recorded-plan.ts'
import type { AccountWork } from './work.ts'
import type { AccountSummary } from './account.ts'

/** `rules`: a connection's rules or policies. `group`: many members of a Group. `connection`: one that was added. */
export type SweepKind = 'rules' | 'group' | 'connection'

/** First it is counted what a change would do, then the accounts are marked. */
export type SweepPhase = 'counting' | 'marking'

/** Accounts, by what their plan would do; `doubtful` could not be told. */
export interface SweepCounts {
  readonly looked: number
  readonly differing: number
  readonly doubtful: number
  readonly shutOuts: number
  readonly revokes: number
  readonly creates: number
}

/** A change that touches many people, claimed by this process. */
export interface ClaimedSweep {
  readonly id: string
  readonly kind: SweepKind
  readonly directoryId: string
  readonly connectionId?: string
  readonly phase: SweepPhase
  /** Of the phase so far. */
  readonly counts: SweepCounts
  /** Of the first pass, in the second. */
  readonly counted?: SweepCounts
  /** The User after whom to go on. */
  readonly position?: string
}

/** Some people of a sweep and their accounts. */
export interface SweepPage {
  readonly works: readonly AccountWork[]
  /** Accounts that were at work, or show deviations: what is held may not tell enough. */
  readonly doubtful: ReadonlySet<string>
  /** The last of these people; absent: there are no more. */
  readonly last?: string
}

/** Accounts that a page marks, by how urgent they are. */
export interface Marks {
  /** Something is taken away. */
  readonly revoke: readonly string[]
  readonly backlog: readonly string[]
}

/** An account that the vendor's list had under the person's login. */
export interface FoundLink {
  readonly accountId: string
  readonly vendorTenant: string
  readonly held: Held
}

/** What a page of an admission settles without a run of its own. */
export interface Admitted {
  readonly links: readonly FoundLink[]
  readonly plans: readonly { readonly accountId: string; readonly draft: PlanDraft }[]
}

export interface SweepProgress {
  readonly id: string
  readonly kind: SweepKind
  readonly directoryId: string
  readonly connectionId?: string
  readonly state: 'counting' | 'marking' | 'done'
  readonly counts: Partial<SweepCounts>
  /** ISO 8601 instants. */
  readonly createdAt: string
  readonly finishedAt?: string
}

/** Changes that touch many, as the store keeps them: walked by User id, in one process at a time, resumable. */
export interface SweepStore {
  /**
   * The oldest that nobody walks and that this process has the configuration for; leased for 30 s. `listing`: of those that
   * begin with a list of the vendor; `walk`: of all others.
   */
  claim(kind?: 'listing' | 'walk'): Promise<ClaimedSweep | undefined>
  page(sweep: ClaimedSweep, limit: number): Promise<SweepPage>
  /** Marks and moves on in one transaction, and prolongs the lease. False: another process has the sweep by now. */
  advance(
    sweep: ClaimedSweep,
    last: string,
    counts: SweepCounts,
    marks: Marks,
    admitted?: Admitted,
  ): Promise<boolean>
  /** Ends a phase: the second begins anew from the first User. */
  nextPhase(sweep: ClaimedSweep, counts: SweepCounts): Promise<boolean>
  finish(sweep: ClaimedSweep, counts: SweepCounts): Promise<boolean>
  /** Gives the lease back, to be taken up again after a pause. */
  release(sweep: ClaimedSweep, afterMs: number): Promise<void>
  progress(): Promise<readonly SweepProgress[]>
  /** Keeps a part of the vendor's list, for an admission; prolongs the lease. */
  keepListed(sweep: ClaimedSweep, accounts: readonly AccountSummary[]): Promise<boolean>
  /** What the list had under these logins, in lower case. */
  listed(
    sweep: ClaimedSweep,
    logins: readonly string[],
  ): Promise<ReadonlyMap<string, readonly AccountSummary[]>>
}

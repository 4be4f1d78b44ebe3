import type { Failure } from './errors.ts'
import type { KnownPlan } from './recorded-plan.ts'
import type { Deviation, Granted, Held, JournalOperation, Snapshot } from './plan.ts'
import type { ApiProfile, Entitlement } from './account.ts'
import type { GroupRef } from './person.ts'
import type { ShutOutStep } from './policy.ts'

/**
 * What provisioning needs from the store. Implemented in src/store; the accounts row is the queue.
 * Every write that names a lease is conditional on its epoch and rejects with `LeaseLost` when it is gone.
 */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'
}

/** Served in this order; lower is sooner. */
export const priorities = { 'shut-out': 0, revoke: 1, live: 2, backlog: 3 } as const

export interface Lease {
  readonly id: string
  readonly epoch: number
  /** Milliseconds since the epoch, this process's clock: after it the lease must be taken for lost. */
  readonly until: number
}

export interface Claimed {
  readonly lease: Lease
  readonly connectionId: string
  readonly userId: string
  readonly priority: number
}

/**
 * - `pending`: wanted and proven differ. `waiting`: so too, until somebody decides or something else is proven.
 * - `verifying`: the vendor said yes, its reads may lag; counts as proven for the answer. `invited`: likewise, not yet accepted.
 * - `failed`: refused for good until something changes.
 */
export type AccountStatus = 'pending' | 'waiting' | 'verifying' | 'invited' | 'proven' | 'failed'

/** What counts as proven for the answer. */
export const proving: ReadonlySet<AccountStatus> = new Set(['proven', 'verifying', 'invited'])

/** Why an account is not proven; `kind` is a vendor failure or one of the gateway's own refusals. */
export interface AccountFailure {
  readonly kind:
    | Failure
    | 'own-identity'
    | 'last-owner'
    | 'managed-elsewhere'
    | 'service-account'
    | 'ambiguous'
    | 'adopt-refused'
    | 'no-login'
    | 'domain'
    | 'no-step'
    | 'protected'
    | 'shadow'
    | 'approval'
    | 'rejected'
    | 'mass-change'
    | 'rename-refused'
    | 'unmanaged'
    | 'restored'
    | 'predecessor'
    | 'waiting-group'
  /** One sentence in the vendor's words, redacted, or ours. */
  readonly detail: string
  /** ISO 8601 instant. */
  readonly at: string
}

/** Reads that follow a write on a vendor whose reads lag. */
export interface Verification {
  /** ISO 8601 instant of the write. */
  readonly since: string
  /** Reads done so far. */
  readonly reads: number
  /** The step whose effect is awaited. */
  readonly step: ShutOutStep
  /** ISO 8601 instants of reads, later than the lag after the write, that still showed access. */
  readonly mismatches?: readonly string[]
}

/** A journal row that was never closed: the write may or may not have reached the vendor. */
export interface OpenOperation {
  readonly id: string
  readonly operation: JournalOperation
  /** ISO 8601 instant, database clock. */
  readonly openedAt: string
}

/** An operator holds the person shut out against the directory. */
export interface Hold {
  readonly reason: string
  readonly by: string
  /** ISO 8601 instants. */
  readonly at: string
  readonly until?: string
}

/** Everything that one run needs, in one read. */
export interface AccountWork {
  readonly accountId: string
  readonly connectionId: string
  readonly wantedVersion: number
  readonly provenVersion: number
  readonly status: AccountStatus
  /** The vendor's id of the linked account. */
  readonly vendorAccountId?: string
  readonly held?: Held
  readonly snapshot?: Snapshot
  readonly verification?: Verification
  readonly attempts: number
  /** Since the last run ended; absent before the first. */
  readonly settledMsAgo?: number
  readonly openOperations: readonly OpenOperation[]
  /** Accounts row of the same login whose removal must be settled first (a userName that came back). */
  readonly predecessor?: { readonly accountId: string; readonly sameExternalId: boolean }
  readonly user: {
    readonly id: string
    /** The SCIM User as wanted: plain JSON without `id` and `meta`. */
    readonly resource: Readonly<Record<string, unknown>>
    /** Wanted, and not held shut out by an operator. */
    readonly active: boolean
    readonly deleted: boolean
    readonly hold?: Hold
    /** Made by an import, and the client has not written to it: nothing is planned. */
    readonly unclaimed?: boolean
  }
  readonly groups: readonly GroupRef[]
  /** The vendor's groups that are made for those of them. */
  readonly made?: MadeGroups
  /** The plan that is recorded for the account. */
  readonly plan?: KnownPlan
  /** An operator took the account out of provisioning. */
  readonly unmanaged?: boolean
  /** What is held is in doubt: the vendor is read before anything is planned from it. */
  readonly uncertain?: boolean
  /** The store was restored and nobody has looked yet: only shut-outs run. */
  readonly recovering?: boolean
  /** Milliseconds since the shut-out that is not proven was asked for, by the store's clock. */
  readonly shutOutAskedMsAgo?: number
  /** Milliseconds for which path classes of the connection are paused, by any process. */
  readonly pauses?: Readonly<Record<string, number>>
}

/** Fields that are absent are left alone; `null` clears. */
export interface AccountUpdate {
  readonly vendorAccountId?: string | null
  /** `<vendor>:<tenant id>`, set together with the link: one account is linked once over all connections. */
  readonly vendorTenant?: string | null
  readonly held?: Held | null
  readonly snapshot?: Snapshot | null
  /** The vendor was read: what is held is known again. */
  readonly uncertain?: false
}

export interface OperationClosing {
  /** `done`: the vendor confirmed it. `refused`: it certainly had no effect. `settled`: an open row explained by reading. */
  readonly outcome: 'done' | 'refused' | 'settled'
  readonly after?: unknown
  readonly failure?: AccountFailure
  readonly vendorRequestId?: string
  readonly durationMs?: number
}

/** A write that the vendor confirmed, and whose journal row is closed together with what follows: the next row, or the settlement. */
export interface Unclosed {
  readonly operationId: string
  readonly closing: OperationClosing
  readonly update: AccountUpdate
}

export interface Settlement {
  readonly status: AccountStatus
  /** The wantedVersion that was planned from; proven up to it for `proven`, `verifying` and `invited`. */
  readonly wantedVersion: number
  readonly deviations: readonly Deviation[]
  readonly failure?: AccountFailure | null
  readonly verification?: Verification | null
  /** Due again after this many milliseconds; absent: not until something is wished. */
  readonly dueInMs?: number
  /** Counts towards the backoff. */
  readonly attempts: number
  /** The vendor's id of an account that another User holds: due again as soon as it becomes free. */
  readonly waitsFor?: string
  /** The vendor's id of the account that this run ended the access of: whoever waits for it is due. */
  readonly frees?: string | undefined
}

/** Another User's link with an account of the vendor. */
export interface Holder {
  readonly accountId: string
  readonly vendorAccountId: string
  /** The User is inactive or deleted, at the same connection, and proven shut out: the account may change hands. */
  readonly isFree: boolean
  /** What Drawbridge granted the account, before the shut-out as well. */
  readonly granted: readonly Granted[]
}

/** Accounts of a User that a request runs by itself; the rest is the workers'. */
export const mostInline = 8

/** What a request begins with. */
export interface Beginning {
  readonly standings: readonly AccountStanding[]
  /** Leased by this process. An account that is not among them is proven, busy, or cannot be worked on. */
  readonly begun: readonly Begun[]
}

export interface Begun {
  readonly claimed: Claimed
  readonly work: AccountWork
}

/** How many places of this process a claim may take, so that no connection and no directory takes all of them. */
export interface Shares {
  /** Connections that hold places already, or may hold fewer than others. */
  readonly connections: readonly { readonly id: string; readonly holds: number; readonly most: number }[]
  readonly mostOfConnection: number
  readonly mostOfDirectory: number
  /** Free for anything; what is free beyond is for shut-outs and revokes, as is a quarter of each share. */
  readonly unhurried: number
}

/** The accounts as a queue. */
export interface AccountQueue {
  /**
   * Claims due accounts of unparked connections, by priority and due time, in one statement; among equals each connection
   * in its turn, within the shares. While a path class of the connection is paused only shut-outs and revokes are claimed:
   * their calls may be of another class.
   */
  claimDue(limit: number, shares?: Shares): Promise<readonly Claimed[]>
  /**
   * Claims those accounts of a User on these connections that are not proven, whether due or not, and reads them. Of a User
   * whom this process has just created to be run, those that were claimed with the create.
   */
  begin(userId: string, connectionIds: readonly string[], most: number): Promise<Beginning>
  /** Claims one account whether due or not. `busy`: leased elsewhere. `paused`: its connection is parked, or another process has changed it. */
  claim(accountId: string): Promise<Claimed | 'busy' | 'paused' | 'gone'>
  /** Prolongs leases; gives back those still held. */
  renew(leases: readonly Lease[]): Promise<readonly Lease[]>
  read(lease: Lease): Promise<AccountWork>
  /** Commits an open journal row; `before` is held as JSON. The row of the write before it is closed in the same transaction. */
  open(lease: Lease, operation: JournalOperation, before: unknown, unclosed?: Unclosed): Promise<string>
  /** Closes the journal row and updates the account in one transaction. */
  close(lease: Lease, operationId: string, closing: OperationClosing, update?: AccountUpdate): Promise<void>
  save(lease: Lease, update: AccountUpdate): Promise<void>
  /**
   * Ends the lease. provenVersion becomes `wantedVersion` for `proven`, `verifying` and `invited`, and less than it for every
   * other status: a proof can be taken back, and `active` of the User with it. Where wantedVersion moved meanwhile the account stays due now and `again` comes back. A shut-out that
   * becomes proven flips `active` of the User, or removes the User, in the same transaction. What is `unclosed` is closed
   * with it, or not at all.
   */
  settle(lease: Lease, settlement: Settlement, unclosed?: Unclosed): Promise<'settled' | 'again'>
  /**
   * Without a lease, of whoever lost it during a write that may have reached the vendor: the account is due, and read before
   * anything is planned. Somebody else may have proven meanwhile what the write has undone.
   */
  doubt(accountId: string): Promise<void>
  /** Moves link, held and snapshot of a predecessor whose removal is cancelled to this account, under both leases. */
  inherit(lease: Lease, predecessor: Lease): Promise<void>
  /** Who else is linked with these accounts of the vendor, by any connection of that vendor tenant. */
  holders(
    accountId: string,
    vendorTenant: string,
    vendorAccountIds: readonly string[],
  ): Promise<readonly Holder[]>
  /** Takes a free account out of the hands of its holder. False: it is not free any more. */
  takeOver(lease: Lease, holder: Holder): Promise<boolean>
  /** How the accounts of a user stand, for the answer. */
  outcomes(userId: string): Promise<readonly AccountStanding[]>
}

export interface AccountStanding {
  readonly accountId: string
  readonly connectionId: string
  readonly connection: string
  readonly status: AccountStatus
  readonly proven: boolean
  readonly linked: boolean
  /** An open journal row: an account may exist. */
  readonly uncertain: boolean
  readonly vendorAccountId?: string
  /** ISO 8601 instant of the last proof. */
  readonly provenAt?: string
  readonly deviations: readonly Deviation[]
  readonly failure?: AccountFailure
  /** Milliseconds until it is tried again. */
  readonly dueInMs?: number
  /** Nobody waits for its proof: it is unmanaged, or an operator accepts that a shut-out stays undone. */
  readonly excused?: true
}

export interface ResolvedProfile {
  readonly profile: ApiProfile
  /** ISO 8601 instant at which the vendor was asked. */
  readonly at: string
}

/** Connections as the store keeps them. */
/** A field of a vendor's replies that was not as documented, and counts as absent. Never a value. */
export interface ReplyDeviation {
  /** `GET web/api/v2.1/users/*` */
  readonly route: string
  /** JSON pointer into the reply; entries of lists as `*`. */
  readonly field: string
  readonly count: number
  /** ISO 8601 instants. */
  readonly since: string
  readonly lastAt: string
}

export interface ConnectionStore {
  /**
   * Stops all work of a connection until its credentials or settings change. Answers true the first time, and false where
   * `revision` is not the connection's any more: what failed was done with the credentials of before.
   */
  park(connectionId: string, reason: AccountFailure, revision?: number): Promise<boolean>
  /** Pauses a path class until `waitMs` from now. */
  pause(connectionId: string, pathClass: string, waitMs: number): Promise<void>
  /** What `apiProfile: auto` was found to mean under the present settings. */
  profile(connectionId: string): Promise<ResolvedProfile | undefined>
  keepProfile(connectionId: string, profile: ApiProfile): Promise<void>
  /** Keeps the vendor's tenant id; rejects with `GatewayError` `TENANT_CHANGED` when another one is stored. */
  keepTenant(connectionId: string, tenant: string): Promise<void>
  catalogue(
    connectionId: string,
  ): Promise<{ readonly entries: readonly Entitlement[]; readonly ageMs: number } | undefined>
  keepCatalogue(connectionId: string, entries: readonly Entitlement[]): Promise<void>
  /** Adds what was found since it was last kept; a connection keeps so many fields, and counts on those it knows. */
  keepReplyDeviations(
    connectionId: string,
    found: readonly Pick<ReplyDeviation, 'route' | 'field' | 'count'>[],
  ): Promise<void>
}

/** How the vendor's group that is made for a SCIM Group stands. */
export interface MadeGroup {
  /** The vendor's id. Absent: there is none yet. */
  readonly id?: string
  readonly name?: string
  /** Why there is none and none will come by itself. */
  readonly refusal?: string
}

/** By the id of the SCIM Group. */
export type MadeGroups = Readonly<Record<string, MadeGroup>>

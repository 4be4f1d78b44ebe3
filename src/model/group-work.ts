import type { AccountFailure, Lease, Shares } from './work.ts'
import type { GroupRef } from './person.ts'

/** One writing call about a group of a vendor, as data. */
export type GroupOperation =
  | { readonly op: 'create-group'; readonly name: string }
  | { readonly op: 'rename-group'; readonly id: string; readonly name: string }
  | { readonly op: 'remove-group'; readonly id: string }

export interface ClaimedGroup {
  /** `accountId` is the id of the link here. */
  readonly lease: Lease
  readonly connectionId: string
}

/** The vendor's group that a SCIM Group is linked with. */
export interface LinkedGroup {
  readonly id: string
  /** The name that was wanted when it was last written. */
  readonly name: string
  /** Drawbridge made it: only then it is renamed and removed. */
  readonly madeHere: boolean
  /** `<vendor>:<tenant id>`. */
  readonly tenant: string | undefined
}

/** Everything that one look at a group needs. */
export interface GroupWork {
  readonly groupId: string
  /** The SCIM Group; absent once it is deleted. */
  readonly group?: GroupRef
  readonly wantedVersion: number
  readonly linked?: LinkedGroup
  readonly attempts: number
  /** A reconciliation did not find the group as it is held: it is read first. */
  readonly uncertain?: boolean
  /** A write that may or may not have reached the vendor; `openedAt` is an ISO 8601 instant of the database's clock. */
  readonly open?: { readonly operation: GroupOperation; readonly openedAt: string }
  /** Milliseconds for which path classes of the connection are paused. */
  readonly pauses: Readonly<Record<string, number>>
}

type GroupStatus = 'pending' | 'waiting' | 'proven' | 'failed'

export interface GroupSettlement {
  readonly status: GroupStatus
  readonly wantedVersion: number
  readonly failure: AccountFailure | null
  readonly attempts: number
  readonly dueInMs?: number
  /** What its members can be given has changed, or why they cannot: they are looked at again. */
  readonly tell: boolean
}

/** Who else is linked with a group of a vendor. */
export interface Sharing {
  /** Another SCIM Group, by the same connection. */
  readonly here: boolean
  /** Another connection. */
  readonly elsewhere: boolean
  /** The group is being removed for another SCIM Group of the connection. */
  readonly removing: boolean
}

/**
 * The links between SCIM Groups and groups of vendors, as a queue. Every write that names a lease rejects with `LeaseLost`
 * when it is gone.
 */
export interface GroupLinks {
  /** Each connection in its turn, within the shares. */
  claimDue(limit: number, shares?: Shares): Promise<readonly ClaimedGroup[]>
  renew(leases: readonly Lease[]): Promise<readonly Lease[]>
  read(lease: Lease): Promise<GroupWork>
  /** Commits the mark of a write that is about to begin. */
  open(lease: Lease, operation: GroupOperation): Promise<void>
  /**
   * Takes the mark away and keeps what the write, or the reading after it, brought; `null`: nothing is linked any more;
   * `gone`: because the group is gone at the vendor, so that what its members are held to have is in doubt.
   */
  close(lease: Lease, linked?: LinkedGroup | null | 'gone'): Promise<void>
  /** Ends the lease. `again`: something was wished meanwhile. */
  settle(lease: Lease, settlement: GroupSettlement): Promise<'settled' | 'again'>
  /** Ends the lease and forgets the link. */
  drop(lease: Lease, wantedVersion: number): Promise<'dropped' | 'again'>
  sharing(lease: Lease, tenant: string, vendorGroupId: string): Promise<Sharing>
  /** Another link of the connection with the same group becomes its keeper. */
  handOver(lease: Lease, vendorGroupId: string): Promise<void>
  /** How many accounts of the connection still have the group by Drawbridge's grant. */
  grantedTo(lease: Lease, vendorGroupId: string): Promise<number>
  /** The vendor calls the group otherwise now: what accounts hold is renamed with it. */
  rewrite(lease: Lease, from: string, to: string): Promise<void>
}

import type { Held } from '../../translators/model.ts'
import type { AccountSummary } from '../../vendors/contract.ts'

/** A listed account and the person behind it, as the store knows both. */
export interface InventoryEntry {
  readonly account: AccountSummary
  /** ISO 8601 instant. */
  readonly seenAt: string
  readonly accountId?: string
  readonly held?: Held
  readonly person?: {
    readonly userId: string
    readonly userName: string
    readonly active: boolean
    readonly deleted: boolean
    readonly unclaimed: boolean
    readonly held: boolean
  }
}

export interface Proposal {
  readonly accountId: string
  readonly login: string
  readonly line: string
}

export interface InventoryStore {
  /** By vendor account id, after a place. */
  page(connectionId: string, after: string | undefined, limit: number): Promise<readonly InventoryEntry[]>
  /** Records plans that wait, one batch; accounts that are being run, or have a plan, are left out. Gives how many. */
  propose(
    connectionId: string,
    batch: string,
    hash: string,
    steps: readonly string[],
    proposals: readonly Proposal[],
  ): Promise<number>
}

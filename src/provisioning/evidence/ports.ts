import type { HeldEntitlement } from '../../vendors/contract.ts'
import type { JournalOperation } from '../../translators/model.ts'

/** What shows that a person's access at one connection has ended: one shut-out, from the request to the proof. */
export interface Evidence {
  readonly userId: string
  readonly userName: string
  readonly connectionId: string
  readonly connection: string
  readonly vendor: string
  /** Null when the account was removed. */
  readonly vendorAccountId: string | null
  /** As the vendor knew it. */
  readonly login: string
  /** Of the identity provider's request; `reconciliation:…` where drift was found. */
  readonly requestId: string | null
  /** ISO 8601 instants. */
  readonly askedAt: string
  readonly provenAt: string
  /** Where reads lag: when the vendor said yes. */
  readonly confirmedAt: string | null
  readonly milliseconds: number
  /** From the journal. */
  readonly calls: readonly {
    readonly op: string
    readonly operation: JournalOperation
    readonly openedAt: string
    readonly closedAt: string | null
    readonly durationMs: number | null
    readonly outcome: string | null
    readonly vendorRequestId: string | null
  }[]
  readonly readBack:
    | { readonly account: 'absent' }
    | {
        readonly account: 'present'
        readonly state: string
        readonly entitlements: readonly HeldEntitlement[]
      }
}

export interface EvidenceQuery {
  readonly directoryId: string
  readonly userId?: string
  readonly userName?: string
  /** ISO 8601 instants of the proof; `to` is not included. */
  readonly from?: string
  readonly to?: string
}

import type { Held } from '../../translators/model.ts'
import type { AccountSummary } from '../../vendors/contract.ts'
import type { AccountDecision, Listed, Survey } from '../reconciliation/ports.ts'

/** A listed account that no person is linked to, and the live Users of the directory that its login may mean. */
export interface Unplaced extends Listed {
  readonly userIds: readonly string[]
  /** Linked by another connection of the same vendor tenant, or under another User. */
  readonly linkedElsewhere: boolean
  /** Other unplaced accounts of the list have the same login. */
  readonly namesakes: number
}

/** What becomes of an account. */
export type Placement =
  /** A User that is unclaimed; `held` absent: the account is only found by its login, when the User is claimed. */
  | {
      readonly kind: 'user'
      readonly account: AccountSummary
      readonly userName: string
      readonly body: Readonly<Record<string, unknown>>
      readonly link: boolean
      /** Absent with `link`: the list does not show entitlements, and the account is read at its first run. */
      readonly held?: Held
    }
  | { readonly kind: 'link'; readonly account: AccountSummary; readonly userId: string; readonly held?: Held }
  | { readonly kind: 'waits'; readonly account: AccountSummary; readonly detail: string }

export interface ImportStore {
  /** The next accounts of the list without a person, by vendor account id. */
  unplaced(survey: Survey, position: string | undefined): Promise<readonly Unplaced[]>
  /** Keeps what became of one page and the place behind it, in one transaction. Gives the counts of what was done. */
  place(
    survey: Survey,
    page: {
      readonly position: string
      readonly vendorTenant: string
      readonly placements: readonly Placement[]
    },
  ): Promise<{ readonly imported: number; readonly linked: number; readonly undecided: number }>
  /** Accounts that wait for a decision. */
  undecided(connectionId: string, limit: number): Promise<readonly Listed[]>
  /** Counts with the next import. False: no such account. */
  decide(connectionId: string, vendorAccountId: string, decision: AccountDecision): Promise<boolean>
}

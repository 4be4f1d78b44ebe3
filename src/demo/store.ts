import type { AccountFailure, AccountStatus } from '../model/work.ts'
import type { Deviation, Held } from '../model/plan.ts'
import { type Sql, sql } from '../store/sql/statement.ts'

/** The account of one person at one connection. */
export interface AccountState {
  readonly userId: string
  readonly userName: string
  readonly active: boolean
  /** A tombstone. */
  readonly deleted: boolean
  readonly connection: string
  readonly vendor: string
  readonly status: AccountStatus
  readonly proven: boolean
  readonly vendorAccountId: string | null
  readonly held: Held | null
  readonly deviations: readonly Deviation[]
  readonly failure: AccountFailure | null
}

const most = 10_000

/** Person by person, connection by connection, tombstones included; at most 10,000 rows. */
export function accountStates(db: Sql, directoryId: string): Promise<readonly AccountState[]> {
  return db.rows<AccountState>(sql`
    SELECT u.id AS "userId", u.user_name AS "userName", u.active_wanted AS active, u.deleted_at IS NOT NULL AS deleted,
      c.name AS connection, c.vendor, a.status, a.proven_version >= a.wanted_version AS proven,
      a.vendor_account_id AS "vendorAccountId", a.held, a.deviations, a.failure
    FROM accounts a JOIN users u ON u.id = a.user_id JOIN connections c ON c.id = a.connection_id
    WHERE u.directory_id = ${directoryId}::uuid
    ORDER BY u.created_at, u.id, c.name LIMIT ${most}::int`)
}

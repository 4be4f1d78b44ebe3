import type { AccountFailure, AccountStatus } from '../../model/work.ts'
import type { Deviation, Held } from '../../model/plan.ts'
import { type Sql, sql } from '../sql/statement.ts'

/** How one person stands at one connection: a row of a table for people. */
export interface Standing {
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
export function standings(db: Sql, directoryId: string): Promise<readonly Standing[]> {
  return db.rows<Standing>(sql`
    SELECT u.id AS "userId", u.user_name AS "userName", u.active_wanted AS active, u.deleted_at IS NOT NULL AS deleted,
      c.name AS connection, c.vendor, a.status, a.proven_version >= a.wanted_version AS proven,
      a.vendor_account_id AS "vendorAccountId", a.held, a.deviations, a.failure
    FROM accounts a JOIN users u ON u.id = a.user_id JOIN connections c ON c.id = a.connection_id
    WHERE u.directory_id = ${directoryId}::uuid
    ORDER BY u.created_at, u.id, c.name LIMIT ${most}::int`)
}

/** One line of the audit, for a reader. */
export interface EventLine {
  readonly at: Date
  readonly actor: string
  readonly requestId: string | null
  readonly action: string
  readonly resourceType: string
  readonly resourceId: string
  readonly detail: unknown
}

/** The latest events of a directory, oldest first. */
export async function timeline(db: Sql, directoryId: string, limit = 100): Promise<readonly EventLine[]> {
  const rows = await db.rows<EventLine>(sql`
    SELECT at, actor, request_id AS "requestId", action, resource_type AS "resourceType", resource_id AS "resourceId", detail
    FROM events WHERE directory_id = ${directoryId}::uuid ORDER BY id DESC LIMIT ${limit}::int`)
  return rows.reverse()
}

import type { Admission } from '../model/recorded-plan.ts'
import { type Lease, LeaseLost } from '../model/work.ts'
import type { Leasing } from './queue/claim.ts'
import { empty, milliseconds, type Sql, sql } from './sql/statement.ts'
import type { GuardLimit } from '../model/policy.ts'

interface Wish {
  readonly kind: 'shut-out' | 'revoke'
  readonly wantedVersion: number
  readonly limit: GuardLimit
}

/** A percentage of few people would hold up the first leaver. */
const leastByPercent = 5

interface Counts {
  readonly known: boolean
  readonly counted: number
  /** Linked accounts; only with `percent`. */
  readonly linked: number | null
}

/** Counts under the connection's row lock, which lets every other write of it pass, so that no two runs take the last place. */
export function admit(db: Sql, { owner }: Leasing, lease: Lease, wish: Wish): Promise<Admission> {
  const { kind, wantedVersion, limit } = wish
  return db.transaction(async (tx) => {
    const leased = await tx.row<{ connection_id: string }>(sql`
      SELECT c.id AS connection_id FROM accounts a JOIN connections c ON c.id = a.connection_id
      WHERE a.id = ${lease.id}::uuid AND a.lease_epoch = ${lease.epoch}::int AND a.lease_owner = ${owner}::text
      FOR NO KEY UPDATE OF c`)
    if (!leased) throw new LeaseLost(`account ${lease.id}`)
    const connection = sql`connection_id = ${leased.connection_id}::uuid`
    const linked = sql`(SELECT count(*)::int FROM accounts WHERE ${connection} AND vendor_account_id IS NOT NULL)`
    const counts = await tx.row<Counts>(sql`
      SELECT EXISTS (SELECT FROM guard_entries WHERE ${connection} AND kind = ${kind}::text
          AND account_id = ${lease.id}::uuid AND wanted_version = ${wantedVersion}::int) AS known,
        (SELECT count(*)::int FROM guard_entries WHERE ${connection} AND kind = ${kind}::text
          AND at > clock_timestamp() - ${milliseconds(limit.withinMs)}) AS counted
        ${limit.percent === undefined ? empty : sql`, ${linked} AS linked`}`)
    if (counts?.known) return { kind: 'admitted' }
    const most = mostOf(limit, counts?.linked ?? null)
    const counted = counts?.counted ?? 0
    if (counted >= most) return { kind: 'tripped', counted, limit: most }
    await tx.rows(sql`
      INSERT INTO guard_entries (connection_id, account_id, wanted_version, kind, at)
      VALUES (${leased.connection_id}::uuid, ${lease.id}::uuid, ${wantedVersion}::int, ${kind}::text, clock_timestamp())`)
    return { kind: 'admitted' }
  })
}

function mostOf({ count, percent }: GuardLimit, linked: number | null): number {
  if (percent === undefined || linked === null) return count
  return Math.min(count, Math.max(leastByPercent, Math.floor((linked * percent) / 100)))
}

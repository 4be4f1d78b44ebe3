import { priorities, type Claimed, type Lease } from '../../model/work.ts'
import type { Sql } from '../sql/client.ts'
import { isId } from '../sql/ids.ts'
import { milliseconds, sql, type Statement, unseen } from '../sql/statement.ts'

/** Who claims, and for how long; the numbers are injectable for tests. */
export interface Leasing {
  /** Names this process; unique. */
  readonly owner: string
  readonly leaseMs: number
  /** With less than this left no vendor write starts. */
  readonly marginMs: number
  /**
   * The revisions of the connections that this process works by. A connection that another process has changed or added
   * is left to that one: under rules of yesterday a wish would count as fulfilled. Undefined: whatever there is.
   */
  readonly revisions?: () => ReadonlyMap<string, number> | undefined
}

/** Connection `c` is as this process knows it. */
export function isKnown({ revisions }: Pick<Leasing, 'revisions'>): Statement {
  const known = revisions?.()
  if (!known) return sql`true`
  return isAmong(unseen([...known.keys()], 'uuid'), unseen([...known.values()], 'int'))
}

/** Connection `c` is one of these, as it is in these revisions. */
export const isAmong = (ids: Statement, revisions: Statement): Statement =>
  sql`EXISTS (SELECT FROM unnest(${ids}, ${revisions}) k(id, revision) WHERE k.id = c.id AND k.revision = c.revision)`

export interface ClaimedRow {
  readonly id: string
  readonly lease_epoch: number
  readonly connection_id: string
  readonly user_id: string
  readonly priority: number
}

export const toClaimed = (row: ClaimedRow, until: number): Claimed => ({
  lease: { accountId: row.id, epoch: row.lease_epoch, until },
  connectionId: row.connection_id,
  userId: row.user_id,
  priority: row.priority,
})

/**
 * Nobody waits for the disk: a claim that a power cut takes away leaves a process whose epoch does not count any more, and
 * whatever it writes at the vendor is preceded by a commit of the journal, which carries this one to the disk.
 */
export const relaxed = sql`(SELECT set_config('synchronous_commit', 'off', true)) relaxed`

const taken = ({ owner, leaseMs }: Leasing) =>
  sql`lease_owner = ${owner}::text, lease_epoch = accounts.lease_epoch + 1, lease_until = clock_timestamp() + ${milliseconds(leaseMs)}`
const result = sql`accounts.id, accounts.lease_epoch, accounts.connection_id, accounts.user_id, accounts.priority`

/**
 * Looks at each connection and priority by itself, so that neither a backlog nor a parked connection stands before a
 * leaver. A pause is of one path class, and what takes access away may need another: it is claimed all the same. Rows that
 * another process is claiming are passed over.
 */
export async function claimDue(db: Sql, leasing: Leasing, limit: number): Promise<readonly Claimed[]> {
  if (limit < 1) return []
  const until = Date.now() + leasing.leaseMs
  const rows = await db.rows<ClaimedRow>(sql`
    WITH due AS (
      SELECT ready.id FROM connections c CROSS JOIN generate_series(0, 3) p(priority) CROSS JOIN LATERAL (
        SELECT a.id, a.due_at FROM accounts a
        WHERE a.connection_id = c.id AND a.priority = p.priority AND a.due_at <= now()
          AND (a.lease_until IS NULL OR a.lease_until <= now())
        ORDER BY a.due_at LIMIT (SELECT ${limit}::int) FOR UPDATE SKIP LOCKED
      ) ready
      WHERE c.status <> 'parked' AND ${isKnown(leasing)} AND (c.paused_until IS NULL OR c.paused_until <= now() OR p.priority <= ${priorities.revoke}::int)
      ORDER BY p.priority, ready.due_at LIMIT (SELECT ${limit}::int)
    )
    UPDATE accounts SET ${taken(leasing)} FROM due, ${relaxed} WHERE accounts.id = due.id RETURNING ${result}`)
  return rows.map((row) => toClaimed(row, until)).sort((a, b) => a.priority - b.priority)
}

export async function claim(
  db: Sql,
  leasing: Leasing,
  accountId: string,
): Promise<Claimed | 'busy' | 'paused' | 'gone'> {
  if (!isId(accountId)) return 'gone'
  const until = Date.now() + leasing.leaseMs
  const row = await db.row<ClaimedRow>(sql`
    UPDATE accounts SET ${taken(leasing)} FROM connections c, ${relaxed}
    WHERE accounts.id = ${accountId}::uuid AND c.id = accounts.connection_id AND c.status <> 'parked' AND ${isKnown(leasing)}
      AND (accounts.lease_until IS NULL OR accounts.lease_until <= clock_timestamp())
    RETURNING ${result}`)
  if (row) return toClaimed(row, until)
  const there = await db.row<{ parked: boolean }>(sql`
    SELECT NOT (c.status <> 'parked' AND ${isKnown(leasing)}) AS parked FROM accounts a JOIN connections c ON c.id = a.connection_id
    WHERE a.id = ${accountId}::uuid`)
  if (!there) return 'gone'
  return there.parked ? 'paused' : 'busy'
}

/** Claims those accounts of a User that are not proven, for a request that runs them by itself. */
export const claiming = (
  leasing: Leasing,
  userId: string,
  connectionIds: readonly string[],
  most: number,
): Statement => sql`
  UPDATE accounts SET ${taken(leasing)} FROM (
    SELECT a.id FROM accounts a JOIN connections c ON c.id = a.connection_id
    WHERE a.user_id = ${userId}::uuid AND a.proven_version < a.wanted_version AND a.connection_id = ANY(${unseen(connectionIds, 'uuid')}::uuid[])
      AND c.status <> 'parked' AND ${isKnown(leasing)} AND (a.lease_until IS NULL OR a.lease_until <= clock_timestamp())
    ORDER BY c.name LIMIT (SELECT ${most}::int) FOR UPDATE OF a SKIP LOCKED
  ) open, ${relaxed} WHERE accounts.id = open.id RETURNING ${result}`

/** Accounts are locked in the order in which wishes and settlements lock them. */
export async function renew(db: Sql, leasing: Leasing, leases: readonly Lease[]): Promise<readonly Lease[]> {
  if (leases.length === 0) return []
  const until = Date.now() + leasing.leaseMs
  const rows = await db.rows<Pick<ClaimedRow, 'id' | 'lease_epoch'>>(sql`
    WITH mine AS (
      SELECT a.id FROM unnest(${leases.map((lease) => lease.accountId)}::uuid[], ${leases.map((lease) => lease.epoch)}::int[]) held(id, epoch)
        JOIN accounts a ON a.id = held.id AND a.lease_epoch = held.epoch
      WHERE a.lease_owner = ${leasing.owner}::text ORDER BY a.id FOR UPDATE OF a
    )
    UPDATE accounts SET lease_until = clock_timestamp() + ${milliseconds(leasing.leaseMs)}
    FROM mine WHERE accounts.id = mine.id RETURNING accounts.id, accounts.lease_epoch`)
  return rows.map((row) => ({ accountId: row.id, epoch: row.lease_epoch, until }))
}

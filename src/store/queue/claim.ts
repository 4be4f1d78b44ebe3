import {
  type AccountQueue,
  type Beginning,
  type Claimed,
  type Lease,
  priorities,
  type Shares,
} from '../../model/work.ts'
import { isId, milliseconds, type Query, type Sql, sql, type Statement, unseen } from '../sql/statement.ts'
import { type StandingRow, standingsOf, toStanding, toWork, workOfUsers, type WorkRow } from './work.ts'

/**
 * What a request begins with, in one round trip: the accounts that it may run are claimed, then read, so that what is read
 * is what is leased, and how all of them stand is told. Rows that somebody else is writing are passed over, not waited for.
 * What was claimed with a create is handed over without a round trip.
 */
export async function begin(
  db: Sql,
  leasing: Leasing,
  handover: Handover,
  [userId, connectionIds, most]: Parameters<AccountQueue['begin']>,
): Promise<Beginning> {
  if (!isId(userId)) return { standings: [], begun: [] }
  const handed = handover.take(userId)
  if (handed) return handed
  const until = Date.now() + leasing.leaseMs
  const [claimed, works, standings] = (await db.together([
    claiming(leasing, userId, connectionIds, most),
    ...looks([userId], leasing),
  ])) as [ClaimedRow[], WorkRow[], StandingRow[]]
  const read = new Map(works.map((row) => [row.id, row]))
  return {
    standings: standings.map(toStanding),
    begun: claimed.map((row) => ({ claimed: toClaimed(row, until), work: toWork(read.get(row.id)!) })),
  }
}

/** Reads what is leased here of the accounts of Users, and how all of them stand. */
const looks = (userIds: readonly string[], { owner }: Leasing): readonly [Query, Query] => [
  workOfUsers(userIds, owner),
  standingsOf(userIds),
]

/** A statement that makes Users, and claims accounts of theirs with a priority for this process. */
export interface Making {
  readonly statement: Query
  /** Of the claimed accounts, by User. */
  readonly priorities: ReadonlyMap<string, number>
}

/** Makes Users, and hands over what was claimed of them, in one round trip and one transaction. Gives what was made. */
export async function beginWith<Row>(
  db: Sql,
  leasing: Leasing,
  handover: Handover,
  { statement, priorities }: Making,
): Promise<Row[]> {
  const until = Date.now() + leasing.leaseMs
  const [made, works, standings] = (await db.together([
    statement,
    ...looks([...priorities.keys()], leasing),
  ])) as [Row[], WorkRow[], StandingRow[]]
  const byUser = Map.groupBy(works, (row) => row.user_id)
  const standingsByUser = Map.groupBy(standings, (row) => row.user_id)
  for (const [userId, priority] of priorities) {
    const begun = (byUser.get(userId) ?? []).map((row) => {
      return { claimed: toClaimed({ ...row, priority }, until), work: toWork(row) }
    })
    const all = (standingsByUser.get(userId) ?? []).map(toStanding)
    if (begun.length > 0) handover.give(userId, { standings: all, begun }, until)
  }
  return made
}

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

interface ClaimedRow {
  readonly id: string
  readonly lease_epoch: number
  readonly connection_id: string
  readonly user_id: string
  readonly priority: number
}

const toClaimed = (row: ClaimedRow, until: number): Claimed => ({
  lease: { id: row.id, epoch: row.lease_epoch, until },
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

/** Connections by what they hold already and may hold: `id`, `holds`, `most`. */
export const sharesOf = (shares: Shares | undefined): Statement => {
  const all = shares?.connections ?? []
  const of = <T>(pick: (each: Shares['connections'][number]) => T): T[] => all.map(pick)
  return sql`SELECT * FROM unnest(${unseen(
    of(({ id }) => id),
    'uuid',
  )}::uuid[], ${unseen(
    of(({ holds }) => holds),
    'int',
  )}::int[],
    ${unseen(
      of(({ most }) => most),
      'int',
    )}::int[]) s(id, holds, most)`
}

/**
 * Looks at each connection and priority by itself, so that neither a backlog nor a parked connection stands before a
 * leaver, and gives among equals each connection its turn. A pause is of one path class, and what takes access away may
 * need another: it is claimed all the same. Rows that another process is claiming are passed over.
 */
export async function claimDue(
  db: Sql,
  leasing: Leasing,
  limit: number,
  shares?: Shares,
): Promise<readonly Claimed[]> {
  if (limit < 1) return []
  const until = Date.now() + leasing.leaseMs
  const all = 1_000_000
  const { mostOfConnection = all, mostOfDirectory = all, unhurried = all } = shares ?? {}
  // A quarter of each share is for what takes access away.
  const within = (most: Statement): Statement =>
    sql`CASE WHEN priority <= ${priorities.revoke}::int THEN ${most} ELSE greatest(1, ${most} * 3 / 4) END`
  const isFree = sql`(a.lease_until IS NULL OR a.lease_until <= now())`
  // Looked at without a lock: of what several processes choose at once, each takes what the others have not.
  const rows = await db.rows<ClaimedRow>(sql`
    WITH shares AS (${sharesOf(shares)}), offered AS (
      SELECT ready.id, ready.due_at, p.priority, c.directory_id, s.most,
        coalesce(s.holds, 0) + row_number() OVER (PARTITION BY c.id ORDER BY p.priority, ready.due_at) AS nth
      FROM connections c LEFT JOIN shares s ON s.id = c.id CROSS JOIN generate_series(0, 3) p(priority) CROSS JOIN LATERAL (
        SELECT a.id, a.due_at FROM accounts a
        WHERE a.connection_id = c.id AND a.priority = p.priority AND a.due_at <= now() AND ${isFree}
        ORDER BY a.due_at LIMIT (SELECT ${limit * 4}::int)
      ) ready
      WHERE c.status <> 'parked' AND ${isKnown(leasing)} AND (c.paused_until IS NULL OR c.paused_until <= now() OR p.priority <= ${priorities.revoke}::int)
    ), chosen AS (
      SELECT o.id, row_number() OVER (PARTITION BY o.directory_id ORDER BY o.priority, o.nth, o.due_at)
          + coalesce((SELECT sum(s.holds) FROM shares s JOIN connections c ON c.id = s.id WHERE c.directory_id = o.directory_id), 0) AS of_directory,
        o.priority, o.nth, o.due_at
      FROM offered o WHERE o.nth <= ${within(sql`coalesce(o.most, ${mostOfConnection}::int)`)}
      ORDER BY o.priority, o.nth, o.due_at LIMIT (SELECT ${limit * 16}::int)
    ), locked AS (
      SELECT a.id, d.priority, d.nth, d.due_at
      FROM (SELECT * FROM chosen WHERE of_directory <= ${within(sql`${mostOfDirectory}::int`)}) d JOIN accounts a ON a.id = d.id
      WHERE a.due_at <= now() AND ${isFree}
      ORDER BY d.priority, d.nth, d.due_at LIMIT (SELECT ${limit}::int) FOR UPDATE OF a SKIP LOCKED
    ), due AS (
      SELECT id FROM (SELECT id, priority, row_number() OVER (ORDER BY priority, nth, due_at) AS place FROM locked) l
      WHERE place <= CASE WHEN priority <= ${priorities.revoke}::int THEN ${limit}::int ELSE least(${limit}::int, ${unhurried}::int) END
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
const claiming = (
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
      SELECT a.id FROM unnest(${leases.map((lease) => lease.id)}::uuid[], ${leases.map((lease) => lease.epoch)}::int[]) held(id, epoch)
        JOIN accounts a ON a.id = held.id AND a.lease_epoch = held.epoch
      WHERE a.lease_owner = ${leasing.owner}::text ORDER BY a.id FOR UPDATE OF a
    )
    UPDATE accounts SET lease_until = clock_timestamp() + ${milliseconds(leasing.leaseMs)}
    FROM mine WHERE accounts.id = mine.id RETURNING accounts.id, accounts.lease_epoch`)
  return rows.map((row) => ({ id: row.id, epoch: row.lease_epoch, until }))
}

/** Accounts that were claimed as they were made, until the run that they were claimed for asks for them. */
export interface Handover {
  /** `until`: when their leases end, in milliseconds since the epoch. */
  give(userId: string, beginning: Beginning, until: number): void
  /** Once; undefined also when their leases have ended. */
  take(userId: string): Beginning | undefined
  /** Another write comes: what was read is of the past. */
  drop(userId: string): void
}

export function createHandover(now: () => number = Date.now): Handover {
  const given = new Map<string, { readonly beginning: Beginning; readonly until: number }>()
  // In the order in which they came, and so in that in which they end.
  const forgetEnded = (): void => {
    for (const [userId, { until }] of given) {
      if (until > now()) return
      given.delete(userId)
    }
  }
  return {
    give(userId, beginning, until) {
      forgetEnded()
      given.set(userId, { beginning, until })
    },
    take(userId) {
      forgetEnded()
      const found = given.get(userId)
      given.delete(userId)
      return found?.beginning
    },
    drop: (userId) => void given.delete(userId),
  }
}

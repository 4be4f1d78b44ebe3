import type { AccountQueue, Beginning } from '../../model/work.ts'
import type { Sql } from '../sql/client.ts'
import { isId } from '../sql/ids.ts'
import type { Query } from '../sql/statement.ts'
import { type ClaimedRow, claiming, type Leasing, toClaimed } from './claim.ts'
import type { Handover } from './handover.ts'
import { standingsOf, toStanding, toWork, workOfUsers, type StandingRow, type WorkRow } from './work.ts'

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

import type { AccountQueue } from '../../provisioning/ports.ts'
import type { Sql } from '../sql/client.ts'
import { isId } from '../sql/ids.ts'
import { claimedRows, claiming, type Leasing } from './claim.ts'
import { standingsOf, toStanding, toWork, workOfUser, type StandingRow, type WorkRow } from './work.ts'

/**
 * What a request begins with, in one round trip: the accounts that it may run are claimed, then read, so that what is read
 * is what is leased, and how all of them stand is told. Rows that somebody else is writing are passed over, not waited for.
 */
export async function begin(
  db: Sql,
  leasing: Leasing,
  userId: string,
  connectionIds: readonly string[],
  most: number,
): ReturnType<AccountQueue['begin']> {
  if (!isId(userId)) return { standings: [], begun: [] }
  const until = Date.now() + leasing.leaseMs
  const [claimed, works, standings] = (await db.together([
    claiming(leasing, userId, connectionIds, most),
    workOfUser(userId, leasing.owner),
    standingsOf(userId),
  ])) as [Parameters<typeof claimedRows>[0], WorkRow[], StandingRow[]]
  const read = new Map(works.map((row) => [row.id, row]))
  return {
    standings: standings.map(toStanding),
    begun: claimedRows(claimed, until).map((each) => {
      return { claimed: each, work: toWork(read.get(each.lease.accountId)!) }
    }),
  }
}

import { change, type ChangedRow } from '../member-statement.ts'
import { keyOf } from '../rows.ts'
import { createGather } from './gather.ts'
import {
  changedBy,
  type ChangedTogether,
  changeTogether,
  type MemberChange,
  mostIds,
} from './member-statement.ts'
import type { Sql } from '../../sql/statement.ts'

/** Changes members of a Group; no row: there is no such Group in the directory. */
export type ChangeMembers = (asked: MemberChange) => Promise<ChangedRow | undefined>

const mostTogether = 32

/** Each change by itself. */
export const changeAlone =
  (db: Sql): ChangeMembers =>
  ({ by, groupId, ids, mostMembers }) =>
    db.row<ChangedRow>(change(by, groupId, ids, { bump: true, mostMembers }))

/**
 * Small changes that come at once in one transaction, each with its own version and event. Those of one Group do not wait
 * for its row on connections of the database.
 */
export function gatherChanges(db: Sql): ChangeMembers {
  const alone = changeAlone(db)
  const gathered = createGather<MemberChange, ChangedRow>({
    keyOf: ({ groupId }) => keyOf(groupId),
    pick,
    alone,
    async together(asked) {
      const rows = await db.rows<ChangedTogether>(changeTogether(asked))
      return new Map(rows.map((row) => [asked[row.n - 1]!, changedBy(asked[row.n - 1]!, row)]))
    },
  })
  return (asked) => {
    const { clear, add, remove } = asked.ids
    const size = add.length + remove.length
    return clear || size === 0 || size > mostIds ? alone(asked) : gathered(asked)
  }
}

/**
 * Several changes of one Group go together only where they concern different people and nobody wants to see the members
 * as they were in between. Otherwise in the order in which they came.
 */
function pick(waiting: readonly MemberChange[], busy: ReadonlySet<string>): ReadonlySet<MemberChange> {
  const picked = new Set<MemberChange>()
  const later = new Set(busy)
  const inside = new Map<string, Set<string>>()
  let most: number | undefined
  for (const each of waiting) {
    if (picked.size === mostTogether) break
    const { ids, mostMembers } = each
    const group = keyOf(each.groupId)
    const users = [...ids.add, ...ids.remove]
    const others = inside.get(group)
    const alike = mostMembers === undefined || most === undefined || most === mostMembers
    const fits = !others || (mostMembers === undefined && users.every((user) => !others.has(user)))
    if (later.has(group) || !alike || !fits) {
      later.add(group)
      continue
    }
    most ??= mostMembers
    picked.add(each)
    inside.set(group, new Set([...(others ?? []), ...users]))
    if (mostMembers !== undefined) later.add(group)
  }
  return picked
}

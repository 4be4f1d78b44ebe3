import { change, type ChangedRow } from '../member-statement.ts'
import { keyOf, longQueue } from '../rows.ts'
import { createBatcher } from '../../../batch.ts'
import { mayBeDone } from '../../sql/failures.ts'
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
  const gathered = createBatcher<MemberChange, { readonly row: ChangedRow | undefined }>({
    most: 32,
    ...longQueue,
    mayBeDone,
    key: ({ groupId }) => keyOf(groupId),
    accepts,
    async together(asked) {
      const rows = await db.rows<ChangedTogether>(changeTogether(asked))
      const byPlace = new Map(rows.map((row) => [row.n - 1, row]))
      return asked.map((each, at) => {
        const row = byPlace.get(at)
        return row && { row: changedBy(each, row) }
      })
    },
    alone: async (asked) => ({ row: await alone(asked) }),
  })
  return async (asked) => {
    const { clear, add, remove } = asked.ids
    const size = add.length + remove.length
    return clear || size === 0 || size > mostIds ? alone(asked) : (await gathered(asked)).row
  }
}

/**
 * Several changes of one Group go together only where they concern different people and nobody wants to see the members
 * as they were in between.
 */
function accepts(): (asked: MemberChange) => boolean {
  const inside = new Map<string, Set<string>>()
  const closed = new Set<string>()
  let most: number | undefined
  return ({ groupId, ids, mostMembers }) => {
    const group = keyOf(groupId)
    const users = [...ids.add, ...ids.remove]
    const others = inside.get(group)
    const alike = mostMembers === undefined || most === undefined || most === mostMembers
    const fits = !others || (mostMembers === undefined && users.every((user) => !others.has(user)))
    if (closed.has(group) || !alike || !fits) return false
    most ??= mostMembers
    inside.set(group, new Set([...(others ?? []), ...users]))
    if (mostMembers !== undefined) closed.add(group)
    return true
  }
}

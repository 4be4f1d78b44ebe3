import type { ResourceBody } from '../../model/directory.ts'
import type { Actor, Directory } from '../../scim/ports.ts'
import { catalogueOf } from '../connections/catalogue.ts'
import { isId, type Sql, sql } from '../sql/statement.ts'
import { createAcknowledge } from './acknowledge.ts'
import { createCrowded } from './large-groups.ts'
import { changeMembersOf, createGroup, deleteGroup, updateGroup } from './groups.ts'
import { createLists } from './listing/list.ts'
import { groupCounts, groupsOf, memberCount, memberCounts, members } from './members.ts'
import { createQuota } from './quota.ts'
import { groupColumns, type GroupRow, toGroup } from './rows.ts'
import { createUser, deleteUser, findUser, findUsers, takeBack, updateUser } from './users.ts'
import { type Beginning, gatherCreates } from './together/creates.ts'
import { gatherChanges } from './together/members.ts'

/** What a directory may store of Users and Groups, in bytes, where nothing else is said. */
const defaultQuota = 8 * 1024 ** 3

export function createDirectory(db: Sql, beginning: Beginning, quotaBytes = defaultQuota): Directory {
  const quota = createQuota(db, quotaBytes)
  const bytesOf = (body: ResourceBody): number => JSON.stringify(body).length
  /** What shrinks a resource, or ends access, is never refused. */
  const grows = (by: Actor, before: ResourceBody, after: ResourceBody): ResourceBody => {
    if (after !== before && after['active'] !== false)
      quota.admit(by.directory.id, bytesOf(after) - bytesOf(before))
    return after
  }
  const lists = createLists(db)
  const answering = { crowded: createCrowded(), change: gatherChanges(db) }
  const create = gatherCreates(db, beginning)
  return {
    createUser: async (by, body, options) => {
      quota.admit(by.directory.id, bytesOf(body))
      return createUser(db, by, body, create, options)
    },
    acknowledge: createAcknowledge(db),
    takeBack: async (by, id, reason) => {
      if (isId(id)) await takeBack(db, by, id, reason)
    },
    user: (directory, id) => findUser(db, directory, id),
    users: async (directory, query) =>
      (await findUsers(db, directory, query)) ?? lists.users(directory, query),
    updateUser(by, id, edit) {
      beginning.handover.drop(id)
      return updateUser(db, by, id, (current) => grows(by, current.body, edit(current)))
    },
    deleteUser(by, id, check) {
      beginning.handover.drop(id)
      return deleteUser(db, by, id, check)
    },
    createGroup: async (by, body, delta, options) => {
      quota.admit(by.directory.id, bytesOf(body))
      return createGroup(db, by, body, delta, options)
    },
    group: async (directory, id) => {
      if (!isId(id)) return undefined
      const row = await db.row<GroupRow>(sql`SELECT ${groupColumns} FROM groups
        WHERE id = ${id}::uuid AND directory_id = ${directory.id}::uuid`)
      return row && toGroup(row)
    },
    groups: lists.groups,
    updateGroup: (by, id, edit, options) =>
      updateGroup(
        db,
        by,
        id,
        (current) => {
          const next = edit(current)
          grows(by, current.body, next.body)
          return next
        },
        options,
      ),
    changeMembers: (by, id, delta, { mostMembers }) =>
      changeMembersOf(db, by, id, delta, mostMembers, answering),
    deleteGroup: (by, id, check) => deleteGroup(db, by, id, check),
    members: (directory, ids, most) => members(db, directory, ids, most),
    memberCounts: (directory, ids) => memberCounts(db, directory, ids),
    memberCount: (directory, id, most) => memberCount(db, directory, id, most),
    groupsOf: (directory, ids, most) => groupsOf(db, directory, ids, most),
    groupCounts: (directory, ids) => groupCounts(db, directory, ids),
    catalogue: (directory, kind) => catalogueOf(db, directory, kind),
  }
}

import type { Directory } from '../../scim/ports.ts'
import { catalogueOf } from '../connections/catalogue.ts'
import { isId, type Sql, sql } from '../sql/statement.ts'
import { createAcknowledge } from './acknowledge.ts'
import { createCrowded } from './large-groups.ts'
import { changeMembersOf, createGroup, deleteGroup, updateGroup } from './groups.ts'
import { createLists } from './listing/list.ts'
import { groupsOf, memberCount, members } from './members.ts'
import { groupColumns, type GroupRow, toGroup } from './rows.ts'
import { createUser, deleteUser, findUser, findUsers, takeBack, updateUser } from './users.ts'
import { type Beginning, gatherCreates } from './together/creates.ts'
import { gatherChanges } from './together/members.ts'

export function createDirectory(db: Sql, beginning: Beginning): Directory {
  const lists = createLists(db)
  const answering = { crowded: createCrowded(), change: gatherChanges(db) }
  const create = gatherCreates(db, beginning)
  return {
    createUser: (by, body, options) => createUser(db, by, body, create, options),
    acknowledge: createAcknowledge(db),
    takeBack: async (by, id, reason) => {
      if (isId(id)) await takeBack(db, by, id, reason)
    },
    user: (directory, id) => findUser(db, directory, id),
    users: async (directory, query) =>
      (await findUsers(db, directory, query)) ?? lists.users(directory, query),
    updateUser(by, id, edit) {
      beginning.handover.drop(id)
      return updateUser(db, by, id, edit)
    },
    deleteUser(by, id, check) {
      beginning.handover.drop(id)
      return deleteUser(db, by, id, check)
    },
    createGroup: (by, body, delta, options) => createGroup(db, by, body, delta, options),
    group: async (directory, id) => {
      if (!isId(id)) return undefined
      const row = await db.row<GroupRow>(sql`SELECT ${groupColumns} FROM groups
        WHERE id = ${id}::uuid AND directory_id = ${directory.id}::uuid`)
      return row && toGroup(row)
    },
    groups: lists.groups,
    updateGroup: (by, id, edit, options) => updateGroup(db, by, id, edit, options),
    changeMembers: (by, id, delta, { mostMembers }) =>
      changeMembersOf(db, by, id, delta, mostMembers, answering),
    deleteGroup: (by, id, check) => deleteGroup(db, by, id, check),
    members: (directory, ids) => members(db, directory, ids),
    memberCount: (directory, id, most) => memberCount(db, directory, id, most),
    groupsOf: (directory, ids) => groupsOf(db, directory, ids),
    catalogue: (directory, kind) => catalogueOf(db, directory, kind),
  }
}

import { randomUUID } from 'node:crypto'
import { compareSortKeys, sortKeyOf } from '../../src/scim/filter/sort.ts'
import { matches } from '../../src/scim/filter/evaluate.ts'
import type {
  Actor,
  Directory,
  GroupWrite,
  ListQuery,
  MemberDelta,
  Page,
  StoredGroup,
  StoredUser,
  UserWrite,
} from '../../src/scim/ports.ts'
import type { CatalogueEntry, DirectoryRef, MemberRef, ResourceBody } from '../../src/model/directory.ts'

export interface MemoryDirectory extends Directory {
  /** Names of the calls so far, oldest first. */
  readonly calls: string[]
  /** What proof by provisioning does: an unproven shut-out shows, an unproven deletion takes the User away. */
  prove(directory: DirectoryRef, userId: string): void
  takenBack(): readonly string[]
  /** Marks given by `acknowledge`, oldest first. */
  acknowledgements(): readonly boolean[]
}

export interface MemoryOptions {
  /** Shut-outs and deletions wait for `prove`. */
  readonly unproven?: boolean
  readonly catalogue?: readonly CatalogueEntry[]
}

interface UserRow {
  user: StoredUser
  create: 'running' | 'unacknowledged' | 'acknowledged'
}

interface Shelf {
  readonly users: Map<string, UserRow>
  readonly groups: Map<string, StoredGroup>
  /** Group id → user ids. */
  readonly members: Map<string, Set<string>>
}

const folded = (value: unknown): string => (typeof value === 'string' ? value.toLowerCase() : '')

/** A Directory in memory: small, honest, one process, no transactions because nothing awaits between read and write. */
export function memoryDirectory({ unproven = false, catalogue = [] }: MemoryOptions = {}): MemoryDirectory {
  const shelves = new Map<string, Shelf>()
  const calls: string[] = []
  const takenBack: string[] = []
  const acknowledgements: boolean[] = []

  function shelfOf({ id }: DirectoryRef): Shelf {
    const shelf = shelves.get(id) ?? { users: new Map(), groups: new Map(), members: new Map() }
    shelves.set(id, shelf)
    return shelf
  }

  const userNamed = (shelf: Shelf, body: ResourceBody, except?: string): UserRow | undefined =>
    [...shelf.users.values()].find(
      ({ user }) => user.id !== except && folded(user.body['userName']) === folded(body['userName']),
    )

  const groupNamed = (shelf: Shelf, body: ResourceBody, except?: string): StoredGroup | undefined =>
    [...shelf.groups.values()].find(
      (group) => group.id !== except && folded(group.body['displayName']) === folded(body['displayName']),
    )

  function drop(shelf: Shelf, userId: string): void {
    shelf.users.delete(userId)
    for (const ids of shelf.members.values()) ids.delete(userId)
  }

  function membersOf(shelf: Shelf, groupIds: readonly string[]): readonly MemberRef[] {
    return groupIds.flatMap((groupId) =>
      [...(shelf.members.get(groupId) ?? [])].map((userId) => ({
        groupId,
        userId,
        display: String(shelf.users.get(userId)?.user.body['userName']),
      })),
    )
  }

  function groupsOf(shelf: Shelf, userIds: readonly string[]): readonly MemberRef[] {
    return userIds.flatMap((userId) =>
      [...shelf.groups.values()]
        .filter(({ id }) => shelf.members.get(id)?.has(userId))
        .map(({ id, body }) => ({ groupId: id, userId, display: String(body['displayName']) })),
    )
  }

  function applyMembers(
    shelf: Shelf,
    groupId: string,
    delta: MemberDelta,
  ): { changed: boolean; unknown: string[] } {
    const before = shelf.members.get(groupId) ?? new Set()
    const after = new Set(delta.clear ? [] : before)
    for (const id of delta.remove) after.delete(id)
    const unknown = [...delta.add].filter((id) => !shelf.users.has(id))
    for (const id of delta.add) if (shelf.users.has(id)) after.add(id)
    shelf.members.set(groupId, after)
    const same = after.size === before.size && [...after].every((id) => before.has(id))
    return { changed: !same, unknown }
  }

  return {
    calls,
    takenBack: () => takenBack,
    acknowledgements: () => acknowledgements,

    prove(directory, userId) {
      const shelf = shelfOf(directory)
      const row = shelf.users.get(userId)
      if (row?.user.deletePending) drop(shelf, userId)
      else if (row && row.user.activeShown !== row.user.body['active']) {
        row.user = next(row.user, { activeShown: row.user.body['active'] !== false })
      }
    },

    async createUser({ directory }: Actor, body) {
      calls.push('createUser')
      const shelf = shelfOf(directory)
      const there = userNamed(shelf, body)
      if (there) {
        const same = there.user.body['externalId'] === body['externalId']
        if (there.create === 'acknowledged' || !same || there.user.deletePending) return { kind: 'duplicate' }
        if (there.create === 'running') return { kind: 'running' }
        return { kind: 'exists-unacknowledged', id: there.user.id }
      }
      const now = nextInstant()
      const user: StoredUser = {
        id: randomUUID(),
        body,
        activeShown: body['active'] !== false,
        deletePending: false,
        version: 1,
        created: now,
        lastModified: now,
      }
      shelf.users.set(user.id, { user, create: 'running' })
      return { kind: 'stored', user, changed: true }
    },

    async acknowledge(directory, userId, acknowledged) {
      acknowledgements.push(acknowledged)
      const row = shelfOf(directory).users.get(userId)
      if (row) row.create = acknowledged ? 'acknowledged' : 'unacknowledged'
    },

    async takeBack({ directory }, userId, reason) {
      takenBack.push(reason)
      drop(shelfOf(directory), userId)
    },

    async user(directory, id) {
      calls.push('user')
      return shelfOf(directory).users.get(id)?.user
    },

    async users(directory, query) {
      calls.push('users')
      const shelf = shelfOf(directory)
      const rows = [...shelf.users.values()].map(({ user }) => user)
      return page(rows, query, (user) => userResource(user, groupsOf(shelf, [user.id])))
    },

    async updateUser({ directory }, id, edit): Promise<UserWrite> {
      calls.push('updateUser')
      const shelf = shelfOf(directory)
      const row = shelf.users.get(id)
      if (!row) return { kind: 'not-found' }
      const body = edit(row.user)
      if (body === row.user.body) return { kind: 'stored', user: row.user, changed: false }
      if (userNamed(shelf, body, id)) return { kind: 'duplicate' }
      const active = body['active'] !== false
      row.user = next(row.user, { body, activeShown: active || (unproven && row.user.activeShown) })
      return { kind: 'stored', user: row.user, changed: true }
    },

    async deleteUser({ directory }, id, check) {
      calls.push('deleteUser')
      const shelf = shelfOf(directory)
      const row = shelf.users.get(id)
      if (!row) return 'not-found'
      check?.(row.user)
      if (!unproven) {
        drop(shelf, id)
        return 'gone'
      }
      row.user = { ...row.user, deletePending: true }
      return 'pending'
    },

    async createGroup({ directory }, body, members, { uniqueName }): Promise<GroupWrite> {
      calls.push('createGroup')
      const shelf = shelfOf(directory)
      if (uniqueName && groupNamed(shelf, body)) return { kind: 'duplicate' }
      const now = nextInstant()
      const group: StoredGroup = { id: randomUUID(), body, version: 1, created: now, lastModified: now }
      shelf.groups.set(group.id, group)
      const { unknown } = applyMembers(shelf, group.id, members)
      return { kind: 'stored', group, changed: true, unknownMembers: unknown }
    },

    async group(directory, id) {
      calls.push('group')
      return shelfOf(directory).groups.get(id)
    },

    async groups(directory, query) {
      calls.push('groups')
      const shelf = shelfOf(directory)
      return page([...shelf.groups.values()], query, (group) =>
        groupResource(group, membersOf(shelf, [group.id])),
      )
    },

    async updateGroup({ directory }, id, edit, { uniqueName }): Promise<GroupWrite> {
      calls.push('updateGroup')
      const shelf = shelfOf(directory)
      const current = shelf.groups.get(id)
      if (!current) return { kind: 'not-found' }
      const { body, members } = edit(current)
      if (uniqueName && body !== current.body && groupNamed(shelf, body, id)) return { kind: 'duplicate' }
      const { changed, unknown } = applyMembers(shelf, id, members)
      const effect = changed || body !== current.body
      const group = effect ? next(current, { body }) : current
      shelf.groups.set(id, group)
      return { kind: 'stored', group, changed: effect, unknownMembers: unknown }
    },

    async changeMembers({ directory }, id, members, { mostMembers }): Promise<GroupWrite> {
      calls.push('changeMembers')
      const shelf = shelfOf(directory)
      const current = shelf.groups.get(id)
      if (!current) return { kind: 'not-found' }
      const { changed, unknown } = applyMembers(shelf, id, members)
      const group = changed ? next(current, {}) : current
      shelf.groups.set(id, group)
      const all = membersOf(shelf, [id])
      const shown = mostMembers !== undefined && {
        members: all.length > mostMembers ? ('many' as const) : all,
      }
      return { kind: 'stored', group: { ...group, ...shown }, changed, unknownMembers: unknown }
    },

    async deleteGroup({ directory }, id, check) {
      calls.push('deleteGroup')
      const shelf = shelfOf(directory)
      const current = shelf.groups.get(id)
      if (current) check?.(current)
      shelf.members.delete(id)
      return shelf.groups.delete(id) ? 'gone' : 'not-found'
    },

    async members(directory, groupIds, most) {
      calls.push('members')
      return membersOf(shelfOf(directory), groupIds).slice(0, most)
    },

    async memberCounts(directory, groupIds) {
      const shelf = shelfOf(directory)
      return new Map(groupIds.map((id) => [id, shelf.members.get(id)?.size ?? 0]))
    },

    async groupCounts(directory, userIds) {
      const shelf = shelfOf(directory)
      return new Map(userIds.map((id) => [id, groupsOf(shelf, [id]).length]))
    },

    async memberCount(directory, groupId) {
      calls.push('memberCount')
      return shelfOf(directory).members.get(groupId)?.size ?? 0
    },

    async catalogue(_directory, kind) {
      return catalogue.filter((entry) => entry.kind === kind)
    },

    async groupsOf(directory, userIds, most) {
      calls.push('groupsOf')
      return groupsOf(shelfOf(directory), userIds).slice(0, most)
    },
  }
}

function next<T extends StoredUser | StoredGroup>(current: T, change: Partial<T>): T {
  return { ...current, ...change, version: current.version + 1, lastModified: nextInstant() }
}

let lastInstant = 0

/** Now, and later than every instant before: resources that tie in what they are sorted by keep the order of their creation. */
function nextInstant(): Date {
  lastInstant = Math.max(Date.now(), lastInstant + 1)
  return new Date(lastInstant)
}

const metaOf = ({ created, lastModified, version }: StoredUser | StoredGroup, resourceType: string) => ({
  resourceType,
  created: created.toISOString(),
  lastModified: lastModified.toISOString(),
  version: `W/"${version}"`,
})

function userResource(user: StoredUser, groups: readonly MemberRef[]): Record<string, unknown> {
  return {
    ...user.body,
    id: user.id,
    active: user.activeShown,
    meta: metaOf(user, 'User'),
    groups: groups.map(({ groupId, display }) => ({ value: groupId, display })),
  }
}

function groupResource(group: StoredGroup, members: readonly MemberRef[]): Record<string, unknown> {
  return {
    ...group.body,
    id: group.id,
    meta: metaOf(group, 'Group'),
    members: members.map(({ userId, display }) => ({ value: userId, display })),
  }
}

export function page<T extends StoredUser | StoredGroup>(
  rows: readonly T[],
  { filter, sort, after, total, startIndex, count }: ListQuery,
  resourceOf: (row: T) => Record<string, unknown>,
): Page<T> {
  const hits = rows
    .filter((row) => !filter || matches(filter, resourceOf(row)))
    .map((row) => ({ row, key: sort ? sortKeyOf(sort.path, resourceOf(row)) : null }))
  if (sort) hits.sort((a, b) => compareSortKeys(a.key, b.key, sort.descending))
  const from = after ? hits.findIndex(({ row }) => row.id === after.id) + 1 : 0
  const shown = hits.slice(from + startIndex - 1, from + startIndex - 1 + count)
  return {
    total: total ?? hits.length,
    resources: shown.map(({ row }) => row),
    ...(sort && { keys: shown.map(({ key }) => key) }),
  }
}

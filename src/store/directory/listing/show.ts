import { tooMany } from '../../../scim/errors.ts'
import type { Filter } from '../../../scim/filter/ast.ts'
import type { DirectoryRef, MemberRef, StoredGroup, StoredUser } from '../../../scim/ports.ts'
import type { Sql } from '../../sql/client.ts'
import { groupsOf, members } from '../members.ts'

/** By the id of the resource that is judged. */
export type Memberships = ReadonlyMap<string, readonly MemberRef[]>

/** Most memberships that are read to judge a filter. */
const mostMemberships = 100_000

export async function membershipsFor(
  db: Sql,
  directory: DirectoryRef,
  attribute: 'groups' | 'members',
  rows: readonly { readonly id: string }[],
): Promise<Memberships> {
  const ids = rows.map(({ id }) => id)
  const refs = attribute === 'groups' ? await groupsOf(db, directory, ids) : await members(db, directory, ids)
  if (refs.length > mostMemberships)
    throw tooMany(`The list would read more than ${mostMemberships} memberships.`)
  return Map.groupBy(refs, (ref) => (attribute === 'groups' ? ref.userId : ref.groupId))
}

/** Whether memberships must be read to judge a filter. */
export function mentions(filter: Filter, attribute: string): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms.some((term) => mentions(term, attribute))
    case 'not':
      return mentions(filter.term, attribute)
    default:
      return filter.path.names[0] === attribute
  }
}

/** As `matches` reads it: everything that a filter can compare, `meta.location` and `$ref` aside. */
export function showUser(user: StoredUser, memberships: Memberships): Readonly<Record<string, unknown>> {
  const groups = memberships
    .get(user.id)
    ?.map(({ groupId, display }) => ({ value: groupId, display, type: 'direct' }))
  return {
    ...user.body,
    id: user.id,
    active: user.activeShown,
    meta: metaOf('User', user),
    ...(groups && { groups }),
  }
}

export function showGroup(group: StoredGroup, memberships: Memberships): Readonly<Record<string, unknown>> {
  const list = memberships
    .get(group.id)
    ?.map(({ userId, display }) => ({ value: userId, display, type: 'User' }))
  return { ...group.body, id: group.id, meta: metaOf('Group', group), ...(list && { members: list }) }
}

function metaOf(
  resourceType: string,
  { created, lastModified }: { readonly created: Date; readonly lastModified: Date },
) {
  return { resourceType, created: created.toISOString(), lastModified: lastModified.toISOString() }
}

import { sql, type Sql, type Statement } from '../../sql/statement.ts'
import { type Column, groupAttributes, userAttributes } from './columns.ts'
import { groupColumns, type GroupRow, toGroup, toUser, userColumns, type UserRow } from '../rows.ts'
import type { StoredGroup, StoredUser } from '../../../scim/ports.ts'
import type { DirectoryRef, MemberRef } from '../../../model/directory.ts'
import { groupsOf, members } from '../members.ts'
import { tooMany } from '../../../scim/errors.ts'
import type { Filter } from '../../../scim/filter/ast.ts'

/** What lists of Users and lists of Groups differ in. */
export interface Kind<Row, Stored> {
  readonly name: 'User' | 'Group'
  readonly table: Statement
  readonly columns: Statement
  /** Rows that are no tombstones, said so that no index on it looks better than one on what is asked for. */
  readonly live: Statement
  /** The same in the terms of the index that lists in order of creation, and that order from either end. */
  readonly inOrder: { readonly live: Statement; readonly by: Statement; readonly backwards: Statement }
  readonly attributes: Readonly<Record<string, Column>>
  readonly memberships: 'groups' | 'members'
  toStored(row: Row): Stored
  show(stored: Stored, memberships: Memberships): Readonly<Record<string, unknown>>
}

/** A kind as far as SQL is concerned. */
export type AnyKind = Pick<
  Kind<never, never>,
  'name' | 'table' | 'columns' | 'live' | 'inOrder' | 'attributes' | 'memberships'
>

export const userKind: Kind<UserRow, StoredUser> = {
  name: 'User',
  table: sql`users`,
  columns: userColumns,
  live: sql`r.user_name_key IS NOT NULL`,
  inOrder: {
    live: sql`r.deleted_at IS NULL`,
    by: sql`r.deleted_at, r.created_at, r.id`,
    backwards: sql`r.deleted_at DESC, r.created_at DESC, r.id DESC`,
  },
  attributes: userAttributes,
  memberships: 'groups',
  toStored: toUser,
  show: showUser,
}

export const groupKind: Kind<GroupRow, StoredGroup> = {
  name: 'Group',
  table: sql`groups`,
  columns: groupColumns,
  live: sql`true`,
  inOrder: { live: sql`true`, by: sql`r.created_at, r.id`, backwards: sql`r.created_at DESC, r.id DESC` },
  attributes: groupAttributes,
  memberships: 'members',
  toStored: toGroup,
  show: showGroup,
}

/** By the id of the resource that is judged. */
export type Memberships = ReadonlyMap<string, readonly MemberRef[]>

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

/** Most memberships that are read to judge a filter. */
const mostMemberships = 100_000

function metaOf(
  resourceType: string,
  { created, lastModified }: { readonly created: Date; readonly lastModified: Date },
) {
  return { resourceType, created: created.toISOString(), lastModified: lastModified.toISOString() }
}

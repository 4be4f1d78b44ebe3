import type { StoredGroup, StoredUser } from '../../../scim/ports.ts'
import { sql, type Statement } from '../../sql/statement.ts'
import { groupColumns, type GroupRow, toGroup, toUser, userColumns, type UserRow } from '../rows.ts'
import { type Column, groupAttributes, userAttributes } from './columns.ts'
import { type Memberships, showGroup, showUser } from './show.ts'

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

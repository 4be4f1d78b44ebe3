import { matches } from '../../../scim/filter/evaluate.ts'
import { tooMany } from '../../../scim/errors.ts'
import type { Filter } from '../../../scim/filter/ast.ts'
import type { DirectoryRef, ListQuery, Page, StoredGroup, StoredUser } from '../../../scim/ports.ts'
import { type Sql, unprepared } from '../../sql/client.ts'
import { Prisma } from '../../../generated/prisma/client.ts'
import { sql, type Statement } from '../../sql/statement.ts'
import { groupColumns, type GroupRow, toGroup, toUser, userColumns, type UserRow } from '../rows.ts'
import { type Column, groupAttributes, userAttributes } from './columns.ts'
import { compile } from './compile.ts'
import { type Memberships, membershipsFor, showGroup, showUser } from './show.ts'

/** Most rows that a filter may make us judge one by one. */
const mostJudged = 10_000

interface Kind<Row, Stored> {
  readonly table: Statement
  readonly columns: Statement
  /** Rows that are no tombstones, said so that no index on it looks better than one on what is asked for. */
  readonly live: Statement
  /** The same in the terms of the index that lists in order. */
  readonly inOrder: { readonly live: Statement; readonly by: Statement }
  readonly attributes: Readonly<Record<string, Column>>
  readonly memberships: 'groups' | 'members'
  toStored(row: Row): Stored
  show(stored: Stored, memberships: Memberships): Readonly<Record<string, unknown>>
}

const userKind: Kind<UserRow, StoredUser> = {
  table: sql`users`,
  columns: userColumns,
  live: sql`r.user_name_key IS NOT NULL`,
  inOrder: { live: sql`r.deleted_at IS NULL`, by: sql`r.deleted_at, r.created_at, r.id` },
  attributes: userAttributes,
  memberships: 'groups',
  toStored: toUser,
  show: showUser,
}

const groupKind: Kind<GroupRow, StoredGroup> = {
  table: sql`groups`,
  columns: groupColumns,
  live: sql`true`,
  inOrder: { live: sql`true`, by: sql`r.created_at, r.id` },
  attributes: groupAttributes,
  memberships: 'members',
  toStored: toGroup,
  show: showGroup,
}

export const listUsers = (db: Sql, directory: DirectoryRef, query: ListQuery) =>
  list(db, userKind, directory, query)
export const listGroups = (db: Sql, directory: DirectoryRef, query: ListQuery) =>
  list(db, groupKind, directory, query)

type Paged<Row> = { readonly total: number } & (Row | { readonly id: null })

async function list<Row extends { readonly id: string }, Stored>(
  db: Sql,
  kind: Kind<Row, Stored>,
  directory: DirectoryRef,
  query: ListQuery,
): Promise<Page<Stored>> {
  const ours = sql`r.directory_id = ${directory.id}::uuid`
  const { filter } = query
  if (!filter) return page(kind, await db.rows<Paged<Row>>(everything(kind, ours, query)))
  const { where, exact } = compile(filter, kind.attributes)
  const found = sql`${ours} AND ${kind.live} AND ${where}`
  if (exact) return page(kind, await db.rows<Paged<Row>>(filtered(kind, found, query)))
  return judged(db, kind, directory, found, filter, query)
}

/** Walks the index in order; only the rows of the page are read. */
function everything({ table, columns, inOrder }: AnyKind, ours: Statement, query: ListQuery): Statement {
  const { startIndex, count } = query
  return sql`WITH page AS (
      SELECT r.id FROM ${table} r WHERE ${ours} AND ${inOrder.live} ORDER BY ${inOrder.by}
      LIMIT ${count}::int OFFSET ${startIndex - 1}::int
    )
    SELECT counted.total, s.* FROM (
      SELECT count(*)::int AS total FROM ${table} r WHERE ${ours} AND ${inOrder.live}
    ) counted
    LEFT JOIN (SELECT ${columns} FROM ${table} WHERE id IN (SELECT id FROM page)) s ON true
    ORDER BY s.created_at, s.id`
}

/** Finds first and sorts what was found, so that the order never tempts the planner to walk everybody. */
function filtered(
  { table, columns }: AnyKind,
  found: Statement,
  { startIndex, count }: ListQuery,
): Statement {
  return sql`${marker}WITH hit AS MATERIALIZED (
      SELECT r.id, r.created_at FROM ${table} r WHERE ${found}
    ), page AS (
      SELECT id FROM hit ORDER BY created_at, id LIMIT ${count}::int OFFSET ${startIndex - 1}::int
    )
    SELECT counted.total, s.* FROM (SELECT count(*)::int AS total FROM hit) counted
    LEFT JOIN (SELECT ${columns} FROM ${table} WHERE id IN (SELECT id FROM page)) s ON true
    ORDER BY s.created_at, s.id`
}

type AnyKind = Pick<Kind<never, never>, 'table' | 'columns' | 'inOrder'>

const marker = Prisma.raw(`${unprepared} `)

function page<Row extends { readonly id: string }, Stored>(
  kind: Kind<Row, Stored>,
  rows: readonly Paged<Row>[],
): Page<Stored> {
  const resources = rows.filter((row): row is { readonly total: number } & Row => row.id !== null)
  return { total: rows[0]?.total ?? 0, resources: resources.map((row) => kind.toStored(row)) }
}

/** Reads what the indexable part leaves over and judges each row by the whole filter. */
async function judged<Row extends { readonly id: string }, Stored>(
  db: Sql,
  kind: Kind<Row, Stored>,
  directory: DirectoryRef,
  found: Statement,
  filter: Filter,
  { startIndex, count }: ListQuery,
): Promise<Page<Stored>> {
  const rows = await db.rows<Row>(sql`${marker}WITH hit AS MATERIALIZED (
      SELECT r.id FROM ${kind.table} r WHERE ${found} LIMIT ${mostJudged + 1}::int
    )
    SELECT ${kind.columns} FROM ${kind.table} WHERE id IN (SELECT id FROM hit) ORDER BY created_at, id`)
  if (rows.length > mostJudged) {
    throw tooMany(
      `The filter would read more than ${mostJudged} resources one by one. Add a comparison of userName, externalId, id, displayName or emails to it.`,
    )
  }
  const memberships = await membershipsFor(db, directory, kind.memberships, filter, rows)
  const kept = rows
    .map((row) => kind.toStored(row))
    .filter((each) => matches(filter, kind.show(each, memberships)))
  return { total: kept.length, resources: kept.slice(startIndex - 1, startIndex - 1 + count) }
}

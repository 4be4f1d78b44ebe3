import { compareSortKeys, sortKeyOf } from '../../../scim/filter/sort.ts'
import { matches } from '../../../scim/filter/evaluate.ts'
import { tooMany } from '../../../scim/errors.ts'
import type { ListQuery, Page, Position } from '../../../scim/ports.ts'
import { raw, type Sql, sql, type Statement, unprepared } from '../../sql/statement.ts'
import type { DirectoryRef } from '../../../model/directory.ts'
import { type AnyKind, type Kind, membershipsFor, mentions } from './kinds.ts'

/** Most rows that a list may make us judge one by one. */
export const mostJudged = 10_000

interface Row {
  readonly id: string
  readonly created_at: Date
}

interface Judged<R> {
  readonly row: R
  readonly key: ReturnType<typeof sortKeyOf>
}

/** Reads what the indexable part of the filter leaves over, judges each row by the whole filter, and sorts what is kept. */
export async function judged<R extends Row, Stored>(
  db: Sql,
  kind: Kind<R, Stored>,
  directory: DirectoryRef,
  found: Statement,
  query: ListQuery,
): Promise<Page<Stored>> {
  const { filter, sort, after, startIndex, count } = query
  const rows = await readBounded<R>(db, kind, found)
  if (!rows) throw tooMany(advice(query))
  const wanted = (filter && mentions(filter, kind.memberships)) || sort?.path.names[0] === kind.memberships
  const memberships = wanted ? await membershipsFor(db, directory, kind.memberships, rows) : new Map()
  const kept: Judged<R>[] = []
  for (const row of rows) {
    const shown = kind.show(kind.toStored(row), memberships)
    if (!filter || matches(filter, shown)) kept.push({ row, key: sort ? sortKeyOf(sort.path, shown) : null })
  }
  // Sorting is stable, and the rows came in the order of creation.
  if (sort) kept.sort((a, b) => compareSortKeys(a.key, b.key, sort.descending))
  const rest = after ? kept.filter((each) => isAfter(each, after, sort?.descending ?? false)) : kept
  const page = rest.slice(startIndex - 1, startIndex - 1 + count)
  return {
    total: kept.length,
    resources: page.map(({ row }) => kind.toStored(row)),
    ...(sort && { keys: page.map(({ key }) => key) }),
  }
}

/** Undefined when there are too many: they are counted first, so that none of them is read in vain. */
async function readBounded<R extends Row>(
  db: Sql,
  { table, columns }: Pick<AnyKind, 'table' | 'columns'>,
  found: Statement,
): Promise<readonly R[] | undefined> {
  type Bounded = { readonly many: boolean } & (R | { readonly id: null })
  const rows = await db.rows<Bounded>(sql`${raw(unprepared)} WITH hit AS MATERIALIZED (
      SELECT r.id FROM ${table} r WHERE ${found} LIMIT ${mostJudged + 1}::int
    ), counted AS MATERIALIZED (SELECT count(*) > ${mostJudged}::int AS many FROM hit)
    SELECT counted.many, s.* FROM counted LEFT JOIN (
      SELECT ${columns} FROM ${table} WHERE NOT (SELECT many FROM counted) AND id IN (SELECT id FROM hit)
    ) s ON true ORDER BY s.created_at, s.id`)
  return rows[0]?.many ? undefined : rows.filter((row): row is Bounded & R => row.id !== null)
}

function isAfter(
  { row, key }: Judged<Row>,
  { key: last, created, id }: Position,
  descending: boolean,
): boolean {
  const difference = compareSortKeys(key, last, descending)
  if (difference !== 0) return difference > 0
  const createdAt = row.created_at.toISOString()
  return createdAt === created ? row.id > id : createdAt > created
}

/** Refuses a list that no index helps with, and says what does. */
export const advice = ({ filter }: ListQuery): string =>
  filter
    ? `The filter would read more than ${mostJudged} resources one by one. Add a comparison of userName, externalId, id, displayName or emails to it.`
    : `The list would read more than ${mostJudged} resources one by one. Sort by userName, displayName, externalId, id or meta.lastModified, or add a filter.`

import { setImmediate as nextTurn } from 'node:timers/promises'
import { compareSortKeys, sortKeyOf } from '../../../scim/filter/sort.ts'
import { matches } from '../../../scim/filter/evaluate.ts'
import { tooMany } from '../../../scim/errors.ts'
import type { ListQuery, Page, Position } from '../../../scim/ports.ts'
import { empty, raw, type Sql, sql, type Statement, unprepared } from '../../sql/statement.ts'
import type { DirectoryRef } from '../../../model/directory.ts'
import { type AnyKind, type Kind, membershipsFor, mentions } from './kinds.ts'

/** Most rows that a list may make us judge one by one. */
export const mostJudged = 10_000

interface Row {
  readonly id: string
  readonly created_at: Date
}

/** Most bytes of bodies that one page holds, and that are read at a time to judge them; the first one always comes. */
export const mostPageBytes = 4 * 1024 * 1024

/** Column `bytes_before`: of all bodies that come before this one. */
export const bytesBefore = (body: Statement, order: Statement): Statement =>
  sql`coalesce(sum(bytes_of(${body})) OVER (ORDER BY ${order} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS bytes_before`

interface Judged<R> {
  readonly id: string
  readonly created_at: Date
  readonly bytes: number
  /** Only while all of them together are few bytes. */
  readonly row: R | undefined
  readonly key: ReturnType<typeof sortKeyOf>
}

/**
 * Reads what the indexable part of the filter leaves over, judges each row by the whole filter, and sorts what is kept.
 * Bodies are read a few megabytes at a time, and only those of the page are kept.
 */
export async function judged<R extends Row, Stored>(
  db: Sql,
  kind: Kind<R, Stored>,
  directory: DirectoryRef,
  found: Statement,
  query: ListQuery,
): Promise<Page<Stored>> {
  const { sort, after, startIndex, count } = query
  const kept = await judgeAll<R, Stored>(db, kind, directory, found, query)
  // Sorting is stable, and the rows came in the order of creation.
  if (sort) kept.sort((a, b) => compareSortKeys(a.key, b.key, sort.descending))
  const rest = after ? kept.filter((each) => isAfter(each, after, sort?.descending ?? false)) : kept
  const page = rest.slice(startIndex - 1, startIndex - 1 + count)
  const fitting = fitted(page)
  const rows = await rowsOf<R>(db, kind, fitting)
  const shown = fitting.filter(({ id }) => rows.has(id))
  return {
    total: kept.length,
    resources: shown.map(({ id }) => kind.toStored(rows.get(id)!)),
    ...(sort && { keys: shown.map(({ key }) => key) }),
    ...(fitting.length < page.length && { cut: true }),
  }
}

/** What the filter keeps, in the order of creation. */
async function judgeAll<R extends Row, Stored>(
  db: Sql,
  kind: Kind<R, Stored>,
  directory: DirectoryRef,
  found: Statement,
  query: ListQuery,
): Promise<Judged<R>[]> {
  const { filter, sort } = query
  const reads = (filter && mentions(filter, kind.memberships)) || sort?.path.names[0] === kind.memberships
  const kept: Judged<R>[] = []
  for (let last: Row | undefined; ;) {
    const chunk: Chunk<R> = await readChunk<R>(db, kind, found, last)
    if (chunk.many) throw tooMany(advice(query))
    const memberships = reads ? await membershipsFor(db, directory, kind.memberships, chunk.rows) : new Map()
    const keeps = chunk.whole && !last
    for (const [at, row] of chunk.rows.entries()) {
      // Others get their turn.
      if (at % mostInOneTurn === mostInOneTurn - 1) await nextTurn()
      const found = judge(row, kind.show(kind.toStored(row), memberships), query)
      if (found) kept.push(keeps ? found : { ...found, row: undefined })
    }
    last = chunk.rows.at(-1)
    if (chunk.whole || !last) return kept
  }
}

function judge<R extends Row>(
  row: Measured<R>,
  shown: Readonly<Record<string, unknown>>,
  { filter, sort }: ListQuery,
): Judged<R> | undefined {
  if (filter && !matches(filter, shown)) return undefined
  const { id, created_at, bytes } = row
  return { id, created_at, bytes, row, key: sort ? sortKeyOf(sort.path, shown) : null }
}

/** So many rows are judged before something else may run. */
const mostInOneTurn = 250

function fitted<R>(page: readonly Judged<R>[]): readonly Judged<R>[] {
  let before = 0
  const end = page.findIndex(({ bytes }) => {
    if (before >= mostPageBytes) return true
    before += bytes
    return false
  })
  return end < 0 ? page : page.slice(0, end)
}

type Measured<R> = R & { readonly bytes: number }

interface Chunk<R> {
  readonly many: boolean
  readonly rows: readonly Measured<R>[]
  /** Nothing comes after it. */
  readonly whole: boolean
}

/** `many` when there are too many: they are counted first, so that none of them is read in vain. */
async function readChunk<R extends Row>(
  db: Sql,
  { table, columns }: Pick<AnyKind, 'table' | 'columns'>,
  found: Statement,
  after: Row | undefined,
): Promise<Chunk<R>> {
  type Bounded = { readonly many: boolean; readonly wanted: number } & (Measured<R> | { readonly id: null })
  const beyond = after
    ? sql`AND (r.created_at, r.id) > (${after.created_at}::timestamptz, ${after.id}::uuid)`
    : empty
  const rows = await db.rows<Bounded>(sql`${raw(unprepared)} WITH hit AS MATERIALIZED (
      SELECT r.id FROM ${table} r WHERE ${found} ${beyond} LIMIT ${mostJudged + 1}::int
    ), counted AS MATERIALIZED (SELECT count(*) > ${mostJudged}::int AS many FROM hit)
    SELECT counted.many, s.* FROM counted LEFT JOIN (
      SELECT ${columns}, bytes_of(body) AS bytes, (count(*) OVER ())::int AS wanted, ${bytesBefore(sql`body`, sql`created_at, id`)}
      FROM ${table} WHERE NOT (SELECT many FROM counted) AND id IN (SELECT id FROM hit)
    ) s ON s.bytes_before < ${mostPageBytes}::int ORDER BY s.created_at, s.id`)
  const read = rows.filter((row): row is Bounded & Measured<R> => row.id !== null)
  return {
    many: rows[0]?.many ?? false,
    rows: read,
    whole: (rows[0]?.wanted ?? 0) <= read.length,
  }
}

/** Those that were kept, or are still there. */
async function rowsOf<R extends Row>(
  db: Sql,
  { table, columns }: Pick<AnyKind, 'table' | 'columns'>,
  wanted: readonly Judged<R>[],
): Promise<ReadonlyMap<string, R>> {
  if (wanted.every(({ row }) => row)) return new Map(wanted.map(({ id, row }) => [id, row!]))
  const ids = wanted.map(({ id }) => id)
  const rows = await db.rows<R>(sql`SELECT ${columns} FROM ${table} WHERE id = ANY(${ids}::uuid[])`)
  return new Map(rows.map((row) => [row.id, row]))
}

function isAfter(
  { id: ownId, created_at, key }: Judged<Row>,
  { key: last, created, id }: Position,
  descending: boolean,
): boolean {
  const difference = compareSortKeys(key, last, descending)
  if (difference !== 0) return difference > 0
  const createdAt = created_at.toISOString()
  return createdAt === created ? ownId > id : createdAt > created
}

/** Refuses a list that no index helps with, and says what does. */
export const advice = ({ filter }: ListQuery): string =>
  filter
    ? `The filter would read more than ${mostJudged} resources one by one. Add a comparison of userName, externalId, id, displayName or emails to it.`
    : `The list would read more than ${mostJudged} resources one by one. Sort by userName, displayName, externalId, id or meta.lastModified, or add a filter.`

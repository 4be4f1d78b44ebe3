import { createBudget } from '../../../scim/budget.ts'
import { busy, tooMany } from '../../../scim/errors.ts'
import type { Filter } from '../../../scim/filter/ast.ts'
import type { ListQuery, Page, StoredGroup, StoredUser } from '../../../scim/ports.ts'
import { raw, type Sql, sql, type Statement, unprepared } from '../../sql/statement.ts'
import { codeOf } from '../../sql/failures.ts'
import { compile } from './compile.ts'
import { advice, bytesBefore, judged, mostJudged, mostPageBytes } from './judged.ts'
import { inCreationOrder, inSortedOrder, keyOfColumn, type Order, orderOf, sorted } from './order.ts'
import type { DirectoryRef } from '../../../model/directory.ts'
import { type AnyKind, groupKind, type Kind, userKind } from './kinds.ts'

export interface Lists {
  users(directory: DirectoryRef, query: ListQuery): Promise<Page<StoredUser>>
  groups(directory: DirectoryRef, query: ListQuery): Promise<Page<StoredGroup>>
}

export function createLists(db: Sql): Lists {
  const totals = createTotals()
  const searches = createBudget(searching)
  async function bounded<R extends Row, Stored>(
    kind: Kind<R, Stored>,
    directory: DirectoryRef,
    query: ListQuery,
  ): Promise<Page<Stored>> {
    if (isQuick(kind, query)) return list(db, totals, kind, directory, query)
    const place = await searches.take(directory.id, 1)
    try {
      return await list(db, totals, kind, directory, query)
    } finally {
      place.release()
    }
  }
  return {
    users: (directory, query) => bounded(userKind, directory, query),
    groups: (directory, query) => bounded(groupKind, directory, query),
  }
}

/** Searches that no index answers: the database and this process always have room for others, writes above all. */
const searching = {
  total: 6,
  perKey: 2,
  mostWaiting: 64,
  patienceMs: 15_000,
  busy: () =>
    busy('Too many searches of this directory run at once. Add userName, externalId or id to them.'),
}

/** Whether an index answers it, so that it costs little whatever the size of the directory. */
function isQuick(kind: AnyKind, { filter, sort }: ListQuery): boolean {
  if (sort && (orderOf(kind, sort)?.computed ?? true)) return false
  return !filter || isNarrow(filter)
}

/** Attributes of which few resources have the same value. */
const narrow = new Set([
  'id',
  'userName',
  'externalId',
  'displayName',
  'emails.value',
  'groups.value',
  'members.value',
])

function isNarrow(filter: Filter, parents: readonly string[] = []): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.terms.some((term) => isNarrow(term, parents))
    case 'or':
      return filter.terms.every((term) => isNarrow(term, parents))
    case 'element':
      return isNarrow(filter.filter, filter.path.names)
    case 'compare':
      return filter.op === 'eq' && narrow.has([...parents, ...filter.path.names].join('.'))
    default:
      return false
  }
}

/** SQLSTATE for a collation that is not there. */
const undefinedObject = '42704'

interface Row {
  readonly id: string
  readonly created_at: Date
}

type Paged<R> = {
  readonly total: number
  readonly snapshot?: string
  /** Where the order is computed: how many were sorted, one more than are allowed when there are more. */
  readonly hits?: number
  readonly sort_key: unknown
  /** How many rows the page would have if its bytes were not bounded. */
  readonly wanted: number
} & (R | { readonly id: null })

function isTooMany([first]: readonly { readonly hits?: number }[]): boolean {
  return (first?.hits ?? 0) > mostJudged
}

const everyone = { where: sql`true`, exact: true }

async function list<R extends Row, Stored>(
  db: Sql,
  totals: Totals,
  kind: Kind<R, Stored>,
  directory: DirectoryRef,
  query: ListQuery,
): Promise<Page<Stored>> {
  const ours = sql`r.directory_id = ${directory.id}::uuid`
  const { filter, sort } = query
  const order = sort && orderOf(kind, sort)
  const { where, exact } = filter ? compile(filter, kind.attributes) : everyone
  const found = sql`${ours} AND ${kind.live} AND ${where}`
  if (!exact || (sort && !order)) return judged(db, kind, directory, found, query)
  if (order?.computed) {
    try {
      const rows = await db.rows<Paged<R>>(filtered(kind, found, order, query))
      if (isTooMany(rows)) throw tooMany(advice(query))
      return page(kind, query, rows)
    } catch (error) {
      // A PostgreSQL built without ICU cannot fold letter case as we do.
      if (codeOf(error) === undefinedObject) return judged(db, kind, directory, found, query)
      throw error
    }
  }
  if (filter) return page(kind, query, await db.rows<Paged<R>>(filtered(kind, found, order, query)))
  const key = `${kind.name} ${directory.id}`
  const rows = await db.rows<Paged<R>>(everything(totals, key, kind, ours, order, query))
  const [first] = rows
  if (first?.snapshot !== undefined) totals.keep(key, { total: first.total, snapshot: first.snapshot })
  return page(kind, query, rows)
}

/** Walks an index in order; only the rows of the page are read. */
function everything(
  totals: Totals,
  key: string,
  kind: AnyKind,
  ours: Statement,
  order: Order | undefined,
  query: ListQuery,
): Statement {
  const { table, inOrder } = kind
  const alive = sql`${ours} AND ${inOrder.live}`
  const counted =
    query.total === undefined
      ? totals.columns(key, sql`SELECT count(*)::int FROM ${table} r WHERE ${alive}`)
      : sql`${query.total}::int AS total`
  const head = sql`WITH counted AS (SELECT ${counted})`
  const from = sql`${table} r`
  if (order) {
    const source = { from, where: sql`${ours} AND ${kind.live}`, key: order.key }
    return sql`${raw(unprepared)} ${head}, page AS (${inSortedOrder(source, order, query)}) ${shown(kind, order)}`
  }
  const nearEnd = !query.after && (query.startIndex - 1) * 2 > (totals.guess(key) ?? Infinity)
  const walked = nearEnd
    ? fromTheEnd(kind, alive, query)
    : inCreationOrder({ from, where: alive }, inOrder.by, query)
  return sql`${head}, page AS (${walked}) ${shown(kind)}`
}

/** The same page as in order, found from the other end: skipping costs as much as there is to skip. */
function fromTheEnd(
  { table, inOrder }: AnyKind,
  alive: Statement,
  { startIndex, count }: ListQuery,
): Statement {
  const skipped = startIndex - 1
  // The outer limit is the one that the planner can read.
  return sql`SELECT * FROM (
      SELECT r.id, r.created_at, NULL::text AS key FROM ${table} r WHERE ${alive} ORDER BY ${inOrder.backwards}
      LIMIT (SELECT least(${count}::int, greatest(total - ${skipped}::int, 0)) FROM counted)
      OFFSET (SELECT greatest(total::bigint - ${skipped}::int - ${count}::int, 0) FROM counted)
    ) last LIMIT ${count}::int`
}

/** Finds first and sorts what was found, so that the order never tempts the planner to walk everybody. */
function filtered(kind: AnyKind, found: Statement, order: Order | undefined, query: ListQuery): Statement {
  const hit = { from: sql`hit r`, where: sql`true` }
  const total = query.total === undefined ? sql`(SELECT count(*)::int FROM hit)` : sql`${query.total}::int`
  const bound = order?.computed ? sql`LIMIT ${mostJudged + 1}::int` : sql``
  const hits = order?.computed ? sql`, (SELECT count(*)::int FROM hit) AS hits` : sql``
  const page = order
    ? inSortedOrder({ ...hit, key: sql`r.key` }, order, query)
    : inCreationOrder(hit, sql`r.created_at, r.id`, query)
  return sql`${raw(unprepared)} WITH hit AS MATERIALIZED (
      SELECT r.id, r.created_at, ${order?.key ?? sql`NULL::text`} AS key FROM ${kind.table} r WHERE ${found} ${bound}
    ), counted AS (SELECT ${total} AS total ${hits}), page AS (${page}) ${shown(kind, order)}`
}

/** The rows of `page` in its order, each with `counted`; a row of nothing where the page is empty. */
function shown({ table, columns }: AnyKind, order?: Order): Statement {
  const key = order ? sql`${sorted(sql`key`, order)},` : sql``
  return sql`SELECT counted.*, s.* FROM counted LEFT JOIN (
      SELECT ${columns}, p.sort_key, p.place, (count(*) OVER ())::int AS wanted, ${bytesBefore(sql`body`, sql`p.place`)} FROM (
        SELECT page.id AS page_id, key AS sort_key,
          (row_number() OVER (ORDER BY ${key} page.created_at, page.id))::int AS place FROM page
      ) p JOIN ${table} ON ${table}.id = p.page_id
    ) s ON s.bytes_before < ${mostPageBytes}::int ORDER BY s.place`
}

function page<R extends Row, Stored>(
  kind: Kind<R, Stored>,
  { sort }: ListQuery,
  rows: readonly Paged<R>[],
): Page<Stored> {
  const found = rows.filter((row): row is Paged<R> & R => row.id !== null)
  return {
    total: rows[0]?.total ?? 0,
    resources: found.map((row) => kind.toStored(row)),
    ...(sort && { keys: found.map((row) => keyOfColumn(row.sort_key)) }),
    ...((found[0]?.wanted ?? 0) > found.length && { cut: true }),
  }
}

/** How many resources a directory had, and of which state of the database that is true. */
interface Counted {
  readonly total: number
  readonly snapshot: string
}

/** Columns `total` and `snapshot` for a list of everything. */
interface Totals {
  /** The last total, where one is known: a guess. */
  guess(key: string): number | undefined
  columns(key: string, count: Statement): Statement
  keep(key: string, counted: Counted): void
}

const mostKept = 1_000

/**
 * Counts everybody once per state of the database. A snapshot says which transactions a statement sees: as long as it is
 * the same one, nothing was written anywhere in between, so that the total of before is the total of now.
 */
function createTotals(): Totals {
  const kept = new Map<string, Counted>()
  return {
    guess: (key) => kept.get(key)?.total,
    columns(key, count) {
      const { total, snapshot } = kept.get(key) ?? { total: 0, snapshot: '' }
      return sql`CASE WHEN pg_current_snapshot()::text = ${snapshot}::text THEN ${total}::int ELSE (${count}) END AS total,
        pg_current_snapshot()::text AS snapshot`
    },
    keep(key, { total, snapshot }) {
      if (kept.size >= mostKept) kept.clear()
      kept.set(key, { total, snapshot })
    },
  }
}

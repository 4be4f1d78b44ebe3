import type { Sort } from '../../../scim/filter/ast.ts'
import { longestSortKey, type SortKey } from '../../../scim/filter/sort.ts'
import type { Position } from '../../../scim/ports.ts'
import { sql, type Statement } from '../../sql/statement.ts'
import type { AnyKind } from './kinds.ts'

/** How SQL sorts: by a value that agrees with `sortKeyOf`, and equal ones in the order of creation. */
export interface Order {
  readonly key: Statement
  readonly nullable: boolean
  /** Worked out row by row: no index has it. */
  readonly computed: boolean
  readonly descending: boolean
  /** A key as a parameter of the key's type. */
  parameter(key: Exclude<SortKey, null>): Statement
}

type Key = Omit<Order, 'descending'>

const text = (value: Statement, nullable: boolean, computed = false): Key => ({
  key: sql`${value} COLLATE "C"`,
  nullable,
  computed,
  parameter: (key) => sql`${String(key)}::text COLLATE "C"`,
})

/** A text inside the body. ICU folds letter case as JavaScript does. */
const folded = (value: Statement): Key =>
  text(sql`left(lower((${value}) COLLATE "und-x-icu"), ${longestSortKey}::int)`, true, true)

const primaryEmail = sql`coalesce(jsonb_path_query_first(r.body, '$.emails[*] ? (@.primary == true)'), r.body #> '{emails,0}')`

/** Attributes of Users that have no column to be found by, but can be sorted by. */
const inBody: Readonly<Record<string, Key>> = {
  'name.familyName': folded(sql`r.body #>> '{name,familyName}'`),
  'name.givenName': folded(sql`r.body #>> '{name,givenName}'`),
  'emails.value': folded(sql`${primaryEmail} ->> 'value'`),
}

/** Undefined where SQL cannot say it. */
export function orderOf({ name, attributes }: AnyKind, { path, descending }: Sort): Order | undefined {
  const named = path.names.join('.')
  const key = (name === 'User' ? inBody[named] : undefined) ?? columnKey(attributes, named, path.caseExact)
  return key && { ...key, descending }
}

function columnKey(attributes: AnyKind['attributes'], name: string, caseExact: boolean): Key | undefined {
  const column = attributes[name]
  switch (column?.kind) {
    case 'text':
      return column.folded === caseExact ? undefined : text(column.value, column.nullable)
    case 'id':
      return { ...plain(column.value), parameter: (key) => sql`${String(key)}::uuid` }
    case 'boolean':
      return { ...plain(column.value), parameter: (key) => sql`${key === true}::boolean` }
    case 'instant':
      return {
        ...plain(column.value),
        parameter: (key) => sql`${new Date(Number(key)).toISOString()}::timestamptz`,
      }
    default:
      return undefined
  }
}

const plain = (key: Statement) => ({ key, nullable: false, computed: false })

/** A sorted column's value as `sortKeyOf` gives it. */
export function keyOfColumn(value: unknown): SortKey {
  if (value instanceof Date) return value.getTime()
  return typeof value === 'string' || typeof value === 'boolean' ? value : null
}

/** Rows to take a page from; the row is `r`. */
export interface Source {
  readonly from: Statement
  readonly where: Statement
  /** What they are sorted by, as this source names it; NULL in the order of creation. */
  readonly key: Statement
}

export interface Window {
  readonly startIndex: number
  readonly count: number
  readonly after?: Position | undefined
}

const unsorted = sql`NULL::text`

/** One page in the order of creation, found by walking it. */
export function inCreationOrder(source: Omit<Source, 'key'>, by: Statement, window: Window): Statement {
  const { from, where } = source
  const beyond = window.after ? sql`AND ${later(window.after)}` : sql``
  return sql`SELECT r.id, r.created_at, ${unsorted} AS key FROM ${from} WHERE ${where} ${beyond}
    ORDER BY ${by} ${rowsOf(window)}`
}

/**
 * One page in a sorted order. After a position it is two ranges, each of which an index can begin at: keys from there on,
 * and missing keys, which come last, descending first.
 */
export function inSortedOrder(source: Source, order: Order, window: Window): Statement {
  const { after } = window
  const { from, where, key } = source
  const range = (condition: Statement) => sql`SELECT r.id, r.created_at, ${key} AS key FROM ${from}
    WHERE ${where} ${condition} ORDER BY ${sorted(key, order)}, r.created_at, r.id`
  if (!after) return sql`${range(sql``)} ${rowsOf(window)}`
  const parts: Statement[] = []
  const most = sql`LIMIT ${window.startIndex - 1 + window.count}::int`
  const missing = after.key === null
  if (!missing) {
    const at = order.parameter(after.key)
    const [atLeast, beyond] = order.descending ? [sql`<=`, sql`<`] : [sql`>=`, sql`>`]
    parts.push(range(sql`AND ${key} ${atLeast} ${at} AND (${key} ${beyond} ${at} OR ${later(after)})`))
  } else if (order.descending) parts.push(range(sql`AND ${key} IS NOT NULL`))
  if (order.nullable && missing) parts.push(range(sql`AND ${key} IS NULL AND ${later(after)}`))
  else if (order.nullable && !order.descending) parts.push(range(sql`AND ${key} IS NULL`))
  const all = parts.map((part) => sql`(${part} ${most})`)
  const [
    first = sql`SELECT NULL::uuid AS id, NULL::timestamptz AS created_at, ${unsorted} AS key WHERE false`,
  ] = all
  const union = all.slice(1).reduce((left, right) => sql`${left} UNION ALL ${right}`, first)
  return sql`SELECT * FROM (${union}) r ORDER BY ${sorted(sql`r.key`, order)}, r.created_at, r.id ${rowsOf(window)}`
}

/** NULLs are where PostgreSQL puts them: last, descending first. */
export const sorted = (key: Statement, { descending }: Pick<Order, 'descending'>): Statement =>
  descending ? sql`${key} DESC` : key

const later = ({ created, id }: Position): Statement =>
  sql`(r.created_at, r.id) > (${created}::timestamptz, ${id}::uuid)`

const rowsOf = ({ startIndex, count }: Window): Statement =>
  sql`LIMIT ${count}::int OFFSET ${startIndex - 1}::int`

import type { CompareOp } from '../../../scim/filter/ast.ts'
import { type Instant, instantOf } from '../../../scim/values/coerce.ts'
import { isId, sql, type Statement } from '../../sql/statement.ts'
import { keyOf } from '../rows.ts'
import type { Column, RowColumn } from './columns.ts'

/** Texts that PostgreSQL cannot hold equal nothing that it holds. */
const isHoldable = (text: string): boolean => !text.includes('\0') && text.isWellFormed()

/** `value` is never NULL here. Order is that of code points. */
function textHolds(value: Statement, op: Exclude<CompareOp, 'ne'>, literal: string): Statement {
  switch (op) {
    case 'eq':
      return sql`${value} = ${literal}::text`
    case 'sw':
      return sql`${value} LIKE ${`${escaped(literal)}%`}::text`
    case 'ew':
      return sql`${value} LIKE ${`%${escaped(literal)}`}::text`
    case 'co':
      return sql`${value} LIKE ${`%${escaped(literal)}%`}::text`
    case 'gt':
      return sql`${value} COLLATE "C" > ${literal}::text`
    case 'ge':
      return sql`${value} COLLATE "C" >= ${literal}::text`
    case 'lt':
      return sql`${value} COLLATE "C" < ${literal}::text`
    case 'le':
      return sql`${value} COLLATE "C" <= ${literal}::text`
  }
}

const escaped = (literal: string): string => literal.replace(/[\\%_]/g, String.raw`\$&`)

const isOrder = (op: CompareOp): boolean => op === 'gt' || op === 'ge' || op === 'lt' || op === 'le'

/** Without NULL and `ne`; undefined where SQL cannot say it. */
function single(column: RowColumn, op: Exclude<CompareOp, 'ne'>, literal: string): Statement | undefined {
  if (!isHoldable(literal)) return isOrder(op) ? undefined : sql`false`
  if (column.kind === 'id') {
    if (op === 'eq') return isId(literal) ? sql`${column.value} = ${literal}::uuid` : sql`false`
    return textHolds(sql`${column.value}::text`, op, literal)
  }
  return textHolds(column.value, op, column.folded ? keyOf(literal) : literal)
}

export function compareText(column: RowColumn, op: CompareOp, literal: string): Predicate {
  const nullable = column.kind === 'text' && column.nullable
  const holds = single(column, op === 'ne' ? 'eq' : op, literal)
  if (!holds) return undecided
  if (op === 'ne')
    return exactly(nullable ? sql`(${column.value} IS NULL OR NOT ${holds})` : sql`(NOT ${holds})`)
  return exactly(nullable ? sql`(${column.value} IS NOT NULL AND ${holds})` : sql`(${holds})`)
}

/** One value that matches is enough; for `ne` one that differs, or none at all. */
export function compareTexts(array: Statement, op: CompareOp, literal: string): Predicate {
  if (!isHoldable(literal)) return isOrder(op) ? undecided : op === 'ne' ? always : never
  const folded = keyOf(literal)
  if (op === 'eq') return exactly(sql`(${array} @> ARRAY[${folded}::text])`)
  if (op === 'ne') {
    return exactly(
      sql`(cardinality(${array}) = 0 OR EXISTS (SELECT FROM unnest(${array}) k WHERE k <> ${folded}::text))`,
    )
  }
  return exactly(sql`EXISTS (SELECT FROM unnest(${array}) k WHERE ${textHolds(sql`k`, op, folded)})`)
}

export function compareRows(
  column: Extract<Column, { kind: 'rows' }>,
  op: CompareOp,
  literal: string,
): Predicate {
  const holds = single(column.column, op === 'ne' ? 'eq' : op, literal)
  if (!holds) return undecided
  const some = (condition: Statement) =>
    sql`EXISTS (SELECT FROM ${column.from} WHERE ${column.where} AND ${condition})`
  if (op === 'ne') return exactly(sql`(NOT ${some(sql`true`)} OR ${some(sql`NOT ${holds}`)})`)
  return exactly(some(holds))
}

/** The column keeps milliseconds; a literal may be finer. */
export function compareInstant(column: Statement, op: CompareOp, literal: string): Predicate {
  if (op === 'co' || op === 'sw' || op === 'ew') return undecided
  const instant = instantOf(literal)
  if (!instant) return op === 'ne' ? always : never
  const floor = timestamp(instant)
  const finer = instant.nanoseconds % 1e6 !== 0
  const greater = exactly(sql`(${column} > ${floor})`)
  const notGreater = exactly(sql`(${column} <= ${floor})`)
  return {
    eq: finer ? never : exactly(sql`(${column} = ${floor})`),
    ne: finer ? always : exactly(sql`(${column} <> ${floor})`),
    gt: greater,
    ge: finer ? greater : exactly(sql`(${column} >= ${floor})`),
    lt: finer ? notGreater : exactly(sql`(${column} < ${floor})`),
    le: notGreater,
  }[op]
}

function timestamp({ seconds, nanoseconds }: Instant): Statement {
  const date = new Date(seconds * 1000 + Math.floor(nanoseconds / 1e6))
  const year = date.getUTCFullYear()
  const text = year < 1 ? '-infinity' : year > 9999 ? 'infinity' : date.toISOString()
  return sql`${text}::timestamptz`
}

/**
 * What a filter becomes in SQL. Never NULL, so that it can be negated. Unless `exact` it is only necessary: rows that it
 * keeps are still to be judged by `matches`.
 */
export interface Predicate {
  readonly where: Statement
  readonly exact: boolean
}

export const always: Predicate = { where: sql`true`, exact: true }

export const never: Predicate = { where: sql`false`, exact: true }

/** SQL cannot say it. */
export const undecided: Predicate = { where: sql`true`, exact: false }

export const exactly = (where: Statement): Predicate => ({ where, exact: true })

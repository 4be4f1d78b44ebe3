import type { CompareOp, Filter, Literal } from '../../../scim/filter/ast.ts'
import { join, sql } from '../../sql/statement.ts'
import { keyOf } from '../rows.ts'
import type { Column } from './columns.ts'
import {
  always,
  compareInstant,
  compareRows,
  compareText,
  compareTexts,
  exactly,
  never,
  type Predicate,
  undecided,
} from './compare.ts'

function combine(kind: 'and' | 'or', terms: readonly Predicate[]): Predicate {
  if (terms.length === 0) return kind === 'and' ? always : never
  const where = sql`(${join(
    terms.map((term) => term.where),
    kind === 'and' ? ' AND ' : ' OR ',
  )})`
  return { where, exact: terms.every((term) => term.exact) }
}

function negate(term: Predicate): Predicate {
  return term.exact ? exactly(sql`(NOT ${term.where})`) : undecided
}

type Columns = Readonly<Record<string, Column>>
type Compare = Extract<Filter, { kind: 'compare' }>

/** The part of a filter that SQL can judge; agrees with `matches`. */
export function compile(filter: Filter, columns: Columns, parents: readonly string[] = []): Predicate {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return combine(
        filter.kind,
        filter.terms.map((term) => compile(term, columns, parents)),
      )
    case 'not':
      return negate(compile(filter.term, columns, parents))
    case 'present':
      return present(columns[[...parents, ...filter.path.names].join('.')])
    case 'element':
      return element(filter, columns, parents)
    case 'compare':
      return compare(filter, columns, parents)
  }
}

/** One element must satisfy the whole: each part of it alone is necessary, and sufficient where it is the only one. */
function element(
  filter: Extract<Filter, { kind: 'element' }>,
  columns: Columns,
  parents: readonly string[],
): Predicate {
  const path = [...parents, ...filter.path.names]
  const inner = filter.filter
  if (inner.kind === 'compare' && inner.op !== 'ne' && inner.value !== null)
    return compare(inner, columns, path)
  if (inner.kind !== 'and') return undecided
  const terms = inner.terms.map((term) => element({ ...filter, filter: term }, columns, parents))
  return { ...combine('and', terms), exact: false }
}

function compare({ path, op, value }: Compare, columns: Columns, parents: readonly string[]): Predicate {
  if (path.type === 'unknown') return never
  const column = columns[[...parents, ...path.names].join('.')]
  if (!column) return undecided
  if (value === null) return op === 'ne' ? present(column) : negate(present(column))
  const compared = column.kind === 'rows' ? column.column : column
  // SQL and `matches` would fold letter case differently.
  if (compared.kind === 'text' && compared.folded === path.caseExact) return undecided
  const folds = compared.kind === 'id' && !path.caseExact && typeof value === 'string'
  return compareColumn(column, op, folds ? keyOf(value) : value)
}

function compareColumn(column: Column, op: CompareOp, value: Literal): Predicate {
  switch (column.kind) {
    case 'boolean':
      if (typeof value !== 'boolean') return op === 'ne' ? always : never
      if (op !== 'eq' && op !== 'ne') return never
      return exactly(sql`(${column.value} = ${(op === 'eq') === value}::boolean)`)
    case 'instant':
      return typeof value === 'string' ? compareInstant(column.value, op, value) : undecided
    case 'texts':
      return typeof value === 'string' ? compareTexts(column.value, op, value) : undecided
    case 'rows':
      return typeof value === 'string' ? compareRows(column, op, value) : undecided
    case 'text':
    case 'id':
      return typeof value === 'string' ? compareText(column, op, value) : undecided
  }
}

function present(column: Column | undefined): Predicate {
  switch (column?.kind) {
    case undefined:
      return undecided
    case 'text':
      return exactly(
        column.nullable
          ? sql`(${column.value} IS NOT NULL AND ${column.value} <> '')`
          : sql`(${column.value} <> '')`,
      )
    case 'texts':
      return exactly(sql`EXISTS (SELECT FROM unnest(${column.value}) k WHERE k <> '')`)
    case 'rows':
      return exactly(sql`EXISTS (SELECT FROM ${column.from} WHERE ${column.where})`)
    case 'id':
    case 'boolean':
    case 'instant':
      return always
  }
}

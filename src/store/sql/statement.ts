import { empty, join, raw, Sql as Template, sqltag } from '@prisma/client/runtime/client'

/** Prisma's template: a statement or a part of one; values become parameters. */
export const sql = sqltag
/** `raw`: text of a statement as it is, never of a request. */
export { empty, join, raw }
export type Statement = Template
/** A statement as it is sent: `$1` stands for the first value. */
export type Query = Pick<Statement, 'text' | 'values'> & {
  /** Only reads, and few rows by an index: may share a round trip with others. */
  readonly shortRead?: boolean
}

/** Marks statements whose text depends on the request: they are not kept prepared. */
export const unprepared = '/* unprepared */'

/** NUL and halves of surrogate pairs, as `JSON.stringify` writes them: `jsonb` refuses both. */
const unstorable = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g

export const isStorable = (value: unknown): boolean => JSON.stringify(value).search(unstorable) < 0

/** A list whose length the planner does not see: or it would plan the statement anew for each (ADR 0008). */
export const unseen = (values: readonly unknown[], type: 'uuid' | 'int' | 'text' | 'jsonb'): Statement =>
  sql`(SELECT ${values}::${raw(type)}[])`

/** Plain JSON as a `jsonb` parameter; undefined is SQL's NULL. What PostgreSQL cannot hold becomes U+FFFD. */
export function json(value: unknown): Statement {
  if (value === undefined || value === null) return sql`NULL::jsonb`
  return sql`${storable(value)}::jsonb`
}

/** As a value for `jsonb`. What PostgreSQL cannot hold becomes U+FFFD. */
export const storable = (value: unknown): string => JSON.stringify(value).replace(unstorable, '$1\ufffd')

export function milliseconds(ms: number): Statement {
  return sql`(${ms}::double precision * interval '1 millisecond')`
}

/** The database's clock at this very moment, also inside a longer transaction. */
export const clock = sql`clock_timestamp()`

/** Runs statements, each in one round trip. Rejects with `StoreUnavailable` while the database cannot be reached. */
export interface Sql {
  rows<T>(statement: Query): Promise<T[]>
  /** The first row. */
  row<T>(statement: Query): Promise<T | undefined>
  /**
   * The rows of each, in one round trip. One transaction: each sees what those before it wrote, and if one fails none was
   * done.
   */
  together(statements: readonly Query[]): Promise<unknown[][]>
  /** Several statements in one transaction; it is run again when the database gave it up for a conflict. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>
}

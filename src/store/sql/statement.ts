import { Prisma } from '../../generated/prisma/client.ts'

/** A statement or a part of one; values become parameters. */
export const sql = Prisma.sql
export const join = Prisma.join
export const empty = Prisma.empty
export type Statement = Prisma.Sql

/** Plain JSON as a `jsonb` parameter; undefined is SQL's NULL. */
export function json(value: unknown): Statement {
  return value === undefined || value === null ? sql`NULL::jsonb` : sql`${JSON.stringify(value)}::jsonb`
}

export function milliseconds(ms: number): Statement {
  return sql`(${ms}::double precision * interval '1 millisecond')`
}

/** The database's clock at this very moment, also inside a longer transaction. */
export const clock = sql`clock_timestamp()`

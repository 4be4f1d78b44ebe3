import { join, sql, type Statement } from '../../sql/statement.ts'

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

export function combine(kind: 'and' | 'or', terms: readonly Predicate[]): Predicate {
  if (terms.length === 0) return kind === 'and' ? always : never
  const where = sql`(${join(
    terms.map((term) => term.where),
    kind === 'and' ? ' AND ' : ' OR ',
  )})`
  return { where, exact: terms.every((term) => term.exact) }
}

export function negate(term: Predicate): Predicate {
  return term.exact ? exactly(sql`(NOT ${term.where})`) : undecided
}

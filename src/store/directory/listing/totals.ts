import { sql, type Statement } from '../../sql/statement.ts'

/** How many resources a directory had, and of which state of the database that is true. */
interface Counted {
  readonly total: number
  readonly snapshot: string
}

/** Columns `total` and `snapshot` for a list of everything. */
export interface Totals {
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
export function createTotals(): Totals {
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

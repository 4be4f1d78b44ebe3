import type { Drawn, SharedLimit } from '../../model/processes.ts'
import { relaxed } from '../queue/claim.ts'
import { type Sql, sql } from '../sql/statement.ts'

/** Calls that are drawn go out within this time, or never. */
const longestHoldMs = 250
/** What may pile up in quiet times, of what a window allows. */
const burst = 0.1
/** Of what may pile up, left for shut-outs. */
const reserve = 0.1

interface Bucket {
  readonly holdMs: number
  /** Most that can pile up. */
  readonly capacity: number
  readonly perMs: number
  readonly draw: number
}

/**
 * A bucket from which, in any window of the vendor's, no more goes out than the limit: what has piled up, what trickles in
 * during the window, and what is drawn just before it and used inside it.
 */
function bucketOf({ requests, perMs }: SharedLimit): Bucket {
  const holdMs = Math.min(longestHoldMs, perMs / 4)
  const capacity = Math.max(1, Math.floor(requests * burst))
  const rate = (requests + 0.99 - capacity) / (perMs + holdMs)
  return { holdMs, capacity, perMs: rate, draw: Math.max(1, Math.floor(rate * holdMs)) }
}

interface DrawnRow {
  readonly granted: number
  readonly level: number
}

/**
 * Draws what may go out within the next moment, at most `most`; `urgent` may take what is kept for shut-outs. Nobody waits
 * for the disk: what a power cut takes away is a draw whose time is over when the store is back.
 */
export async function drawTokens(db: Sql, limit: SharedLimit, most: number, urgent: boolean): Promise<Drawn> {
  const { capacity, holdMs, perMs, draw } = bucketOf(limit)
  const kept = urgent || capacity < 2 ? 0 : Math.max(1, Math.round(capacity * reserve))
  const want = Math.max(1, Math.min(most, draw))
  for (;;) {
    const row = await db.row<DrawnRow>(sql`
      WITH full_to AS (
        SELECT least(${capacity}::double precision, tokens + ${perMs}::double precision
          * greatest(0, extract(epoch FROM clock_timestamp() - at)::double precision * 1000)) AS level
        FROM pace_budgets WHERE key = ${limit.key}::text FOR UPDATE
      ), drawn AS (
        SELECT level, greatest(0, least(${want}::int, floor(level - ${kept}::int)))::int AS granted FROM full_to
      )
      UPDATE pace_budgets SET tokens = drawn.level - drawn.granted, at = clock_timestamp()
      FROM drawn, ${relaxed} WHERE key = ${limit.key}::text RETURNING drawn.granted, drawn.level`)
    if (row) {
      const nextMs = row.granted > 0 ? 0 : Math.max(1, Math.ceil((1 + kept - row.level) / perMs))
      return { granted: row.granted, holdMs, nextMs }
    }
    await db.rows(sql`
      INSERT INTO pace_budgets (key, tokens, at) VALUES (${limit.key}::text, ${capacity}::double precision, clock_timestamp())
      ON CONFLICT DO NOTHING`)
  }
}

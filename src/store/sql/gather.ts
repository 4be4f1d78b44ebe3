import type pg from 'pg'
import { endsConnection } from './failures.ts'
import { type Named, runTogether } from './run.ts'
import { byTurn } from './turn.ts'

/** Runs a short read; those that are asked for in one turn of the event loop share a round trip. */
export type Gather = <T>(query: Named) => Promise<T[]>

interface Asked {
  readonly query: Named
  resolve(rows: never[]): void
  reject(error: unknown): void
}

/** Most reads that wait for each other on one connection. */
const mostTogether = 16

/**
 * A round trip costs the gateway and PostgreSQL more than a short read does. Reads that come together are sent and
 * answered together; one that comes alone waits for nothing. When one of them fails, it and those behind it run again,
 * each by itself, so that nobody hears of another's failure.
 */
export function createGather(pool: pg.Pool, alone: Gather): Gather {
  function run(asked: readonly Asked[]): void {
    if (asked.length === 1) return oneByOne(asked)
    pool.connect((refused, connection, release) => {
      if (refused || !connection) {
        for (const { reject } of asked) reject(refused ?? new Error('no connection'))
        return
      }
      let through = 0
      const answered = (at: number, rows: never[]): void => {
        through = at + 1
        asked[at]!.resolve(rows)
      }
      const done = (error: Error | undefined): void => {
        release(error && endsConnection(error))
        if (error) oneByOne(asked.slice(through))
      }
      const queries = asked.map(({ query }) => query)
      connection.query(runTogether(queries, answered, done))
    })
  }

  function oneByOne(asked: readonly Asked[]): void {
    for (const { query, resolve, reject } of asked) alone<never>(query).then(resolve, reject)
  }

  const ask = byTurn<Asked>(mostTogether, run)
  return <T>(query: Named) => new Promise<T[]>((resolve, reject) => ask({ query, resolve, reject }))
}

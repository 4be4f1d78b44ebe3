import type pg from 'pg'
import { asStoreError, endsConnection, isConflict, isOutdated } from './failures.ts'
import { createGather } from './gather.ts'
import { type Named, runNamed, runTogether } from './run.ts'
import { type Query, type Sql, unprepared } from './statement.ts'

/** Statements of which one connection keeps the plan; a text that is built anew each time must not fill it. */
const mostNames = 500

/** Statements over the driver, kept prepared by their text. */
export function createDirect(pool: pg.Pool): Sql {
  // The loss of a connection rejects what runs on it, and emits this event too; unheard it ends the process. The pool listens
  // only while it keeps the connection, and not in the moment in which one borrower follows another.
  pool.on('connect', (connection) => connection.on('error', ignore))
  const names = new Map<string, string>()
  const nameOf = (text: string): string | undefined => {
    const known = names.get(text)
    if (known !== undefined) return known
    if (names.size >= mostNames || text.startsWith(unprepared)) return undefined
    const name = `drawbridge_${names.size}`
    names.set(text, name)
    return name
  }

  function inside(connection: pg.PoolClient): Sql {
    const rows = <T>(query: Query): Promise<T[]> => {
      const name = nameOf(query.text)
      return name === undefined ? usual<T>(connection, query) : onConnection<T>(connection, query, name)
    }
    const inner: Sql = {
      rows,
      row: async <T>(statement: Query) => (await rows<T>(statement))[0],
      together: (queries) => Promise.all(queries.map((query) => rows(query))),
      transaction: (work) => work(inner),
    }
    return inner
  }

  const gather = createGather(pool, (query) => onAny(pool, query))
  const ask = <T>({ text, values, shortRead }: Query): Promise<T[]> => {
    const name = nameOf(text)
    if (name === undefined) return usual<T>(pool, { text, values })
    return shortRead ? gather<T>({ name, text, values }) : onAny<T>(pool, { name, text, values })
  }
  const rows = <T>(statement: Query): Promise<T[]> => retrying(() => ask<T>(statement))
  const transaction: Sql['transaction'] = (work) =>
    retrying(() => transact(pool, (connection) => work(inside(connection))))
  return {
    rows,
    row: async <T>(statement: Query) => (await rows<T>(statement))[0],
    async together(queries) {
      const named = queries.flatMap(({ text, values }) => {
        const name = nameOf(text)
        return name === undefined ? [] : [{ name, text, values }]
      })
      if (named.length === queries.length) return retrying(() => onOne(pool, named))
      return transaction((tx) => tx.together(queries))
    },
    transaction,
  }
}

/** The driver's own way: for a text that is not kept. */
async function usual<T>(connection: Pick<pg.Pool, 'query'>, { text, values }: Query): Promise<T[]> {
  return (await connection.query({ text, values } as pg.QueryConfig)).rows as T[]
}

function onConnection<T>(connection: pg.PoolClient, query: Query, name: string): Promise<T[]> {
  return new Promise((resolve, reject) => {
    const { text, values } = query
    const done = (error: Error | undefined, rows: T[]): void => (error ? reject(error) : resolve(rows))
    connection.query(runNamed<T>({ name, text, values }, done))
  })
}

/** One statement on whichever connection is free. */
const onAny = <T>(pool: pg.Pool, query: Named): Promise<T[]> => lent(pool, (done) => runNamed<T>(query, done))

/** Statements that share a round trip and a transaction, on whichever connection is free. */
function onOne(pool: pg.Pool, queries: readonly Named[]): Promise<unknown[][]> {
  const all: unknown[][] = []
  return lent(pool, (done) =>
    runTogether(
      queries,
      (_, rows) => void all.push(rows),
      (error) => done(error, all),
    ),
  )
}

function lent<T>(
  pool: pg.Pool,
  query: (done: (error: Error | undefined, found: T) => void) => pg.Submittable,
): Promise<T> {
  return new Promise((resolve, reject) => {
    pool.connect((refused, connection, release) => {
      if (refused || !connection) return reject(refused ?? new Error('no connection'))
      const done = (error: Error | undefined, found: T): void => {
        release(error && endsConnection(error))
        if (error) reject(error)
        else resolve(found)
      }
      connection.query(query(done))
    })
  })
}

const ignore = (): void => {}

async function transact<T>(pool: pg.Pool, work: (connection: pg.PoolClient) => Promise<T>): Promise<T> {
  const connection = await pool.connect()
  let broken = false
  try {
    await connection.query('BEGIN')
    const result = await work(connection)
    await connection.query('COMMIT')
    return result
  } catch (error) {
    broken = isOutdated(error)
    // The work may have refused by itself: a connection that can still be rolled back is as good as before.
    await connection.query('ROLLBACK').catch(() => {
      broken = true
    })
    throw error
  } finally {
    connection.release(broken)
  }
}

/** Deadlocks and serialization failures are tried again; nothing of them was kept. */
export async function retrying<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      if (attempt < 10 && isConflict(error)) continue
      throw asStoreError(error)
    }
  }
}

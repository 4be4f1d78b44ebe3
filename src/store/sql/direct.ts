import type pg from 'pg'
import type { Sql } from './client.ts'
import { asStoreError, endsConnection, isConflict } from './failures.ts'
import { runNamed } from './run.ts'
import { type Query, unprepared } from './statement.ts'

/** Statements of which one connection keeps the plan; a text that is built anew each time must not fill it. */
const mostNames = 200

/** Statements straight over the driver, kept prepared by their text: for what runs with every request. */
export function createDirect(pool: pg.Pool): Sql {
  const names = new Map<string, string>()
  const nameOf = (text: string): string | undefined => {
    const known = names.get(text)
    if (known !== undefined) return known
    if (names.size >= mostNames || text.startsWith(unprepared)) return undefined
    const name = `hot_${names.size}`
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
      transaction: (work) => work(inner),
    }
    return inner
  }

  const ask = <T>(query: Query): Promise<T[]> => {
    const name = nameOf(query.text)
    return name === undefined ? usual<T>(pool, query) : onAny<T>(pool, query, name)
  }
  const rows = <T>(statement: Query): Promise<T[]> => retrying(() => ask<T>(statement))
  return {
    rows,
    row: async <T>(statement: Query) => (await rows<T>(statement))[0],
    transaction: (work) => retrying(() => transact(pool, (connection) => work(inside(connection)))),
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
function onAny<T>(pool: pg.Pool, { text, values }: Query, name: string): Promise<T[]> {
  return new Promise((resolve, reject) => {
    pool.connect((refused, connection, release) => {
      if (refused || !connection) return reject(refused ?? new Error('no connection'))
      // Its loss rejects the statement and emits this event too; unheard it ends the process.
      connection.once('error', ignore)
      const done = (error: Error | undefined, rows: T[]): void => {
        connection.off('error', ignore)
        release(error && endsConnection(error))
        if (error) reject(error)
        else resolve(rows)
      }
      connection.query(runNamed<T>({ name, text, values }, done))
    })
  })
}

const ignore = (): void => {}

async function transact<T>(pool: pg.Pool, work: (connection: pg.PoolClient) => Promise<T>): Promise<T> {
  const connection = await pool.connect()
  let broken = false
  // A connection that is lost while it is lent rejects the query and emits this event too; unheard it ends the process.
  const lost = (): void => void (broken = true)
  connection.on('error', lost)
  try {
    await connection.query('BEGIN')
    const result = await work(connection)
    await connection.query('COMMIT')
    return result
  } catch (error) {
    broken ||= endsConnection(error)
    await connection.query('ROLLBACK').catch(() => {
      broken = true
    })
    throw error
  } finally {
    connection.off('error', lost)
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

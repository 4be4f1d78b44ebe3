import type pg from 'pg'
import type { Sql } from './client.ts'
import { asStoreError, isConflict } from './failures.ts'
import { type Query, unprepared } from './statement.ts'

type Connection = Pick<pg.Pool, 'query'>

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

  async function ask<T>(connection: Connection, { text, values }: Query): Promise<T[]> {
    const { rows } = await connection.query({ text, values, name: nameOf(text) } as pg.QueryConfig)
    return rows as T[]
  }

  function inside(connection: pg.PoolClient): Sql {
    const rows = <T>(statement: Query): Promise<T[]> => ask<T>(connection, statement)
    const inner: Sql = {
      rows,
      row: async <T>(statement: Query) => (await rows<T>(statement))[0],
      transaction: (work) => work(inner),
    }
    return inner
  }

  const rows = <T>(statement: Query): Promise<T[]> => retrying(() => ask<T>(pool, statement))
  return {
    rows,
    row: async <T>(statement: Query) => (await rows<T>(statement))[0],
    transaction: (work) => retrying(() => transact(pool, (connection) => work(inside(connection)))),
  }
}

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

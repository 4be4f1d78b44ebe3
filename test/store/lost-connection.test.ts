import assert from 'node:assert/strict'
import { it } from 'node:test'
import pg from 'pg'
import { createDirect } from '../../src/store/sql/direct.ts'
import { sql } from '../../src/store/sql/statement.ts'
import { createTestDatabase } from '../support/database.ts'

it('survives a connection that is lost in the middle of a transaction', async (t) => {
  const { url, drop } = await createTestDatabase('empty')
  t.after(drop)
  const pool = new pg.Pool({ connectionString: url, max: 2 })
  pool.on('error', () => {})
  t.after(() => pool.end())
  const direct = createDirect(pool)
  const broken = direct.transaction(async (tx) => {
    const row = await tx.row<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`)
    await pool.query('SELECT pg_terminate_backend($1)', [row?.pid])
    // Time for the end of the connection to arrive while no query runs on it.
    await new Promise((resolve) => setTimeout(resolve, 100))
    return tx.rows(sql`SELECT 1 AS one`)
  })
  await assert.rejects(broken)
  assert.deepEqual(await direct.rows(sql`SELECT 1 AS one`), [{ one: 1 }])
})

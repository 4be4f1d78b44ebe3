import assert from 'node:assert/strict'
import { it } from 'node:test'
import pg from 'pg'
import { createClient, createDirect } from '../../src/store/sql/direct.ts'
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

it('survives connections that are lost in the moment in which others wait for them', async (t) => {
  const { url, drop } = await createTestDatabase('empty')
  t.after(drop)
  const client = createClient(url, () => {})
  const cutter = new pg.Client({ connectionString: url })
  cutter.on('error', () => {})
  t.after(() => Promise.all([client.close(), cutter.end()]))
  await cutter.connect()
  const answered = cutter.query<{ cut: number }>(`WITH later AS MATERIALIZED (SELECT pg_sleep(0.4))
    SELECT count(pg_terminate_backend(a.pid))::int AS cut FROM later, pg_stat_activity a
    WHERE a.datname = current_database() AND a.application_name = 'drawbridge'`)
  const running = Array.from({ length: 16 }, () => client.rows(sql`SELECT pg_sleep(0.2)`))
  const waiting = Array.from({ length: 16 }, () => client.transaction((tx) => tx.rows(sql`SELECT 1 AS one`)))
  const all = Promise.allSettled([...running, ...waiting])
  // The answers and the ends of their connections are read together: the process was busy meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 150))
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 800)
  assert.ok((await answered).rows[0]!.cut >= 16)
  await all
  assert.deepEqual(await client.rows(sql`SELECT 1 AS one`), [{ one: 1 }])
})

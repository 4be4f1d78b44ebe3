import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { createDirect } from '../../src/store/sql/direct.ts'
import { type Sql, sql } from '../../src/store/sql/statement.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let pool: pg.Pool
let direct: Sql

before(async () => {
  database = await createTestDatabase('empty')
  // One connection, so that what becomes of it is seen.
  pool = new pg.Pool({ connectionString: database.url, max: 1 })
  pool.on('error', () => {})
  direct = createDirect(pool)
})

after(async () => {
  await pool.end()
  await database.drop()
})

test('gives the rows that the driver itself gives, described or known', async () => {
  const statement = sql`SELECT 1 AS number, true AS flag, NULL::text AS nothing, 'x"y\\' AS text, ARRAY['a,"b', NULL] AS list,
    '{"a":[1]}'::jsonb AS json, '2026-11-22 10:00:00.123+00'::timestamptz AS at, '0026-01-01 00:00:00+00 BC'::timestamptz AS long_ago,
    ${['a"b\\', 'c,d', '', null]}::text[] AS given, ${new Date(5)}::timestamptz AS early, ${{ b: 1 }}::jsonb AS object`
  const usual = (await pool.query(statement.text, statement.values)).rows
  for (let run = 0; run < 3; run++) assert.deepEqual(await direct.rows(statement), usual)
})

test('keeps the connection when a statement is refused, and runs the next', async () => {
  const pid = () => direct.row<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`)
  const first = await pid()
  for (let run = 0; run < 2; run++)
    await assert.rejects(direct.rows(sql`SELECT 1 / ${0}::int`), { code: '22012' })
  assert.deepEqual(await pid(), first)
})

test('keeps the connection when the work in a transaction refuses, and keeps nothing of it', async () => {
  const pid = (db: Sql) => db.row<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`)
  await direct.rows(sql`CREATE TABLE refused (a int)`)
  const first = await pid(direct)
  const refuse = (tx: Sql): Promise<void> =>
    tx.rows(sql`INSERT INTO refused VALUES (${1}::int)`).then(() => Promise.reject(new Error('no')))
  await assert.rejects(direct.transaction(refuse), { message: 'no' })
  assert.deepEqual(await pid(direct), first)
  assert.deepEqual(await direct.rows(sql`SELECT a FROM refused`), [])
  await assert.rejects(
    direct.transaction((tx) => tx.rows(sql`SELECT pg_terminate_backend(pg_backend_pid())`)),
    /store cannot be reached/,
  )
  assert.notDeepEqual(await pid(direct), first)
})

test('gives a connection up whose statements no longer fit the tables', async () => {
  await direct.rows(sql`CREATE TABLE moved (a int)`)
  await direct.rows(sql`INSERT INTO moved VALUES (${1}::int)`)
  const read = sql`SELECT * FROM moved`
  assert.deepEqual(await direct.rows(read), [{ a: 1 }])
  assert.deepEqual(await direct.rows(read), [{ a: 1 }])
  await direct.rows(sql`ALTER TABLE moved ADD b text DEFAULT 'new'`)
  await assert.rejects(direct.rows(read), { code: '0A000' })
  assert.deepEqual(await direct.rows(read), [{ a: 1, b: 'new' }])
})

test('runs statements together as one transaction, each with what those before it wrote', async () => {
  await direct.rows(sql`CREATE TABLE kept (a int PRIMARY KEY)`)
  const write = (a: number) => sql`INSERT INTO kept VALUES (${a}::int) RETURNING a`
  const read = sql`SELECT count(*)::int AS count FROM kept`
  assert.deepEqual(await direct.together([write(1), read, write(2), read]), [
    [{ a: 1 }],
    [{ count: 1 }],
    [{ a: 2 }],
    [{ count: 2 }],
  ])
  await assert.rejects(direct.together([write(3), write(1), write(4)]), { code: '23505' })
  assert.deepEqual(await direct.rows(read), [{ count: 2 }], 'nothing of it was done')
  assert.deepEqual(await direct.together([read]), [[{ count: 2 }]])
})

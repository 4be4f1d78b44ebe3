import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { createDirect } from '../../src/store/sql/direct.ts'
import { prepared, type Sql, sql } from '../../src/store/sql/statement.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let database: TestDatabase
let pool: pg.Pool
let direct: Sql

before(async () => {
  database = await createTestDatabase('empty')
  pool = new pg.Pool({ connectionString: database.url, max: 4 })
  pool.on('error', () => {})
  direct = createDirect(pool)
})

after(async () => {
  await pool.end()
  await database.drop()
})

const who = prepared<'n'>((value) => sql`SELECT pg_backend_pid() AS pid, ${value('n')}::int AS n`, {
  shortRead: true,
})
const share = prepared<'by'>((value) => sql`SELECT 12 / ${value('by')}::int AS share`, { shortRead: true })
const end = prepared<'pid'>(
  (value) => sql`SELECT pg_terminate_backend(coalesce(${value('pid')}::int, pg_backend_pid())) AS ended`,
  { shortRead: true },
)

const several = (count: number) => Array.from({ length: count }, (_, n) => n)

test('answers each of the reads that came together, over one connection', async () => {
  for (let turn = 0; turn < 2; turn++) {
    const rows = await Promise.all(several(5).map((n) => direct.rows<{ pid: number; n: number }>(who({ n }))))
    assert.deepEqual(
      rows.map((each) => each.map(({ n }) => n)),
      several(5).map((n) => [n]),
    )
    assert.equal(new Set(rows.map(([row]) => row?.pid)).size, 1)
  }
})

test('spreads many reads over several connections', async () => {
  const rows = await Promise.all(several(40).map((n) => direct.row<{ pid: number; n: number }>(who({ n }))))
  assert.deepEqual(
    rows.map((row) => row?.n),
    several(40),
  )
  assert.equal(new Set(rows.map((row) => row?.pid)).size, 3)
})

test('refuses only the read that fails', async () => {
  for (let turn = 0; turn < 2; turn++) {
    const answers = await Promise.allSettled([3, 0, 4, 0, 6].map((by) => direct.row(share({ by }))))
    assert.deepEqual(
      answers.map((each) =>
        each.status === 'fulfilled' ? each.value : (each.reason as { code: string }).code,
      ),
      [{ share: 4 }, '22012', { share: 3 }, '22012', { share: 2 }],
    )
  }
})

test('answers the others when the connection is lost under one of them', async () => {
  const answers = await Promise.allSettled([
    direct.row<{ n: number }>(who({ n: 1 })),
    direct.row(end({ pid: null })),
    direct.row<{ n: number }>(who({ n: 2 })),
  ])
  assert.deepEqual(
    answers.map((each) => (each.status === 'fulfilled' ? (each.value as { n: number }).n : 'refused')),
    [1, 'refused', 2],
  )
  assert.equal((await direct.row<{ n: number }>(who({ n: 3 })))?.n, 3)
})

test('says of every read that the store is away when no connection is to be had', async () => {
  const gone = new pg.Pool({ connectionString: 'postgresql://nobody@127.0.0.1:1/none' })
  const away = createDirect(gone)
  const answers = await Promise.allSettled(several(3).map((n) => away.rows(who({ n }))))
  assert.deepEqual(
    answers.map((each) => each.status === 'rejected' && (each.reason as Error).name),
    several(3).map(() => 'StoreUnavailable'),
  )
  await gone.end()
})

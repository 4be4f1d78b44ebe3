import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { compareReleases, migrate } from '../../src/store/migrate.ts'
import { createTestDatabase, stopOwnServer, type TestDatabase } from '../support/database.ts'

const own = fileURLToPath(new URL('../../prisma/migrations', import.meta.url))
const names = (await readdir(own, { withFileTypes: true }))
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
  .sort()
let folder: string
const databases: TestDatabase[] = []

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawbridge-migrations-'))
  await cp(own, folder, { recursive: true })
})

after(async () => {
  await rm(folder, { recursive: true, force: true })
  for (const { drop } of databases) await drop()
  await stopOwnServer()
})

async function empty(): Promise<string> {
  const database = await createTestDatabase('empty')
  databases.push(database)
  return database.url
}

async function ask<T extends object>(url: string, text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<T>(text).finally(() => client.end())
  return rows
}

async function addMigration(name: string, text: string): Promise<void> {
  await mkdir(join(folder, name), { recursive: true })
  await writeFile(join(folder, name, 'migration.sql'), text)
}

test('applies each migration once when several processes start together', async () => {
  const url = await empty()
  const applied = await Promise.all([migrate(url), migrate(url), migrate(url)])
  assert.deepEqual(applied.flat().toSorted(), names)
  const rows = await ask<{ done: boolean }>(
    url,
    'SELECT finished_at IS NOT NULL AS done FROM _prisma_migrations',
  )
  assert.deepEqual(
    rows,
    names.map(() => ({ done: true })),
  )
  assert.deepEqual(await migrate(url), [])
})

test('lets older releases run on a newer store until a migration says otherwise', async () => {
  const url = await empty()
  await addMigration('29990101000000_later', 'CREATE TABLE later (id int);')
  assert.equal((await migrate(url, { folder, release: '0.2.0' })).length, names.length + 1)
  assert.deepEqual(await migrate(url, { release: '0.1.0' }), [], 'a migration that it does not know')
  await addMigration(
    '29990102000000_break',
    `UPDATE store_meta SET value = '0.2.0' WHERE key = 'minimum_release';`,
  )
  await migrate(url, { folder, release: '0.2.0' })
  await assert.rejects(() => migrate(url, { release: '0.1.9' }), {
    code: 'RELEASE_TOO_OLD',
    message: /0\.2\.0 or later/,
  })
  assert.deepEqual(await migrate(url, { folder, release: '0.10.0' }), [])
})

test('refuses a migration that was edited, and one that failed, and keeps nothing of the latter', async () => {
  const url = await empty()
  await addMigration('29990103000000_bad', 'CREATE TABLE half (id int); SELECT 1/0;')
  await assert.rejects(() => migrate(url, { folder, release: '9.0.0' }), {
    code: 'MIGRATION_FAILED',
    message: /_bad failed/,
  })
  await assert.rejects(() => migrate(url, { folder, release: '9.0.0' }), {
    code: 'MIGRATION_FAILED',
    message: /failed earlier/,
  })
  assert.deepEqual(await ask(url, `SELECT to_regclass('half') AS there`), [{ there: null }])
  await ask(url, `UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL`)
  await addMigration('29990103000000_bad', 'CREATE TABLE half (id int);')
  assert.equal((await migrate(url, { folder, release: '9.0.0' })).length, 1)
  await addMigration('29990103000000_bad', 'CREATE TABLE whole (id int);')
  await assert.rejects(() => migrate(url, { folder, release: '9.0.0' }), { code: 'MIGRATION_EDITED' })
})

test('orders releases by their numbers', () => {
  assert.ok(compareReleases('0.9.0', '0.10.0') < 0)
  assert.ok(compareReleases('1.0.0', '0.10.0') > 0)
  assert.equal(compareReleases('1.2.3', '1.2.3-next.1'), 0)
})

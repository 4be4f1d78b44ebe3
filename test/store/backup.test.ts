import assert from 'node:assert/strict'
import { PassThrough, Readable, Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, beforeEach, test } from 'node:test'
import pg from 'pg'
import { verifyAudit } from '../../src/operations/audit/verify.ts'
import { dump } from '../../src/store/backup/dump.ts'
import { load } from '../../src/store/backup/load.ts'
import { move } from '../../src/store/backup/move.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openStore, type Store } from '../../src/app/stores.ts'
import { aConfiguration, aConnection, anActor } from '../support/configuration.ts'
import { createTestDatabase, openTestStore, quiet, type TestStore } from '../support/database.ts'
import { isRecovering } from '../../src/operations/reconciliation/store.ts'
import { seal } from '../../src/operations/audit/store.ts'

let source: TestStore
let directoryId: string
const opened: { close(): Promise<unknown> }[] = []

beforeEach(async () => {
  source = await openTestStore()
  opened.push(source)
  const applied = await source.applyConfiguration(aConfiguration(aConnection('sentry')))
  directoryId = applied.directoryIds.get('corp')!
  for (const name of ['ada', 'jo\\an\n\t', 'grace ✓']) {
    await source.directory.createUser(anActor(directoryId), {
      userName: `${name}@corp.example`,
      active: true,
    })
  }
  while ((await seal(source.db, 100)).length > 0);
})

afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close()
})

async function taken(): Promise<Buffer> {
  const through = new PassThrough()
  const [bytes] = await Promise.all([buffer(through), dump(source.url, through)])
  return bytes
}

async function target(): Promise<string> {
  const { url, drop } = await createTestDatabase('empty')
  opened.push({ close: drop })
  return url
}

async function open(databaseUrl: string): Promise<Store> {
  const store = await openStore({ databaseUrl, dataDir: '/nonexistent', log: quiet })
  opened.push(store)
  return store
}

const names = async (store: Store): Promise<readonly string[]> => {
  const directory = { id: directoryId, name: 'corp', client: 'auto', domains: [] } as const
  const { resources } = await store.directory.users(directory, { startIndex: 1, count: 10 })
  return resources.map(({ body }) => String(body['userName']))
}

test('a backup that is restored into an empty database has the same people, chain and queue, in doubt', async () => {
  const url = await target()
  const { rows } = await load(url, Readable.from([await taken()]))
  assert.ok(rows > 5)
  const restored = await open(url)
  assert.deepEqual(await names(restored), await names(source))
  const chains = await verifyAudit(restored.db)
  assert.deepEqual(
    chains.flatMap(({ faults }) => faults),
    [],
  )
  assert.equal(await doubted(restored), true)
  await restored.directory.createUser(anActor(directoryId), { userName: 'new@corp.example', active: true })
  assert.ok((await seal(restored.db, 100)).some(({ directory }) => directory === 'corp'))
})

test('a backup that is cut short or altered restores nothing', async () => {
  const bytes = await taken()
  const text = gunzipSync(bytes).toString()
  const altered: readonly (readonly [string, Buffer])[] = [
    ['cut off', bytes.subarray(0, bytes.length / 2)],
    ['altered', gzipSync(text.replace('ada@corp.example', 'eve@corp.example'))],
    ['without its end', gzipSync(text.trimEnd().split('\n').slice(0, -1).join('\n'))],
    ['something else', Buffer.from('not a backup')],
  ]
  const url = await target()
  for (const [what, content] of altered) {
    await assert.rejects(load(url, Readable.from([content])), /nothing was restored/, what)
  }
  const store = await open(url)
  const directory = { id: directoryId, name: 'corp', client: 'auto', domains: [] } as const
  assert.equal((await store.directory.users(directory, { startIndex: 1, count: 10 })).total, 0)
})

test('a store that holds something is never written over', async () => {
  const other = await openTestStore()
  opened.push(other)
  await other.applyConfiguration(aConfiguration(aConnection('sentry')))
  await assert.rejects(load(other.url, Readable.from([await taken()])), /already holds/)
})

test('a backup of an older release is restored into its own tables, which are then migrated', async () => {
  const old = await target()
  const upTo = ['20261121220000_first', '20261122080000_resolved_profile', '20261122090000_sorted_lists']
  assert.deepEqual(await migrate(old, { upTo }), upTo)
  const client = new pg.Client({ connectionString: old })
  await client.connect()
  await client.query(
    `INSERT INTO directories (id, name, client) VALUES ('${directoryId}', 'corp', 'okta');
     INSERT INTO users (id, directory_id, user_name, user_name_key, body, active_wanted, active_shown)
     VALUES ('${directoryId}', '${directoryId}', 'ada@corp.example', 'ada@corp.example',
       '{"userName":"ada@corp.example","active":true}', true, true)`,
  )
  await client.end()
  const through = new PassThrough()
  const [bytes] = await Promise.all([buffer(through), dump(old, through)])
  const url = await target()
  await load(url, Readable.from([bytes]))
  assert.deepEqual(await names(await open(url)), ['ada@corp.example'])
})

test('a moved store goes on without doubt, and the old one refuses to be opened', async () => {
  const url = await target()
  await move(source.url, url)
  const moved = await open(url)
  assert.deepEqual(await names(moved), await names(source))
  assert.equal(await doubted(moved), false)
  await assert.rejects(
    openStore({ databaseUrl: source.url, dataDir: '/nonexistent', log: quiet }),
    /was moved/,
  )
})

test('a store on which a gateway runs is not moved', async () => {
  await source.query(`INSERT INTO processes (id, release) VALUES ('one', '0.1.0')`)
  await assert.rejects(move(source.url, await target()), /1 gateway process runs/)
})

test('a backup that cannot be written ends with the reason', async () => {
  const full = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no space left')) })
  await assert.rejects(dump(source.url, full), /no space left/)
})

async function doubted(store: Store): Promise<boolean> {
  const id = (await source.query<{ id: string }>('SELECT id FROM connections'))[0]!.id
  return isRecovering(store.db, id)
}

import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Actor } from '../../src/scim/ports.ts'
import { aConfiguration, aConnection, anActor } from '../support/configuration.ts'
import { openTestStore, type TestStore } from '../support/database.ts'
import { createHandover } from '../../src/store/queue/claim.ts'

const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']

let store: TestStore
let by: Actor
let ids: ReadonlyMap<string, string>
let revisions: ReadonlyMap<string, number>

before(async () => {
  store = await openTestStore()
  const applied = await store.applyConfiguration(aConfiguration(...names.map((name) => aConnection(name))))
  by = anActor(applied.directoryIds.get('corp')!)
  ids = new Map(names.map((name) => [name, applied.connectionIds.get(`corp/${name}`)!.id]))
  revisions = applied.revisions
})

beforeEach(async () => {
  await store.query('DELETE FROM users')
  await store.query(`UPDATE connections SET status = 'ready'`)
  store.worksBy({ revisions })
})

after(() => store.close())

async function created(name: string, options?: { runs: boolean }): Promise<string> {
  const body = { userName: `${name}@corp.example`, active: true }
  const write = await store.directory.createUser(by, body, options)
  assert.ok(write.kind === 'stored')
  return write.user.id
}

const all = () => [...ids.values()]
const leased = async () => {
  const rows = await store.query<{ name: string }>(
    'SELECT c.name FROM accounts a JOIN connections c ON c.id = a.connection_id WHERE a.lease_until > now() ORDER BY c.name',
  )
  return rows.map(({ name }) => name)
}

test('a create that is run has its accounts claimed with it, at most eight', async () => {
  const userId = await created('jane', { runs: true })
  assert.deepEqual(await leased(), names.slice(0, 8))
  const { standings, begun } = await store.queue.begin(userId, all(), 8)
  assert.deepEqual(
    standings.map(({ connection, proven, status }) => [connection, proven, status]),
    names.map((name) => [name, false, 'pending']),
  )
  const byId = new Map([...ids].map(([name, id]) => [id, name]))
  assert.deepEqual(begun.map(({ claimed }) => byId.get(claimed.connectionId)).toSorted(), names.slice(0, 8))
  for (const { claimed, work } of begun) {
    assert.deepEqual(
      [
        work.accountId,
        work.connectionId,
        work.user.id,
        work.wantedVersion,
        claimed.userId,
        claimed.lease.epoch,
      ],
      [claimed.lease.id, claimed.connectionId, userId, 1, userId, 1],
    )
    const settlement = { status: 'proven', wantedVersion: 1, deviations: [], attempts: 0 } as const
    assert.equal(await store.queue.settle(claimed.lease, settlement), 'settled')
  }
  assert.deepEqual(await leased(), [])
})

test('what was claimed is handed over once: the next begin claims what is open then', async () => {
  const userId = await created('jane', { runs: true })
  await store.queue.begin(userId, all(), 8)
  const again = await store.queue.begin(userId, all(), 8)
  assert.deepEqual(
    again.begun.map(({ work }) => work.connectionId),
    [ids.get('i'), ids.get('j')],
  )
})

test('what was read for the create is not run for a write that comes after it', async () => {
  for (const write of [
    (id: string) => store.directory.updateUser(by, id, ({ body }) => ({ ...body, active: false })),
    (id: string) => store.directory.deleteUser(by, id),
  ]) {
    const userId = await created('jane', { runs: true })
    await write(userId)
    const { standings, begun } = await store.queue.begin(userId, all(), 8)
    // Those of the create stay leased until it would have ended; the others are read as they are now.
    assert.deepEqual(
      begun.map(({ work }) => [work.wantedVersion, work.user.active]),
      [
        [2, false],
        [2, false],
      ],
    )
    assert.ok(standings.every(({ proven }) => !proven))
    await store.query('DELETE FROM users')
  }
})

test('a create that nobody runs is left to the workers', async () => {
  await created('jane')
  assert.deepEqual(await leased(), [])
})

test('a parked connection, and one that another process has changed, are not claimed', async () => {
  await store.query(`UPDATE connections SET status = 'parked' WHERE name = 'a'`)
  store.worksBy({ revisions: new Map([...revisions].filter(([id]) => id !== ids.get('b'))) })
  await created('jane', { runs: true })
  assert.deepEqual(await leased(), names.slice(2))
})

test('creates that come at once are each given their own', async () => {
  const people = await Promise.all(names.map((name) => created(name, { runs: true })))
  for (const userId of people) {
    const { begun, standings } = await store.queue.begin(userId, all(), 8)
    assert.equal(begun.length, 8)
    assert.equal(standings.length, 10)
    for (const { work } of begun) assert.equal(work.user.id, userId)
  }
})

test('a create of a name that is taken claims nothing', async () => {
  const userId = await created('jane', { runs: true })
  await store.queue.begin(userId, all(), 8)
  const body = { userName: 'JANE@corp.example', active: true }
  assert.equal((await store.directory.createUser(by, body, { runs: true })).kind, 'duplicate')
  assert.deepEqual(await leased(), names.slice(0, 8))
})

test('what nobody asked for is forgotten when its leases end', () => {
  let now = 0
  const handover = createHandover(() => now)
  const beginning = { standings: [], begun: [] }
  handover.give('jane', beginning, 10)
  handover.give('joe', beginning, 20)
  now = 10
  assert.equal(handover.take('jane'), undefined)
  assert.equal(handover.take('joe'), beginning)
  assert.equal(handover.take('joe'), undefined)
})

import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import pg from 'pg'
import { type Claimed, LeaseLost, type Unclosed } from '../../src/model/work.ts'
import type { Actor } from '../../src/scim/ports.ts'
import { aConfiguration, aConnection, anActor } from '../support/configuration.ts'
import { openTestStore, type TestStore } from '../support/database.ts'

let store: TestStore
let by: Actor
let sentry: string
let falcon: string

before(async () => {
  store = await openTestStore()
  const both = aConfiguration(aConnection('sentry'), aConnection('falcon', { vendor: 'crowdstrike' }))
  const applied = await store.applyConfiguration(both)
  by = anActor(applied.directoryIds.get('corp')!)
  sentry = applied.connectionIds.get('corp/sentry')!.id
  falcon = applied.connectionIds.get('corp/falcon')!.id
})

beforeEach(async () => {
  await store.query('DELETE FROM users')
  await store.query(`UPDATE connections SET status = 'ready'`)
})

after(() => store.close())

async function person(name: string): Promise<string> {
  const write = await store.directory.createUser(by, { userName: `${name}@corp.example`, active: true })
  assert.ok(write.kind === 'stored')
  return write.user.id
}

/** The account at Sentry, leased. */
async function leased(name: string): Promise<Claimed> {
  const { begun } = await store.queue.begin(await person(name), [sentry], 8)
  return begun[0]!.claimed
}

const create = (login: string) => ({ op: 'create', draft: { login, profile: {}, entitlements: [] } }) as const
const settlement = { status: 'proven', wantedVersion: 1, deviations: [], attempts: 0 } as const

async function written({ lease }: Claimed, id: string): Promise<Unclosed> {
  const operationId = await store.queue.open(lease, create(id), null)
  const update = { vendorAccountId: id, vendorTenant: 'sentry:t1' }
  return { operationId, closing: { outcome: 'done', durationMs: 1 }, update }
}

const takeAway = ({ lease }: Claimed) =>
  store.query(`UPDATE accounts SET lease_epoch = lease_epoch + 1 WHERE id = '${lease.id}'`)
const journal = () =>
  store.query<{ op: string; closed: boolean }>(
    'SELECT op, closed_at IS NOT NULL AS closed FROM operations o JOIN accounts a ON a.id = o.account_id ORDER BY o.id',
  )
const statuses = async () =>
  (await store.query<{ status: string }>('SELECT status FROM accounts ORDER BY status')).map(
    ({ status }) => status,
  )

test('begins with the accounts that a request may run, leased and read, and with how all stand', async () => {
  const ada = await person('ada')
  const first = await store.queue.begin(ada, [sentry], 8)
  assert.deepEqual(
    first.standings.map(({ connection, proven }) => [connection, proven]),
    [
      ['falcon', false],
      ['sentry', false],
    ],
  )
  const [{ claimed, work }] = first.begun as [(typeof first.begun)[0]]
  assert.equal(first.begun.length, 1)
  assert.equal(claimed.connectionId, sentry)
  assert.equal(work.accountId, claimed.lease.id)
  assert.equal(work.user.resource['userName'], 'ada@corp.example')

  const second = await store.queue.begin(ada, [sentry, falcon], 8)
  assert.deepEqual(
    second.begun.map((each) => each.claimed.connectionId),
    [falcon],
    'what is leased is passed over',
  )
  assert.equal(await store.queue.settle(claimed.lease, settlement), 'settled')
  assert.deepEqual((await store.queue.begin(ada, [sentry, falcon], 8)).begun, [], 'and what is proven')
})

test('begins nothing on a connection that is parked, and not more than a request may', async () => {
  await store.query(`UPDATE connections SET status = 'parked' WHERE id = '${sentry}'`)
  const ada = await person('ada')
  const { begun } = await store.queue.begin(ada, [sentry, falcon], 8)
  assert.deepEqual(
    begun.map(({ claimed }) => claimed.connectionId),
    [falcon],
  )
  await store.query(`UPDATE connections SET status = 'ready'`)
  assert.equal((await store.queue.begin(await person('bob'), [sentry, falcon], 1)).begun.length, 1)
})

test('opens rows that are asked for together, but none for a lease that is lost', async () => {
  const all = await Promise.all(['ada', 'bob', 'eve'].map(leased))
  await takeAway(all[1]!)
  const opened = await Promise.allSettled(
    all.map(({ lease }, at) => store.queue.open(lease, create(`u${at}`), { at })),
  )
  assert.deepEqual(
    opened.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.ok((opened[1] as PromiseRejectedResult).reason instanceof LeaseLost)
  const rows = await store.query<{ before: object; login: string }>(
    `SELECT before, operation->'draft'->>'login' AS login FROM operations o JOIN accounts a ON a.id = o.account_id WHERE closed_at IS NULL ORDER BY login`,
  )
  assert.deepEqual(rows, [
    { before: { at: 0 }, login: 'u0' },
    { before: { at: 2 }, login: 'u2' },
  ])
})

test('closes the row of one write with the next one, and keeps what it changed', async () => {
  const ada = await leased('ada')
  const unclosed = await written(ada, 'u1')
  const change = { op: 'change-entitlements', change: { assign: [], revoke: [] } } as const
  await store.queue.open(ada.lease, change, null, unclosed)
  assert.deepEqual(await journal(), [
    { op: 'create', closed: true },
    { op: 'change-entitlements', closed: false },
  ])
  assert.equal((await store.queue.read(ada.lease)).vendorAccountId, 'u1')
})

test('neither closes nor opens where the lease is lost, or the account is linked elsewhere', async () => {
  const [ada, bob] = await Promise.all([leased('ada'), leased('bob')])
  const [first, second] = [await written(ada, 'u1'), await written(bob, 'u1')]
  await store.queue.open(ada.lease, create('next'), null, first)
  await assert.rejects(store.queue.open(bob.lease, create('next'), null, second), { code: 'ACCOUNT_LINKED' })
  await takeAway(bob)
  await assert.rejects(store.queue.open(bob.lease, create('next'), null, second), LeaseLost)
  assert.equal((await journal()).filter(({ closed }) => closed).length, 1)
  assert.equal((await journal()).length, 3)
})

test('settles together, and one that is refused alone', async () => {
  const all = await Promise.all(['ada', 'bob', 'eve'].map(leased))
  const unclosed = await Promise.all(all.map((each, at) => written(each, at === 2 ? 'u0' : `u${at}`)))
  const settled = await Promise.allSettled(
    all.map(({ lease }, at) => store.queue.settle(lease, settlement, unclosed[at])),
  )
  // Which of the two that are linked with one account comes first is not said.
  assert.deepEqual(settled.map(({ status }) => status).sort(), ['fulfilled', 'fulfilled', 'rejected'])
  const refused = settled.find(({ status }) => status === 'rejected') as PromiseRejectedResult
  assert.equal((refused.reason as { code: string }).code, 'ACCOUNT_LINKED')
  assert.equal((await statuses()).filter((status) => status === 'proven').length, 2)
  assert.equal((await journal()).filter(({ closed }) => closed).length, 2)
})

test('renews leases in the order in which everything else locks accounts', async () => {
  const all = await Promise.all(Array.from({ length: 24 }, (_, n) => leased(`p${n}`)))
  const leases = all.map(({ lease }) => lease).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const [first, ...others] = leases.map(({ id: accountId }) => accountId)
  const holder = new pg.Client({ connectionString: store.url })
  await holder.connect()
  const lock = 'SELECT FROM accounts WHERE id = ANY($1::uuid[]) FOR UPDATE'
  await holder.query('BEGIN')
  await holder.query(lock, [[first]])
  const renewed = store.queue.renew(leases.toReversed())
  while ((await store.query('SELECT FROM pg_locks WHERE NOT granted')).length === 0);
  await holder.query(`${lock} NOWAIT`, [others])
  await holder.query('COMMIT')
  await holder.end()
  assert.equal((await renewed).length, 24)
})

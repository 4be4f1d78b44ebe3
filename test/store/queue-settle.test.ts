import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { type Claimed, LeaseLost, type Unclosed } from '../../src/model/work.ts'
import type { Held } from '../../src/model/plan.ts'
import type { Actor } from '../../src/scim/ports.ts'
import { aConfiguration, aConnection, anActor } from '../support/configuration.ts'
import { openTestStore, type TestStore } from '../support/database.ts'

let store: TestStore
let by: Actor

before(async () => {
  store = await openTestStore({ leasing: { leaseMs: 2_000, marginMs: 500 } })
  const applied = await store.applyConfiguration(aConfiguration(aConnection('sentry')))
  by = anActor(applied.directoryIds.get('corp')!)
})

beforeEach(async () => {
  await store.query('DELETE FROM users')
})

after(() => store.close())

async function person(name: string): Promise<string> {
  const write = await store.directory.createUser(by, { userName: `${name}@corp.example`, active: true })
  assert.ok(write.kind === 'stored')
  return write.user.id
}

async function claimOf(userId: string): Promise<Claimed> {
  const [standing] = await store.queue.outcomes(userId)
  const claimed = await store.queue.claim(standing!.accountId)
  assert.ok(typeof claimed === 'object', String(claimed))
  return claimed
}

const held = (id: string): Held => ({
  account: { id, login: id, profile: {}, state: 'active', entitlements: [], privileged: false, facts: {} },
  granted: [],
})

/** A write that the vendor confirmed: its journal row is open still. */
async function written({ lease }: Claimed, id: string): Promise<Unclosed> {
  const draft = { login: id, profile: {}, entitlements: [] }
  const operationId = await store.queue.open(lease, { op: 'create', draft }, null)
  const update = { vendorAccountId: id, vendorTenant: 'sentry:t1', held: held(id) }
  return { operationId, closing: { outcome: 'done', after: {}, durationMs: 12.4 }, update }
}

const settlement = (wantedVersion: number) =>
  ({ status: 'proven', wantedVersion, deviations: [], attempts: 0 }) as const

const journal = () =>
  store.query<object>(
    `SELECT o.outcome, o.duration_ms, o.closed_at IS NOT NULL AS closed, a.vendor_account_id AS linked, a.held->'account'->>'id' AS held, a.status
    FROM operations o JOIN accounts a ON a.id = o.account_id ORDER BY o.opened_at`,
  )
const done = (id: string) => ({
  outcome: 'done',
  duration_ms: 12,
  closed: true,
  linked: id,
  held: id,
  status: 'proven',
})

test('closes the last write in the statement that settles the account', async () => {
  const claimed = await claimOf(await person('one'))
  await store.queue.settle(claimed.lease, settlement(1), await written(claimed, 'v1'))
  assert.deepEqual(await journal(), [done('v1')])
})

test('closes the last write of somebody who has left meanwhile, and has the account looked at again', async () => {
  const userId = await person('leaver')
  const claimed = await claimOf(userId)
  const unclosed = await written(claimed, 'v2')
  await store.directory.updateUser(by, userId, ({ body }) => ({ ...body, active: false }))
  assert.equal(await store.queue.settle(claimed.lease, settlement(1), unclosed), 'again')
  assert.deepEqual(await journal(), [{ ...done('v2'), status: 'pending' }])
  const { held: kept, openOperations } = await store.queue.read((await claimOf(userId)).lease)
  assert.deepEqual([kept?.account.id, openOperations], ['v2', []])
})

test('keeps the journal row open, and the account unsettled, where the link is taken', async () => {
  const first = await claimOf(await person('first'))
  await store.queue.settle(first.lease, settlement(1), await written(first, 'same'))
  const second = await claimOf(await person('second'))
  const unclosed = await written(second, 'same')
  await assert.rejects(store.queue.settle(second.lease, settlement(1), unclosed), { code: 'ACCOUNT_LINKED' })
  const work = await store.queue.read(second.lease)
  assert.deepEqual([work.openOperations.length, work.held, work.provenVersion], [1, undefined, 0])
})

test('closes nothing once the lease is gone', async () => {
  const claimed = await claimOf(await person('late'))
  const unclosed = await written(claimed, 'v3')
  await store.query('UPDATE accounts SET lease_epoch = lease_epoch + 1')
  await assert.rejects(store.queue.settle(claimed.lease, settlement(1), unclosed), LeaseLost)
  const [row] = (await journal()) as { closed: boolean; linked: unknown }[]
  assert.deepEqual([row!.closed, row!.linked], [false, null])
})

test('reads what is asked for at one moment together, each under its own lease', async () => {
  const claims = await Promise.all(
    Array.from({ length: 5 }, async (_, at) => claimOf(await person(`many${at}`))),
  )
  const stale = { ...claims[0]!.lease, epoch: 0 }
  const reads = [stale, ...claims.map(({ lease }) => lease)].map((lease) => store.queue.read(lease))
  const [lost, ...found] = await Promise.allSettled(reads)
  assert.ok(lost!.status === 'rejected' && lost!.reason instanceof LeaseLost)
  assert.deepEqual(
    found.map((each) => each.status === 'fulfilled' && each.value.accountId),
    claims.map(({ lease }) => lease.id),
  )
})

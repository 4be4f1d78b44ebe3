import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import pg from 'pg'
import { type Claimed, LeaseLost } from '../../src/model/work.ts'
import type { Actor } from '../../src/scim/ports.ts'
import type { Store } from '../../src/app/stores.ts'
import { aConfiguration, aConnection, anActor } from '../support/configuration.ts'
import { openTestStore, type TestStore } from '../support/database.ts'

let store: TestStore
let other: Store
let by: Actor
let sentry: string
let falcon: string

before(async () => {
  store = await openTestStore({ leasing: { leaseMs: 2_000, marginMs: 500 } })
  other = await store.another({ leasing: { leaseMs: 300, marginMs: 100 } })
  const configuration = aConfiguration(
    aConnection('sentry'),
    aConnection('falcon', { vendor: 'crowdstrike' }),
  )
  const applied = await store.applyConfiguration(configuration)
  by = anActor(applied.directoryIds.get('corp')!)
  sentry = applied.connectionIds.get('corp/sentry')!.id
  falcon = applied.connectionIds.get('corp/falcon')!.id
})

beforeEach(async () => {
  await store.query('DELETE FROM users')
  await store.query(`UPDATE connections SET status = 'ready', paused_until = NULL`)
})

after(() => store.close())

async function person(userName: string, more: object = {}): Promise<string> {
  const write = await store.directory.createUser(by, { userName, active: true, ...more })
  assert.ok(write.kind === 'stored')
  return write.user.id
}

const makeDue = () => store.query("UPDATE accounts SET due_at = now() - interval '1 second'")

async function claimOf(userId: string, connection = sentry, from: Store = store): Promise<Claimed> {
  const standing = (await store.queue.outcomes(userId)).find(
    ({ connectionId }) => connectionId === connection,
  )
  const claimed = await from.queue.claim(standing!.accountId)
  assert.ok(typeof claimed === 'object', String(claimed))
  return claimed
}

const settlement = (wantedVersion: number, more: object = {}) =>
  ({ status: 'proven', wantedVersion, deviations: [], attempts: 0, ...more }) as const

test('never gives one account to two claimers', async () => {
  await Promise.all(Array.from({ length: 40 }, (_, i) => person(`q${i}@corp.example`)))
  await makeDue()
  const claims = await Promise.all(
    Array.from({ length: 12 }, (_, i) => (i % 2 ? other : store).queue.claimDue(10)),
  )
  const ids = claims.flat().map(({ lease }) => lease.id)
  assert.equal(new Set(ids).size, ids.length)
  assert.equal(ids.length, 80)
  assert.deepEqual(await store.queue.claimDue(10), [])
})

test('serves shut-outs first, and passes over parked and paused connections', async () => {
  await person('joiner@corp.example')
  const leaver = await person('leaver@corp.example')
  await store.directory.updateUser(by, leaver, (current) => ({ ...current.body, active: false }))
  await makeDue()
  assert.equal(
    await store.connections.park(falcon, {
      kind: 'unauthenticated',
      detail: 'x',
      at: '2026-01-01T00:00:00Z',
    }),
    true,
  )
  assert.equal(
    await store.connections.park(falcon, {
      kind: 'unauthenticated',
      detail: 'x',
      at: '2026-01-01T00:00:00Z',
    }),
    false,
  )
  const first = await store.queue.claimDue(1)
  assert.deepEqual(
    first.map(({ userId, connectionId, priority }) => [userId, connectionId, priority]),
    [[leaver, sentry, 0]],
  )
  await store.connections.pause(sentry, 'members', 60_000)
  assert.deepEqual(await store.queue.claimDue(10), [])
  const [standing] = (await store.queue.outcomes(leaver)).filter(
    ({ connectionId }) => connectionId === falcon,
  )
  assert.equal(await store.queue.claim(standing!.accountId), 'paused')
})

test('claims what takes access away in spite of a pause, and tells the run which path classes are paused', async () => {
  await person('joiner@corp.example')
  const leaver = await person('leaver@corp.example')
  await store.directory.updateUser(by, leaver, (current) => ({ ...current.body, active: false }))
  await makeDue()
  await store.connections.pause(sentry, 'invitations', 60_000)
  await store.connections.pause(sentry, 'members', 1)
  await store.connections.pause(falcon, 'write', 60_000)
  const claimed = await store.queue.claimDue(10)
  assert.deepEqual(
    claimed.map(({ userId, connectionId }) => [userId, connectionId]).sort(),
    [
      [leaver, falcon],
      [leaver, sentry],
    ].sort(),
  )
  const atSentry = claimed.find(({ connectionId }) => connectionId === sentry)
  const { pauses = {} } = await store.queue.read(atSentry!.lease)
  assert.deepEqual(Object.keys(pauses), ['invitations'])
  assert.ok(pauses['invitations']! > 50_000 && pauses['invitations']! <= 60_000)
})

test('says busy while leased elsewhere and hands over once the lease ran out', async () => {
  const userId = await person('shared@corp.example')
  const first = await claimOf(userId, sentry, other)
  assert.equal(await store.queue.claim(first.lease.id), 'busy')
  const [renewed] = await other.queue.renew([first.lease])
  assert.ok(renewed && renewed.until >= first.lease.until)
  let second: Claimed | 'busy' | 'paused' | 'gone' = 'busy'
  while (second === 'busy') second = await store.queue.claim(first.lease.id)
  assert.ok(typeof second === 'object' && second.lease.epoch === first.lease.epoch + 1)
  const lost = [
    () => other.queue.read(first.lease),
    () => other.queue.open(first.lease, { op: 'activate' }, null),
    () => other.queue.save(first.lease, { held: null }),
    () => other.queue.close(first.lease, '00000000-0000-7000-8000-000000000000', { outcome: 'done' }),
    () => other.queue.settle(first.lease, settlement(1)),
  ]
  for (const call of lost) await assert.rejects(call, LeaseLost)
  assert.deepEqual(await other.queue.renew([first.lease]), [])
  assert.equal(await store.queue.claim('00000000-0000-7000-8000-000000000000'), 'gone')
})

test('starts no vendor write with too little of the lease left', async () => {
  const userId = await person('late@corp.example')
  const { lease } = await claimOf(userId)
  await store.query(`UPDATE accounts SET lease_until = now() + interval '300 milliseconds' WHERE id = $1`, [
    lease.id,
  ])
  await assert.rejects(() => store.queue.open(lease, { op: 'activate' }, null), LeaseLost)
  await store.queue.renew([lease])
  assert.ok(await store.queue.open(lease, { op: 'activate' }, null))
})

test('starts none that waited so long for a row that too little is left', async () => {
  const { lease } = await claimOf(await person('waited@corp.example'))
  const { lease: another } = await claimOf(await person('waiting@corp.example'))
  const holder = new pg.Client({ connectionString: store.url })
  await holder.connect()
  for (const held of [[lease, another], [lease], [another]]) {
    await store.queue.renew([lease, another])
    await holder.query('BEGIN')
    const ids = held.map(({ id: accountId }) => accountId)
    await holder.query('SELECT FROM accounts WHERE id = ANY($1::uuid[]) FOR UPDATE', [ids])
    const opened = Promise.allSettled(
      [lease, another].map((each) => store.queue.open(each, { op: 'activate' }, null)),
    )
    const left = "SELECT FROM accounts WHERE id = $1 AND lease_until > now() + interval '0.4 s'"
    while ((await store.query(left, [another.id])).length > 0);
    await holder.query('COMMIT')
    const reasons = (await opened).map((each) => each.status === 'rejected' && each.reason)
    assert.ok(
      reasons.every((reason) => reason instanceof LeaseLost),
      String(reasons),
    )
  }
  await holder.end()
})

test('keeps an open journal row until it is closed together with the account', async () => {
  const userId = await person('journal@corp.example')
  const { lease } = await claimOf(userId)
  const id = await store.queue.open(lease, { op: 'activate' }, { state: 'disabled' })
  const [standing] = (await store.queue.outcomes(userId)).filter(
    ({ connectionId }) => connectionId === sentry,
  )
  assert.equal(standing?.uncertain, true)
  const work = await store.queue.read(lease)
  assert.deepEqual(
    work.openOperations.map((each) => [each.id, each.operation]),
    [[id, { op: 'activate' }]],
  )
  assert.ok(Math.abs(Date.parse(work.openOperations[0]!.openedAt) - Date.now()) < 60_000)
  await store.queue.close(
    lease,
    id,
    { outcome: 'done', durationMs: 12.6 },
    { vendorAccountId: '7', vendorTenant: 'sentry:acme' },
  )
  const after = await store.queue.read(lease)
  assert.deepEqual([after.openOperations, after.vendorAccountId], [[], '7'])
  const rival = await claimOf(await person('rival@corp.example'))
  assert.deepEqual(await store.queue.holders(rival.lease.id, 'sentry:acme', ['7', '8']), [
    { accountId: lease.id, vendorAccountId: '7', isFree: false, granted: [] },
  ])
  assert.deepEqual(await store.queue.holders(lease.id, 'sentry:acme', ['7', '8']), [])
  await assert.rejects(
    () => store.queue.save(rival.lease, { vendorAccountId: '7', vendorTenant: 'sentry:acme' }),
    {
      code: 'ACCOUNT_LINKED',
    },
  )
})

test('asks to go again when something was wished meanwhile', async () => {
  const userId = await person('again@corp.example')
  const { lease } = await claimOf(userId)
  const { wantedVersion } = await store.queue.read(lease)
  await store.directory.updateUser(by, userId, (current) => ({ ...current.body, title: 'x' }))
  assert.equal(await store.queue.settle(lease, settlement(wantedVersion)), 'again')
  const next = await claimOf(userId)
  const work = await store.queue.read(next.lease)
  assert.deepEqual([work.wantedVersion, work.provenVersion, work.status], [2, 1, 'pending'])
  assert.equal(
    await store.queue.settle(next.lease, settlement(2, { dueInMs: 5_000, status: 'verifying' })),
    'settled',
  )
  const [standing] = (await store.queue.outcomes(userId)).filter(
    ({ connectionId }) => connectionId === sentry,
  )
  assert.ok(standing?.proven && standing.status === 'verifying' && standing.dueInMs! > 3_000)
})

test('removes the User only when the last of its accounts is proven, also when both settle at once', async () => {
  for (let round = 0; round < 5; round++) {
    const userId = await person(`both${round}@corp.example`)
    assert.equal(await store.directory.deleteUser(by, userId), 'pending')
    const claims = [await claimOf(userId, sentry), await claimOf(userId, falcon)]
    await Promise.all(claims.map(({ lease }) => store.queue.settle(lease, settlement(2))))
    assert.equal(await store.directory.user(by.directory, userId), undefined)
  }
})

test('gives each connection its turn, and none more than its share; shut-outs may take what is kept for them', async () => {
  const leavers = await Promise.all(Array.from({ length: 4 }, (_, i) => person(`l${i}@corp.example`)))
  await Promise.all(Array.from({ length: 20 }, (_, i) => person(`j${i}@corp.example`)))
  const ofFalcon = `connection_id = '${falcon}'`
  await makeDue()
  await store.query(`UPDATE accounts SET due_at = now() - interval '1 hour', priority = 2 WHERE ${ofFalcon}`)
  await store.query(
    `UPDATE accounts SET priority = 0 WHERE ${ofFalcon} AND user_id = ANY('{${leavers.join(',')}}'::uuid[])`,
  )
  const shares = {
    connections: [{ id: falcon, holds: 2, most: 8 }],
    mostOfConnection: 8,
    mostOfDirectory: 12,
    unhurried: 6,
  }
  const claimed = await store.queue.claimDue(10, shares)
  const of = (connectionId: string, priority: number): number =>
    claimed.filter((each) => each.connectionId === connectionId && each.priority === priority).length
  // Two are held already; with the shut-outs that makes six, which is all that is not urgent may have of eight.
  assert.deepEqual([of(falcon, 0), of(falcon, 2), of(sentry, 2)], [4, 0, 2])
})

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { Connections } from '../../../src/provisioning/connections.ts'
import type { Actor } from '../../../src/scim/ports.ts'
import type { Store } from '../../../src/app/stores.ts'
import { aConfiguration, aConnection, anActor, aPolicy } from '../../support/configuration.ts'
import { openTestStore, type TestStore } from '../../support/database.ts'
import { accountOf, type Calls, connectionsOf, seedPeople, sweepAll } from './support.ts'
import type { Policy } from '../../../src/model/policy.ts'

let store: TestStore
let other: Store
let by: Actor
let falcon: string
const ruled = aPolicy({ rules: [{ group: 'Admins', role: 'admin' }] })

before(async () => {
  store = await openTestStore()
  other = await store.another()
})
after(() => store.close())

beforeEach(async () => {
  await store.query('DELETE FROM sweeps')
  await store.query('DELETE FROM users')
  await store.query('DELETE FROM accounts')
  await store.query('DELETE FROM connections')
  await configure(aPolicy())
})

async function configure(policy: Policy): Promise<readonly string[]> {
  const applied = await store.applyConfiguration(
    aConfiguration(aConnection('falcon', { vendor: 'crowdstrike', policy })),
  )
  by = anActor(applied.directoryIds.get('corp')!)
  falcon = applied.connectionIds.get('corp/falcon')!.id
  return applied.changes
}

const connections = (policy: Policy): Connections =>
  connectionsOf({ id: falcon, directoryId: by.directory.id, policy })
const settleAll = () =>
  store.query("UPDATE accounts SET proven_version = wanted_version, due_at = NULL, status = 'proven'")

async function group(members: readonly string[]): Promise<string> {
  const write = await store.directory.createGroup(
    by,
    { displayName: 'Admins' },
    { clear: false, add: new Set(members), remove: new Set() },
    { uniqueName: false },
  )
  assert.ok(write.kind === 'stored')
  return write.group.id
}

async function due(): Promise<readonly { user_id: string; wanted_version: number; priority: number }[]> {
  return store.query(
    'SELECT user_id, wanted_version, priority FROM accounts WHERE due_at IS NOT NULL ORDER BY user_id',
  )
}

describe('sweeps', () => {
  test('a change of rules marks exactly the accounts whose plan is not empty, behind live work', async () => {
    const people = await seedPeople(store, by.directory.id, falcon, 1_200)
    const admins = people.filter((_, n) => n % 100 === 0)
    await group(admins)
    await settleAll()
    assert.deepEqual(await configure(ruled), [
      'connection corp/falcon changed; every account is looked at again\n    rules: + {"group":"Admins","role":"admin"}',
    ])
    assert.deepEqual(await due(), [])
    assert.equal(await sweepAll(store, connections(ruled)), 1)
    const marked = await due()
    assert.deepEqual(
      marked.map(({ user_id }) => user_id),
      admins.toSorted(),
    )
    assert.ok(marked.every(({ priority }) => priority === 3))
    const [progress] = await store.sweeps.progress()
    assert.equal(progress!.state, 'done')
    assert.deepEqual([progress!.counts.looked, progress!.counts.differing], [1_200, 12])
  })

  test('what takes something away is served before new grants', async () => {
    const [ann] = await seedPeople(store, by.directory.id, falcon, 1)
    await store.query(`UPDATE accounts SET held = jsonb_set(jsonb_set(held, '{account,entitlements}', '[{"kind":"role","id":"admin"}]'),
      '{granted}', '[{"key":"role:admin","wishes":[]}]')`)
    await configure(ruled)
    await sweepAll(store, connections(ruled))
    assert.deepEqual(await due(), [{ user_id: ann, wanted_version: 2, priority: 1 }])
  })

  test('an account at work, unproven, or with deviations is looked at in any case', async () => {
    const people = await seedPeople(store, by.directory.id, falcon, 4)
    const [leased, unproven, deviating] = people
    await store.query(
      "UPDATE accounts SET lease_until = now() + interval '1 minute' WHERE user_id = $1::uuid",
      [leased],
    )
    await store.query('UPDATE accounts SET wanted_version = 3 WHERE user_id = $1::uuid', [unproven])
    await store.query(
      `UPDATE accounts SET deviations = '[{"code":"no-usable-step","detail":""}]' WHERE user_id = $1::uuid`,
      [deviating],
    )
    await configure(ruled)
    await sweepAll(store, connections(ruled))
    assert.deepEqual(
      (await due()).map(({ user_id }) => user_id),
      [leased, unproven, deviating].toSorted(),
    )
  })

  test('more than a hundred members at once are swept, a hundred are marked in the write itself', async () => {
    const people = await seedPeople(store, by.directory.id, falcon, 600)
    await configure(ruled)
    await sweepAll(store, connections(ruled))
    const id = await group(people.slice(0, 100))
    assert.equal((await due()).length, 100)
    await settleAll()
    await store.directory.updateGroup(
      by,
      id,
      ({ body }) => ({ body, members: { clear: false, add: new Set(people.slice(100)), remove: new Set() } }),
      { uniqueName: false },
    )
    assert.equal((await due()).length, 0)
    assert.equal(await sweepAll(store, connections(ruled)), 1)
    assert.equal((await due()).length, 500)
  })

  test('a deleted group of many is swept: its members are known although the group is gone', async () => {
    const people = await seedPeople(store, by.directory.id, falcon, 150)
    await configure(ruled)
    const id = await group(people)
    await sweepAll(store, connections(ruled))
    await store.query(`UPDATE accounts SET proven_version = wanted_version, due_at = NULL, status = 'proven',
      held = jsonb_set(jsonb_set(held, '{account,entitlements}', '[{"kind":"role","id":"admin"}]'), '{granted}', '[{"key":"role:admin","wishes":[]}]')`)
    await store.directory.deleteGroup(by, id)
    assert.equal(await sweepAll(store, connections(ruled)), 1)
    const marked = await due()
    assert.equal(marked.length, 150)
    assert.ok(marked.every(({ priority }) => priority === 1))
  })

  test('a sweep whose process died goes on where it stood, and marks nobody twice', async () => {
    const people = await seedPeople(store, by.directory.id, falcon, 1_100)
    await group(people.slice(0, 90))
    await store.query('DELETE FROM members')
    await store.query('UPDATE accounts SET wanted_version = 1')
    await settleAll()
    await store.query('INSERT INTO members (group_id, user_id) SELECT g.id, u.id FROM groups g, users u')
    await configure(ruled)
    const claimed = await store.sweeps.claim()
    assert.ok(claimed)
    assert.equal(await other.sweeps.claim(), undefined)
    const page = await store.sweeps.page(claimed, 500)
    await store.sweeps.nextPhase(claimed, claimed.counts)
    const marking = { ...claimed, phase: 'marking' } as const
    const backlog = page.works.map(({ accountId }) => accountId)
    assert.ok(await store.sweeps.advance(marking, page.last!, claimed.counts, { revoke: [], backlog }))
    await store.query("UPDATE sweeps SET lease_until = now() - interval '1 second'")
    assert.equal(await sweepAll(other, connections(ruled)), 1)
    assert.equal(
      await store.sweeps.advance(marking, page.last!, claimed.counts, { revoke: [], backlog }),
      false,
    )
    const marked = await due()
    assert.equal(marked.length, 1_100)
    assert.ok(marked.every(({ wanted_version }) => wanted_version === 2))
  })

  test('a process that works by an older configuration claims neither sweeps nor accounts of the connection', async () => {
    const fresh = await store.another()
    fresh.worksBy({ revisions: new Map([[falcon, 1]]) })
    await seedPeople(store, by.directory.id, falcon, 3)
    await store.query('UPDATE accounts SET due_at = now()')
    assert.equal((await fresh.queue.claimDue(1)).length, 1)
    await configure(ruled)
    assert.deepEqual(await fresh.queue.claimDue(5), [])
    assert.equal(await fresh.sweeps.claim(), undefined)
    const [row] = await store.query<{ id: string }>(
      'SELECT id FROM accounts WHERE lease_until IS NULL LIMIT 1',
    )
    assert.equal(await fresh.queue.claim(row!.id), 'paused')
    assert.equal((await store.queue.claimDue(5)).length, 2)
  })

  test('a process that works by an older configuration calls nobody of the connection settled when it walks a large group', async () => {
    const people = await seedPeople(store, by.directory.id, falcon, 150)
    const fresh = await store.another()
    fresh.worksBy({ revisions: new Map([[falcon, 1]]) })
    await configure(ruled)
    await sweepAll(store, connections(ruled))
    await group(people)
    const old = connectionsOf({ id: falcon, directoryId: by.directory.id, policy: aPolicy() })
    assert.equal(await sweepAll(fresh, old), 1)
    assert.equal((await due()).length, 150)
  })

  test('an account in doubt since a restore is looked at, whatever the store says that it holds', async () => {
    const people = await seedPeople(store, by.directory.id, falcon, 3)
    await store.query('UPDATE accounts SET uncertain = true WHERE user_id = $1::uuid', [people[1]])
    await configure(ruled)
    await sweepAll(store, connections(ruled))
    assert.deepEqual(
      (await due()).map(({ user_id }) => user_id),
      [people[1]],
    )
  })

  test('a leaver behind a backlog of 5,000 is served next', async () => {
    await seedPeople(store, by.directory.id, falcon, 5_000)
    await store.query(
      "UPDATE accounts SET due_at = now() - interval '1 hour', priority = 3, wanted_version = 2",
    )
    const write = await store.directory.createUser(by, { userName: 'leaver@corp.example', active: true })
    assert.ok(write.kind === 'stored')
    await store.directory.updateUser(by, write.user.id, ({ body }) => ({ ...body, active: false }))
    await store.query('UPDATE accounts SET due_at = now() WHERE user_id = $1::uuid', [write.user.id])
    const [first] = await store.queue.claimDue(16)
    assert.equal(first!.userId, write.user.id)
  })
})

describe('the admission of a connection that comes later', () => {
  beforeEach(async () => {
    await store.query('DELETE FROM connections')
  })

  async function admit(listed: number, people: number, change: Partial<Policy> = {}) {
    const policy = aPolicy(change)
    await store.applyConfiguration(aConfiguration())
    const ids = await seedPeople(store, by.directory.id, undefined, people)
    await configure(policy)
    const calls: Calls = { find: 0, list: 0 }
    const spec = { id: falcon, directoryId: by.directory.id, policy }
    const accounts = Array.from({ length: listed }, (_, n) => accountOf(`p${n + 1}@corp.example`))
    assert.equal(await sweepAll(store, connectionsOf(spec, accounts, calls)), 1)
    return { ids, calls }
  }
  const rows = <T extends object>(text: string) => store.query<T & { count: number }>(text)

  test('links who is there from one list, and has the creation of more than 25 wait as one batch', async () => {
    const { calls } = await admit(550, 600)
    assert.deepEqual(calls, { find: 0, list: 1 })
    const [linked] = await rows(
      'SELECT count(*)::int AS count FROM accounts WHERE vendor_account_id IS NOT NULL AND due_at IS NOT NULL',
    )
    assert.equal(linked!.count, 550)
    const plans = await rows<{ reason: string; batch: string; state: string }>(
      'SELECT reason, batch, state, count(*)::int AS count FROM plans GROUP BY 1, 2, 3',
    )
    assert.deepEqual(plans, [{ reason: 'admission', batch: 'admission:falcon', state: 'waiting', count: 50 }])
    const [waiting] = await rows(
      "SELECT count(*)::int AS count FROM accounts WHERE status = 'waiting' AND due_at IS NULL",
    )
    assert.equal(waiting!.count, 50)
    const [admitted] = await rows(
      'SELECT count(*)::int AS count FROM connections WHERE admitted_at IS NOT NULL',
    )
    assert.equal(admitted!.count, 1)
  })

  test('creates up to 25 without asking', async () => {
    await admit(10, 35)
    const [due] = await rows('SELECT count(*)::int AS count FROM accounts WHERE due_at IS NOT NULL')
    assert.equal(due!.count, 35)
    assert.deepEqual(await rows('SELECT count(*)::int AS count FROM plans'), [{ count: 0 }])
  })

  test('adopts no protected account', async () => {
    const guard = { ...aPolicy().guard, protect: ['p3@corp.example'] }
    await admit(20, 20, { guard })
    assert.deepEqual(
      await rows(`SELECT u.user_name FROM accounts a JOIN users u ON u.id = a.user_id
        WHERE a.vendor_account_id IS NULL AND a.due_at IS NOT NULL`),
      [{ user_name: 'p3@corp.example' }],
    )
  })

  test('adopts nobody where the policy asks first', async () => {
    await admit(20, 20, { adopt: 'ask' })
    assert.deepEqual(
      await rows('SELECT count(*)::int AS count FROM accounts WHERE vendor_account_id IS NOT NULL'),
      [{ count: 0 }],
    )
  })
})

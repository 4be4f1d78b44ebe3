import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { Admission } from '../../src/model/recorded-plan.ts'
import type { Claimed } from '../../src/model/work.ts'
import type { Store } from '../../src/app/stores.ts'
import { aConfiguration, aConnection } from '../support/configuration.ts'
import { openTestStore, type TestStore } from '../support/database.ts'
import { seedPeople } from './sweeps/support.ts'

const hourMs = 3_600_000
let store: TestStore
let processes: readonly Store[]
let directoryId: string
let falcon: string

before(async () => {
  store = await openTestStore()
  processes = [store, await store.another(), await store.another()]
  const applied = await store.applyConfiguration(
    aConfiguration(aConnection('falcon', { vendor: 'crowdstrike' })),
  )
  ;({ id: falcon, directoryId } = applied.connectionIds.get('corp/falcon')!)
})
after(() => store.close())
beforeEach(() => store.query('DELETE FROM users').then(() => store.query('DELETE FROM guard_entries')))

interface Leased extends Claimed {
  readonly by: Store
}

/** People whose accounts are leased, a third of them by each process. */
async function leased(count: number): Promise<readonly Leased[]> {
  await seedPeople(store, directoryId, falcon, count)
  await store.query('UPDATE accounts SET due_at = now()')
  const all: Leased[] = []
  for (const by of processes)
    all.push(...(await by.queue.claimDue(Math.ceil(count / 3))).map((each) => ({ ...each, by })))
  assert.equal(all.length, count)
  return all
}

const admitAll = (all: readonly Leased[], kind: 'shut-out' | 'revoke', limit: object, version = 2) =>
  Promise.all(
    all.map(({ by, lease }) =>
      by.plans.admit(lease, kind, version, { count: 25, withinMs: hourMs, ...limit }),
    ),
  )
const admitted = (answers: readonly Admission[]): number =>
  answers.filter(({ kind }) => kind === 'admitted').length

describe('the ledger of the guard', () => {
  for (const [people, count] of [
    [60, 25],
    [45, 1],
    [12, 12],
    [6, 25],
  ] as const) {
    test(`admits ${Math.min(people, count)} of ${people} at most, however many processes ask at the same moment`, async () => {
      const all = await leased(people)
      const answers = await admitAll(all, 'shut-out', { count })
      assert.equal(admitted(answers), Math.min(people, count))
      // Whoever was admitted stays so, and nobody else comes with them, however often all ask.
      const again = await admitAll(all, 'shut-out', { count })
      assert.deepEqual(
        again.map(({ kind }) => kind),
        answers.map(({ kind }) => kind),
      )
    })
  }

  test('counts the last hour and no more: what is older makes room, one for one', async () => {
    const all = await leased(60)
    const first = await admitAll(all, 'shut-out', {})
    await store.query(`UPDATE guard_entries SET at = at - interval '61 minutes'
      WHERE account_id IN (SELECT account_id FROM guard_entries ORDER BY account_id LIMIT 10)`)
    const waiting = all.filter((_, at) => first[at]!.kind === 'tripped')
    assert.equal(admitted(await admitAll(waiting, 'shut-out', {})), 10)
    assert.equal(admitted(await admitAll(waiting, 'shut-out', {})), 10, 'asked again nobody is counted anew')
  })

  test('follows the number of accounts where a percentage is given, and counts five at least', async () => {
    const all = await leased(90)
    assert.equal(admitted(await admitAll(all, 'shut-out', { percent: 10 })), 9)
    await store.query(
      'UPDATE accounts SET vendor_account_id = NULL, vendor_tenant = NULL WHERE id IN (SELECT id FROM accounts ORDER BY id LIMIT 60)',
    )
    await store.query('DELETE FROM guard_entries')
    assert.equal(admitted(await admitAll(all, 'shut-out', { percent: 10 })), 5)
  })

  test('keeps shut-outs and revokes apart, and a later wish of the same account counts again', async () => {
    const all = await leased(3)
    assert.equal(admitted(await admitAll(all, 'shut-out', { count: 3 })), 3)
    assert.equal(admitted(await admitAll(all, 'revoke', { count: 2 })), 2)
    assert.equal(admitted(await admitAll(all, 'shut-out', { count: 4 }, 3)), 1)
  })

  test('admits nobody whose lease is gone', async () => {
    const [one] = await leased(3)
    await store.query('UPDATE accounts SET lease_epoch = lease_epoch + 1')
    await assert.rejects(admitAll([one!], 'shut-out', {}), { name: 'LeaseLost' })
    assert.deepEqual(await store.query('SELECT FROM guard_entries'), [])
  })
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { aConfiguration, aConnection, anActor, aPolicy } from '../support/configuration.ts'
import { openTestStore, type TestStore } from '../support/database.ts'

let store: TestStore

before(async () => {
  store = await openTestStore()
})

after(() => store.close())

test('leaves groups alone while the connection recovers from a restore, and takes them up afterwards', async () => {
  const rules = [{ group: '/.*/', team: '{group}', create: true }]
  const applied = await store.applyConfiguration(
    aConfiguration(aConnection('sentry', { policy: aPolicy({ rules }) })),
  )
  const by = anActor(applied.directoryIds.get('corp')!)
  const none = { clear: false, add: new Set<string>(), remove: new Set<string>() }
  const write = await store.directory.createGroup(by, { displayName: 'new' }, none, { uniqueName: false })
  assert.equal(write.kind, 'stored')
  await store.query('UPDATE connections SET recovering_since = now()')
  assert.deepEqual(await store.groups.claimDue(4), [])
  await store.query('UPDATE connections SET recovering_since = NULL')
  assert.equal((await store.groups.claimDue(4)).length, 1)
})

test('leaves the groups of a connection that another process has changed to that process', async () => {
  const sentry = (rules: readonly object[]) =>
    aConfiguration(aConnection('sentry', { policy: aPolicy({ rules: rules as never }) }))
  const before = await store.applyConfiguration(sentry([]))
  const old = await store.another()
  old.worksBy(before)
  const after = await store.applyConfiguration(sentry([{ group: '/.*/', team: '{group}', create: true }]))
  await store.query('UPDATE group_links SET lease_until = NULL')
  // By the rules of before it would take the group for one that nobody wants, and forget it.
  assert.deepEqual(await old.groups.claimDue(4), [])
  old.worksBy(after)
  assert.equal((await old.groups.claimDue(4)).length, 1)
})

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { aConfiguration, aConnection, aPolicy } from '../support/configuration.ts'
import { openTestStore, type TestStore } from '../support/database.ts'
import type { Entitlement } from '../../src/model/account.ts'

let store: TestStore
let id: string

const apply = async (change: Parameters<typeof aConnection>[1] = {}): Promise<string> => {
  const applied = await store.applyConfiguration(aConfiguration(aConnection('sentry', change)))
  return applied.connectionIds.get('corp/sentry')!.id
}

before(async () => {
  store = await openTestStore()
  id = await apply()
})

after(() => store.close())

test('keeps the API profile that was found, and when, until settings change', async () => {
  assert.equal(await store.connections.profile(id), undefined)
  await store.connections.keepProfile(id, 'guide')
  const { profile, at } = (await store.connections.profile(id))!
  assert.equal(profile, 'guide')
  assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000)

  await apply({ policy: aPolicy({ adopt: 'never' }) })
  assert.equal((await store.connections.profile(id))?.profile, 'guide', 'a policy says nothing of the vendor')
  await apply({ policy: aPolicy({ adopt: 'never' }), settings: { organization: 'other' } })
  assert.equal(await store.connections.profile(id), undefined)
})

test('gives the catalogue back as it was fetched', async () => {
  const entries: readonly Entitlement[] = [
    { kind: 'role', id: 'a', name: 'A', scope: { level: 'cid', id: '1' }, privileged: true, home: true },
    { kind: 'role', id: 'a', name: 'A', scope: { level: 'site', id: '2' }, scopeName: 'EMEA' },
    { kind: 'group', id: 'g', name: 'G' },
  ]
  await store.connections.keepCatalogue(id, entries)
  assert.deepEqual((await store.connections.catalogue(id))?.entries, entries)
})

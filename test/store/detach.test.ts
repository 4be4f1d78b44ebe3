import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Actor } from '../../src/scim/ports.ts'
import { aConfiguration, aConnection, anActor } from '../support/configuration.ts'
import { openTestStore, type TestStore } from '../support/database.ts'
import { holdPerson } from '../../src/operations/holds/store.ts'

let store: TestStore
let by: Actor
let sentry: string

before(async () => {
  store = await openTestStore()
  const applied = await store.applyConfiguration(aConfiguration(aConnection('sentry')))
  by = anActor(applied.directoryIds.get('corp')!)
  sentry = applied.connectionIds.get('corp/sentry')!.id
})
after(() => store.close())

const origin = { actor: 'operator:ann', requestId: 'r1' }

test('whoever an operator holds, whose link was lost, or whose proof reads have still to confirm counts as unproven', async () => {
  const write = await store.directory.createUser(by, { userName: 'held@corp.example', active: true })
  assert.ok(write.kind === 'stored')
  const { id } = write.user
  const refused = () =>
    assert.rejects(store.detach(sentry, origin, { abandon: false }), { code: 'SHUT_OUTS_UNPROVEN' })
  const account = (set: string) => store.query(`UPDATE accounts SET ${set} WHERE user_id = $1::uuid`, [id])
  await account(`vendor_account_id = 'v1', vendor_tenant = 'sentry:t', proven_version = wanted_version`)
  await holdPerson(store.db, id, { reason: 'laptop stolen' }, origin)
  await refused()
  await account(
    `vendor_account_id = NULL, vendor_tenant = NULL, snapshot = '{"entitlements":[],"granted":[]}'`,
  )
  await refused()
  await account(`vendor_account_id = 'v1', proven_version = wanted_version, status = 'verifying'`)
  await refused()
  await store.query('DELETE FROM users')
})

test('a connection is not let go while an access is to end there, unless it is abandoned, which is recorded', async () => {
  const ids: string[] = []
  for (const name of ['stays', 'leaves', 'deleted']) {
    const write = await store.directory.createUser(by, { userName: `${name}@corp.example`, active: true })
    assert.ok(write.kind === 'stored')
    ids.push(write.user.id)
  }
  const [, leaver, deleted] = ids as [string, string, string]
  await store.query(
    `UPDATE accounts SET vendor_account_id = user_id::text, vendor_tenant = 'sentry:t', proven_version = wanted_version`,
  )
  await store.directory.updateUser(by, leaver, ({ body }) => ({ ...body, active: false }))
  assert.equal(await store.directory.deleteUser(by, deleted), 'pending')
  await assert.rejects(store.detach(sentry, origin, { abandon: false }), { code: 'SHUT_OUTS_UNPROVEN' })
  const [before] = await store.query<{ count: number }>('SELECT count(*)::int AS count FROM accounts')
  assert.equal(before!.count, 3)

  const done = await store.detach(sentry, origin, { abandon: true })
  assert.deepEqual(
    [done!.path, done!.linked, done!.abandoned.toSorted()],
    ['corp/sentry', 3, ['deleted@corp.example', 'leaves@corp.example']],
  )
  const users = await store.query<{ user_name: string; shown: boolean; gone: boolean }>(
    'SELECT user_name, active_shown AS shown, deleted_at IS NOT NULL AS gone FROM users ORDER BY user_name',
  )
  assert.deepEqual(
    users.map(({ user_name, shown, gone }) => [user_name, gone || shown]),
    [
      ['deleted@corp.example', true],
      ['leaves@corp.example', false],
      ['stays@corp.example', true],
    ],
  )
  const events = await store.query<{ actor: string }>(
    "SELECT actor FROM events WHERE action = 'connection.detached'",
  )
  assert.deepEqual(events, [{ actor: 'operator:ann' }])
  assert.equal(await store.detach(sentry, origin, { abandon: true }), undefined)
  assert.deepEqual((await store.applyConfiguration({ directories: [] })).changes, ['token idp revoked'])
})

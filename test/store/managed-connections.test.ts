import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { replaceCredentials } from '../../src/operations/managed-connections/editing.ts'
import type { Actor } from '../../src/scim/ports.ts'
import type { Keyring, Place, Sealed } from '../../src/secrets/keyring.ts'
import type { Store } from '../../src/app/stores.ts'
import { aConfiguration, aConnection, anActor } from '../support/configuration.ts'
import { openTestStore, quiet, type TestStore } from '../support/database.ts'
import { events } from '../../src/operations/audit/store.ts'
import { gauges } from '../../src/operations/connections/gauges-store.ts'
import { connection } from '../../src/operations/connections/store.ts'
import { expiries, keepCredentialsEnd } from '../../src/operations/expiry/store.ts'
import { rotateKeys } from '../../src/operations/keys/store.ts'
import {
  changeCredentials,
  createManaged,
  enableManaged,
  managedConnections,
  managedMark,
  markChecked,
  updateManaged,
} from '../../src/operations/managed-connections/store.ts'
import { createOperator } from '../../src/operations/operators/store.ts'
import { createToken, revokeToken, rotateToken } from '../../src/operations/tokens/store.ts'
import { keysOfProcesses } from '../../src/store/processes/processes.ts'
import type { Statement } from '../../src/store/sql/statement.ts'

let store: TestStore
let actor: Actor
const by = { actor: 'operator:ada', requestId: 'r1' }
const seal = ({ connectionId, revision }: Pick<Place, 'connectionId' | 'revision'>): Sealed => ({
  key: 'k1',
  bytes: Buffer.from(`${connectionId} ${revision}`),
})

before(async () => {
  store = await openTestStore()
  const applied = await store.applyConfiguration(aConfiguration(aConnection('sentry')))
  actor = anActor(applied.directoryIds.get('corp')!)
})
after(() => store.close())

async function make(name: string, written: object = { vendor: 'sentry' }): Promise<string> {
  const { credentials: _, ...connection } = aConnection(name)
  const id = await createManaged(store.db, 'corp', { connection, written: { ...written } }, seal, by)
  return id!
}
const revisionOf = async (id: string) => (await connection(store.db, id))!.revision

test('keeps credentials for the place where they are, and counts what changes', async () => {
  const id = await make('made')
  const sealed = async () => {
    const row = (await managedConnections(store.db)).find((each) => each.id === id)!
    return [row.revision, row.credentialsRevision, Buffer.from(row.sealed.bytes).toString()]
  }
  assert.deepEqual(await sealed(), [1, 1, `${id} 1`])
  const mark = await managedMark(store.db)
  await changeCredentials(store.db, id, seal, by)
  assert.deepEqual(await sealed(), [2, 2, `${id} 2`])
  assert.notEqual(await managedMark(store.db), mark)
  assert.equal(await markChecked(store.db, id, 1, by), false, 'what was checked is of yesterday')
  assert.equal(await markChecked(store.db, id, 2, by), true)
})

test('is checked anew after other settings, and lets nobody change what they have not seen', async () => {
  const id = await make('settings')
  await markChecked(store.db, id, 1, by)
  const { credentials: _, ...connection } = aConnection('settings', { settings: { organization: 'other' } })
  const draft = { connection, written: {} }
  await assert.rejects(updateManaged(store.db, id, draft, {}, { ...by, revision: 7 }), {
    code: 'CHANGED_MEANWHILE',
  })
  assert.equal(await updateManaged(store.db, id, draft, {}, { ...by, revision: 1 }), true)
  await assert.rejects(enableManaged(store.db, id, by), { code: 'NOT_CHECKED' })
  assert.equal(await updateManaged(store.db, id, draft, {}, { ...by, revision: 2 }), false, 'the same again')
  const other = { ...draft, connection: { ...connection, vendor: 'sisense' } }
  await assert.rejects(updateManaged(store.db, id, other, {}, { ...by, revision: 2 }), {
    code: 'VENDOR_CHANGED',
  })
})

test('saves nothing unchecked of a connection that somebody enables at that moment', async () => {
  const id = await make('enabled-meanwhile', { vendor: 'sentry', settings: { organization: 'acme' } })
  await markChecked(store.db, id, 1, by)
  const { db } = store
  const deps = {
    db: {
      ...db,
      async row<T>(statement: Statement) {
        await enableManaged(db, id, by)
        return db.row<T>(statement)
      },
    },
    keyring: { ids: ['k1'], seal, open: () => ({}), openUnbound: () => ({}) },
    insecureTargets: [],
    lendKit: async () => assert.fail('it was not enabled when it was looked at'),
    changed: async () => {},
  }
  const saving = (force: boolean) =>
    replaceCredentials(deps, id, { credentials: { token: 'sntryu_another' }, force }, by)
  await assert.rejects(saving(false), { code: 'changed', status: 412 })
  const row = async () => (await managedConnections(store.db)).find((each) => each.id === id)
  assert.deepEqual([(await row())?.enabled, (await row())?.credentialsRevision], [true, 1])
  await saving(true)
  assert.equal((await row())?.credentialsRevision, 2)
})

test('forgets nobody whose write was under way while it was enabled', async () => {
  const id = await make('enabled')
  await markChecked(store.db, id, await revisionOf(id), by)
  const client = new pg.Client({ connectionString: store.url })
  await client.connect()
  try {
    await client.query('BEGIN')
    await client.query(
      `INSERT INTO users (id, directory_id, user_name, user_name_key, email_keys, body, active_wanted, active_shown)
       VALUES ('019aa000-0000-7000-8000-00000000000a', $1, 'late', 'late', '{}', '{}', true, true)`,
      [actor.directory.id],
    )
    const enabling = enableManaged(store.db, id, by)
    assert.equal(await Promise.race([enabling, delay(300, 'waits')]), 'waits')
    await client.query('COMMIT')
    assert.equal(await enabling, 1)
  } finally {
    await client.end()
  }
  const accounts = await store.query(`SELECT due_at FROM accounts WHERE connection_id = $1`, [id])
  assert.equal(accounts.length, 1)
  assert.equal(await enableManaged(store.db, id, by), 0, 'once more changes nothing')
})

test('is not parked for what the credentials of before could not do', async () => {
  const id = await make('parked')
  await markChecked(store.db, id, 1, by)
  await enableManaged(store.db, id, by)
  const now = await revisionOf(id)
  const reason = { kind: 'unauthenticated', detail: 'refused', at: new Date().toISOString() } as const
  assert.equal(await store.connections.park(id, reason, now - 1), false)
  assert.equal((await connection(store.db, id))?.status, 'new')
  assert.equal(await store.connections.park(id, reason, now), true)
  await changeCredentials(store.db, id, seal, by)
  assert.equal((await connection(store.db, id))?.status, 'new')
})

test('tells what ends, without rotated and revoked tokens', async () => {
  const soon = new Date(Date.now() + 86_400_000).toISOString()
  const draft = (name: string) => ({ name, secret: `secret-of-${name}-${'x'.repeat(16)}`, expiresAt: soon })
  const rotated = (await createToken(store.db, 'corp', draft('rotated'), by))!
  await rotateToken(store.db, 'corp', rotated.id, { secret: 'the-next-secret-of-it', overlapMs: 1_000 }, by)
  const revoked = (await createToken(store.db, 'corp', draft('revoked'), by))!
  await revokeToken(store.db, 'corp', revoked.id, by)
  await createToken(store.db, 'corp', draft('okta'), by)
  await createOperator(store.db, { ...draft('ada'), role: 'viewer' }, by)
  const id = await make('ending')
  await keepCredentialsEnd(store.db, id, '2020-01-01T00:00:00.000Z')
  assert.deepEqual((await expiries(store.db)).map(({ kind, name }) => `${kind} ${name}`).toSorted(), [
    'operator ada',
    'scim corp/okta',
    'vendor corp/ending',
  ])
  assert.equal((await connection(store.db, id))?.credentialsEndAt, '2020-01-01T00:00:00.000Z')
  const { endings } = await gauges(store.db)
  assert.ok(endings.some(({ kind, name, seconds }) => kind === 'operator' && name === '' && seconds > 86_000))
})

test('seals nothing anew while a process lives that does not hold the key, unless that is forced', async (t) => {
  const id = await make('rotated')
  const keyring: Keyring = {
    ids: ['k2', 'k1'],
    seal: () => ({ key: 'k2', bytes: Buffer.from('sealed anew') }),
    open: () => ({}),
    openUnbound: () => ({}),
  }
  const join = async (from: Store, keyIds?: readonly string[]) => {
    const processes = await from.joinProcesses({ hear() {}, log: quiet, ...(keyIds ? { keyIds } : {}) })
    t.after(() => processes.close())
    return processes
  }
  await join(store, ['k2', 'k1'])
  const old = await join(await store.another(), ['k1'])
  assert.deepEqual((await keysOfProcesses(store.db)).map((ids) => ids.join()).toSorted(), ['k1', 'k2,k1'])
  const refused = { code: 'KEY_NOT_EVERYWHERE', message: /^a running process does not hold the key k2/ }
  await assert.rejects(rotateKeys(store.db, keyring, by), refused)
  const keyOf = async () => (await managedConnections(store.db)).find((each) => each.id === id)?.sealed.key
  assert.equal(await keyOf(), 'k1')
  await old.close()
  // A release that tells nothing of its keys counts as one without.
  await store.query(`INSERT INTO processes (id, release, seen_at) VALUES ('older', '0', now())`)
  await assert.rejects(rotateKeys(store.db, keyring, by), refused)
  assert.ok((await rotateKeys(store.db, keyring, by, { force: true })) > 0)
  assert.equal(await keyOf(), 'k2')
  const [event] = await events(store.db, { action: 'connection.key-rotated', resourceId: id, limit: 1 })
  assert.equal((event!.detail as { processesWithoutKey: number }).processesWithoutKey, 1)
  await store.query(`DELETE FROM processes WHERE id = 'older'`)
  assert.equal(await rotateKeys(store.db, keyring, by), 0)
})

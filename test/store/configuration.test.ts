import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type { Actor } from '../../src/scim/ports.ts'
import { planningPart } from '../../src/store/connections/configuration.ts'
import { isSame } from '../../src/store/connections/difference.ts'
import { aConfiguration, aConnection, aDirectory, anActor, aPolicy } from '../support/configuration.ts'
import { openTestStore, type TestStore } from '../support/database.ts'
import { until } from '../support/gateway.ts'
import { accountStates } from '../../src/demo/store.ts'

let store: TestStore
let by: Actor

const secret = 'secret-of-corp-0123456789'

before(async () => {
  store = await openTestStore()
  const applied = await store.applyConfiguration(aConfiguration(aConnection('sentry')))
  by = anActor(applied.directoryIds.get('corp')!)
  assert.deepEqual(applied.changes, [
    'directory corp added',
    'connection corp/sentry added',
    'token idp added',
  ])
})

after(() => store.close())

const accounts = () =>
  store.query<{
    connection: string
    user_name: string
    wanted_version: number
    priority: number
    due: boolean
  }>(
    `SELECT c.name AS connection, u.user_name, a.wanted_version, a.priority, a.due_at <= now() AS due
     FROM accounts a JOIN users u ON u.id = a.user_id JOIN connections c ON c.id = a.connection_id ORDER BY c.name, u.user_name`,
  )

async function person(userName: string): Promise<string> {
  const write = await store.directory.createUser(by, { userName, active: true })
  assert.ok(write.kind === 'stored')
  return write.user.id
}

test('says nothing and changes nothing when the same file is applied again', async () => {
  const again = await store.applyConfiguration(aConfiguration(aConnection('sentry')))
  assert.deepEqual(again.changes, [])
  assert.equal(again.directoryIds.get('corp'), by.directory.id)
})

test('[T-05] keeps the hash of a token only, and knows its directory', async () => {
  const verified = await store.verifyToken(secret)
  assert.deepEqual(verified, {
    id: by.directory.id,
    name: 'corp',
    client: 'auto',
    domains: [],
    tokenName: 'idp',
  })
  assert.equal(await store.verifyToken(`${secret}x`), undefined)
  const [row] = await store.query<Record<string, unknown>>('SELECT * FROM tokens')
  assert.ok(!JSON.stringify(row).includes(secret))
  assert.equal(String(row?.['hint']).length, 6)
  const dump = await store.query('SELECT settings, policy FROM connections')
  assert.ok(!JSON.stringify(dump).includes('not-a-real-secret'), 'credentials are not stored')
})

test('[T-05] ends tokens that left the file, and knows the new one at once', async () => {
  const other = await store.another()
  const directory = aDirectory('corp', [aConnection('sentry')])
  const renewed = {
    directories: [{ ...directory, tokens: [{ name: 'new', secret: 'another-secret-0123456789' }] }],
  }
  const applied = await store.applyConfiguration(renewed)
  assert.deepEqual(applied.changes, ['token idp revoked', 'token new added'])
  assert.equal(await other.verifyToken(secret), undefined)
  assert.equal((await other.verifyToken('another-secret-0123456789'))?.tokenName, 'new')
  await store.applyConfiguration(aConfiguration(aConnection('sentry')))
  assert.equal((await other.verifyToken(secret))?.tokenName, 'idp')
})

test('gives everybody an account of a connection that comes later, behind live work', async () => {
  await person('early@corp.example')
  await person('bird@corp.example')
  const applied = await store.applyConfiguration(aConfiguration(aConnection('sentry'), aConnection('falcon')))
  assert.deepEqual(applied.changes, ['connection corp/falcon added, 2 people to admit'])
  const added = (await accounts()).filter(({ connection }) => connection === 'falcon')
  assert.deepEqual(
    added.map(({ user_name, priority, due }) => [user_name, priority, due]),
    [
      ['bird@corp.example', 3, null],
      ['early@corp.example', 3, null],
    ],
  )
  assert.deepEqual(
    (await store.sweeps.progress()).map(({ kind, state }) => [kind, state]),
    [['connection', 'counting']],
  )
})

test('plans everybody anew when rules change, and nobody when only the reply does', async () => {
  await store.query('UPDATE accounts SET proven_version = wanted_version, due_at = NULL')
  const patient = aPolicy({ reply: { budgetMs: 1_000, pendingShutOut: 'retry' } })
  const first = await store.applyConfiguration(
    aConfiguration(aConnection('sentry', { policy: patient }), aConnection('falcon')),
  )
  assert.deepEqual(first.changes, [
    ['connection corp/sentry changed', '    reply.budgetMs: 30000 → 1000'].join('\n'),
  ])
  assert.ok((await accounts()).every(({ due }) => !due))
  const ruled = aPolicy({ rules: [{ group: 'Admins', role: 'owner' }] })
  const second = await store.applyConfiguration(
    aConfiguration(aConnection('sentry', { policy: ruled }), aConnection('falcon')),
  )
  assert.deepEqual(second.changes, [
    [
      'connection corp/sentry changed; every account is looked at again',
      '    reply.budgetMs: 1000 → 30000',
      '    rules: + {"group":"Admins","role":"owner"}',
    ].join('\n'),
  ])
  assert.ok((await accounts()).every(({ due }) => !due))
  assert.deepEqual(
    (await store.sweeps.progress()).map(({ kind, state }) => [kind, state]),
    [
      ['rules', 'counting'],
      ['connection', 'counting'],
    ],
  )
})

test('tells nothing of rules that only stand elsewhere in the file', async () => {
  const at = (line: number) =>
    aConfiguration(
      aConnection('sentry', { policy: aPolicy({ rules: [{ group: 'Admins', role: 'owner', line }] }) }),
      aConnection('falcon'),
    )
  await store.applyConfiguration(at(7))
  assert.deepEqual((await store.applyConfiguration(at(9))).changes, [])
})

test('takes up parked connections and failed shut-outs at a start', async () => {
  const leaver = await person('failed@corp.example')
  await store.directory.deleteUser(by, leaver)
  await store.query(`UPDATE accounts SET status = 'failed', due_at = NULL WHERE user_id = $1`, [leaver])
  const [{ id } = { id: '' }] = await store.query<{ id: string }>(
    `SELECT id FROM connections WHERE name = 'sentry'`,
  )
  await store.connections.park(id, { kind: 'unauthenticated', detail: 'x', at: '2026-01-01T00:00:00Z' })
  await store.applyConfiguration(aConfiguration(aConnection('sentry'), aConnection('falcon')))
  const standings = await store.queue.outcomes(leaver)
  assert.deepEqual(
    standings.map(({ dueInMs }) => dueInMs),
    [0, 0],
  )
  const [row] = await store.query<{ status: string }>('SELECT status FROM connections WHERE id = $1', [id])
  assert.equal(row?.status, 'new')
})

test('refuses a file without a connection by which accounts are linked', async () => {
  const [{ accountId } = { accountId: '' }] = await store.queue.outcomes(await person('linked@corp.example'))
  const claimed = await store.queue.claim(accountId)
  assert.ok(typeof claimed === 'object')
  await store.queue.save(claimed.lease, { vendorAccountId: '1', vendorTenant: 'x:1' })
  const [{ name } = { name: '' }] = await store.query<{ name: string }>(
    'SELECT c.name FROM connections c JOIN accounts a ON a.connection_id = c.id WHERE a.id = $1',
    [accountId],
  )
  const others = ['sentry', 'falcon'].filter((each) => each !== name).map((each) => aConnection(each))
  await assert.rejects(() => store.applyConfiguration(aConfiguration(...others)), {
    code: 'CONNECTION_MISSING',
    message: new RegExp(`corp/${name} \\(1 account\\)`),
  })
  const kept = await store.applyConfiguration(aConfiguration(aConnection(name)))
  assert.deepEqual(kept.changes, [`connection corp/${others[0]!.name} removed`])
  await assert.rejects(
    () => store.applyConfiguration(aConfiguration(aConnection(name, { vendor: 'crowdstrike' }))),
    {
      code: 'VENDOR_CHANGED',
    },
  )
})

test('keeps the tenant of a connection and its catalogue', async () => {
  const [{ id } = { id: '' }] = await store.query<{ id: string }>('SELECT id FROM connections')
  await store.connections.keepTenant(id, 'sentry:1')
  await store.connections.keepTenant(id, 'sentry:1')
  await assert.rejects(() => store.connections.keepTenant(id, 'sentry:2'), { code: 'TENANT_CHANGED' })
  assert.equal(await store.connections.catalogue(id), undefined)
  const entries = [
    { kind: 'role', id: 'b', name: 'B', privileged: true },
    { kind: 'role', id: 'a', name: 'A', scope: { level: 'cid', id: '1' } },
    { kind: 'group', id: 'a', name: 'Team' },
  ] as const
  await store.connections.keepCatalogue(id, entries)
  const kept = await store.connections.catalogue(id)
  assert.deepEqual(kept?.entries, entries)
  assert.ok(kept.ageMs >= 0 && kept.ageMs < 60_000)
  await store.connections.keepCatalogue(id, [])
  assert.deepEqual((await store.connections.catalogue(id))?.entries, [])
})

test('shows where everybody stands, and what happened, without a secret', async () => {
  const rows = await accountStates(store.db, by.directory.id)
  assert.ok(
    rows.some(
      ({ userName, vendorAccountId }) => userName === 'linked@corp.example' && vendorAccountId === '1',
    ),
  )
  const events = await store.query<{ action: string }>('SELECT action FROM events')
  assert.ok(events.some(({ action }) => action === 'connection.parked'))
  const everything = JSON.stringify(await store.query('SELECT * FROM events'), (_, value: unknown) => value)
  assert.ok(!everything.includes('not-a-real-secret') && !everything.includes(secret))
})

test('compares policies without regard to the order of keys and the place of rules', () => {
  const policy = aPolicy({ rules: [{ group: 'a', role: 'b', line: 3 }] })
  const moved = { ...policy, rules: [{ line: 9, role: 'b', group: 'a' }] }
  assert.equal(isSame(planningPart(policy), planningPart(moved)), true)
  assert.equal(isSame(planningPart(policy), planningPart(aPolicy())), false)
})

test('gives whoever is created at the same moment an account of a connection that comes', async () => {
  const client = new pg.Client({ connectionString: store.url })
  await client.connect()
  try {
    await client.query('BEGIN')
    // As a create whose statement does not see the connection yet.
    await client.query(
      `INSERT INTO users (id, directory_id, user_name, user_name_key, email_keys, body, active_wanted, active_shown)
       VALUES (gen_random_uuid(), $1::uuid, 'late@corp.example', 'late@corp.example', '{}', '{"userName":"late@corp.example"}', true, true)`,
      [by.directory.id],
    )
    const known = await store.query<{ name: string; vendor: string }>('SELECT name, vendor FROM connections')
    const all = known.map(({ name, vendor }) => aConnection(name, { vendor }))
    const applying = store.applyConfiguration(aConfiguration(...all, aConnection('newest')))
    const isThere = async (): Promise<boolean> =>
      (await store.query("SELECT FROM connections WHERE name = 'newest'")).length === 1
    await until('the connection', isThere)
    await client.query('COMMIT')
    await applying
    const late = (await accounts()).filter(({ user_name }) => user_name === 'late@corp.example')
    assert.ok(late.some(({ connection, due }) => connection === 'newest' && due))
  } finally {
    await client.end()
  }
})

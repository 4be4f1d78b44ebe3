import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { afterEach, beforeEach, test } from 'node:test'
import { syslogReceiver, webhookReceiver } from '../../src/operations/audit/receivers.ts'
import { csv, csvHeader } from '../../src/operations/audit/formats.ts'
import { startAuditKeeper } from '../../src/operations/audit/audit.ts'
import { type Fault, type KnownHead, verifyAudit } from '../../src/operations/audit/verify.ts'
import { aConfiguration, aConnection, anActor } from '../support/configuration.ts'
import { openTestStore, quiet, type TestStore } from '../support/database.ts'
import { delivered, drop, erase, head, page, seal, sealed } from '../../src/operations/audit/store.ts'

let store: TestStore
let directoryId: string

beforeEach(async () => {
  store = await openTestStore()
  const applied = await store.applyConfiguration(aConfiguration(aConnection('sentry')))
  directoryId = applied.directoryIds.get('corp')!
  for (const name of ['ada', 'joan', 'grace', 'mary']) {
    await store.directory.createUser(anActor(directoryId), { userName: `${name}@corp.example`, active: true })
  }
})

afterEach(() => store.close())

async function sealAll(): Promise<void> {
  while ((await seal(store.db, 100)).length > 0);
}

async function faults(
  known: readonly KnownHead[] = [],
): Promise<readonly Pick<Fault, 'kind' | 'position'>[]> {
  const chains = await verifyAudit(store.db, known)
  return chains.flatMap((chain) => chain.faults.map(({ kind, position }) => ({ kind, position })))
}

const headOfCorp = async () => (await head(store.db, { directoryId, directory: 'corp' }))!

test('chains the events of each directory and of the gateway itself, and an untouched chain verifies', async () => {
  await sealAll()
  const chains = await verifyAudit(store.db)
  assert.deepEqual(
    chains.map(({ directory, faults: found }) => [directory, found.length]),
    [
      ['corp', 0],
      [null, 0],
    ],
  )
  assert.ok(chains.every(({ events, head }) => events > 0 && head.position === events))
})

test('does not chain what a running transaction may still precede', async () => {
  await sealAll()
  const before = await headOfCorp()
  await store.query('BEGIN')
  try {
    await store.query(`SELECT pg_current_xact_id()`)
    await store.directory.createUser(anActor(directoryId), { userName: 'late@corp.example', active: true })
    await sealAll()
    assert.deepEqual(await headOfCorp(), before)
  } finally {
    await store.query('ROLLBACK')
  }
  await sealAll()
  assert.equal((await headOfCorp()).position, before.position + 1)
})

const tampering: readonly (readonly [
  what: string,
  statement: string,
  kind: Fault['kind'],
  position: number,
])[] = [
  ['an edited payload', `UPDATE events SET detail = '{"forged":true}' WHERE position = 2`, 'edited', 2],
  ['another actor', `UPDATE events SET actor = 'operator:nobody' WHERE position = 3`, 'edited', 3],
  ['a removed row', `DELETE FROM events WHERE position = 2`, 'removed', 2],
  ['the first row removed', `DELETE FROM events WHERE position = 1`, 'removed', 1],
  ['a blanked row', `UPDATE events SET detail = '{"erased":"2026"}' WHERE position = 2`, 'blanked', 2],
  ['rows cut off', `DELETE FROM events WHERE position >= 3`, 'truncated', 3],
  [
    'an edited payload with its digest made anew',
    `UPDATE events SET digest = repeat('0', 64), detail = '{"forged":true}' WHERE position = 2`,
    'reordered',
    2,
  ],
]

for (const [what, statement, kind, position] of tampering) {
  test(`finds ${what}`, async () => {
    await sealAll()
    await store.query(statement.replace('WHERE', `WHERE directory_id = '${directoryId}' AND`))
    const [first] = await faults()
    assert.deepEqual(first, { kind, position })
  })
}

test('finds two rows that changed places', async () => {
  await sealAll()
  await store.query(`UPDATE events SET position = -1 WHERE position = 2 AND directory_id = '${directoryId}'`)
  await store.query(`UPDATE events SET position = 2 WHERE position = 3 AND directory_id = '${directoryId}'`)
  await store.query(`UPDATE events SET position = 3 WHERE position = -1 AND directory_id = '${directoryId}'`)
  assert.deepEqual((await faults())[0], { kind: 'reordered', position: 2 })
})

test('a chain that was cut off with its kept head shows against a head that was written down elsewhere', async () => {
  await sealAll()
  const { position, hash } = await headOfCorp()
  await store.query(`DELETE FROM events WHERE position >= 3 AND directory_id = '${directoryId}'`)
  await store.query(`DELETE FROM store_meta WHERE key LIKE 'audit_head:%'`)
  assert.deepEqual(await faults(), [])
  assert.deepEqual(await faults([{ directory: 'corp', position, hash }]), [
    { kind: 'truncated', position: 3 },
  ])
})

test('erases what is said of a person and keeps the chain', async () => {
  await sealAll()
  const erased = await erase(store.db, 'corp', 'ADA@corp.example', { actor: 'operator:eve' })
  assert.ok(erased > 0)
  await sealAll()
  assert.deepEqual(await faults(), [])
  const events = await page(store.db, { directory: 'corp' }, '0', 100)
  assert.ok(!JSON.stringify(events).includes('ada@corp.example'))
  assert.ok(JSON.stringify(events).includes('joan@corp.example'))
  await assert.rejects(
    erase(store.db, 'corp', 'nobody@corp.example', { actor: 'operator:eve' }),
    /nothing was erased/,
  )
})

test('drops old events and goes on from there', async () => {
  await sealAll()
  await store.query(
    `UPDATE events SET at = at - interval '90 days', position = NULL, digest = NULL, hash = NULL WHERE position <= 2`,
  )
  await store.query(`UPDATE events SET position = NULL, digest = NULL, hash = NULL`)
  await store.query(`DELETE FROM store_meta WHERE key LIKE 'audit_head:%'`)
  await sealAll()
  assert.ok((await drop(store.db, 60)) >= 2)
  await sealAll()
  assert.deepEqual(await faults(), [])
  const [corp] = await verifyAudit(store.db)
  assert.equal(corp?.from, 2)
})

test('delivers every sealed event once and in order, and again what was not taken', async () => {
  const bodies: string[] = []
  let refuse = true
  let refused = 0
  const receiver = webhookReceiver(
    'https://audit.example',
    'a secret of sixteen',
    async (_url, headers, body) => {
      assert.match(headers['drawbridge-signature'] ?? '', /^t=\d+,v1=[0-9a-f]{64}$/)
      if (refuse) {
        refused += 1
        return 503
      }
      bodies.push(body)
      return 204
    },
  )
  const one = startAuditKeeper({
    db: store.db,
    log: quiet as never,
    receivers: [receiver],
    everyMs: 20,
  })
  await until(async () => refused > 0)
  await one.close()
  assert.equal(await delivered(store.db, 'webhook', { directoryId, directory: 'corp' }), 0)
  refuse = false
  const two = startAuditKeeper({
    db: store.db,
    log: quiet as never,
    receivers: [receiver],
    everyMs: 20,
  })
  await store.query(`DELETE FROM store_meta WHERE key LIKE 'audit_turn:%'`)
  const { position } = await headOfCorp()
  await until(
    async () => (await delivered(store.db, 'webhook', { directoryId, directory: 'corp' })) === position,
  )
  await two.close()
  const sent = bodies
    .flatMap((body) => body.trim().split('\n'))
    .map((line) => JSON.parse(line) as { directory?: string; position: number })
  const ofCorp = sent.filter(({ directory }) => directory === 'corp').map((event) => event.position)
  assert.deepEqual(
    ofCorp,
    Array.from({ length: position }, (_, index) => index + 1),
  )
})

test('speaks syslog, counted by octets', async () => {
  await sealAll()
  const events = await sealed(store.db, { directoryId, directory: 'corp' }, 0, 10)
  const received: Buffer[] = []
  const server = createServer((socket) => socket.on('data', (data) => received.push(data)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const receiver = syslogReceiver(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, '0.1.0')
  try {
    await receiver.send(events)
    await until(async () => Buffer.concat(received).includes('user.created'))
  } finally {
    await receiver.close()
    server.close()
  }
  const text = Buffer.concat(received)
  const length = Number(text.subarray(0, text.indexOf(' ')).toString())
  const line = text.subarray(text.indexOf(' ') + 1, text.indexOf(' ') + 1 + length).toString()
  assert.match(line, /^<10[89]>1 \d{4}-\S+Z \S+ drawbridge \d+ [\w.-]+ \[event@32473 .*position="1"/)
})

test('writes CSV that no spreadsheet takes for a formula', () => {
  const event = {
    id: '1',
    at: '2026-01-01T00:00:00.000Z',
    actor: '=cmd()',
    action: 'user.created',
    resourceType: 'User',
    resourceId: 'a,b',
    detail: { name: '"x"' },
  }
  assert.equal(csvHeader.split(',').length, csv({ ...event, resourceId: 'ab', detail: {} }).split(',').length)
  assert.match(csv(event), /,'=cmd\(\),/)
  assert.match(csv(event), /"a,b","\{""name"":""\\""x\\""""\}"/)
})

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end;) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.fail('it did not come to hold')
}

import assert from 'node:assert/strict'
import { createHash, createSecretKey, randomBytes } from 'node:crypto'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { startAuditKeeper } from '../../src/operations/audit/audit.ts'
import { createAuditKeys } from '../../src/operations/audit/keys.ts'
import type { Receiver } from '../../src/operations/audit/receivers.ts'
import { adopt, drop, erase, head, page, seal } from '../../src/operations/audit/store.ts'
import { verifyAudit } from '../../src/operations/audit/verify.ts'
import { aConfiguration, aConnection, anActor } from '../support/configuration.ts'
import { openTestStore, quiet, type TestStore } from '../support/database.ts'

const masterKey = (id: string) => ({ id, key: createSecretKey(randomBytes(32)) })
const [first, next] = [masterKey('first'), masterKey('next')]
const keys = createAuditKeys([first])

let store: TestStore
let directoryId: string

const create = (name: string) =>
  store.directory.createUser(anActor(directoryId), { userName: `${name}@corp.example`, active: true })
async function sealAll(by = keys): Promise<void> {
  while ((await seal(store.db, 100, by)).length > 0);
}
const operatorEvent = () =>
  store.query(
    `INSERT INTO events (actor, action, resource_type, resource_id, detail) VALUES ('operator:eve', 'operator.created', 'Operator', 'x', '{}')`,
  )

beforeEach(async () => {
  store = await openTestStore()
  const applied = await store.applyConfiguration(aConfiguration(aConnection('sentry')))
  directoryId = applied.directoryIds.get('corp')!
  await operatorEvent()
  for (const name of ['ada', 'joan', 'grace', 'mary']) await create(name)
  await sealAll()
})
afterEach(() => store.close())

async function kinds(by = keys, known: Parameters<typeof verifyAudit>[1] = []): Promise<readonly string[]> {
  const chains = await verifyAudit(store.db, known, undefined, by)
  return [...new Set(chains.flatMap(({ faults }) => faults.map(({ kind }) => kind)))].toSorted()
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** What anybody who can write to the database can do: make all digests and hashes of a chain anew. */
async function recompute(from: number, before: string): Promise<void> {
  const rows = await store.query(
    `SELECT id, position, header, encode(sha256(convert_to(detail::text, 'UTF8')), 'hex') AS payload FROM (
       SELECT e.*, jsonb_build_array(to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), e.directory_id, e.actor,
         e.request_id, e.action, e.resource_type, e.resource_id)::text AS header
       FROM events e WHERE directory_id = $1 AND position >= $2) e ORDER BY position`,
    [directoryId, from],
  )
  let hash = before
  for (const { id, position, header, payload } of rows as readonly Record<string, string>[]) {
    const digest = sha256(`${header}\n${payload}`)
    hash = sha256(`2\n${hash}\n${position}\n${digest}`)
    await store.query('UPDATE events SET digest = $2, payload_digest = $3, hash = $4 WHERE id = $1', [
      id,
      digest,
      payload,
      hash,
    ])
  }
  await store.query(
    `UPDATE store_meta SET value = jsonb_set(value::jsonb, '{hash}', to_jsonb($2::text))::text WHERE key = $1`,
    [`audit_head:${directoryId}`, hash],
  )
}
const genesis = () => sha256(`drawbridge/${directoryId}`)

describe('an audit that the owner of the database rewrites', () => {
  it('verifies untouched, with a key, without it, and with one that took its place', async () => {
    assert.deepEqual(await kinds(), [])
    assert.deepEqual(await kinds(createAuditKeys([])), [])
    await adopt(store.db, createAuditKeys([next, first]), { actor: 'operator:eve' })
    await sealAll(createAuditKeys([next, first]))
    await create('late')
    await sealAll(createAuditKeys([next]))
    assert.deepEqual(await kinds(createAuditKeys([next])), [])
  })

  it('shows that everything was recomputed, with its macs or without', async () => {
    await store.query(
      `UPDATE events SET actor = 'operator:nobody' WHERE position = 2 AND directory_id = $1`,
      [directoryId],
    )
    await recompute(1, genesis())
    assert.deepEqual(await kinds(createAuditKeys([])), [], 'nothing shows it without a key')
    assert.ok((await kinds()).includes('forged'))
    await store.query('UPDATE events SET mac = NULL')
    assert.ok((await kinds()).includes('unkeyed'))
    await create('later')
    await sealAll()
    assert.ok((await kinds()).includes('unkeyed'), 'what is sealed later does not vouch for it')
  })

  it('shows that the chain was made to begin later', async () => {
    const [row] = await store.query<{ hash: string }>(
      'SELECT hash FROM events WHERE position = 2 AND directory_id = $1',
      [directoryId],
    )
    const at = row?.hash
    const anchor = JSON.stringify({ position: 2, hash: at })
    await store.query('DELETE FROM events WHERE position <= 2 AND directory_id = $1', [directoryId])
    await store.query('INSERT INTO store_meta (key, value) VALUES ($1, $2)', [
      `audit_anchor:${directoryId}`,
      anchor,
    ])
    assert.deepEqual(await kinds(), ['anchor'])
    assert.deepEqual(await kinds(createAuditKeys([])), ['anchor'], 'no sealed drop tells of it')
    const known = [{ directory: 'corp', position: 1, hash: 'a'.repeat(64) }]
    assert.deepEqual(await kinds(createAuditKeys([]), known), ['anchor', 'removed'])
    const detail = JSON.stringify({ upTo: 2, hash: at })
    await store.query(
      `INSERT INTO events (directory_id, actor, action, resource_type, resource_id, detail) VALUES ($1, 'gateway', 'audit.dropped', 'Directory', $2, $3)`,
      [directoryId, directoryId, detail],
    )
    await sealAll()
    assert.deepEqual(await kinds(), ['anchor'], 'a drop that somebody made up does not help')
  })

  it('drops with a key, and heads from before are covered by the sealed drop', async () => {
    const known = [{ ...(await head(store.db, { directoryId, directory: 'corp' }))!, directory: 'corp' }]
    await store.query(
      `UPDATE events SET position = NULL, digest = NULL, hash = NULL, at = at - interval '90 days'`,
    )
    await store.query(`DELETE FROM store_meta WHERE key LIKE 'audit_%'`)
    await sealAll()
    await create('new')
    await sealAll()
    assert.ok((await drop(store.db, 60, keys)) > 0)
    await sealAll()
    assert.deepEqual(await kinds(), [])
    assert.deepEqual(await kinds(keys, known), [])
  })

  it('shows an event that is kept out of the chain by an endless transaction id', async () => {
    await store.query(
      'UPDATE events SET transaction_id = 9000000000000000000 WHERE id = (SELECT max(id) FROM events)',
    )
    await create('hidden')
    await store.query('UPDATE events SET transaction_id = 9000000000000000000 WHERE position IS NULL')
    await sealAll()
    assert.deepEqual(await kinds(), ['unsealed'])
    const chains = await verifyAudit(store.db, [], undefined, keys)
    assert.ok(chains.find(({ directory }) => directory === 'corp')!.unsealed.count > 0)
  })

  it('shows an erasure that nobody asked for, and one that was blanked itself', async () => {
    await store.query(
      `UPDATE events SET detail = '{"erased":"2026"}' WHERE position = 2 AND directory_id = $1`,
      [directoryId],
    )
    await store.query(
      `INSERT INTO events (directory_id, actor, action, resource_type, resource_id, detail) VALUES ($1, 'operator:eve', 'audit.erased', 'User', 'x', '{"positions":[2]}')`,
      [directoryId],
    )
    await sealAll()
    assert.deepEqual(await kinds(), ['blanked', 'forged'])
    await store.query(`UPDATE events SET detail = '{"erased":"2026"}' WHERE action = 'audit.erased'`)
    assert.ok((await kinds(createAuditKeys([]))).includes('blanked'))
  })

  it('still proves who did what and when of an event that was erased', async () => {
    assert.ok((await erase(store.db, 'corp', 'ada@corp.example', { actor: 'operator:eve' }, keys)) > 0)
    await sealAll()
    assert.deepEqual(await kinds(), [])
    const erased = (await page(store.db, { directory: 'corp' }, '0', 100)).find(
      ({ detail }) => 'erased' in detail,
    )
    assert.ok(erased)
    for (const change of [
      `actor = 'token:forged'`,
      `action = 'user.updated'`,
      `at = at - interval '1 day'`,
    ]) {
      await store.query('BEGIN')
      await store.query(`UPDATE events SET ${change} WHERE id = $1`, [erased.id])
      await store.query('COMMIT')
      assert.ok((await kinds()).includes('edited'), change)
      const undo = [erased.actor, erased.action, erased.at, erased.id]
      await store.query('UPDATE events SET actor = $1, action = $2, at = $3 WHERE id = $4', undo)
      assert.deepEqual(await kinds(), [])
    }
    await store.query('UPDATE events SET payload_digest = NULL WHERE id = $1', [erased.id])
    assert.ok((await kinds()).includes('reordered'), 'it does not pass for one of a former release')
  })

  it('shows that the chain of operators is gone', async () => {
    await store.query('DELETE FROM events WHERE directory_id IS NULL')
    await store.query(`DELETE FROM store_meta WHERE key = 'audit_head:'`)
    assert.deepEqual(await kinds(createAuditKeys([])), [])
    assert.deepEqual(await kinds(), ['truncated'])
    await store.query(`DELETE FROM store_meta WHERE key = 'audit_heads'`)
    assert.deepEqual(await kinds(), ['heads'])
    await operatorEvent()
    await create('later')
    await sealAll()
    assert.deepEqual(await kinds(), ['heads'], 'sealing makes no new record of it')
    await store.query(
      `INSERT INTO store_meta (key, value) VALUES ('audit_heads', '{"fact":{},"mac":"first:00"}')`,
    )
    assert.deepEqual(await kinds(), ['heads'])
  })

  it('of a time before there was a key is taken for right only when an admin says so', async () => {
    await store.query(`UPDATE events SET mac = NULL`)
    await store.query(`DELETE FROM store_meta WHERE key = 'audit_heads'`)
    assert.deepEqual(await kinds(), ['heads', 'unkeyed'])
    await adopt(store.db, keys, { actor: 'operator:eve' })
    await sealAll()
    assert.deepEqual(await kinds(), [])
    await store.query(
      `UPDATE events SET actor = 'operator:nobody' WHERE position = 2 AND directory_id = $1`,
      [directoryId],
    )
    await recompute(1, genesis())
    assert.ok((await kinds()).includes('edited'))
  })
})

describe('delivery of the audit', () => {
  it('holds up neither sealing nor the other receivers, and is tried again after its deadline', async () => {
    let hung = 0
    const taken: number[] = []
    const receiver = (name: string, send: Receiver['send']): Receiver => ({
      name,
      send,
      close: async () => {},
    })
    const lines: string[] = []
    const keeper = startAuditKeeper({
      db: store.db,
      log: { ...quiet, warn: (details: object) => lines.push(JSON.stringify(details)) } as never,
      receivers: [
        receiver('hangs', async () => {
          hung += 1
          await new Promise(() => {})
        }),
        receiver('takes', async (events) => void taken.push(events.length)),
      ],
      everyMs: 20,
      deadlineMs: 200,
      keys,
    })
    try {
      await create('while-it-hangs')
      const end = Date.now() + 10_000
      const sealed = async () =>
        (await store.query('SELECT 1 FROM events WHERE position IS NULL')).length === 0
      while (
        Date.now() < end &&
        !(
          hung > 0 &&
          taken.length > 0 &&
          (await sealed()) &&
          lines.some((line) => line.includes('within 200 ms'))
        )
      )
        await new Promise((resolve) => setTimeout(resolve, 20))
      assert.ok(hung > 0 && taken.length > 0 && (await sealed()))
      assert.ok(
        lines.some((line) => line.includes('within 200 ms')),
        lines.join('\n'),
      )
    } finally {
      await keeper.close()
    }
  })
})

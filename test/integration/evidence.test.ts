import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ExportedEvidence, exportEvidence } from '../../src/operations/evidence/store.ts'
import { aUser, deactivate, startTestGateway } from '../support/gateway.ts'
import { bothVendors } from '../support/vendors.ts'
import { page } from '../../src/operations/audit/store.ts'

describe('evidence of a shut-out', () => {
  it('tells who asked when, the calls with the vendor’s ids, the read-back and how long it took', async (t) => {
    const { connections } = await bothVendors(t)
    const { scim, gateway, until } = await startTestGateway(t, { connections, client: 'okta' })
    const directoryId = gateway.directories[0]!.id
    const all = async (query: object = {}): Promise<readonly ExportedEvidence[]> => {
      const found: ExportedEvidence[] = []
      for await (const each of exportEvidence(gateway.store.db, { directoryId, ...query })) found.push(each)
      return found
    }
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    const { body: bob } = await scim('POST', '/Users', aUser('bob'))
    const from = new Date(Date.now() - 60_000).toISOString()
    for (const { id } of [ada, bob]) assert.ok((await scim('PATCH', `/Users/${id}`, deactivate)).status < 300)
    await until('sentry', async () =>
      (await all({ userId: ada.id })).some(({ vendor }) => vendor === 'sentry'),
    )

    const [sentry] = (await all({ userName: 'ADA@example.com', from })).filter(
      ({ vendor }) => vendor === 'sentry',
    )
    assert.ok(sentry)
    assert.deepEqual(
      [sentry.userId, sentry.login, sentry.readBack, sentry.calls.at(-1)?.op, sentry.calls.at(-1)?.outcome],
      [ada.id, 'ada@example.com', { account: 'absent' }, 'shut-out', 'done'],
    )
    assert.match(sentry.requestId ?? '', /^[0-9a-f-]{36}$/)
    assert.match(sentry.vendorAccountId ?? '', /^\d+$/, 'the id of the account that was removed')
    assert.equal(Date.parse(sentry.provenAt) - Date.parse(sentry.askedAt), sentry.milliseconds)
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
    assert.match(metrics, /drawbridge_shut_out_seconds_count\{[^}]*sentry"\} 2/)
    assert.deepEqual(await all({ to: from }), [])
    await until('sealed', async () => (await all()).every(({ auditEvent }) => auditEvent.hash !== undefined))
    const events = await page(gateway.store.db, {}, '0', 1_000)
    for (const { auditEvent } of await all()) {
      const event = events.find(({ id }) => id === auditEvent.id)
      assert.deepEqual([event?.action, event?.hash], ['account.shut-out-proven', auditEvent.hash])
    }
    assert.equal(
      (await all({ userId: ada.id })).every(({ userId }) => userId === ada.id),
      true,
    )
  })
})

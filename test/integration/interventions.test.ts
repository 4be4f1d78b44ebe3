import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { previewConnection } from '../../src/operations/plans/preview.ts'
import { aGroup, aPatch, aUser, deactivate, startTestGateway } from '../support/gateway.ts'
import { falconPolicy, forget, person, startFalcon, writes } from '../support/vendors.ts'
import type { Policy } from '../../src/model/policy.ts'
import { acceptRisk, holdPerson, releasePerson } from '../../src/operations/holds/store.ts'

const extension = 'urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User'
const eve = { actor: 'operator:eve' }

async function start(t: TestContext, policy: Partial<Policy> = {}) {
  const falcon = await startFalcon(t)
  const connections = [{ name: 'falcon', simulator: falcon, policy: { ...falconPolicy, ...policy } }]
  const gateway = await startTestGateway(t, { connections })
  const { directories, connections: opened, store } = gateway.gateway
  const standing = async (id: string) =>
    (await gateway.scim('GET', `/Users/${id}?attributes=${extension}`)).body[extension].connections[0]
  const connectionId = opened.ofDirectory(directories[0]!.id)[0]!.id
  return { ...gateway, falcon, store, standing, connectionId, directoryId: directories[0]!.id }
}

describe('a person whom an operator holds', () => {
  it('is shut out although the directory wants them active, until the hold ends by itself', async (t) => {
    const { scim, falcon, store, standing, until, directoryId } = await start(t)
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    const ends = new Date(Date.now() + 4_000).toISOString()
    assert.equal(await holdPerson(store.db, ada.id, { reason: 'investigation', until: ends }, eve), true)
    await until('no role', () => person(falcon, 'ada')?.entitlements.length === 0)
    assert.equal((await scim('GET', `/Users/${ada.id}`)).body.active, true)
    const rename = aPatch({ op: 'replace', path: 'name.givenName', value: 'Augusta' })
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, rename)).status, 200)
    await until('told of', async () => /investigation/.test(JSON.stringify(await standing(ada.id))))
    await until('back', () => person(falcon, 'ada')?.entitlements.length === 1)
    const events = { text: 'SELECT action FROM events WHERE directory_id = $1::uuid', values: [directoryId] }
    const actions = (await store.db.rows<{ action: string }>(events)).map(({ action }) => action)
    assert.ok(actions.includes('user.held'))
  })

  it('gets everything back when the hold is released', async (t) => {
    const { scim, falcon, store, until } = await start(t)
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    await holdPerson(store.db, ada.id, { reason: 'investigation' }, eve)
    await until('no role', () => person(falcon, 'ada')?.entitlements.length === 0)
    assert.equal(await releasePerson(store.db, ada.id, eve), true)
    assert.equal(await releasePerson(store.db, ada.id, eve), false)
    await until('back', () => person(falcon, 'ada')?.entitlements.length === 1)
  })
})

describe('a hold', () => {
  for (const mode of ['approve', 'shadow'] as const) {
    it(`is a decision: in mode ${mode} it acts at once, and so does its release`, async (t) => {
      const falcon = await startFalcon(t)
      const before = falcon.state.addUser({ email: 'ada@example.com' })
      falcon.state.grant(before.id, 'event_viewer')
      const connections = [{ name: 'falcon', simulator: falcon, policy: { ...falconPolicy, mode } }]
      const { scim, gateway, until } = await startTestGateway(t, { connections })
      const { body: ada } = await scim('POST', '/Users', aUser('ada'))
      assert.equal(person(falcon, 'ada')?.entitlements.length, 1)
      await holdPerson(gateway.store.db, ada.id, { reason: 'laptop stolen' }, eve)
      await until('no role', () => person(falcon, 'ada')?.entitlements.length === 0)
      await releasePerson(gateway.store.db, ada.id, eve)
      await until('back', () => person(falcon, 'ada')?.entitlements.length === 1)
    })
  }
})

describe('the risk of a failed shut-out', () => {
  it('is accepted: active is false, the next request is answered with 200', async (t) => {
    const { scim, falcon, store } = await start(t)
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    falcon.failNext({ method: 'DELETE', path: /user-role/, status: 403, times: 50 })
    falcon.failNext({ method: 'POST', path: /user-role/, status: 400, times: 50 })
    const refused = await scim('PATCH', `/Users/${ada.id}`, deactivate)
    assert.equal(refused.status, 400)
    const [{ accountId }] = (await store.queue.outcomes(ada.id)) as unknown as [{ accountId: string }]
    assert.equal(await acceptRisk(store.db, accountId, 'contract ends today', eve), true)
    assert.equal((await scim('GET', `/Users/${ada.id}`)).body.active, false)
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 200)
  })
})

describe('a preview', () => {
  it('tells what would happen now, in numbers and in words, and writes nothing', async (t) => {
    const { scim, falcon, gateway, store, connectionId } = await start(t, { mode: 'approve' })
    await scim('POST', '/Users', aUser('ada'))
    const { body: bob } = await scim('POST', '/Users', aUser('bob'))
    await scim('POST', '/Groups', aGroup('Administrators', bob.id))
    forget(falcon)
    const lines = new Map<string, readonly string[]>()
    const parts = { connections: gateway.connections, db: store.db, now: Date.now }
    const totals = await previewConnection(parts, connectionId, (each) => {
      lines.set(each.userName, each.lines)
    })
    assert.deepEqual([totals?.accounts, totals?.kinds.create], [2, 2])
    assert.equal(adminsOf(totals), 1)
    assert.match(lines.get('ada@example.com')!.join(' '), /Create the account ada@example.com/)
    assert.deepEqual(writes(falcon), [])
  })
})

function adminsOf(
  totals: { entitlements: Record<string, { name: string; grants: number }> } | undefined,
): number {
  const all = Object.values(totals?.entitlements ?? {})
  return all.find(({ name }) => name.startsWith('role Falcon Administrator'))?.grants ?? 0
}

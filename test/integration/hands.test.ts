import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import { openStore } from '../../src/app/stores.ts'
import { sql } from '../../src/store/sql/statement.ts'
import { deactivate, freshDatabase, startTestGateway } from '../support/gateway.ts'
import { startFalcon, startSentryWithTeams } from '../support/vendors.ts'
import type { ClientProfile } from '../../src/model/directory.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const lagMs = 800
const urn = 'urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User'
const core = 'urn:ietf:params:scim:schemas:core:2.0:User'

async function start(t: TestContext, client: ClientProfile = 'entra') {
  const falcon = await startFalcon(t)
  falcon.state.toggles.roleLagMs = lagMs
  const [sentry, s1, bi] = await Promise.all([startSentryWithTeams(t), startSentinelone(), startSisense()])
  t.after(() => Promise.all([s1.close(), bi.close()]))
  const simulators: Readonly<Record<string, VendorSimulator>> = { falcon, sentry, s1, bi }
  const policies = {
    falcon: { default: { role: 'event_viewer' } },
    sentry: { default: { role: 'Member' } },
    s1: { default: { role: 'Viewer' } },
    bi: { default: { role: 'Viewer' } },
  }
  const connections = Object.entries(simulators).map(([name, simulator]) => ({
    name,
    simulator,
    policy: policies[name as keyof typeof policies],
    ...(name === 'falcon' ? { settings: { readLagMs: lagMs } } : {}),
  }))
  const gateway = await startTestGateway(t, { connections, client })
  const { scim, until } = gateway
  const standing = async (id: string): Promise<Readonly<Record<string, string>>> => {
    const { body } = await scim('GET', `/Users/${id}?attributes=${urn}`)
    return Object.fromEntries(
      body[urn].connections.map((each: { value: string; status: string }) => [each.value, each.status]),
    )
  }
  const proven = (id: string): Promise<void> =>
    until('every connection proven', async () => {
      return Object.values(await standing(id)).every((status) => status === 'proven' || status === 'invited')
    })
  /** Accounts under a login, at each vendor. */
  const under = (login: string): Readonly<Record<string, number>> =>
    Object.fromEntries(
      Object.entries(simulators).map(([name, simulator]) => [
        name,
        simulator.people().filter((each) => each.login === login).length,
      ]),
    )
  return { ...gateway, standing, proven, under }
}

const once = { falcon: 1, sentry: 1, s1: 1, bi: 1 }

describe('an account that changes hands', () => {
  it('goes to a person who was made anew while the former User is inactive under another name', async (t) => {
    const { scim, proven, under } = await start(t)
    const nina = { schemas: [core], userName: 'nina@example.com', externalId: 'obj1', active: true }
    const { body: former } = await scim('POST', '/Users', nina)
    await proven(former.id)
    const left = await scim('PATCH', `/Users/${former.id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [
        { op: 'Replace', path: 'active', value: 'False' },
        { op: 'Replace', path: 'userName', value: '283405f5c0de4aaa8bbb0123456789c2nina@example.com' },
      ],
    })
    assert.equal(left.status, 200)
    const again = await scim('POST', '/Users', { ...nina, externalId: 'obj2' })
    assert.equal(again.status, 201)
    await proven(again.body.id)
    assert.deepEqual(under('nina@example.com'), once)
    // The end of the former User touches nobody any more.
    assert.equal((await scim('DELETE', `/Users/${former.id}`)).status, 204)
    assert.deepEqual(under('nina@example.com'), once)
    await proven(again.body.id)
  })

  it('goes to a person who was made anew after the former one was only deactivated', async (t) => {
    const { scim, proven, under, standing, until } = await start(t, 'okta')
    const kim = (externalId: string, more: object = {}) => ({
      schemas: [core],
      userName: `kim-${externalId}`,
      externalId,
      active: true,
      emails: [{ value: 'kim@example.com', type: 'work', primary: true }],
      ...more,
    })
    const { body: former } = await scim('POST', '/Users', kim('old'))
    await proven(former.id)
    const { body: next } = await scim('POST', '/Users', kim('new'))
    assert.deepEqual(new Set(Object.values(await standing(next.id))), new Set(['waiting']))
    // Whoever waits is woken when the link goes, long before the next try of its own.
    await until('the end', async () => {
      return (await scim('PATCH', `/Users/${former.id}`, deactivate)).status === 200
    })
    await proven(next.id)
    assert.deepEqual(under('kim@example.com'), once)
  })
})

describe('two Users with one address', () => {
  it('end one by one: who never had the account is gone at once, and the other keeps it', async (t) => {
    const { scim, proven, under, standing } = await start(t)
    const { body: main } = await scim('POST', '/Users', {
      schemas: [core],
      userName: 'main@example.com',
      active: true,
    })
    await proven(main.id)
    const { body: second, status } = await scim('POST', '/Users', {
      schemas: [core],
      userName: 'adm.main',
      active: true,
      emails: [{ value: 'main@example.com', type: 'work', primary: true }],
    })
    assert.equal(status, 201)
    const { body: shown } = await scim('GET', `/Users/${second.id}?attributes=${urn}`)
    assert.match(
      shown[urn].connections[0].failure,
      /belongs to another User .* Give this User another e-mail/,
    )
    assert.equal((await scim('PATCH', `/Users/${second.id}`, deactivate)).status, 200)
    assert.deepEqual(new Set(Object.values(await standing(second.id))), new Set(['proven']))
    assert.equal((await scim('DELETE', `/Users/${second.id}`)).status, 204)
    assert.deepEqual(under('main@example.com'), once)
    await proven(main.id)
  })
})

describe('two Sentry servers of one’s own', () => {
  it('are two tenants, although their organizations and members have the same numbers', async (t) => {
    const [one, other] = await Promise.all([startSentryWithTeams(t), startSentryWithTeams(t)])
    const policy = { default: { role: 'Member' } }
    const { scim } = await startTestGateway(t, {
      connections: [
        { name: 'one', simulator: one, policy },
        { name: 'other', simulator: other, policy },
      ],
    })
    const { body: ada } = await scim('POST', '/Users', {
      schemas: [core],
      userName: 'ada@example.com',
      active: true,
    })
    const { body: shown } = await scim('GET', `/Users/${ada.id}?attributes=${urn}`)
    const connections = shown[urn].connections as { status: string; accountId: string }[]
    assert.deepEqual(
      connections.map(({ status }) => status),
      ['invited', 'invited'],
    )
    assert.equal(connections[0]?.accountId, connections[1]?.accountId)
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 200)
    for (const sentry of [one, other])
      assert.ok(!sentry.people().some(({ login }) => login === 'ada@example.com'))
  })

  it('are known by their host, also where an earlier release knew only the number', async (t) => {
    const sentry = await startSentryWithTeams(t)
    const databaseUrl = await freshDatabase()
    const connections = [{ name: 'sentry', simulator: sentry, policy: { default: { role: 'Member' } } }]
    const first = await startTestGateway(t, { connections, databaseUrl })
    const { body: ada } = await first.scim('POST', '/Users', {
      schemas: [core],
      userName: 'ada@example.com',
      active: true,
    })
    const { db } = first.gateway.store
    const [kept] = await db.rows<{ tenant: string }>(sql`SELECT tenant_id AS tenant FROM connections`)
    const number = kept?.tenant.split('/').at(-1) ?? ''
    assert.match(kept?.tenant ?? '', /^sentry:127\.0\.0\.1:\d+\/./)
    await first.gateway.close()
    const store = await openStore({ databaseUrl, dataDir: '/nonexistent', log: silent })
    t.after(() => store.close())
    await store.db.rows(sql`UPDATE connections SET tenant_id = ${`sentry:${number}`}::text`)
    await store.db.rows(sql`UPDATE accounts SET vendor_tenant = ${`sentry:${number}`}::text`)
    const { scim } = await startTestGateway(t, { connections, databaseUrl, token: first.token })
    assert.equal((await scim('DELETE', `/Users/${ada.id}`)).status, 204)
    const [now] = await store.db.rows<{ tenant: string }>(sql`SELECT tenant_id AS tenant FROM connections`)
    assert.equal(now?.tenant, kept?.tenant)
  })
})

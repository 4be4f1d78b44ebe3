import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import {
  aGroup,
  aPatch,
  aUser,
  activate,
  deactivate,
  startTestGateway,
  type GatewayUnderTest,
} from '../support/gateway.ts'
import { bothVendors, person, writes, type BothVendors } from '../support/vendors.ts'
import type { Policy } from '../../src/model/policy.ts'
import type { ClientProfile } from '../../src/model/directory.ts'

type Names = 'falcon' | 'sentry'
interface Start {
  readonly only?: Names
  readonly client?: ClientProfile
  readonly policy?: Partial<Policy>
}

/** A vendor that is down settles a run at once; the budget only has to suffice on a busy machine. */
const soon = { budgetMs: 30_000, pendingShutOut: 'retry' } as const
const accept = { budgetMs: 30_000, pendingShutOut: 'accept' } as const
const extension = 'urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User'

async function start(
  t: TestContext,
  { only, client, policy }: Start = {},
): Promise<BothVendors & GatewayUnderTest> {
  const vendors = await bothVendors(t)
  const connections = vendors.connections
    .filter(({ name }) => only === undefined || name === only)
    .map((each) => ({ ...each, policy: { ...each.policy, reply: soon, ...policy } }))
  const gateway = await startTestGateway(t, { connections, ...(client ? { client } : {}) })
  return { ...vendors, ...gateway }
}

const down = { status: 503, times: 1_000 }
const rename = aPatch({ op: 'replace', path: 'name.givenName', value: 'Augusta' })

describe('the answer to a Group write', () => {
  it('is 2xx when recorded, although every vendor is down', async (t) => {
    const { scim, falcon, sentry } = await start(t)
    falcon.failNext(down)
    sentry.failNext(down)
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    const created = await scim('POST', '/Groups', aGroup('Analysts', ada.id))
    assert.equal(created.status, 201)
    assert.equal((await scim('PUT', `/Groups/${created.body.id}`, aGroup('Analysts'))).status, 200)
    assert.equal((await scim('DELETE', `/Groups/${created.body.id}`)).status, 204)
  })
})

describe('the answer to POST User', () => {
  it('is 201 while a vendor is down, and the account follows without a further request', async (t) => {
    const { scim, falcon, until } = await start(t, { only: 'falcon' })
    falcon.failNext(down)
    const created = await scim('POST', '/Users', aUser('ada'))
    assert.equal(created.status, 201)
    assert.equal(falcon.people().length, 0)
    falcon.clearFaults()
    await until('the account', () => person(falcon, 'ada')?.entitlements.length === 1)
  })

  it('is 4xx in the vendor’s words when refused for good everywhere; the User is taken back and the next POST is new', async (t) => {
    const { scim, falcon } = await start(t, { only: 'falcon' })
    falcon.state.toggles.allowedDomains = ['elsewhere.example']
    const refused = await scim('POST', '/Users', aUser('ada'))
    assert.equal(refused.status, 400, JSON.stringify(refused.body))
    assert.match(refused.body.detail, /domain/i)
    const { body: list } = await scim('GET', '/Users')
    assert.equal(list.totalResults, 0)
    falcon.state.toggles.allowedDomains = undefined
    assert.equal((await scim('POST', '/Users', aUser('ada'))).status, 201)
  })

  it('is 201 when only one of two connections refuses for good, and the extension says which', async (t) => {
    const { scim, falcon } = await start(t)
    falcon.state.toggles.allowedDomains = ['elsewhere.example']
    const created = await scim('POST', '/Users', aUser('ada'))
    assert.equal(created.status, 201)
    const { body } = await scim('GET', `/Users/${created.body.id}?attributes=${extension}`)
    const statuses = Object.fromEntries(
      body[extension].connections.map((each: { value: string; status: string }) => [each.value, each.status]),
    )
    assert.deepEqual(statuses, { falcon: 'failed', sentry: 'invited' })
  })

  it('is 409 for a duplicate, whatever its letter case', async (t) => {
    const { scim, falcon } = await start(t, { only: 'falcon' })
    await scim('POST', '/Users', aUser('ada'))
    const again = await scim('POST', '/Users', aUser('ada', { userName: 'ADA@example.com' }))
    assert.deepEqual([again.status, again.body.scimType], [409, 'uniqueness'])
    assert.deepEqual(writes(falcon), ['create', 'grant'])
  })

  it('is 201 with the same id for a create that was never acknowledged', async (t) => {
    const { gateway, token, scim, falcon, until } = await start(t, { only: 'falcon' })
    const hold = falcon.hold({ method: 'POST', path: /entities\/users\/v1$/, when: 'before' })
    const leave = new AbortController()
    const first = fetch(`${gateway.url}/scim/v2/Users`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify(aUser('ada')),
      signal: leave.signal,
    }).catch(() => undefined)
    await hold.arrived
    leave.abort()
    await first
    const { body: list } = await scim('GET', '/Users')
    hold.release()
    await until('the account', () => falcon.people().length === 1)
    let again = await scim('POST', '/Users', aUser('ada', { title: 'Countess' }))
    await until('the first create answered', async () => {
      if (again.status === 409) again = await scim('POST', '/Users', aUser('ada', { title: 'Countess' }))
      return again.status === 201
    })
    assert.equal(again.body.id, list.Resources[0].id)
    assert.equal(again.body.title, 'Countess')
    assert.equal(falcon.people().length, 1)
    assert.equal((await scim('POST', '/Users', aUser('ada'))).status, 409)
  })

  it('is 409 for the same POST while the first one runs', async (t) => {
    const { scim, falcon } = await start(t, { only: 'falcon' })
    const hold = falcon.hold({ method: 'POST', path: /entities\/users\/v1$/, when: 'before' })
    const first = scim('POST', '/Users', aUser('ada'))
    await hold.arrived
    const second = scim('POST', '/Users', aUser('ada'))
    hold.release()
    assert.deepEqual([(await first).status, (await second).status], [201, 409])
    assert.equal(falcon.people().length, 1)
  })
})

describe('the answer to PUT and PATCH without a shut-out', () => {
  it('is 200 while the vendor is down, and the change follows', async (t) => {
    const { scim, falcon, until } = await start(t, { only: 'falcon' })
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    falcon.failNext(down)
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, rename)).status, 200)
    falcon.clearFaults()
    await until('the name', () => [...falcon.state.users.values()][0]?.firstName === 'Augusta')
  })

  for (const [client, status] of [
    ['entra', 400],
    ['rfc', 400],
    ['okta', 200],
    ['auto', 200],
  ] as const) {
    it(`is ${status} for client ${client} when the vendor refuses for good`, async (t) => {
      const { scim, falcon } = await start(t, { only: 'falcon', client })
      const { body: ada } = await scim('POST', '/Users', aUser('ada'))
      falcon.failNext({
        method: 'PATCH',
        status: 400,
        body: { errors: [{ code: 400, message: 'first_name too long' }], resources: [] },
      })
      const answer = await scim('PATCH', `/Users/${ada.id}`, rename)
      assert.equal(answer.status, status, JSON.stringify(answer.body))
      const { body } = await scim('GET', `/Users/${ada.id}?attributes=${extension}`)
      assert.equal(body[extension].connections[0].status, 'failed')
      assert.match(body[extension].connections[0].failure, /first_name too long/)
    })
  }
})

describe('the answer to a shut-out by PATCH', () => {
  it('is 503 with Retry-After while it is pending; active stays true until proof flips it under a new version', async (t) => {
    const { scim, falcon, until } = await start(t, { only: 'falcon' })
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    falcon.failNext(down)
    const pending = await scim('PATCH', `/Users/${ada.id}`, deactivate)
    assert.equal(pending.status, 503, JSON.stringify(pending.body))
    assert.match(pending.headers.get('retry-after') ?? '', /^\d+$/)
    const before = (await scim('GET', `/Users/${ada.id}`)).body
    assert.equal(before.active, true)
    assert.equal(
      (await scim('GET', `/Users?filter=${encodeURIComponent('active eq false')}`)).body.totalResults,
      0,
    )
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 503)
    falcon.clearFaults()
    await until('proof', async () => (await scim('GET', `/Users/${ada.id}`)).body.active === false)
    const after = (await scim('GET', `/Users/${ada.id}`)).body
    assert.notEqual(after.meta.version, before.meta.version)
    assert.ok(after.meta.lastModified > before.meta.lastModified)
    assert.deepEqual(person(falcon, 'ada')?.entitlements, [])
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 200)
  })

  it('is 200 while it is pending where the connection accepts that', async (t) => {
    const { scim, falcon, until } = await start(t, { only: 'falcon', policy: { reply: accept } })
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    falcon.failNext(down)
    const pending = await scim('PATCH', `/Users/${ada.id}`, deactivate)
    assert.deepEqual([pending.status, pending.body.active], [200, false])
    falcon.clearFaults()
    await until('the roles gone', () => person(falcon, 'ada')?.entitlements.length === 0)
  })

  it('is 400 that says why for the gateway’s own identity, and 503 as long as another vendor is pending', async (t) => {
    const { scim, falcon, sentry } = await start(t)
    const own = aUser('drawbridge', { userName: 'drawbridge@acme.example', emails: [] })
    const { body: user } = await scim('POST', '/Users', own)
    falcon.failNext(down)
    assert.equal((await scim('PATCH', `/Users/${user.id}`, deactivate)).status, 503)
    falcon.clearFaults()
    const refused = await scim('PATCH', `/Users/${user.id}`, deactivate)
    assert.equal(refused.status, 400, JSON.stringify(refused.body))
    assert.match(refused.body.detail, /credentials/)
    assert.ok(sentry.people().some(({ login }) => login === 'drawbridge@acme.example'))
  })

  it('counts a write without effect as a reason to try again now', async (t) => {
    const { scim, falcon } = await start(t, { only: 'falcon' })
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    falcon.failNext({ status: 503, times: 1 })
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 503)
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 200)
  })

  it('lets a return overtake a shut-out that was never carried out', async (t) => {
    const { scim, falcon, until } = await start(t, { only: 'falcon' })
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    falcon.failNext(down)
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 503)
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, activate)).status, 200)
    falcon.clearFaults()
    await until(
      'settled',
      async () => (await scim('PATCH', `/Users/${ada.id}`, activate)).body.active === true,
    )
    assert.deepEqual(person(falcon, 'ada')?.entitlements, ['role:event_viewer@cid'])
  })
})

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { aPatch, aUser, startTestGateway, type GatewayUnderTest } from '../support/gateway.ts'
import { falconPolicy, forget, person, startFalcon, writes, type Falcon } from '../support/vendors.ts'

const down = { status: 503, times: 1_000 }

async function start(
  t: TestContext,
  pendingShutOut: 'retry' | 'accept',
): Promise<GatewayUnderTest & { readonly falcon: Falcon }> {
  const falcon = await startFalcon(t)
  const policy = { ...falconPolicy, reply: { budgetMs: 30_000, pendingShutOut } }
  const gateway = await startTestGateway(t, { connections: [{ name: 'falcon', simulator: falcon, policy }] })
  return { ...gateway, falcon }
}

describe('the answer to DELETE User', () => {
  it('[X-02] [X-03] is 204 once proven, 404 afterwards, and the name is free again', async (t) => {
    const { scim, falcon } = await start(t, 'retry')
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    assert.equal((await scim('DELETE', `/Users/${ada.id}`)).status, 204)
    assert.equal((await scim('GET', `/Users/${ada.id}`)).status, 404)
    assert.equal(falcon.people().length, 0)
    const again = await scim('POST', '/Users', aUser('ada'))
    assert.equal(again.status, 201)
    assert.notEqual(again.body.id, ada.id)
  })

  it('is 503 while pending: GET answers, a second DELETE is 503, POST of the name 409, 404 once proven', async (t) => {
    const { scim, falcon, until } = await start(t, 'retry')
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    falcon.failNext(down)
    const pending = await scim('DELETE', `/Users/${ada.id}`)
    assert.equal(pending.status, 503)
    assert.match(pending.headers.get('retry-after') ?? '', /^\d+$/)
    assert.equal((await scim('GET', `/Users/${ada.id}`)).status, 200)
    assert.equal((await scim('DELETE', `/Users/${ada.id}`)).status, 503)
    assert.equal((await scim('POST', '/Users', aUser('ada'))).status, 409)
    falcon.clearFaults()
    await until('404', async () => (await scim('GET', `/Users/${ada.id}`)).status === 404)
    assert.equal(falcon.people().length, 0)
    assert.equal((await scim('DELETE', `/Users/${ada.id}`)).status, 404)
  })

  it('is 204 and 404 at once under accept; the account goes although nobody asks again', async (t) => {
    const { scim, falcon, until } = await start(t, 'accept')
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    falcon.failNext(down)
    assert.equal((await scim('DELETE', `/Users/${ada.id}`)).status, 204)
    assert.equal((await scim('GET', `/Users/${ada.id}`)).status, 404)
    assert.equal(falcon.people().length, 1)
    falcon.clearFaults()
    await until('the account gone', () => falcon.people().length === 0)
  })

  it('is 204 for a person who never had an account, after looking for one by login', async (t) => {
    const { scim, falcon } = await start(t, 'retry')
    const { body: ada } = await scim('POST', '/Users', aUser('ada', { active: false }))
    assert.equal((await scim('DELETE', `/Users/${ada.id}`)).status, 204)
    assert.deepEqual(writes(falcon), [])
  })

  it('[R4-29] ends an account that came by itself: a leaver without a link is found by login', async (t) => {
    const { scim, falcon } = await start(t, 'retry')
    const known = falcon.state.addUser({ email: 'ada@example.com' })
    falcon.state.grant(known.id, 'help_desk')
    const { status } = await scim('POST', '/Users', aUser('ada', { active: false }))
    assert.equal(status, 201)
    assert.deepEqual(person(falcon, 'ada')?.entitlements, [])
  })
})

describe('a userName that comes back while its predecessor’s removal is pending', () => {
  it('with the same externalId cancels the removal: the account stays and belongs to the new User', async (t) => {
    const { scim, falcon, until } = await start(t, 'accept')
    const { body: old } = await scim('POST', '/Users', aUser('ada'))
    const [account] = falcon.state.users.keys()
    falcon.failNext(down)
    assert.equal((await scim('DELETE', `/Users/${old.id}`)).status, 204)
    const back = await scim('POST', '/Users', aUser('ada'))
    assert.equal(back.status, 201, JSON.stringify(back.body))
    assert.notEqual(back.body.id, old.id)
    falcon.clearFaults()
    forget(falcon)
    const urn = 'urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User'
    await until('proven', async () => {
      const { body } = await scim('GET', `/Users/${back.body.id}?attributes=${urn}`)
      return body[urn].connections[0].status === 'proven'
    })
    assert.deepEqual([...falcon.state.users.keys()], [account])
    assert.deepEqual(person(falcon, 'ada')?.entitlements, ['role:event_viewer@cid'])
    assert.ok(!writes(falcon).includes('remove'))
  })

  it('with another externalId runs the old removal first, then makes a new account', async (t) => {
    const { scim, falcon, until } = await start(t, 'accept')
    const { body: old } = await scim('POST', '/Users', aUser('ada'))
    const [account] = falcon.state.users.keys()
    falcon.failNext(down)
    assert.equal((await scim('DELETE', `/Users/${old.id}`)).status, 204)
    const other = await scim('POST', '/Users', aUser('ada', { externalId: 'somebody-else' }))
    assert.equal(other.status, 201, JSON.stringify(other.body))
    const urn = 'urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User'
    const shown = await scim('GET', `/Users/${other.body.id}?attributes=${urn}`)
    const [waits] = shown.body[urn].connections
    assert.equal(waits.status, 'waiting')
    assert.match(waits.failure, /was deleted, and whose removal at \S+ is not proven yet/)
    assert.match(waits.see, /account-predecessor$/)
    falcon.clearFaults()
    forget(falcon)
    await until('the new account', () => {
      const [now] = falcon.state.users.keys()
      return now !== undefined && now !== account && person(falcon, 'ada')?.entitlements.length === 1
    })
    assert.deepEqual(writes(falcon), ['remove', 'create', 'grant'])
  })
})

describe('a removal that is pending', () => {
  it('is not cancelled by a change of profile, only by a write that wants the person active', async (t) => {
    const { scim, falcon, until } = await start(t, 'retry')
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    falcon.failNext(down)
    assert.equal((await scim('DELETE', `/Users/${ada.id}`)).status, 503)
    const changed = aPatch({ op: 'replace', path: 'title', value: 'Countess' })
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, changed)).status, 503)
    falcon.clearFaults()
    await until('404', async () => (await scim('GET', `/Users/${ada.id}`)).status === 404)
    assert.equal(falcon.people().length, 0)

    const { body: bob } = await scim('POST', '/Users', aUser('bob'))
    falcon.failNext(down)
    assert.equal((await scim('DELETE', `/Users/${bob.id}`)).status, 503)
    assert.equal((await scim('PUT', `/Users/${bob.id}`, aUser('bob'))).status, 200)
    falcon.clearFaults()
    await until('settled', async () => (await scim('PUT', `/Users/${bob.id}`, aUser('bob'))).status === 200)
    assert.equal((await scim('GET', `/Users/${bob.id}`)).body.active, true)
    assert.deepEqual(person(falcon, 'bob')?.entitlements, ['role:event_viewer@cid'])
  })
})

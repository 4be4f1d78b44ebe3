import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import {
  aGroup,
  aUser,
  addMember,
  deactivate,
  startTestGateway,
  type GatewayUnderTest,
} from '../support/gateway.ts'
import { falconPolicy, forget, person, startFalcon, writes, type Falcon } from '../support/vendors.ts'
import type { Policy } from '../../src/model/policy.ts'
import type { ClientProfile } from '../../src/model/directory.ts'
import { decidePlans, listPlans } from '../../src/operations/plans/store.ts'

const extension = 'urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User'
const guard = {
  protect: [],
  shutOuts: { count: 25, withinMs: 3_600_000 },
  revokes: { count: 100, withinMs: 3_600_000 },
}

interface Setting extends GatewayUnderTest {
  readonly falcon: Falcon
  readonly connectionId: string
  /** Status of the account, as the provisioning extension shows it. */
  standing(userId: string): Promise<{ readonly status: string; readonly failure?: string }>
  plans(): ReturnType<typeof listPlans>
}

async function start(
  t: TestContext,
  policy: Partial<Policy>,
  given: { falcon?: Falcon; databaseUrl?: string; token?: string; client?: ClientProfile } = {},
): Promise<Setting> {
  const { falcon = await startFalcon(t), ...more } = given
  const connections = [{ name: 'falcon', simulator: falcon, policy: { ...falconPolicy, ...policy } }]
  const gateway = await startTestGateway(t, { connections, ...more })
  const { directories, connections: opened, store } = gateway.gateway
  const connectionId = opened.ofDirectory(directories[0]!.id)[0]!.id
  return {
    ...gateway,
    falcon,
    connectionId,
    standing: async (id) =>
      (await gateway.scim('GET', `/Users/${id}?attributes=${extension}`)).body[extension].connections[0],
    plans: () => listPlans(store.db, connectionId, { limit: 100 }),
  }
}

describe('mode shadow', () => {
  it('has Falcon itself judge a creation, and tells in the plan what it would refuse', async (t) => {
    const { scim, falcon, plans } = await start(t, { mode: 'shadow' })
    falcon.state.foreign.add('eve@example.com')
    await scim('POST', '/Users', aUser('eve'))
    await scim('POST', '/Users', aUser('ada'))
    const lines = new Map((await plans()).map(({ userName, words }) => [userName, words.lines.join(' ')]))
    assert.match(lines.get('eve@example.com')!, /falcon would refuse this/)
    assert.doesNotMatch(lines.get('ada@example.com')!, /refuse/)
    const asked = falcon.trace.filter(({ query }) => query['validate_only'] === 'true')
    assert.deepEqual([asked.length, writes(falcon)], [2, []])
  })

  it('records what it would do and writes nothing; no answer depends on it', async (t) => {
    const { scim, falcon, standing, plans, gateway, connectionId } = await start(t, { mode: 'shadow' })
    const known = falcon.state.addUser({ email: 'bob@example.com' })
    falcon.state.grant(known.id, 'help_desk')
    const { body: ada, status } = await scim('POST', '/Users', aUser('ada'))
    assert.equal(status, 201)
    const { body: bob } = await scim('POST', '/Users', aUser('bob'))
    assert.equal((await standing(ada.id)).status, 'waiting')
    const left = await scim('PATCH', `/Users/${bob.id}`, deactivate)
    assert.deepEqual([left.status, left.body.active], [200, false])
    const words = new Map(
      (await plans()).map(({ userName, words: { lines } }) => [userName, lines.join(' ')]),
    )
    assert.match(words.get('ada@example.com')!, /Create the account ada@example.com.*Grant role/)
    assert.match(words.get('ada@example.com')!, /Grant role .* \[(rule 1|the default)/)
    assert.match(words.get('bob@example.com')!, /End the access \[the User is not active\]: /)
    assert.equal(
      await decidePlans(gateway.store.db, connectionId, { all: true }, 'approved', { actor: 'operator:eve' }),
      0,
    )
    assert.equal((await scim('DELETE', `/Users/${bob.id}`)).status, 204)
    assert.equal((await scim('GET', `/Users/${bob.id}`)).status, 404)
    assert.deepEqual(writes(falcon), [])
    assert.deepEqual(person(falcon, 'bob')?.entitlements, ['role:help_desk@cid'])
  })

  it('carries everything out once the mode is enforce', async (t) => {
    const shadow = await start(t, { mode: 'shadow' })
    const { falcon, databaseUrl, token } = shadow
    await shadow.scim('POST', '/Users', aUser('ada'))
    await shadow.gateway.close()
    const { until, plans } = await start(t, { mode: 'enforce' }, { falcon, databaseUrl, token })
    await until('the account', () => person(falcon, 'ada')?.entitlements.length === 1)
    await until('no plan left', async () => (await plans()).length === 0)
  })
})

describe('mode approve', () => {
  it('[R0-52] waits for approval of this very plan: another one waits again', async (t) => {
    const { scim, falcon, standing, plans, gateway, connectionId, until } = await start(t, {
      mode: 'approve',
    })
    const decide = (ids: readonly string[], how: 'approved' | 'rejected' = 'approved') =>
      decidePlans(gateway.store.db, connectionId, { ids }, how, { actor: 'operator:eve' })
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    const { body: bob } = await scim('POST', '/Users', aUser('bob'))
    assert.equal((await standing(ada.id)).status, 'waiting')
    const [first] = (await plans()).filter(({ userName }) => userName === 'ada@example.com')
    // The plan changes between the look and the approval: what is approved is gone, nothing is done.
    await scim('POST', '/Groups', aGroup('Administrators', ada.id))
    await until('another plan', async () => !(await plans()).some(({ hash }) => hash === first!.hash))
    assert.equal(await decide([first!.id]), 0)
    assert.deepEqual(writes(falcon), [])
    const [second] = (await plans()).filter(({ userName }) => userName === 'ada@example.com')
    assert.equal(await decide([second!.id]), 1)
    await until('both roles', () => person(falcon, 'ada')?.entitlements.length === 2)
    await until('proven', async () => (await standing(ada.id)).status === 'proven')
    assert.equal(person(falcon, 'bob'), undefined)

    // An approval that no run has seen yet does not cover what is wished after it.
    forget(falcon)
    const shutOut = await scim('PATCH', `/Users/${ada.id}`, deactivate)
    assert.equal(shutOut.status, 503)
    assert.equal((await scim('GET', `/Users/${ada.id}`)).body.active, true)
    assert.deepEqual(writes(falcon), [])
    const [third] = (await plans()).filter(({ userName }) => userName === 'ada@example.com')
    assert.equal(await decide([third!.id]), 1)
    await until('the shut-out', async () => (await scim('GET', `/Users/${ada.id}`)).body.active === false)

    const [bobs] = (await plans()).filter(({ userName }) => userName === 'bob@example.com')
    assert.equal(await decide([bobs!.id], 'rejected'), 1)
    await until('refused', async () => (await standing(bob.id)).status === 'failed')
    assert.equal(person(falcon, 'bob'), undefined)
  })

  it('goes on with what is left of an approved plan that broke off, and forgets a plan that became pointless', async (t) => {
    const { scim, falcon, plans, gateway, connectionId, until } = await start(t, { mode: 'approve' })
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    // The account is created, then the grant fails once.
    falcon.failNext({ method: 'POST', path: /user-role/, status: 503, times: 1 })
    await decidePlans(gateway.store.db, connectionId, { all: true }, 'approved', { actor: 'operator:eve' })
    await until('the role', () => person(falcon, 'ada')?.entitlements.length === 1)
    await until('no plan', async () => (await plans()).length === 0)
    const { body: group } = await scim('POST', '/Groups', aGroup('Administrators'))
    await scim('PATCH', `/Groups/${group.id}`, addMember(ada.id))
    await until('a plan', async () => (await plans()).length === 1)
    await scim('DELETE', `/Groups/${group.id}`)
    await until('none', async () => (await plans()).length === 0)
  })
})

describe('protected accounts', () => {
  it('refuses a shut-out for good with 400, by name and by pattern; nothing is written', async (t) => {
    const open = await start(t, {})
    const { falcon, databaseUrl, token } = open
    const { body: ada } = await open.scim('POST', '/Users', aUser('ada'))
    const { body: glass } = await open.scim('POST', '/Users', aUser('breakglass-1'))
    await open.gateway.close()
    const protect = ['ADA@example.com', 'breakglass-*@example.com']
    const { scim } = await start(t, { guard: { ...guard, protect } }, { falcon, databaseUrl, token })
    forget(falcon)
    for (const { id } of [ada, glass]) {
      const refused = await scim('PATCH', `/Users/${id}`, deactivate)
      assert.equal(refused.status, 400, JSON.stringify(refused.body))
      assert.match(refused.body.detail, /protected/)
      assert.equal((await scim('GET', `/Users/${id}`)).body.active, true)
      assert.equal((await scim('DELETE', `/Users/${id}`)).status, 400)
    }
    assert.deepEqual(writes(falcon), [])
  })

  it('neither adopts nor shuts out a protected account that came by itself', async (t) => {
    const { scim, falcon, standing } = await start(t, { guard: { ...guard, protect: ['*@example.com'] } })
    const known = falcon.state.addUser({ email: 'ada@example.com' })
    falcon.state.grant(known.id, 'help_desk')
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    assert.equal((await standing(ada.id)).status, 'waiting')
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 400)
    assert.deepEqual(person(falcon, 'ada')?.entitlements, ['role:help_desk@cid'])
  })
})

describe('an account that holds an owner or admin role', () => {
  it('is never adopted silently', async (t) => {
    const { scim, falcon, standing } = await start(t, {})
    const known = falcon.state.addUser({ email: 'ada@example.com' })
    falcon.state.grant(known.id, 'falcon_admin')
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    const { status, failure } = await standing(ada.id)
    assert.equal(status, 'waiting')
    assert.match(failure ?? '', /owner or admin role/)
    assert.deepEqual(person(falcon, 'ada')?.entitlements, ['role:falcon_admin@cid'])
  })
})

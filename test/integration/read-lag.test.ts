import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { aGroup, aUser, activate, deactivate, removeMember, startTestGateway } from '../support/gateway.ts'
import { falconPolicy, person, startFalcon, writes, type Falcon } from '../support/vendors.ts'
import type { Policy } from '../../src/model/policy.ts'

const lagMs = 1_200
const urn = 'urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User'

async function start(t: TestContext, policy: Partial<Policy> = falconPolicy) {
  const falcon: Falcon = await startFalcon(t)
  falcon.state.toggles.roleLagMs = lagMs
  const connections = [{ name: 'falcon', simulator: falcon, settings: { readLagMs: lagMs }, policy }]
  const gateway = await startTestGateway(t, { connections })
  const statusOf = async (id: string): Promise<string> =>
    (await gateway.scim('GET', `/Users/${id}?attributes=${urn}`)).body[urn].connections[0].status
  return { ...gateway, falcon, statusOf }
}

describe('a shut-out where reads lag', () => {
  it('is answered by the vendor’s clean yes, verified by reads, and proven after the lag', async (t) => {
    const { scim, statusOf, until } = await start(t)
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    const left = await scim('PATCH', `/Users/${ada.id}`, deactivate)
    assert.deepEqual([left.status, left.body.active], [200, false])
    assert.equal(await statusOf(ada.id), 'verifying')
    await until('proven', async () => (await statusOf(ada.id)) === 'proven')
  })

  it('takes a role that was granted a moment ago, although reads do not show it yet', async (t) => {
    const { scim, falcon, until } = await start(t)
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    await scim('POST', '/Groups', aGroup('Administrators', ada.id))
    await until(
      'the grant',
      () => person(falcon, 'ada')?.entitlements.includes('role:falcon_admin@cid') === true,
    )
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 200)
    assert.deepEqual(person(falcon, 'ada')?.entitlements, [])
  })

  it('does not take a role that was revoked a moment ago for one granted by hand: a return does not bring it back', async (t) => {
    const { scim, falcon, until } = await start(t)
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    const { body: group } = await scim('POST', '/Groups', aGroup('Administrators', ada.id))
    await until(
      'the grant',
      () => person(falcon, 'ada')?.entitlements.includes('role:falcon_admin@cid') === true,
    )
    await scim('PATCH', `/Groups/${group.id}`, removeMember(ada.id))
    await until(
      'the revoke',
      () => person(falcon, 'ada')?.entitlements.includes('role:falcon_admin@cid') === false,
    )
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 200)
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, activate)).status, 200)
    assert.deepEqual(person(falcon, 'ada')?.entitlements, ['role:event_viewer@cid'])
  })

  it('is taken back when a read after the lag still shows access: active is true again until it is gone', async (t) => {
    const { scim, falcon, statusOf, until } = await start(t)
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    const [id] = falcon.state.users.keys()
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 200)
    // Somebody grants it again behind our back while the reads still lag.
    falcon.state.grant(id!, 'falcon_admin')
    await until('the second revoke', () => writes(falcon).filter((write) => write === 'revoke').length >= 2)
    await until('proven', async () => (await statusOf(ada.id)) === 'proven')
    assert.deepEqual(person(falcon, 'ada')?.entitlements, [])
    assert.equal((await scim('GET', `/Users/${ada.id}`)).body.active, false)
  })

  it('verifies a leaver who seems to hold nothing: a role that the lag hides is taken before it counts as proven', async (t) => {
    const { scim, falcon, statusOf, until } = await start(t, {})
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    const [id] = falcon.state.users.keys()
    falcon.state.grant(id!, 'falcon_admin')
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 200)
    assert.equal(await statusOf(ada.id), 'verifying')
    await until('the role gone', () => person(falcon, 'ada')?.entitlements.length === 0)
    await until('proven', async () => (await statusOf(ada.id)) === 'proven')
  })

  it('falls through to nothing that the policy does not name: inherited roles make it a refusal that says so', async (t) => {
    const { scim, falcon, until } = await start(t)
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    const [id] = falcon.state.users.keys()
    falcon.state.grant(id!, 'help_desk', { userGroup: 'Service desk', grantedAt: Date.now() - 10_000 })
    await scim('PATCH', `/Users/${ada.id}`, deactivate)
    await until('the truth', async () => (await scim('GET', `/Users/${ada.id}`)).body.active === true)
  })
})

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { aUser, startTestGateway } from '../support/gateway.ts'
import { falconPolicy, forget, person, startFalcon, writes } from '../support/vendors.ts'

async function start(t: TestContext, settings: Readonly<Record<string, unknown>>) {
  const falcon = await startFalcon(t)
  const connection = { name: 'falcon', simulator: falcon, settings, policy: falconPolicy }
  const gateway = await startTestGateway(t, { connections: [connection] })
  const { body: ada } = await gateway.scim('POST', '/Users', aUser('ada'))
  forget(falcon)
  return { ...gateway, falcon, ada }
}

describe('revokeBeforeRemove', () => {
  it('[R3-20] revokes the roles before the user is deleted', async (t) => {
    const { scim, falcon, ada } = await start(t, { revokeBeforeRemove: true })
    assert.equal((await scim('DELETE', `/Users/${ada.id}`)).status, 204)
    assert.deepEqual(writes(falcon), ['revoke', 'remove'])
    assert.equal(person(falcon, 'ada'), undefined)
  })

  it('never keeps a removal back when the revoke is refused', async (t) => {
    const { scim, falcon, ada } = await start(t, { revokeBeforeRemove: true })
    const refusal = { errors: [{ code: 403, message: 'this role cannot be changed' }], resources: [] }
    falcon.failNext({ path: /user-role-actions/, status: 403, body: refusal, times: 2 })
    assert.equal((await scim('DELETE', `/Users/${ada.id}`)).status, 204)
    assert.equal(person(falcon, 'ada'), undefined)
  })

  it('is off unless asked for', async (t) => {
    const { scim, falcon, ada } = await start(t, {})
    assert.equal((await scim('DELETE', `/Users/${ada.id}`)).status, 204)
    assert.deepEqual(writes(falcon), ['remove'])
  })
})

describe('memberCids', () => {
  it('takes roles away in every CID when a person leaves', async (t) => {
    const child = 'c'.repeat(32)
    const falcon = await startFalcon(t)
    falcon.state.children.add(child)
    const policy = {
      default: { role: 'event_viewer' },
      rules: [{ group: 'Analysts', role: 'Help Desk', scope: { cid: child } }],
    }
    const connection = { name: 'falcon', simulator: falcon, settings: { memberCids: [child] }, policy }
    const { scim, until } = await startTestGateway(t, { connections: [connection] })
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    await scim('POST', '/Groups', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'Analysts',
      members: [{ value: ada.id }],
    })
    const held = () => falcon.people().find(({ login }) => login === 'ada@example.com')?.entitlements
    await until(
      'the role in the child',
      () => held()?.some((key) => key === `role:help_desk@cid:${child}`) === true,
    )
    const left = await scim('PATCH', `/Users/${ada.id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { active: false } }],
    })
    assert.equal(left.status, 200)
    assert.deepEqual(held(), [])
  })
})

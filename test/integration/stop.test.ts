import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Agent } from 'undici'
import { aUser, startTestGateway } from '../support/gateway.ts'
import { falconPolicy, startFalcon } from '../support/vendors.ts'

describe('a stop', () => {
  it('waits for the answer that is on its way, and not for the connection that is kept open after it', async (t) => {
    const falcon = await startFalcon(t)
    const { gateway, token } = await startTestGateway(t, {
      connections: [{ name: 'falcon', simulator: falcon, policy: falconPolicy }],
    })
    const client = new Agent({ keepAliveTimeout: 60_000, keepAliveMaxTimeout: 60_000 })
    t.after(() => client.close())
    const held = falcon.hold({ method: 'POST' })
    const { origin } = new URL(gateway.url)
    const answer = client.request({
      origin,
      path: '/scim/v2/Users',
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify(aUser('late')),
    })
    await held.arrived
    const startedAt = performance.now()
    const closed = gateway.close()
    held.release()
    const { statusCode, body } = await answer
    await body.dump()
    assert.equal(statusCode, 201)
    await closed
    assert.ok(performance.now() - startedAt < 10_000, 'the stop waits for a connection that is idle')
  })
})

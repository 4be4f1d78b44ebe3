import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startSentinelone } from '../../../src/simulators/sentinelone/index.ts'
import { endsAt } from '../../../src/vendors/sisense/auth.ts'
import { startTestGateway } from '../../support/gateway.ts'
import { operate } from '../../support/operator.ts'

describe('when credentials end', () => {
  it('is told by the vendor at a check, and kept for status, list and metrics', async (t) => {
    const console_ = await startSentinelone({ profile: 'current' })
    t.after(() => console_.close())
    const { gateway } = await startTestGateway(t, { connections: [{ name: 's1', simulator: console_ }] })
    const { url } = gateway
    const [connection] = (await operate(url, 'GET', '/connections')).body.items
    assert.equal(connection.credentialsEndAt, undefined)
    const checked = await operate(url, 'POST', `/connections/${connection.id}/check`)
    assert.equal(checked.status, 200, JSON.stringify(checked.body))
    const { credentialsEndAt } = checked.body
    assert.ok(Date.parse(credentialsEndAt) > Date.now())
    for (const path of ['/connections', '/status'])
      assert.equal((await operate(url, 'GET', path)).body.items[0].credentialsEndAt, credentialsEndAt)
    const metrics = await (await fetch(`${url}/metrics`)).text()
    assert.match(metrics, /drawbridge_token_expires_seconds\{kind="vendor",name="corp\/s1",hint=""\} [1-9]/)
  })

  it('is read out of a token that says so', () => {
    const token = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`
    assert.equal(endsAt(token({ exp: 1_800_000_000 })), '2027-01-15T08:00:00.000Z')
    for (const text of [undefined, 'opaque', token({}), token({ exp: 1e300 })])
      assert.equal(endsAt(text), undefined)
  })
})

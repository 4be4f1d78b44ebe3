import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import pino from 'pino'
import { aUser, startTestGateway } from '../support/gateway.ts'

const errorUrn = 'urn:ietf:params:scim:api:messages:2.0:Error'

describe('a wrong base URL', () => {
  it('is answered with the right one, logged without what it names, and counted', async (t) => {
    const lines: string[] = []
    const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(line) })
    const { gateway, token } = await startTestGateway(t, { connections: [], log })
    const ask = (method: string, path: string, body?: object) =>
      fetch(`${gateway.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
        ...(body && { body: JSON.stringify(body) }),
      })
    const requests: readonly (readonly [string, string, object?])[] = [
      ['GET', '/'],
      ['GET', '/scim'],
      ['GET', '/scim/'],
      ['GET', '/v2'],
      ['GET', '/v2/Users?filter=userName%20eq%20%22kim@example.com%22'],
      ['GET', '/Users'],
      ['GET', '/scim/Users/kim@example.com'],
      ['GET', '/scim/v1/Users'],
      ['POST', '/Users', aUser('kim')],
      ['PATCH', '/Groups/1', {}],
      ['GET', '/ServiceProviderConfig'],
      ['DELETE', '/scim/Users/1'],
    ]
    for (const [method, path, body] of requests) {
      const answer = await ask(method, path, body)
      assert.equal(answer.status, 404, path)
      assert.match(answer.headers.get('content-type') ?? '', /^application\/scim\+json/, path)
      const json = (await answer.json()) as Record<string, unknown>
      assert.deepEqual([json['schemas'], json['status']], [[errorUrn], '404'])
      assert.ok(String(json['detail']).includes(`${gateway.url}/scim/v2: correct it`), String(json['detail']))
      assert.match(String(json['detail']), /\/docs\/errors#scim-base-url$/)
    }
    // Other visitors are refused, and neither logged nor counted; nor is who probes the root.
    assert.equal((await fetch(gateway.url)).status, 404)
    assert.equal((await ask('GET', '/wp-login.php')).status, 404)
    const below = await ask('GET', '/scim/v2/scim/v2/Users')
    assert.equal(below.status, 404)
    assert.match(await below.text(), /below the base URL for SCIM, http:\/\/[\d.:]+\/scim\/v2/)
    assert.equal((await ask('GET', '/scim/v2/Users')).status, 200)

    const logged = lines.filter((line) => line.includes('wrong SCIM base URL'))
    assert.equal(logged.length, requests.length)
    assert.ok(logged.some((line) => line.includes('"path":"/scim/Users/…"')))
    assert.doesNotMatch(lines.join(''), /kim/)
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
    assert.match(metrics, new RegExp(`^drawbridge_scim_wrong_base_url_total ${requests.length}$`, 'm'))
  })
})

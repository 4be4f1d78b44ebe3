import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aUser, directoryNamed, scimApp, token } from '../support/scim-app.ts'

const errorUrn = 'urn:ietf:params:scim:api:messages:2.0:Error'

describe('authentication', () => {
  const refused: readonly (readonly [string, string | undefined])[] = [
    ['no token', undefined],
    ['a wrong token', 'Bearer wrong'],
    ['another scheme', `Basic ${token}`],
    ['an empty token', 'Bearer '],
  ]
  for (const [says, authorization] of refused) {
    it(`[T-04] answers 401 with a challenge and a SCIM error to ${says}`, async (t) => {
      const { call } = await scimApp(t)
      const answer = await call('GET', '/Users', undefined, { authorization })
      assert.equal(answer.status, 401)
      const error = says === 'a wrong token' ? ', error="invalid_token"' : ''
      assert.equal(answer.headers['www-authenticate'], `Bearer realm="drawbridge"${error}`)
      assert.equal(answer.headers['content-type'], 'application/scim+json')
      assert.deepEqual(answer.json['schemas'], [errorUrn])
      assert.equal(answer.json['status'], '401')
      assert.ok(answer.json['detail'])
    })
  }

  it('[D-10] asks for a token before it says whether an endpoint exists', async (t) => {
    const { call } = await scimApp(t)
    assert.equal((await call('GET', '/Nothing', undefined, { authorization: undefined })).status, 401)
  })

  it('[T-04] understands the word Bearer in any case', async (t) => {
    const { call } = await scimApp(t)
    assert.equal((await call('GET', '/Users', undefined, { authorization: `bearer ${token}` })).status, 200)
  })

  it('[T-17] answers 503 with a whole Retry-After, never 401, when tokens cannot be verified', async (t) => {
    const verifyToken = async () => {
      throw new Error('store down')
    }
    const { call } = await scimApp(t, { verifyToken })
    const answer = await call('GET', '/Users')
    assert.equal(answer.status, 503)
    assert.match(String(answer.headers['retry-after']), /^\d+$/)
    assert.equal(answer.headers['www-authenticate'], undefined)
    assert.doesNotMatch(answer.text, /store down/)
  })

  it('answers 429 to Okta when a token that was valid before cannot be verified', async (t) => {
    let down = false
    const okta = directoryNamed('corp', 'okta')
    const verifyToken = async (secret: string) => {
      if (down) throw new Error('store down')
      return secret === token ? okta : undefined
    }
    const { call } = await scimApp(t, { verifyToken })
    assert.equal((await call('GET', '/Users')).status, 200)
    down = true
    const answer = await call('GET', '/Users')
    assert.equal(answer.status, 429)
    assert.match(String(answer.headers['retry-after']), /^[1-9]\d*$/)
    assert.match(String(answer.json['detail']), /#scim-unavailable$/)
    assert.equal((await call('GET', '/Users', undefined, { authorization: 'Bearer guess' })).status, 503)
  })

  it('[T-15] limits refused tokens per address and never a valid one', async (t) => {
    const { call } = await scimApp(t, { limits: { failedAttempts: { max: 3, windowMs: 60_000 } } })
    const guess = () => call('GET', '/Users', undefined, { authorization: 'Bearer guess' })
    const statuses = [await guess(), await guess(), await guess(), await guess()].map(({ status }) => status)
    assert.deepEqual(statuses, [401, 401, 401, 429])
    const limited = await guess()
    assert.equal(limited.json['status'], '429')
    assert.match(String(limited.headers['retry-after']), /^[1-9]\d*$/)
    for (let n = 0; n < 10; n++) assert.equal((await call('GET', '/Users')).status, 200)
  })

  it('never counts requests without a token as refused ones', async (t) => {
    const { call } = await scimApp(t, { limits: { failedAttempts: { max: 3, windowMs: 60_000 } } })
    const asked = (authorization?: string) => call('GET', '/Users', undefined, { authorization })
    for (const authorization of [undefined, '', 'Bearer', 'Bearer ', 'Basic dXNlcjpwYXNz', undefined]) {
      for (let n = 0; n < 5; n++) assert.equal((await asked(authorization)).status, 401)
    }
    assert.equal((await asked('Bearer guess')).status, 401)
  })

  it('[M-01] [T-06] keeps directories apart: a foreign id is 404', async (t) => {
    const corp = directoryNamed('corp')
    const other = directoryNamed('other')
    const verifyToken = async (secret: string) =>
      secret === token ? corp : secret === 'other' ? other : undefined
    const { call } = await scimApp(t, { verifyToken })
    const { json } = await call('POST', '/Users', aUser('ada@corp.example'))
    const foreign = { authorization: 'Bearer other' }
    assert.equal((await call('GET', `/Users/${json['id']}`)).status, 200)
    for (const method of ['GET', 'DELETE']) {
      assert.equal((await call(method, `/Users/${json['id']}`, undefined, foreign)).status, 404, method)
    }
    assert.equal((await call('GET', '/Users', undefined, foreign)).json['totalResults'], 0)
  })
})

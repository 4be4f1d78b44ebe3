import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { answerFrameworkError } from '../../src/scim/http/error-answers.ts'
import { aUser, scimApp } from '../support/scim-app.ts'

describe('endpoints', () => {
  it('[T-13] answers 404 with a SCIM error to an unknown endpoint', async (t) => {
    const { call } = await scimApp(t)
    for (const path of ['/Nothing', '/Users/a/b', '/v1/Users']) {
      const answer = await call('GET', path)
      assert.equal(answer.status, 404, path)
      assert.equal(answer.json['status'], '404')
      assert.equal(answer.headers['content-type'], 'application/scim+json')
    }
  })

  it('answers with a SCIM error to addresses that reach no route', async (t) => {
    const { call } = await scimApp(t, { server: { frameworkErrors: answerFrameworkError } })
    for (const path of [`/Users/${'x'.repeat(2000)}`, '/Users/%zz']) {
      const answer = await call('GET', path)
      assert.ok([400, 414].includes(answer.status), path)
      assert.equal(answer.json['status'], String(answer.status))
      assert.equal(answer.headers['content-type'], 'application/scim+json')
    }
  })

  const wrong: readonly (readonly [string, string, string])[] = [
    ['DELETE', '/Users', 'GET, HEAD, POST'],
    ['PATCH', '/Groups', 'GET, HEAD, POST'],
    ['PUT', '/Bulk', 'POST'],
    ['POST', '/Users/1', 'GET, HEAD, PUT, PATCH, DELETE'],
    ['OPTIONS', '/Groups/1', 'GET, HEAD, PUT, PATCH, DELETE'],
    ...[
      '/ServiceProviderConfig',
      '/Schemas',
      '/ResourceTypes',
      '/Schemas/x',
      '/ResourceTypes/User',
      '/Roles',
      '/Roles/x',
      '/Entitlements',
      '/Entitlements/x',
    ].flatMap((path) =>
      ['POST', 'PUT', 'PATCH', 'DELETE'].map((method) => [method, path, 'GET, HEAD'] as const),
    ),
  ]
  for (const [method, path, allow] of wrong) {
    it(`[T-13] answers 405 with Allow to ${method} ${path}`, async (t) => {
      const { call } = await scimApp(t)
      const answer = await call(method, path, '{"not": "looked at"', { 'content-type': 'text/plain' })
      assert.equal(answer.status, 405)
      assert.equal(answer.headers['allow'], allow)
      assert.equal(answer.json['status'], '405')
    })
  }

  it('[ME-01] answers 501 where the protocol has an endpoint that this server does not offer', async (t) => {
    const { call } = await scimApp(t)
    const requests: readonly (readonly [string, string])[] = [
      ['GET', '/Me'],
      ['PATCH', '/Me'],
    ]
    for (const [method, path] of requests) {
      const answer = await call(method, path)
      assert.equal(answer.status, 501, `${method} ${path}`)
      assert.equal(answer.json['status'], '501')
    }
  })

  it('lists everything at its base, with and without a slash', async (t) => {
    const { call } = await scimApp(t)
    await call('POST', '/Users', aUser('ada@corp.example'))
    for (const path of ['', '/', '?count=1']) {
      const { status, json } = await call('GET', path)
      assert.equal(status, 200, path)
      assert.equal(json['totalResults'], 1, path)
    }
  })

  for (const ignoreTrailingSlash of [false, true]) {
    it(`[T-01] tolerates a slash at the end, also where the server ${ignoreTrailingSlash ? 'does' : 'does not'}`, async (t) => {
      const { call } = await scimApp(t, { server: { routerOptions: { ignoreTrailingSlash } } })
      const { json } = await call('POST', '/Users/', aUser('ada@corp.example'))
      for (const path of [
        '/Users/',
        `/Users/${json['id']}/`,
        '/Schemas/',
        '/ServiceProviderConfig/',
        '/Groups/',
      ]) {
        assert.equal((await call('GET', path)).status, 200, path)
      }
    })
  }

  it('answers HEAD like GET, without a body', async (t) => {
    const { call } = await scimApp(t)
    const answer = await call('HEAD', '/Users')
    assert.equal(answer.status, 200)
    assert.equal(answer.text, '')
  })

  it('puts a request id on every answer and one line without secrets or filter values into the log', async (t) => {
    const lines: string[] = []
    const stream = { write: (line: string) => void lines.push(line) }
    const { call } = await scimApp(t, { server: { logger: { level: 'info', stream } } })
    const answer = await call('GET', '/Users?filter=userName%20eq%20%22ada@corp.example%22')
    assert.ok(answer.headers['x-request-id'])
    const refused = await call('GET', '/Users', undefined, { authorization: 'Bearer guess' })
    assert.ok(refused.headers['x-request-id'])
    const written = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    const access = written.filter(({ msg }) => msg === 'scim request')
    assert.equal(access.length, 2)
    assert.equal(access[0]?.['requestId'], answer.headers['x-request-id'])
    assert.equal(access[0]?.['route'], '/scim/v2/Users')
    assert.equal(access[0]?.['directory'], 'corp')
    assert.equal(access[0]?.['status'], 200)
    const text = access.map((line) => JSON.stringify(line)).join('')
    assert.doesNotMatch(text, /ada@|secret-of|guess|filter/)
  })
})

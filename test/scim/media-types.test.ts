import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import Fastify from 'fastify'
import { speakScimJson } from '../../src/scim/http/media-types.ts'
import { depthOf } from '../../src/scim/http/requests.ts'
import { aUser, scimApp } from '../support/scim-app.ts'

describe('media types', () => {
  it('drops the names of prototypes before anybody reads a body', async () => {
    const app = Fastify()
    speakScimJson(app, { bodyBytes: 1_000, depth: 10 })
    let body: unknown
    app.post('/', async (request) => {
      body = request.body
      return {}
    })
    const hostile =
      '{"a":{"__proto__":{"polluted":1},"b":[{"constructor":{"prototype":{"polluted":1}},"c":1}]},"__proto__":{"d":1}}'
    const { statusCode } = await app.inject({
      method: 'POST',
      url: '/',
      headers: { 'content-type': 'application/scim+json' },
      payload: hostile,
    })
    assert.equal(statusCode, 200)
    assert.equal(JSON.stringify(body), '{"a":{"b":[{"c":1}]}}')
    await app.close()
  })

  const accepted = [
    'application/scim+json',
    'application/json',
    'application/scim+json; charset=utf-8',
    'APPLICATION/JSON;charset=UTF-8',
    'Application/Scim+Json',
  ]
  for (const type of accepted) {
    it(`[T-07] reads bodies sent as ${type}`, async (t) => {
      const { call } = await scimApp(t)
      const answer = await call('POST', '/Users', aUser('ada@corp.example'), { 'content-type': type })
      assert.equal(answer.status, 201, answer.text)
    })
  }

  for (const type of [
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'nonsense',
    'a/b/c',
  ]) {
    it(`[T-10] answers 415 to bodies sent as ${type}`, async (t) => {
      const { call } = await scimApp(t)
      const answer = await call('POST', '/Users', aUser('ada@corp.example'), { 'content-type': type })
      assert.equal(answer.status, 415)
      assert.equal(answer.json['status'], '415')
      assert.equal(answer.headers['content-type'], 'application/scim+json')
    })
  }

  it('[T-10] answers 415 to a body without a media type', async (t) => {
    const { call } = await scimApp(t)
    const answer = await call('POST', '/Users', aUser('ada@corp.example'), { 'content-type': undefined })
    // inject() labels string payloads by itself where nothing is said
    assert.ok([201, 415].includes(answer.status))
  })

  const answers: readonly (readonly [string | undefined, string])[] = [
    [undefined, 'application/scim+json'],
    ['*/*', 'application/scim+json'],
    ['application/scim+json; charset=utf-8', 'application/scim+json'],
    ['application/scim+json, application/json', 'application/scim+json'],
    ['application/json, text/plain, */*', 'application/scim+json'],
    ['text/html', 'application/scim+json'],
    ['application/json', 'application/json'],
    ['Application/JSON; charset=utf-8', 'application/json'],
  ]
  for (const [accept, expected] of answers) {
    it(`[T-08] [T-09] [T-12] answers ${expected} to Accept: ${accept ?? 'nothing'}`, async (t) => {
      const { call } = await scimApp(t)
      for (const path of ['/Users', '/Nothing']) {
        assert.equal((await call('GET', path, undefined, { accept })).headers['content-type'], expected)
      }
    })
  }

  it('[T-11] does not mind a media type on requests without a body', async (t) => {
    const { call } = await scimApp(t)
    const { json } = await call('POST', '/Users', aUser('ada@corp.example'))
    for (const type of ['application/scim+json; charset=utf-8', 'text/plain']) {
      assert.equal((await call('GET', '/Users', undefined, { 'content-type': type })).status, 200)
    }
    const gone = await call('DELETE', `/Users/${json['id']}`, undefined, {
      'content-type': 'application/json',
      'content-length': '0',
    })
    assert.equal(gone.status, 204)
  })

  it('[T-14] sends no body and no media type with 204', async (t) => {
    const { call } = await scimApp(t)
    const { json } = await call('POST', '/Users', aUser('ada@corp.example'))
    const gone = await call('DELETE', `/Users/${json['id']}`)
    assert.equal(gone.status, 204)
    assert.equal(gone.text, '')
    assert.equal(gone.headers['content-type'], undefined)
  })
})

describe('hostile bodies', () => {
  const bodies: readonly (readonly [string, string, number, string | undefined])[] = [
    ['cut JSON', '{"userName": "a', 400, 'invalidSyntax'],
    ['no JSON', 'hello', 400, 'invalidSyntax'],
    ['an array', '[]', 400, 'invalidSyntax'],
    ['nothing', '', 400, 'invalidSyntax'],
    ['null', 'null', 400, 'invalidSyntax'],
    ['depth of 33', `${'{"a":'.repeat(32)}[]${'}'.repeat(32)}`, 400, 'invalidSyntax'],
    ['half a million brackets', '['.repeat(500_000), 400, 'invalidSyntax'],
    ['more than the limit', JSON.stringify({ userName: 'x'.repeat(1024 * 1024) }), 413, undefined],
  ]
  for (const [says, body, status, scimType] of bodies) {
    it(`answers ${status} to ${says}`, async (t) => {
      const { call } = await scimApp(t)
      const answer = await call('POST', '/Users', body)
      assert.equal(answer.status, status, answer.text)
      assert.equal(answer.json['scimType'], scimType)
      assert.equal(answer.json['status'], String(status))
    })
  }

  it('[T-18] says that a body is nested too deep, and reads one of the deepest kind', async (t) => {
    const { call } = await scimApp(t)
    const nested = (depth: number) =>
      JSON.stringify({ ...aUser('ada@corp.example'), x: 0 }).replace(
        '0}',
        `${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`,
      )
    assert.match(String((await call('POST', '/Users', nested(33))).json['detail']), /deeper than 32/)
    assert.equal((await call('POST', '/Users', nested(32))).status, 201)
  })

  it('[R-24] gives keys that name prototypes no effect', async (t) => {
    const { call } = await scimApp(t)
    const text = JSON.stringify(aUser('ada@corp.example')).slice(0, -1)
    const answer = await call(
      'POST',
      '/Users',
      `${text},"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}`,
    )
    assert.ok([201, 400].includes(answer.status), answer.text)
    for (const query of [
      'filter=__proto__.x%20eq%20%221%22',
      'attributes=__proto__.x,constructor',
      '__proto__=1&constructor=2',
    ]) {
      assert.ok((await call('GET', `/Users?${query}`)).status < 500, query)
    }
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
    assert.equal(({} as Record<string, unknown>)['x'], undefined)
    assert.equal((await call('GET', '/Users?attributes=userName')).status, 200)
  })

  it('measures depth outside of strings only', () => {
    const texts: readonly (readonly [string, number])[] = [
      ['1', 0],
      ['{}', 1],
      ['[[],[]]', 2],
      ['{"a":"[[[["}', 1],
      [String.raw`{"a":"\"[[["}`, 1],
      [String.raw`{"a":"\\","b":[[]]}`, 3],
    ]
    for (const [text, depth] of texts) assert.equal(depthOf(text), depth, text)
  })
})

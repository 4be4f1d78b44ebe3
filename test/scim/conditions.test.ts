import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aGroup, aPatch, aUser, scimApp } from '../support/scim-app.ts'

const kinds = [
  {
    endpoint: '/Users',
    body: aUser('ada@corp.example'),
    renamed: aPatch({ op: 'replace', path: 'displayName', value: 'Ada' }),
  },
  {
    endpoint: '/Groups',
    body: aGroup('Admins'),
    renamed: aPatch({ op: 'replace', path: 'displayName', value: 'Others' }),
  },
]

describe('conditional requests', () => {
  for (const { endpoint, body, renamed } of kinds) {
    it(`[E-02] answers 304 without a body to If-None-Match of the version at hand (${endpoint})`, async (t) => {
      const { call } = await scimApp(t)
      const { json } = await call('POST', endpoint, body)
      const path = `${endpoint}/${json['id']}`
      const tag = String((await call('GET', path)).headers['etag'])
      for (const known of [tag, `"x", ${tag}`, tag.replace('W/', ''), '*']) {
        const answer = await call('GET', path, undefined, { 'if-none-match': known })
        assert.equal(answer.status, 304, known)
        assert.equal(answer.text, '')
        assert.equal(answer.headers['etag'], tag)
        assert.equal(answer.headers['content-type'], undefined)
      }
      assert.equal((await call('GET', path, undefined, { 'if-none-match': 'W/"99"' })).status, 200)
    })

    it(`[E-02] answers 412 to If-Match of another version and changes nothing (${endpoint})`, async (t) => {
      const { call } = await scimApp(t)
      const { json } = await call('POST', endpoint, body)
      const path = `${endpoint}/${json['id']}`
      const stale = { 'if-match': 'W/"7"' }
      assert.equal((await call('PATCH', path, renamed, stale)).status, 412)
      assert.equal((await call('PUT', path, { ...body, displayName: 'No' }, stale)).status, 412)
      assert.equal((await call('DELETE', path, undefined, stale)).status, 412)
      const read = await call('GET', path)
      assert.equal(read.headers['etag'], 'W/"1"')
      assert.equal((await call('PATCH', path, renamed, { 'if-match': 'W/"1"' })).status < 300, true)
      assert.equal((await call('PATCH', path, renamed, { 'if-match': 'W/"1"' })).status, 412)
      assert.equal((await call('DELETE', path, undefined, { 'if-match': '*' })).status, 204)
      assert.equal((await call('DELETE', path, undefined, { 'if-match': '*' })).status, 404)
    })
  }

  it('[E-03] keeps ETag and meta.version the same, whatever is shown', async (t) => {
    const { call } = await scimApp(t)
    const { json, headers } = await call('POST', '/Users', aUser('ada@corp.example'))
    assert.equal((json['meta'] as Record<string, unknown>)['version'], headers['etag'])
    const little = await call('GET', `/Users/${json['id']}?attributes=userName`)
    assert.equal(little.headers['etag'], headers['etag'])
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { byStatus, firstOf, saying } from '../../../../src/vendors/kit/classify.ts'

const reply = (status: number, body?: unknown, readable = true) => ({ status, headers: {}, body, readable })

describe('byStatus', () => {
  for (const [status, failure] of [
    [200, undefined],
    [201, undefined],
    [204, undefined],
    [302, 'unexpected'],
    [400, 'invalid'],
    [401, 'unauthenticated'],
    [403, 'forbidden'],
    [404, 'not-found'],
    [408, 'unavailable'],
    [409, 'conflict'],
    [410, 'not-found'],
    [422, 'invalid'],
    [429, 'rate-limited'],
    [500, 'unavailable'],
    [503, 'unavailable'],
  ] as const) {
    it(`takes ${status} for ${failure ?? 'success'}`, () => assert.equal(byStatus(reply(status)), failure))
  }

  for (const status of [200, 400, 403, 404]) {
    it(`takes a page of somebody else's with ${status} for unexpected`, () => {
      assert.equal(byStatus(reply(status, '<html>', false)), 'unexpected')
    })
  }
})

describe('saying', () => {
  const rule = saying(/already there/, [400, 409], 'conflict')

  it('needs the words and the status, wherever the words are', () => {
    assert.equal(rule(reply(400, { email: ['X is already there'] })), 'conflict')
    assert.equal(rule(reply(400, 'already there')), 'conflict')
    assert.equal(rule(reply(403, 'already there')), undefined)
    assert.equal(rule(reply(400, 'elsewhere')), undefined)
    assert.equal(rule(reply(400, '<p>already there</p>', false)), undefined)
  })

  it('is asked in order', () => {
    const classify = firstOf(rule, byStatus)
    assert.equal(classify(reply(400, 'already there')), 'conflict')
    assert.equal(classify(reply(400, 'bad')), 'invalid')
    assert.equal(firstOf()(reply(500)), undefined)
  })
})

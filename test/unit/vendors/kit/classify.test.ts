import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { byStatus, firstOf, notFound, saying } from '../../../../src/vendors/kit/classify.ts'

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
    [404, 'unexpected'],
    [408, 'unavailable'],
    [409, 'conflict'],
    [410, 'unexpected'],
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

describe('a reply that says that it failed', () => {
  it('has failed, whatever its status', () => {
    for (const body of [{ success: false }, { data: { success: false } }])
      assert.equal(byStatus(reply(200, body)), 'unexpected')
    for (const body of [{ success: true }, { data: { success: 'false' } }, {}, null])
      assert.equal(byStatus(reply(200, body)), undefined)
  })
})

describe('notFound', () => {
  const gone = notFound(({ body }) => (body as { readonly code?: number }).code === 2001)

  it("needs the vendor's own word beside the status", () => {
    assert.equal(gone(reply(404, { code: 2001 })), 'not-found')
    assert.equal(gone(reply(404, { code: 7 })), undefined)
    assert.equal(gone(reply(400, { code: 2001 })), undefined)
    assert.equal(gone(reply(404, '<html>', false)), undefined)
    assert.equal(byStatus(reply(404, { message: 'Not Found' })), 'unexpected')
  })
})

describe('words of a refusal', () => {
  const rule = saying(/domain|already exists/, 400, 'conflict')
  const call = {
    method: 'POST',
    path: 'users',
    pathClass: 'write',
    body: { uid: 'eve', name: 'Ann Domain' },
  } as const

  it('are neither an address nor what the call itself sent', () => {
    assert.equal(rule(reply(400, { message: 'eve@mydomain.example is odd' }), call), undefined)
    assert.equal(rule(reply(400, { message: 'Ann domain is odd' }), call), 'conflict')
    assert.equal(
      saying(/Domain/, 400, 'invalid')(reply(400, { message: 'Ann Domain is odd' }), call),
      undefined,
    )
  })

  it('are read in no time, however many there are', () => {
    const from = performance.now()
    for (const word of ['-eyJ', 'role ', 'slug ', 'password:', 'user '])
      rule(reply(400, { errors: [{ message: word.repeat(50_000) }] }), call)
    assert.ok(performance.now() - from < 50)
  })
})

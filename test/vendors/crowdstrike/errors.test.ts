import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Failure } from '../../../src/model/errors.ts'
import { classify, messagesOf, rateLimitWait, requestIdOf } from '../../../src/vendors/crowdstrike/errors.ts'
import type { Reply } from '../../../src/vendors/kit/http.ts'
import { create, draftOf, falconBench, rejection } from './harness.ts'

const said = (code: number | string, message: string) => ({ errors: [{ code, message }], resources: [] })
const reply = (status: number, body: unknown = {}, headers: Reply['headers'] = {}): Reply => ({
  status,
  headers,
  body,
  readable: typeof body !== 'string',
})

describe('the error table', () => {
  const rows: readonly (readonly [string, Reply, Failure | undefined])[] = [
    ['a clean 200', reply(200, { errors: [], resources: [] }), undefined],
    ['a clean 201 with null errors', reply(201, { errors: null, resources: [] }), undefined],
    ['a duplicate', reply(400, said(400, 'user already exists: jane@corp.example')), 'conflict'],
    ['a duplicate in other words', reply(400, said(400, 'email is already in use')), 'conflict'],
    ['a duplicate uid', reply(400, said(400, 'duplicate uid')), 'conflict'],
    [
      'a domain that is not allowed',
      reply(400, said(400, 'email domain is not on the approved list')),
      'invalid',
    ],
    ['a password that is too weak', reply(400, said(400, 'password does not meet the policy')), 'invalid'],
    ['an unknown user', reply(400, said(400, 'invalid user uuid')), 'not-found'],
    ['an unknown role', reply(400, said(400, 'invalid role id: nobody')), 'invalid'],
    ['a role that is not assigned', reply(400, said(400, 'role x is not assigned to the user')), 'not-found'],
    ['an unknown CID by 403', reply(403, said(403, 'cid not permitted')), 'invalid'],
    ['a lacking scope', reply(403, said(403, 'access denied, authorization failed')), 'missing-scope'],
    ['another 403', reply(403, said(403, 'this user is protected')), 'forbidden'],
    ['an expired token', reply(401, said(401, 'access denied, invalid bearer token')), 'unauthenticated'],
    ['a rate limit', reply(429, said(429, 'API rate limit exceeded')), 'rate-limited'],
    ['a 404, which is a wrong path', reply(404, said(404, '404: Page Not Found')), 'unexpected'],
    ['a redirect of an API call', reply(308, {}), 'unexpected'],
    ['a 500', reply(500, said(500, 'internal error')), 'unavailable'],
    ['a proxy’s page', reply(403, '<html>blocked</html>'), 'unexpected'],
    ['an error inside a 200', reply(200, said(400, 'invalid user uuid')), 'not-found'],
    ['a duplicate inside a 201', reply(201, said(400, 'user already exists')), 'conflict'],
    [
      'a lacking scope inside a 207',
      reply(207, said(403, 'access denied, authorization failed')),
      'missing-scope',
    ],
    ['a missing resource inside a 200', reply(200, said(404, 'not here')), 'not-found'],
    ['a server error inside a 200', reply(200, said('500', 'internal')), 'unavailable'],
    ['an error without a code inside a 200', reply(200, { errors: [{ message: 'odd' }] }), 'unexpected'],
  ]
  for (const [what, given, failure] of rows) {
    it(`takes ${what} for ${failure ?? 'success'}`, () => assert.equal(classify(given), failure))
  }

  it('names the exchange by meta.trace_id, else by X-Cs-Traceid', () => {
    const headers = { 'x-cs-traceid': 'from-header' }
    assert.equal(requestIdOf(reply(200, { meta: { trace_id: 'from-body' } }, headers)), 'from-body')
    assert.equal(requestIdOf(reply(400, {}, headers)), 'from-header')
    assert.equal(requestIdOf(reply(502, '<html>', {})), undefined)
  })

  it('keeps only Falcon’s messages as its words', () => {
    const body = { meta: { powered_by: 'crowdstrike-api-gateway' }, ...said(400, 'one'), extra: 'two' }
    assert.equal(messagesOf(reply(400, body)), 'one')
  })

  const now = Date.parse('2026-11-21T10:00:00Z')
  for (const [what, headers, ms] of [
    ['epoch seconds', { 'x-ratelimit-retryafter': String(now / 1000 + 42) }, 42_000],
    ['epoch milliseconds', { 'x-ratelimit-retryafter': String(now + 42_000) }, 42_000],
    ['an instant that is over', { 'x-ratelimit-retryafter': String(now / 1000 - 5) }, 0],
    ['an instant in a year', { 'x-ratelimit-retryafter': String(now / 1000 + 31e6) }, 900_000],
    ['Retry-After, when it is alone', { 'retry-after': '7' }, 7_000],
  ] as const) {
    it(`reads the wait as ${what}`, () => assert.equal(rateLimitWait(reply(429, {}, headers), now), ms))
  }
})

for (const profile of ['current', 'guide'] as const) {
  describe(`failures (${profile})`, async () => {
    const { simulator, state, open, writes } = await falconBench(profile)

    it('[R3-05] name the lacking scope, and what it is called in Falcon', async () => {
      state.toggles.scopes = ['read']
      const target = open()
      await target.test()
      const error = await rejection(target.create(draftOf('jane@corp.example')))
      assert.equal(error.failure, 'missing-scope')
      assert.match(error.detail, /^access denied, authorization failed \(needs /)
      assert.match(error.detail, /User management: Read \+ Write/)
      assert.equal(writes(), 1, 'no elevation at run time: it is not tried again')

      state.toggles.scopes = []
      const reading = await rejection(target.test())
      assert.equal(reading.failure, 'missing-scope')
    })

    it('[R3-26] pause the path class that was limited, in seconds and in milliseconds', async () => {
      for (const unit of ['seconds', 'milliseconds'] as const) {
        simulator.reset()
        state.toggles.retryAfter = unit
        const target = open()
        await target.test()
        state.toggles.rateLimit = 1
        const error = await rejection(target.create(draftOf('jane@corp.example')))
        assert.deepEqual([error.failure, error.pathClass, error.status], ['rate-limited', 'write', 429])
        assert.ok((error.retryAfterMs ?? -1) >= 0 && (error.retryAfterMs ?? Infinity) <= 61_000)
        assert.equal(state.users.size, 0)
      }
    })

    it('carry Falcon’s trace id', async () => {
      const target = open()
      const error = await rejection(
        target
          .changeEntitlements('nobody', { assign: [], revoke: [] })
          .then(() => target.update('nobody', { givenName: 'A', familyName: 'B' })),
      )
      assert.equal(error.failure, 'not-found')
      assert.match(error.requestId ?? '', /^[0-9a-f-]{36}$/)
    })

    it('come out of a 2xx that holds errors', async () => {
      state.toggles.errorsInside200 = true
      const target = open()
      state.toggles.allowedDomains = ['elsewhere.example']
      const error = await rejection(target.create(draftOf('jane@corp.example')))
      assert.deepEqual([error.failure, error.status], ['invalid', 200])
      assert.match(error.detail, /domain/)
    })

    it('are told apart from nothing: a missing account in a 2xx is no account', async () => {
      state.toggles.errorsInside200 = true
      assert.equal(await open().get('nobody'), undefined)
    })

    it('leave open whether a create took effect that was answered 504', async () => {
      const target = open()
      await target.test()
      state.toggles.commitThen504 = 1
      const error = await rejection(target.create(draftOf('jane@corp.example')))
      assert.deepEqual([error.failure, error.certainlyNotDone], ['unavailable', false])
      assert.equal(writes(), 1)
      assert.equal((await target.find('email', 'jane@corp.example')).length, 1)
    })

    it('include a creation that brings no user back', async () => {
      const path = profile === 'current' ? '/user-management/entities/users/v1' : '/users/entities/users/v1'
      simulator.failNext({ method: 'POST', path, status: 201, body: { resources: [], errors: [] } })
      const error = await rejection(open().create(draftOf('jane@corp.example')))
      assert.deepEqual([error.failure, error.certainlyNotDone], ['unexpected', false])
    })

    it('say that an account is gone when an update brings nothing back and nobody is there', async () => {
      const target = open()
      const { id } = await create(target)
      const path = profile === 'current' ? '/user-management/entities/users/v1' : '/users/entities/users/v1'
      state.users.clear()
      simulator.failNext({ method: 'PATCH', path, status: 200, body: { resources: [], errors: [] } })
      const error = await rejection(target.update(id, { givenName: 'A', familyName: 'B' }))
      assert.equal(error.failure, 'not-found')
    })
  })
}

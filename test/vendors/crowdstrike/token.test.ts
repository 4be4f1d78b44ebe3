import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { create, falconBench, rejection } from './harness.ts'

for (const profile of ['current', 'guide'] as const) {
  describe(`token (${profile})`, async () => {
    const { simulator, state, open, advance } = await falconBench(profile)
    const tokenCalls = () => simulator.trace.filter(({ path }) => path === '/oauth2/token')

    it('[R3-01, R3-02] is asked for by a form with grant_type, and by nothing else', async () => {
      await open().test()
      const [call] = tokenCalls()
      assert.deepEqual(call?.body, {
        grant_type: 'client_credentials',
        client_id: 'simulated-client',
        client_secret: '[removed]',
      })
      assert.deepEqual(call?.query, {})
    })

    it('is taken from a 200 as well as from a 201', async () => {
      for (const status of [200, 201] as const) {
        state.toggles.tokenStatus = status
        await open().test()
      }
      assert.deepEqual(
        tokenCalls().map(({ status }) => status),
        [200, 201],
      )
    })

    it('is fetched once for many callers at the same time', async () => {
      const target = open()
      await Promise.all(Array.from({ length: 10 }, () => target.get('nobody')))
      assert.equal(tokenCalls().length, 1)
    })

    it('[R3-03] expires after 30 minutes and is refreshed at 80 % of that', async () => {
      const target = open()
      await target.test()
      advance(0.79 * 1_799_000)
      await target.test()
      assert.equal(tokenCalls().length, 1)
      advance(0.02 * 1_799_000)
      await target.test()
      assert.equal(tokenCalls().length, 2)
    })

    it('[R3-03] is renewed once after a 401, and the call repeated once', async () => {
      const target = open()
      const { id } = await create(target)
      state.tokens.clear()
      assert.equal((await target.get(id))?.id, id)
      assert.equal(tokenCalls().length, 2)
    })

    it('is renewed before a write that an expired one refused: the write happens once', async () => {
      const target = open()
      await target.test()
      state.tokens.clear()
      await create(target)
      assert.equal(state.users.size, 1)
    })

    it('refuses a wrong secret as unauthenticated, without the secret in the error', async () => {
      const error = await rejection(open({ credentials: { clientSecret: 'wrong-secret-of-forty' } }).test())
      assert.equal(error.failure, 'unauthenticated')
      assert.equal(error.operation, 'test')
      assert.ok(!JSON.stringify(error).includes('wrong-secret-of-forty'))
    })

    it('takes a 403 of the token call for bad credentials too', async () => {
      const body = { errors: [{ code: 403, message: 'access denied, authorization failed' }] }
      simulator.failNext({ path: '/oauth2/token', status: 403, body })
      assert.equal((await rejection(open().test())).failure, 'unauthenticated')
    })

    it('leaves a stumbling token endpoint to be tried again later', async () => {
      simulator.failNext({ path: '/oauth2/token', status: 503, body: '<html>down</html>' })
      const error = await rejection(open().test())
      assert.deepEqual([error.failure, error.certainlyNotDone], ['unavailable', true])
    })

    it('has a rate limit of its own path class', async () => {
      const headers = { 'x-ratelimit-retryafter': String(Math.ceil(Date.now() / 1000) + 30) }
      simulator.failNext({ path: '/oauth2/token', status: 429, headers })
      const error = await rejection(open().test())
      assert.deepEqual([error.failure, error.pathClass], ['rate-limited', 'token'])
      assert.ok((error.retryAfterMs ?? 0) > 25_000)
    })

    it('is not made of an answer without one', async () => {
      simulator.failNext({ path: '/oauth2/token', status: 200, body: { token_type: 'bearer' } })
      assert.equal((await rejection(open().test())).failure, 'unexpected')
    })
  })
}

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import Fastify from 'fastify'
import Type from 'typebox'
import { VendorError } from '../../../../src/model/errors.ts'
import { clientCredentials, noAuthentication, staticToken } from '../../../../src/vendors/kit/auth.ts'
import { byStatus } from '../../../../src/vendors/kit/classify.ts'
import type { Call } from '../../../../src/vendors/kit/http.ts'
import type { Pacing, Wait } from '../../../../src/vendors/kit/kit.ts'
import { createRequester, type RequesterOptions } from '../../../../src/vendors/kit/requester.ts'
import { waitFrom } from '../../../../src/vendors/kit/wait.ts'
import { type Simulator, startSimulator } from '../../../../src/simulators/simulator.ts'
import { openKit } from '../../../contract/target.ts'

const call: Call = { operation: 'get', method: 'GET', path: 'things/1', pathClass: 'things' }

describe('requester', () => {
  let simulator: Simulator
  const kit = openKit()
  before(async () => {
    const app = Fastify()
    app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_, body, done) =>
      done(null, body),
    )
    app.all('/api/things/1', async ({ method, headers, query, body }) => ({ method, headers, query, body }))
    app.get('/api/moved', async (_, reply) => reply.redirect('/api/things/1', 307))
    simulator = await startSimulator(app, { reset: () => undefined })
  })
  beforeEach(() => simulator.reset())
  after(async () => {
    await simulator.close()
    await kit.dispatcher.close()
  })

  const requester = (options: Partial<RequesterOptions> = {}, overrides = {}) =>
    createRequester(
      {
        ...{ vendor: 'test', baseUrl: `${simulator.origin}/api/`, auth: staticToken('Bearer', 't0ken') },
        ...{ classify: byStatus, wait: waitFrom('retry-after') },
        ...options,
      },
      { ...kit, ...overrides },
    )
  const failing = async (promise: Promise<unknown>): Promise<VendorError> => {
    const error = await promise.catch((reason: unknown) => reason)
    assert.ok(error instanceof VendorError, String(error))
    return error
  }

  it('tells how long a call waited for its turn, also when it did not go out', async () => {
    const waits: Wait[] = []
    const waited = (wait: Wait) => void waits.push(wait)
    const pacing = (turn: Pacing['turn']) => ({ turn, pause() {} })
    await requester({}, { waited, pacing: pacing(async () => () => {}) })(call)
    await failing(requester({}, { waited, pacing: pacing(async () => 5_000) })(call))
    assert.deepEqual(
      waits.map(({ ms, ...rest }) => [ms >= 0, rest]),
      (['served', 'postponed'] as const).map((ended) => [
        true,
        { vendor: 'test', pathClass: 'things', ended },
      ]),
    )
  })

  it('sends the token, fixed headers, repeated query keys and JSON', async () => {
    const body = { a: 1 }
    await requester({ headers: { 'x-fixed': 'yes' } })({
      ...call,
      method: 'POST',
      query: { ids: ['1', '2'], none: undefined, n: 3 },
      body,
    })
    const { body: seen } = await requester({ headers: { 'x-fixed': 'yes' } })(call)
    const { headers } = seen as { headers: Record<string, string> }
    assert.equal(headers['authorization'], 'Bearer t0ken')
    assert.equal(headers['x-fixed'], 'yes')
    assert.deepEqual(simulator.trace[0]?.query, { ids: ['1', '2'], n: '3' })
    assert.deepEqual(simulator.trace[0]?.body, { a: 1 })
  })

  it('sends a form', async () => {
    const reply = await requester()({ ...call, method: 'POST', form: { id: 'a b', secret: 'x&y' } })
    assert.equal((reply.body as { body: string }).body, 'id=a+b&secret=x%26y')
    assert.deepEqual(simulator.trace[0]?.body, { id: 'a b', secret: '[removed]' })
  })

  it('renews the credentials once after a 401 and gives up on the second', async () => {
    let fetched = 0
    const fetchToken = async () => ({ value: `t${++fetched}`, expiresIn: 100 })
    const send = requester({ auth: clientCredentials({ fetchToken, now: kit.now }) })
    simulator.failNext({ status: 401 })
    assert.equal((await send(call)).status, 200)
    assert.equal(fetched, 2)
    simulator.failNext({ status: 401, times: 5 })
    assert.equal((await failing(send(call))).failure, 'unauthenticated')
    assert.equal(simulator.trace.length, 4)
  })

  it('tells that nothing was sent when no token was to be had', async () => {
    const fetchToken = async () => {
      throw new VendorError('unavailable', 'no answer', {
        vendor: 'test',
        operation: 'token',
        certainlyNotDone: false,
      })
    }
    const send = requester({ auth: clientCredentials({ fetchToken, now: kit.now }) })
    const error = await failing(send({ ...call, operation: 'create', method: 'POST' }))
    assert.deepEqual(
      [error.operation, error.failure, error.certainlyNotDone],
      ['create', 'unavailable', true],
    )
    assert.equal(simulator.trace.length, 0)
  })

  it('never sleeps and never repeats', async () => {
    for (const status of [429, 500, 503]) {
      simulator.failNext({ status, headers: { 'retry-after': '600' } })
      await failing(requester()(call))
    }
    assert.equal(simulator.trace.length, 3)
  })

  it('gives the wait of a rate limit only', async () => {
    simulator.failNext({ status: 429, headers: { 'retry-after': '5' } })
    simulator.failNext({ status: 503, headers: { 'retry-after': '5' } })
    assert.equal((await failing(requester()(call))).retryAfterMs, 5000)
    assert.equal((await failing(requester()(call))).retryAfterMs, undefined)
  })

  it('does not follow redirects', async () => {
    const error = await failing(requester()({ ...call, path: 'moved' }))
    assert.deepEqual([error.failure, error.status, error.certainlyNotDone], ['unexpected', 307, true])
  })

  it('lets a classifier pass a redirect on, for token calls that discover a region', async () => {
    const classify = (reply: Parameters<typeof byStatus>[0]) =>
      reply.status === 307 ? undefined : byStatus(reply)
    const reply = await requester({ classify, auth: noAuthentication })({ ...call, path: 'moved' })
    assert.equal(reply.headers['location'], '/api/things/1')
  })

  it('asks for the base URL after authentication', async () => {
    let base = 'http://127.0.0.1:1/'
    const auth = { ...noAuthentication, headers: async () => ((base = `${simulator.origin}/api/`), {}) }
    assert.equal((await requester({ auth, baseUrl: () => base })(call)).status, 200)
  })

  it('refuses ids that would lead to another endpoint', async () => {
    for (const path of ['things/../secrets', 'things//', 'things/%2e%2e/x', '..', 'things/.']) {
      const error = await failing(requester()({ ...call, method: 'DELETE', path }))
      assert.deepEqual([error.failure, error.certainlyNotDone], ['invalid', true])
    }
    assert.equal(simulator.trace.length, 0)
  })

  it('names the field that a reply lacks', async () => {
    const schema = Type.Object({ method: Type.String(), owner: Type.Object({ id: Type.String() }) })
    const error = await failing(requester()(call, schema) as Promise<unknown>)
    assert.equal(error.failure, 'unexpected')
    assert.match(error.detail, /owner/)
  })

  it('is not certain after a timeout, a dropped answer or the end of the process', async () => {
    const slow = simulator.hold({})
    const late = await failing(requester({}, { timeoutMs: 100 })(call))
    slow.release()
    simulator.loseAnswer({})
    const lost = await failing(requester()(call))
    const stop = new AbortController()
    const held = simulator.hold({})
    const stopped = failing(requester({}, { signal: stop.signal })(call))
    await held.arrived
    stop.abort()
    for (const error of [late, lost, await stopped]) {
      assert.deepEqual([error.failure, error.certainlyNotDone], ['unavailable', false])
    }
  })

  it("reads the request id from a header or by the vendor's own reader", async () => {
    simulator.failNext({
      status: 400,
      headers: { 'x-trace': 'abc' },
      body: { meta: { trace: 'def' } },
      times: 2,
    })
    assert.equal((await failing(requester({ requestId: 'X-Trace' })(call))).requestId, 'abc')
    const requestId = ({ body }: { body: unknown }) => (body as { meta: { trace: string } }).meta.trace
    assert.equal((await failing(requester({ requestId })(call))).requestId, 'def')
  })
})

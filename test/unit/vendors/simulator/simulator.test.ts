import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import Fastify from 'fastify'
import { type Simulator, startSimulator } from '../../../../src/simulators/simulator.ts'

describe('simulator', () => {
  let simulator: Simulator
  const committed: unknown[] = []
  before(async () => {
    const app = Fastify()
    app.post('/things/', async ({ body }, reply) => {
      committed.push(body)
      return reply.code(201).send({ made: committed.length })
    })
    app.get('/things/', async () => committed)
    simulator = await startSimulator(app, {
      reset: () => void (committed.length = 0),
      state: () => ({ committed }),
    })
  })
  beforeEach(() => simulator.reset())
  after(() => simulator.close())

  const post = (body: unknown = { a: 1 }) =>
    fetch(`${simulator.origin}/things/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const control = (method: string, path: string, body?: unknown) =>
    fetch(`${simulator.origin}/__simulator/${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body) } : {}),
    })

  it('listens on loopback and keeps a trace without secrets', async () => {
    await post({ name: 'ada', token: 't0ken', nested: [{ clientSecret: 'x' }] })
    await fetch(`${simulator.origin}/things/?q=1&q=2&r=3`)
    const [first, second] = simulator.trace
    assert.match(simulator.origin, /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.deepEqual(first?.body, {
      name: 'ada',
      token: '[removed]',
      nested: [{ clientSecret: '[removed]' }],
    })
    assert.deepEqual(
      [first?.method, first?.path, first?.status, first?.mutating],
      ['POST', '/things/', 201, true],
    )
    assert.deepEqual([second?.query, second?.mutating], [{ q: ['1', '2'], r: '3' }, false])
  })

  it('answers instead of the vendor, as often as told', async () => {
    simulator.failNext({ method: 'POST', path: /^\/things/, status: 503, body: '<html>', times: 2 })
    const answers = [await post(), await post(), await post()]
    assert.deepEqual(
      answers.map(({ status }) => status),
      [503, 503, 201],
    )
    assert.equal(answers[0]?.headers.get('content-type'), 'text/html')
    assert.equal(committed.length, 1)
  })

  it('drops a request before the vendor sees it, and loses an answer after', async () => {
    simulator.failNext({ drop: true })
    await assert.rejects(post())
    assert.equal(committed.length, 0)
    simulator.loseAnswer({ method: 'POST', path: '/things/' })
    await assert.rejects(post())
    assert.equal(committed.length, 1)
    assert.equal(simulator.trace.at(-1)?.status, 201)
  })

  it('holds a request after its effect, or before', async () => {
    for (const [when, effects] of [
      ['after', 1],
      ['before', 0],
    ] as const) {
      simulator.reset()
      const hold = simulator.hold({ method: 'POST', path: '/things/', when })
      const answer = post()
      await hold.arrived
      assert.equal(committed.length, effects)
      hold.release()
      assert.equal((await answer).status, 201)
      assert.equal(committed.length, 1)
    }
  })

  it('lets everything go when the faults are cleared', async () => {
    const hold = simulator.hold({})
    simulator.failNext({ status: 500, times: 100 })
    simulator.slow({ ms: 60_000, method: 'GET' })
    simulator.clearFaults()
    assert.equal((await post()).status, 201)
    assert.equal((await fetch(`${simulator.origin}/things/`)).status, 200)
    hold.release()
  })

  it('does the same for other processes by HTTP', async () => {
    await control('POST', 'faults', { method: 'POST', path: '^/things/$', status: 418 })
    assert.equal((await post()).status, 418)
    await control('POST', 'faults', { kind: 'lose', method: 'POST' })
    await assert.rejects(post())

    const { id } = (await (await control('POST', 'faults', { kind: 'hold', method: 'POST' })).json()) as {
      id: string
    }
    const answer = post()
    let arrived = false
    while (!arrived)
      ({ arrived } = (await (await control('GET', `holds/${id}`)).json()) as { arrived: boolean })
    await control('POST', `holds/${id}/release`)
    assert.equal((await answer).status, 201)

    const state = (await (await control('GET', 'state')).json()) as { committed: unknown[] }
    assert.equal(state.committed.length, 2)
    const trace = (await (await control('GET', 'trace')).json()) as unknown[]
    assert.equal(trace.length, 3)
    await control('POST', 'reset')
    assert.deepEqual([simulator.trace.length, committed.length], [0, 0])
    assert.equal((await control('GET', 'nothing')).status, 404)
  })
})

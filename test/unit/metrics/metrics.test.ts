import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import Fastify from 'fastify'
import { createMetrics } from '../../../src/metrics/metrics.ts'
import type { ConnectionGauges, Gauges } from '../../../src/model/gauges.ts'
import { registerMetrics } from '../../../src/metrics/routes.ts'

const falcon: ConnectionGauges = {
  directory: 'corp',
  connection: 'falcon',
  vendor: 'crowdstrike',
  parked: true,
  paused: 1,
  accounts: { proven: 7, pending: 2 },
  unproven: 2,
  shutOutsUnproven: 1,
  oldestShutOutSeconds: 90,
  replyDeviations: 3,
  unserved: 0,
  plansWaiting: 3,
  due: [{ priority: 0, accounts: 1, seconds: 5 }],
}
const endings = [{ kind: 'scim', name: 'corp/okta', hint: 'a1b2c3', seconds: 86_400 }]
const known: Gauges = {
  connections: [falcon],
  processes: 2,
  endings,
  notices: { 'connection-parked': 1 },
}

describe('metrics', () => {
  it('tells how connections stand, and forgets what is no longer so', async () => {
    let now: Gauges = known
    const metrics = createMetrics(async () => now, false)
    const labels = 'connection="corp/falcon",vendor="crowdstrike"'
    const text = await metrics.text()
    for (const line of [
      'drawbridge_store_up 1',
      'drawbridge_processes 2',
      `drawbridge_connection_parked{${labels}} 1`,
      `drawbridge_accounts{${labels},status="pending"} 2`,
      `drawbridge_shut_outs_unproven{${labels}} 1`,
      `drawbridge_shut_out_oldest_seconds{${labels}} 90`,
      `drawbridge_plans_waiting{${labels}} 3`,
      `drawbridge_due_accounts{${labels},priority="shut-out"} 1`,
      'drawbridge_notices_open{kind="connection-parked"} 1',
      'drawbridge_token_expires_seconds{kind="scim",name="corp/okta",hint="a1b2c3"} 86400',
    ])
      assert.ok(text.includes(`${line}\n`), line)
    now = { ...known, connections: [{ ...falcon, accounts: { proven: 9 }, due: [] }], endings: [] }
    const later = await metrics.text()
    assert.ok(!later.includes('status="pending"'))
    assert.ok(!later.includes('priority="shut-out"'))
    assert.ok(!later.includes('corp/okta'))
  })

  it('says that the store is away, and tells the rest all the same', async () => {
    const metrics = createMetrics(() => Promise.reject(new Error('away')), false)
    metrics.vendorCall('sentry', 'find', 429, 0.2)
    metrics.vendorCall('sentry', 'find', undefined, 0.2)
    const text = await metrics.text()
    assert.ok(text.includes('drawbridge_store_up 0\n'))
    for (const outcome of ['429', 'lost'])
      assert.match(
        text,
        new RegExp(`vendor_call_seconds_count{vendor="sentry",operation="find",outcome="${outcome}"} 1`),
      )
  })

  it('tells how long calls waited for their turn, and which did not go out', async () => {
    const metrics = createMetrics(async () => known, false)
    metrics.vendorWait('sentry', 'members', 'served', 0.02)
    metrics.vendorWait('sentry', 'members', 'postponed', 4)
    const text = await metrics.text()
    const labels = 'vendor="sentry",path_class="members",outcome='
    assert.ok(text.includes(`drawbridge_vendor_wait_seconds_sum{${labels}"served"} 0.02\n`))
    assert.ok(text.includes(`drawbridge_vendor_wait_seconds_count{${labels}"postponed"} 1\n`))
  })

  it('counts SCIM requests by the pattern of their route, never by their address', async () => {
    const metrics = createMetrics(async () => known, false)
    const app = Fastify()
    registerMetrics(app, metrics)
    app.get('/scim/v2/Users/:id', async () => ({}))
    await app.inject('/scim/v2/Users/ada@corp.example')
    const { body, statusCode, headers } = await app.inject('/metrics')
    assert.equal(statusCode, 200)
    assert.match(String(headers['content-type']), /^text\/plain/)
    assert.ok(
      body.includes('scim_request_seconds_count{route="/scim/v2/Users/:id",method="GET",status="200"} 1'),
    )
    assert.ok(!body.includes('ada@corp.example'))
  })

  it('is closed by a token', async () => {
    const app = Fastify()
    registerMetrics(
      app,
      createMetrics(async () => known, false),
      'a token of the metrics',
    )
    const status = async (authorization?: string): Promise<number> =>
      (await app.inject({ url: '/metrics', headers: authorization ? { authorization } : {} })).statusCode
    assert.deepEqual(
      [await status(), await status('Bearer wrong'), await status('Bearer a token of the metrics')],
      [401, 401, 200],
    )
  })
})

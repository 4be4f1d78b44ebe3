import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import pino from 'pino'
import { startCollector, type CollectedSpan } from '../../support/collector.ts'
import { aGroup, aUser, startTestGateway } from '../../support/gateway.ts'
import { startSentry } from '../../../src/simulators/sentry/index.ts'
import { startFalcon, falconPolicy } from '../../support/vendors.ts'

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
const callerSpan = '00f067aa0ba902b7'
const headers = { 'x-api-key': 'the-key-of-the-collector' }

describe('traces', () => {
  it('go from the caller’s span over request and account run to each vendor call, without names or addresses', async (t) => {
    const collector = await startCollector(t)
    const falcon = await startFalcon(t)
    const { scim, gateway } = await startTestGateway(t, {
      connections: [{ name: 'falcon', simulator: falcon, policy: falconPolicy }],
      environment: { tracing: { endpoint: `${collector.url}/`, headers, serviceName: 'gate' } },
    })
    const traceparent = `00-${traceId}-${callerSpan}-01`
    const made = await scim('POST', '/Users', aUser('grace'), { traceparent })
    assert.equal(made.status, 201)
    await scim('GET', `/Users?filter=${encodeURIComponent('userName eq "grace@example.com"')}`)
    await scim('GET', '/Users', undefined, { authorization: 'Bearer wrong', traceparent })
    await gateway.close()

    const { spans, requests } = collector
    const request = only(spans, ({ name }) => name === 'POST /scim/v2/Users')
    assert.equal(request.traceId, traceId)
    assert.equal(request.parentSpanId, callerSpan)
    assert.equal(request.attributes['http.response.status_code'], 201)
    assert.equal(request.attributes['drawbridge.request_id'], made.headers.get('x-request-id'))
    const run = only(
      spans,
      ({ name, parentSpanId }) => name === 'account run' && parentSpanId === request.spanId,
    )
    assert.equal(run.attributes['drawbridge.connection'], 'falcon')
    assert.equal(run.attributes['drawbridge.status'], 'proven')
    const calls = spans.filter(({ parentSpanId }) => parentSpanId === run.spanId)
    assert.ok(calls.some(({ name }) => name === 'crowdstrike create'))
    assert.ok(
      calls.every(
        (call) => call.traceId === traceId && call.attributes['drawbridge.vendor'] === 'crowdstrike',
      ),
    )

    const list = only(spans, ({ name }) => name === 'GET /scim/v2/Users')
    assert.notEqual(list.traceId, traceId, 'nobody named a span for it')
    assert.equal(list.parentSpanId, undefined)
    const said = requests.join('\n')
    assert.ok(
      said.includes('"x-api-key":"the-key-of-the-collector"') && said.includes('"stringValue":"gate"'),
    )
    for (const word of ['grace', new URL(falcon.origin).host, 'filter=', '?', 'Bearer'])
      assert.ok(!JSON.stringify(spans).includes(word), word)
  })

  it('show the look at a group of a vendor with its calls', async (t) => {
    const collector = await startCollector(t)
    const sentry = await startSentry()
    t.after(() => sentry.close())
    const rules = [{ group: '/^sentry-team-(?<team>.+)$/', team: '{team}', create: true }]
    const { scim, gateway, until } = await startTestGateway(t, {
      connections: [{ name: 'sentry', simulator: sentry, policy: { rules } }],
      environment: { tracing: { endpoint: collector.url, headers, serviceName: 'gate' } },
    })
    assert.equal((await scim('POST', '/Groups', aGroup('sentry-team-search'))).status, 201)
    await until('the team', () => sentry.state.teams.has('search'))
    await gateway.close()
    const { spans } = collector
    const run = only(
      spans,
      ({ name, attributes }) => name === 'group run' && attributes['drawbridge.status'] === 'proven',
    )
    assert.equal(run.attributes['drawbridge.connection'], 'sentry')
    assert.match(String(run.attributes['drawbridge.group']), /^[0-9a-f-]{36}$/)
    assert.ok(
      spans.some(({ name, parentSpanId }) => name.startsWith('sentry ') && parentSpanId === run.spanId),
    )
    assert.ok(!JSON.stringify(spans).includes('search'))
  })

  it('hold up neither requests nor the end when the collector refuses them, and one line says so', async (t) => {
    const collector = await startCollector(t)
    collector.status = 400
    const lines: string[] = []
    const log = pino(
      { level: 'debug' },
      new Writable({ write: (line, _, done) => (lines.push(String(line)), done()) }),
    )
    const { scim, gateway } = await startTestGateway(t, {
      connections: [],
      environment: { tracing: { endpoint: collector.url, headers, serviceName: 'gate' } },
      log,
    })
    assert.equal((await scim('POST', '/Users', aUser('ada'))).status, 201)
    assert.equal((await scim('POST', '/Users', '{"broken')).status, 400)
    await gateway.close()
    assert.equal(collector.spans.length, 2, 'the one whose body could not be read, too')
    assert.equal(lines.filter((line) => line.includes('traces were not taken')).length, 1)
    assert.ok(!lines.join('').includes(headers['x-api-key']))
  })
})

function only(spans: readonly CollectedSpan[], is: (span: CollectedSpan) => boolean): CollectedSpan {
  const [found, ...more] = spans.filter(is)
  assert.ok(
    found && more.length === 0,
    `${spans.filter(is).length} of ${spans.map(({ name }) => name).join(', ')}`,
  )
  return found
}

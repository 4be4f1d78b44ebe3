import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aUser, startTestGateway } from '../support/gateway.ts'
import { bothVendors } from '../support/vendors.ts'

const requests = 200
const reads = 40

describe('a vendor that answers after 5 s', () => {
  it('[T-16] leaves reads as fast as before while 200 requests wait for it: no database connection is held', async (t) => {
    const { falcon, connections } = await bothVendors(t)
    const { scim } = await startTestGateway(t, {
      connections: connections.filter(({ name }) => name === 'falcon'),
    })
    const { body: first } = await scim('POST', '/Users', aUser('first'))
    const read = () => timed(() => scim('GET', `/Users/${first.id}`))
    const before = await median(reads, read)

    falcon.slow({ ms: 5_000 })
    const pushed = Array.from({ length: requests }, (_, at) => scim('POST', '/Users', aUser(`slow${at}`)))
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const during = await median(reads, read)
    falcon.clearFaults()
    const statuses = (await Promise.all(pushed)).map(({ status }) => status)

    assert.deepEqual([...new Set(statuses)], [201])
    t.diagnostic(
      `median read: ${before.toFixed(1)} ms before, ${during.toFixed(1)} ms with ${requests} requests waiting`,
    )
    // Held connections would make a read wait for seconds; this is far from a timing test.
    assert.ok(during < 1_000, `a read took ${during.toFixed(0)} ms while the vendor was slow`)
  })
})

async function timed(work: () => Promise<{ status: number }>): Promise<number> {
  const startedAt = performance.now()
  assert.equal((await work()).status, 200)
  return performance.now() - startedAt
}

async function median(times: number, measure: () => Promise<number>): Promise<number> {
  const all: number[] = []
  for (let at = 0; at < times; at += 1) all.push(await measure())
  return all.sort((a, b) => a - b)[Math.floor(times / 2)]!
}

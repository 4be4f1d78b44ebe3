import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { aPatch, aUser, startTestGateway } from '../support/gateway.ts'
import { falconPolicy, person, startFalcon } from '../support/vendors.ts'
import type { Policy } from '../../src/model/policy.ts'

/** How each identity provider asks for a shut-out, and asks again when it was told to. */
const clients = {
  okta: {
    ask: ['PATCH', aPatch({ op: 'replace', value: { active: false } })],
    // Force Sync writes the whole User; Okta reads it first.
    again: ['PUT', aUser('ada', { active: false })],
    read: (id: string) => `/Users/${id}`,
    pending: 429,
  },
  entra: {
    ask: ['PATCH', aPatch({ op: 'Replace', path: 'active', value: 'False' })],
    // Each cycle matches by userName, compares, and sends what differs.
    again: ['PATCH', aPatch({ op: 'Replace', path: 'active', value: 'False' })],
    read: () => `/Users?filter=${encodeURIComponent('userName eq "ada@example.com"')}`,
    pending: 503,
  },
} as const

async function start(t: TestContext, client: keyof typeof clients, pendingShutOut: 'retry' | 'accept') {
  const falcon = await startFalcon(t)
  const policy: Partial<Policy> = { ...falconPolicy, reply: { budgetMs: 3_000, pendingShutOut } }
  const connections = [{ name: 'falcon', simulator: falcon, policy, settings: { readLagMs: 0 } }]
  const gateway = await startTestGateway(t, { connections, client })
  const { scim } = gateway
  const { id } = (await scim('POST', '/Users', aUser('ada'))).body
  await gateway.until('the account', () => access(falcon) === 1)
  const { ask, again, read } = clients[client]
  return {
    ...gateway,
    falcon,
    ask: () => scim(ask[0], `/Users/${id}`, ask[1]),
    again: () => scim(again[0], `/Users/${id}`, again[1]),
    /** The User as this client sees it. */
    async seen() {
      const { status, body } = await scim('GET', read(id))
      assert.equal(status, 200)
      return 'Resources' in body ? body.Resources[0] : body
    },
    goDown: () => falcon.failNext({ status: 503, times: 10_000 }),
  }
}

const access = (falcon: Awaited<ReturnType<typeof startFalcon>>) => person(falcon, 'ada')?.entitlements.length

for (const client of ['okta', 'entra'] as const) {
  const { pending } = clients[client]
  describe(`a leaver of ${client} whose vendor is down for the whole of the PATCH`, () => {
    it(`is ${pending} with Retry-After and still active, and is proven later without another request`, async (t) => {
      const { ask, seen, falcon, goDown, until } = await start(t, client, 'retry')
      goDown()
      const answer = await ask()
      assert.equal(answer.status, pending, JSON.stringify(answer.body))
      assert.ok(Number(answer.headers.get('retry-after')) >= 1)
      const before = await seen()
      assert.deepEqual([before.active, access(falcon)], [true, 1])
      falcon.clearFaults()
      await until('the end of the access', () => access(falcon) === 0)
      await until('the proof', async () => !(await seen()).active)
      const after = await seen()
      assert.notEqual(after.meta.version, before.meta.version)
      assert.ok(after.meta.lastModified > before.meta.lastModified)
    })

    it(`is ${pending} as often as the client asks again, and 200 and inactive as soon as the vendor answers`, async (t) => {
      const { ask, again, seen, falcon, goDown } = await start(t, client, 'retry')
      goDown()
      assert.equal((await ask()).status, pending)
      for (let cycle = 0; cycle < 2; cycle++) {
        // What the client compares with shows the difference that makes it ask.
        assert.equal((await seen()).active, true)
        const { status, headers } = await again()
        assert.equal(status, pending)
        assert.match(headers.get('retry-after') ?? '', /^[1-9]\d*$/)
      }
      falcon.clearFaults()
      const done = await again()
      assert.deepEqual([done.status, done.body.active], [200, false], JSON.stringify(done.body))
      assert.deepEqual([(await seen()).active, access(falcon)], [false, 0])
    })

    it('is 200 and inactive at once where the connection accepts that, and the access ends all the same', async (t) => {
      const { ask, seen, falcon, goDown, until } = await start(t, client, 'accept')
      goDown()
      const answer = await ask()
      assert.deepEqual([answer.status, answer.body.active], [200, false], JSON.stringify(answer.body))
      assert.deepEqual([(await seen()).active, access(falcon)], [false, 1])
      falcon.clearFaults()
      await until('the end of the access', () => access(falcon) === 0)
    })
  })
}

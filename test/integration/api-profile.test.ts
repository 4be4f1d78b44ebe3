import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import pg from 'pg'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import {
  aUser,
  deactivate,
  freshDatabase,
  startTestGateway,
  type GatewaySetting,
} from '../support/gateway.ts'
import {
  falconPolicy,
  person,
  sentryPolicy,
  startFalcon,
  startSentryWithTeams,
  writes,
} from '../support/vendors.ts'
import type { ApiProfile } from '../../src/model/account.ts'

const reply = { budgetMs: 30_000, pendingShutOut: 'retry' } as const

async function start(t: TestContext, simulator: VendorSimulator, more: Partial<GatewaySetting> = {}) {
  const databaseUrl = more.databaseUrl ?? (await freshDatabase())
  const policy = { ...(simulator.vendor === 'sentry' ? sentryPolicy : falconPolicy), reply }
  const connections = [{ name: 'target', simulator, profile: 'auto', policy } as const]
  const gateway = await startTestGateway(t, { connections, ...more, databaseUrl })
  const resolved = async (): Promise<{ profile: string | null; at: Date | null }> => {
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    const { rows } = await client
      .query('SELECT resolved_profile AS profile, resolved_at AS at FROM connections')
      .finally(() => client.end())
    return rows[0]
  }
  return { ...gateway, databaseUrl, resolved }
}

const probes = (simulator: VendorSimulator): number =>
  simulator.trace.filter(
    ({ path, query: { limit, filter } }) =>
      path.endsWith('queries/users/v1') && limit === '1' && filter === undefined,
  ).length

describe('apiProfile: auto', () => {
  for (const [spoken, expected] of [
    ['current', 'current'],
    ['legacy', 'legacy'],
    ['guide', 'guide'],
    ['both', 'current'],
  ] as const) {
    it(`takes ${expected} at a Falcon that speaks ${spoken}, and works with it`, async (t) => {
      const falcon = await startFalcon(t, spoken === 'both' ? 'current' : spoken)
      falcon.state.toggles.routes = spoken
      const { scim, resolved } = await start(t, falcon)
      assert.deepEqual(await resolved(), { profile: null, at: null })
      assert.equal((await scim('POST', '/Users', aUser('ada'))).status, 201)
      assert.deepEqual(person(falcon, 'ada')?.entitlements, ['role:event_viewer@cid'])
      const { profile, at } = await resolved()
      assert.equal(profile, expected)
      assert.ok(at instanceof Date)
    })
  }

  for (const spoken of ['current', 'guide'] as const) {
    it(`tells a Sentry that speaks ${spoken} by how it writes members`, async (t) => {
      const sentry = await startSentryWithTeams(t, spoken)
      const { scim, resolved } = await start(t, sentry)
      assert.equal((await scim('POST', '/Users', aUser('ada'))).status, 201)
      assert.equal((await resolved()).profile, spoken)
      assert.deepEqual(person(sentry, 'ada')?.entitlements, ['group:everyone', 'role:member'])
    })
  }

  for (const [vendor, spoken, expected] of [
    ['sentinelone', 'current', 'current'],
    ['sentinelone', 'guide', 'guide'],
    ['sentinelone', 'both', 'current'],
    ['sisense', 'current', 'current'],
    ['sisense', 'guide', 'guide'],
  ] as const) {
    it(`[M-13, M-15] takes ${expected} at a ${vendor} that speaks ${spoken}, and works with it`, async (t) => {
      const profile = spoken === 'both' ? {} : { profile: spoken }
      const simulator = await (vendor === 'sisense' ? startSisense(profile) : startSentinelone(profile))
      t.after(() => simulator.close())
      const { settings, credentials } = simulator.connection(spoken === 'guide' ? 'guide' : 'current')
      const policy = { default: { role: 'Viewer' }, reply }
      const connections = [
        { name: 'target', simulator, profile: 'auto', policy, settings, credentials },
      ] as const
      const { scim, resolved } = await start(t, simulator, { connections })
      const answer = await scim('POST', '/Users', aUser('ada'))
      assert.equal(answer.status, 201)
      assert.equal((await resolved()).profile, expected)
      assert.equal(person(simulator, 'ada')?.entitlements.length, 1)
      const created = simulator.trace.filter(
        ({ method, path }) => method === 'POST' && path.endsWith('/users'),
      )
      const asGuide = JSON.stringify(created.map(({ body }) => body)).match(/"(role|password)":/) !== null
      assert.equal(asGuide, expected === 'guide')
    })
  }

  it('[R2-02] finds the guide of a legacy Sisense below /api/v0.9 by user name and password', async (t) => {
    const toggles = { base: 'api/v0.9', rolesAt: 'api/v0.9' } as never
    const simulator = await startSisense({ profile: 'guide', toggles })
    t.after(() => simulator.close())
    const { credentials } = simulator.connection('guide')
    const policy = { default: { role: 'Viewer' }, reply }
    const connections = [{ name: 'target', simulator, profile: 'auto', policy, credentials }] as const
    const { scim, resolved } = await start(t, simulator, { connections })
    assert.equal((await scim('POST', '/Users', aUser('ada'))).status, 201)
    assert.equal((await resolved()).profile, 'guide')
    assert.equal(person(simulator, 'ada')?.state, 'active')
  })

  for (const vendor of ['sentinelone', 'sisense'] as const) {
    it(`decides nothing at a ${vendor} that answers with a page of another kind`, async (t) => {
      const simulator = await (vendor === 'sisense' ? startSisense({}) : startSentinelone({}))
      t.after(() => simulator.close())
      simulator.failNext({ path: /\/(user|loggedin)$/, status: 200, body: '<html>Sign in</html>' })
      const connections = [
        { name: 'target', simulator, profile: 'auto', policy: { default: { role: 'Viewer' }, reply } },
      ] as const
      const { scim, resolved, until } = await start(t, simulator, { connections })
      assert.equal((await scim('POST', '/Users', aUser('ada'))).status, 201)
      await until('another look', () => person(simulator, 'ada') !== undefined)
      assert.equal((await resolved()).profile, 'current')
    })
  }

  it('is asked for again when the routes of the profile are withdrawn: the leaver is shut out by the new ones', async (t) => {
    const falcon = await startFalcon(t, 'legacy')
    falcon.state.toggles.routes = 'legacy'
    const { scim, resolved, until } = await start(t, falcon)
    const { body } = await scim('POST', '/Users', aUser('ada'))
    assert.equal((await resolved()).profile, 'legacy')
    assert.deepEqual(person(falcon, 'ada')?.entitlements, ['role:event_viewer@cid'])
    falcon.state.toggles.routes = 'current'
    await scim('PATCH', `/Users/${body.id}`, deactivate)
    await until('the roles gone', () => (person(falcon, 'ada')?.entitlements ?? []).length === 0)
    assert.equal((await resolved()).profile, 'current')
  })

  it('asks once, however many people come, and not again after a restart', async (t) => {
    const falcon = await startFalcon(t)
    falcon.state.addUser({ email: 'somebody@corp.example' })
    const first = await start(t, falcon)
    await Promise.all(['ada', 'bob', 'eve'].map((name) => first.scim('POST', '/Users', aUser(name))))
    assert.equal(probes(falcon), 1)
    await first.gateway.close()
    const second = await start(t, falcon, { databaseUrl: first.databaseUrl })
    assert.equal((await second.scim('POST', '/Users', aUser('kim'))).status, 201)
    assert.equal(person(falcon, 'kim')?.entitlements.length, 1)
    assert.equal(probes(falcon), 1)
  })

  for (const [what, fault] of [
    ['a 503', { status: 503, body: {} }],
    ['a 403', { status: 403, body: { errors: [{ code: 403, message: 'not today' }] } }],
    ['a page that is not the vendor’s', { status: 200, body: '<html>Sign in</html>' }],
    ['JSON of another form', { status: 200, body: { resources: 'none' } }],
  ] as const) {
    it(`writes nothing and decides nothing on ${what}, and asks again`, async (t) => {
      const falcon = await startFalcon(t)
      falcon.failNext({ path: /queries\/users\/v1$/, ...fault, times: 2 })
      const { scim, resolved, until } = await start(t, falcon)
      const answer = await scim('POST', '/Users', aUser('ada'))
      assert.equal(answer.status, 201)
      await until('another look', () => person(falcon, 'ada')?.entitlements.length === 1)
      assert.equal((await resolved()).profile, 'current')
      const decided = falcon.trace.findIndex(
        ({ status, path }) => status === 200 && path.endsWith('users/v1'),
      )
      const written = falcon.trace.findIndex(({ mutating }) => mutating)
      assert.ok(written > decided && decided > 0)
      assert.deepEqual(writes(falcon), ['create', 'grant'])
      assert.equal(falcon.trace.filter(({ path }) => path.startsWith('/users/')).length, 0)
    })
  }

  it('parks the connection when the credentials are refused', async (t) => {
    const falcon = await startFalcon(t)
    falcon.failNext({ path: '/oauth2/token', status: 401, body: { errors: [] }, times: 100 })
    const { scim, resolved } = await start(t, falcon)
    assert.equal((await scim('POST', '/Users', aUser('ada'))).status, 201)
    assert.equal((await resolved()).profile, null)
    const asked = falcon.trace.length
    await scim('POST', '/Users', aUser('bob'))
    assert.equal(falcon.trace.length, asked)
  })
})

describe('a change of settings', () => {
  it('has the profile found out again', async (t) => {
    const falcon = await startFalcon(t)
    const first = await start(t, falcon)
    await first.scim('POST', '/Users', aUser('ada'))
    await first.gateway.close()
    const spoken: ApiProfile = 'guide'
    falcon.state.toggles.routes = spoken
    const connections = [
      {
        name: 'target',
        simulator: falcon,
        profile: 'auto',
        settings: { ratePercent: 50 },
        policy: falconPolicy,
      },
    ] as const
    const second = await start(t, falcon, { databaseUrl: first.databaseUrl, connections })
    await second.scim('POST', '/Users', aUser('bob'))
    assert.equal((await second.resolved()).profile, 'guide')
    assert.equal(person(falcon, 'bob')?.entitlements.length, 1)
  })
})

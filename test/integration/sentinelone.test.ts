import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { defaultSteps } from '../../src/config/vendor-settings.ts'
import { sentinelone } from '../../src/vendors/sentinelone/index.ts'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import {
  activate,
  addMember,
  aGroup,
  aPatch,
  aUser,
  deactivate,
  removeMember,
  startTestGateway,
} from '../support/gateway.ts'
import type { Policy } from '../../src/model/policy.ts'

const login = 'ada@example.com'
const rules: Policy['rules'] = [
  { group: 'Analysts', role: 'soc' },
  { group: 'Responders', role: 'IR Team' },
]

async function start(
  t: TestContext,
  profile: 'current' | 'guide',
  settings: Readonly<Record<string, unknown>> = {},
  policy: Partial<Policy> = {},
) {
  const simulator = await startSentinelone({ profile })
  t.after(() => simulator.close())
  const given = { ...simulator.connection(profile).settings, ...settings }
  const deprovision = { ...defaultSteps(sentinelone, profile, given), graceDays: 0 }
  const connection = {
    name: 'console',
    simulator,
    profile,
    settings,
    policy: { default: { role: 'Viewer' }, rules, deprovision, ...policy },
  }
  const gateway = await startTestGateway(t, { connections: [connection], client: 'okta' })
  const { state, trace } = simulator
  const find = () => [...state.users.values()].find(({ email }) => email === login)
  return {
    ...gateway,
    simulator,
    state,
    ada: () => find() ?? assert.fail('no Ada'),
    isThere: () => find() !== undefined,
    roles: () =>
      (find()?.scopeRoles ?? []).map(({ roleId }) => state.roles.find(({ id }) => id === roleId)?.name),
    calls: (from: number) =>
      trace.slice(from).map(({ method, path }) => `${method} ${path.replace('/web/api/v2.1', '')}`),
    writes: (from: number) => trace.slice(from).filter(({ mutating }) => mutating).length,
  }
}

for (const profile of ['current', 'guide'] as const) {
  describe(`a person's life at SentinelOne, profile ${profile}`, () => {
    it('[R0-47] creates a joiner in one call, with the role of the default and an invitation', async (t) => {
      const { scim, state, ada, roles, writes } = await start(t, profile)
      const created = await scim('POST', '/Users', aUser('ada'))
      assert.equal(created.status, 201, JSON.stringify(created.body))
      assert.deepEqual([writes(0), roles(), ada().fullName], [1, ['Viewer'], 'ada Test'])
      assert.deepEqual(state.mails, [{ to: login, kind: 'invitation' }])
    })

    it('moves a person between groups, and back to the default, never without a role', async (t) => {
      const { scim, roles, until, ada } = await start(t, profile)
      const { body: user } = await scim('POST', '/Users', aUser('ada'))
      const { id } = ada()
      const { body: analysts } = await scim('POST', '/Groups', aGroup('Analysts', user.id))
      await until('the role SOC', () => roles().includes('SOC'))
      const { body: responders } = await scim('POST', '/Groups', aGroup('Responders', user.id))
      await scim('PATCH', `/Groups/${analysts.id}`, removeMember(user.id))
      await until('the role IR Team', () => roles().includes('IR Team'))
      await scim('PATCH', `/Groups/${responders.id}`, removeMember(user.id))
      await until('the role Viewer', () => roles().includes('Viewer'))
      await scim('PATCH', `/Groups/${analysts.id}`, addMember(user.id))
      await until('the role SOC again', () => roles().includes('SOC'))
      assert.deepEqual([roles(), ada().id], [['SOC'], id])
    })

    it('[R1-03] changes a name and leaves the roles', async (t) => {
      const { scim, ada, roles } = await start(t, profile)
      const { body: user } = await scim('POST', '/Users', aUser('ada'))
      const patch = aPatch({ op: 'replace', value: { displayName: 'Ada Lovelace' } })
      assert.equal((await scim('PATCH', `/Users/${user.id}`, patch)).status, 200)
      assert.deepEqual([ada().fullName, roles()], ['Ada Lovelace', ['Viewer']])
    })

    it('ends the access of a leaver, proves it, and gives it back with the same id', async (t) => {
      const { scim, ada, roles, until, writes, simulator } = await start(t, profile)
      const { body: user } = await scim('POST', '/Users', aUser('ada'))
      await scim('POST', '/Groups', aGroup('Analysts', user.id))
      await until('the role SOC', () => roles().includes('SOC'))
      const { id } = ada()
      const left = await scim('PATCH', `/Users/${user.id}`, deactivate)
      assert.deepEqual([left.status, left.body.active], [200, false], JSON.stringify(left.body))
      if (profile === 'guide') assert.deepEqual([ada().isActive, roles()], [false, ['SOC']])
      else assert.deepEqual(roles(), ['No Access'])
      const back = await scim('PATCH', `/Users/${user.id}`, activate)
      assert.deepEqual([back.status, back.body.active], [200, true], JSON.stringify(back.body))
      await until('the role SOC back', () => roles().includes('SOC') && ada().isActive)
      assert.equal(ada().id, id)
      assert.ok(simulator.trace.every(({ method }) => method !== 'DELETE'))
      assert.ok(writes(0) <= 7)
    })

    it('[R0-44] [R0-45] revokes the API token of a leaver, and repeats that alone until it is done', async (t) => {
      const { scim, simulator, state, ada, until, calls } = await start(t, profile)
      const { body: user } = await scim('POST', '/Users', aUser('ada'))
      const secret = state.giveToken(ada().id)
      const from = simulator.trace.length
      simulator.failNext({ method: 'POST', path: /revoke-api-token$/, status: 500 })
      const left = await scim('PATCH', `/Users/${user.id}`, deactivate)
      assert.equal(left.status, 429, JSON.stringify(left.body))
      assert.ok(state.tokens.has(secret))
      const isProven = async () => (await scim('GET', `/Users/${user.id}`)).body.active === false
      await until('the shut-out proven', isProven)
      assert.equal(state.tokens.has(secret), false)
      const writing = calls(from).filter((call) => !call.startsWith('GET'))
      const revoke = writing.at(-1)
      assert.match(revoke ?? '', /^POST .*revoke-api-token$/)
      assert.deepEqual(writing, [`PUT /users/${ada().id}`, revoke, revoke])
      assert.equal(ada().apiToken, null)
    })

    it('removes a deleted person and answers 404 afterwards', async (t) => {
      const { scim, isThere } = await start(t, profile)
      const { body: user } = await scim('POST', '/Users', aUser('ada'))
      const deleted = await scim('DELETE', `/Users/${user.id}`)
      assert.equal(deleted.status, 204, JSON.stringify(deleted.body))
      assert.equal(isThere(), false)
      assert.equal((await scim('GET', `/Users/${user.id}`)).status, 404)
    })

    it('[R0-46] does not remove an account of native SCIM, and says so', async (t) => {
      const { scim, ada, isThere } = await start(t, profile)
      const { body: user } = await scim('POST', '/Users', aUser('ada'))
      ada().source = 'scim'
      const deleted = await scim('DELETE', `/Users/${user.id}`)
      assert.equal(deleted.status, 400, JSON.stringify(deleted.body))
      assert.match(deleted.body.detail, /native SCIM/)
      assert.equal(isThere(), true)
    })

    it('[R1-09] never changes a system account', async (t) => {
      const { scim, ada, roles, writes } = await start(t, profile)
      const { body: user } = await scim('POST', '/Users', aUser('ada'))
      ada().isSystem = true
      const left = await scim('PATCH', `/Users/${user.id}`, deactivate)
      assert.deepEqual([left.status, ada().isActive, roles()], [400, true, ['Viewer']])
      // The guide's users do not tell that they are: there the vendor's own refusal counts.
      if (profile === 'current') assert.equal(writes(0), 1)
    })
  })
}

describe('SentinelOne in today’s API', () => {
  it('removes a leaver where no quarantine role is named, and makes a new account on return', async (t) => {
    const { scim, ada, isThere, until } = await start(t, 'current', { quarantineRole: undefined })
    const { body: user } = await scim('POST', '/Users', aUser('ada'))
    const { id } = ada()
    const left = await scim('PATCH', `/Users/${user.id}`, deactivate)
    assert.deepEqual([left.status, isThere()], [200, false], JSON.stringify(left.body))
    await scim('PATCH', `/Users/${user.id}`, activate)
    await until('a new account', isThere)
    assert.notEqual(ada().id, id)
  })

  it('[R0-14] [R0-41] gives roles in sites by name: a move from the account to a site carries the role', async (t) => {
    const inSites: Policy['rules'] = [
      { group: 'EMEA', role: 'SOC', scope: { site: 'EMEA' } },
      { group: 'APAC', role: 'IT', scope: { site: 'apac' } },
    ]
    const { scim, state, ada, roles, until } = await start(t, 'current', {}, { rules: inSites })
    const { body: user } = await scim('POST', '/Users', aUser('ada'))
    assert.deepEqual([ada().scope, roles()], ['account', ['Viewer']])
    await scim('POST', '/Groups', aGroup('EMEA', user.id))
    await until('the site’s role', () => ada().scope === 'site')
    await scim('POST', '/Groups', aGroup('APAC', user.id))
    await until('both roles', () => roles().length === 2)
    assert.deepEqual(
      ada().scopeRoles.map(({ id }) => id),
      [state.siteId('EMEA'), state.siteId('APAC')],
    )
    assert.deepEqual(roles(), ['SOC', 'IT'])
  })

  it('refuses a joiner without any role where no quarantine role is named, and the User is taken back', async (t) => {
    const { scim, isThere } = await start(t, 'current', { quarantineRole: undefined }, { default: {} })
    const refused = await scim('POST', '/Users', aUser('ada'))
    assert.equal(refused.status, 400, JSON.stringify(refused.body))
    assert.match(refused.body.detail, /makes a Viewer of a user without a role/)
    assert.equal(isThere(), false)
  })

  it('[R0-16] gives back the permission to make API tokens that was given by hand', async (t) => {
    const { scim, ada, until } = await start(t, 'current')
    const { body: user } = await scim('POST', '/Users', aUser('ada'))
    ada().canGenerateApiToken = true
    await scim('PATCH', `/Users/${user.id}`, deactivate)
    assert.equal(ada().canGenerateApiToken, false)
    await scim('PATCH', `/Users/${user.id}`, activate)
    await until('the permission', () => ada().canGenerateApiToken)
  })
})

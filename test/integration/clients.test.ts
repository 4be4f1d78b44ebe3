import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import pino from 'pino'
import { startGateway } from '../../src/app/gateway.ts'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import {
  addMember,
  aGroup,
  aPatch,
  aUser,
  configurationOf,
  environmentFor,
  freshDatabase,
  removeMember,
  scim,
  startTestGateway,
} from '../support/gateway.ts'
import { startFalcon } from '../support/vendors.ts'
import type { ClientProfile } from '../../src/model/directory.ts'

/** How each identity provider says that somebody is gone. */
const clients: readonly (readonly [name: string, client: ClientProfile, leaver: object])[] = [
  ['Okta', 'okta', aPatch({ op: 'replace', value: { active: false } })],
  ['Entra ID', 'entra', aPatch({ op: 'Replace', path: 'active', value: 'False' })],
  ['OneLogin', 'rfc', aPatch({ op: 'replace', path: 'active', value: false })],
  ['JumpCloud', 'auto', aPatch({ op: 'replace', path: 'active', value: false })],
]

async function console_(t: TestContext, client: ClientProfile) {
  const simulator = await startSentinelone({ profile: 'current' })
  t.after(() => simulator.close())
  const policy = {
    default: { role: 'Viewer' },
    rules: [{ group: 'Analysts', role: 'SOC' }],
    deprovision: { inactive: ['strip'], deleted: ['remove'], graceDays: 0 },
  } as const
  const connections = [{ name: 'console', simulator, policy }]
  const { state } = simulator
  const rolesOf = () =>
    state
      .userCalled('ada@example.com')
      .scopeRoles.map(({ roleId }) => state.roles.find(({ id }) => id === roleId)?.name)
  return { ...(await startTestGateway(t, { connections, client })), simulator, rolesOf }
}

describe('clients of a SentinelOne connection', () => {
  for (const [name, client, leaver] of clients) {
    it(`[R0-40, R3-30] ${name} creates, reads, lists, updates, deactivates and pushes groups`, async (t) => {
      const { scim, until, simulator, rolesOf } = await console_(t, client)
      const found = await scim('GET', '/Users?filter=userName%20eq%20%22ada%40example.com%22')
      assert.equal(found.body.totalResults, 0)
      const { status, body: ada } = await scim('POST', '/Users', aUser('ada'))
      assert.equal(status, 201)
      assert.equal((await scim('GET', `/Users/${ada.id}`)).body.userName, 'ada@example.com')
      assert.equal((await scim('GET', '/Users?startIndex=1&count=10')).body.totalResults, 1)
      const group = await scim('POST', '/Groups', aGroup('Analysts'))
      const path = `/Groups/${group.body.id}`
      await scim('PATCH', path, addMember(ada.id))
      await until('the role of the group', () => rolesOf().includes('SOC'))
      const renamed = await scim('PUT', `/Users/${ada.id}`, aUser('ada', { displayName: 'Ada Lovelace' }))
      assert.equal(renamed.status, 200)
      assert.equal(simulator.state.userCalled('ada@example.com').fullName, 'Ada Lovelace')
      const left = await scim('PATCH', `/Users/${ada.id}`, leaver)
      assert.equal(left.status, 200)
      assert.deepEqual(rolesOf(), ['No Access'])
    })
  }
})

describe('a Sisense connection', () => {
  it('[R2-26] has the ten operations of native SCIM', async (t) => {
    const simulator = await startSisense({ profile: 'current' })
    t.after(() => simulator.close())
    const rules = [{ group: 'Analysts', vendorGroup: 'Sales Team' }]
    const policy = { default: { role: 'Viewer' }, rules }
    const { scim, until } = await startTestGateway(t, { connections: [{ name: 'bi', simulator, policy }] })
    const { state } = simulator
    const user = () => state.user('ada@example.com')
    const isIn = () => user()?.groups.includes(state.group('Sales Team')._id) === true

    const { status, body: ada } = await scim('POST', '/Users', aUser('ada'))
    assert.equal(status, 201)
    assert.equal((await scim('GET', `/Users/${ada.id}`)).status, 200)
    assert.equal((await scim('GET', '/Users')).body.totalResults, 1)
    await scim('PUT', `/Users/${ada.id}`, aUser('ada', { name: { givenName: 'Eva', familyName: 'Test' } }))
    assert.equal(user()?.firstName, 'Eva')
    await scim('PATCH', `/Users/${ada.id}`, aPatch({ op: 'replace', path: 'name.familyName', value: 'L' }))
    assert.equal(user()?.lastName, 'L')

    const group = await scim('POST', '/Groups', aGroup('Analysts', ada.id))
    assert.equal(group.status, 201)
    await until('the group', isIn)
    assert.equal((await scim('GET', '/Groups')).body.totalResults, 1)
    await scim('PATCH', `/Groups/${group.body.id}`, removeMember(ada.id))
    await until('the group to go', () => !isIn())
    assert.equal((await scim('DELETE', `/Groups/${group.body.id}`)).status, 204)
    assert.equal((await scim('DELETE', `/Users/${ada.id}`)).status, 204)
    assert.equal(user(), undefined)
  })
})

describe('a token of an identity provider', () => {
  it('[R0-50] is replaced without a push that fails: both are good while one takes over', async (t) => {
    const falcon = await startFalcon(t)
    const [old, fresh] = ['old-token-0123456789', 'fresh-token-0123456789']
    const setting = { connections: [{ name: 'falcon', simulator: falcon }] }
    const configurations = [[old], [old, fresh], [fresh]].map((secrets) => {
      const [directory] = configurationOf(setting, secrets[0]!).directories
      const tokens = secrets.map((secret) => ({ name: secret.slice(0, 5), secret }))
      return { directories: [{ ...directory!, tokens }] }
    })
    const databaseUrl = await freshDatabase()
    const expected = [
      [201, 401],
      [201, 201],
      [401, 201],
    ]
    for (const [at, configuration] of configurations.entries()) {
      const log = pino({ level: 'silent' })
      const gateway = await startGateway({ environment: environmentFor(databaseUrl), configuration, log })
      try {
        for (const [which, token] of [old, fresh].entries()) {
          const answer = await scim(gateway.url, token, 'POST', '/Users', aUser(`u${at}${which}`))
          assert.equal(answer.status, expected[at]![which])
        }
      } finally {
        await gateway.close()
      }
    }
  })
})

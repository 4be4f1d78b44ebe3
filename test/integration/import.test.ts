import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import { aPatch, aUser, startTestGateway } from '../support/gateway.ts'
import type { Policy } from '../../src/model/policy.ts'
import { accountsToDecide, decideListed } from '../../src/operations/import/store.ts'

const urn = 'urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User'

async function start(t: TestContext, people: readonly string[], policy: Partial<Policy> = {}) {
  const simulator = await startSentinelone({ profile: 'current' })
  t.after(() => simulator.close())
  const { state, trace } = simulator
  // Somebody made them at the vendor before Drawbridge came.
  const [first] = state.users.values()
  const viewer = state.roles.find(({ name }) => name === 'Viewer')!
  people.forEach((email, index) => {
    const scopeRoles = first!.scopeRoles.map((each) => ({ ...each, roleId: viewer.id }))
    const id = String(7_000 + index)
    state.users.set(id, {
      ...first!,
      id,
      email,
      fullName: 'Ada Test',
      source: 'mgmt',
      scopeRoles,
      isSystem: false,
    })
  })
  const connection = { name: 'console', simulator, policy: { default: { role: 'Viewer' }, ...policy } }
  const gateway = await startTestGateway(t, { connections: [connection], client: 'okta' })
  const { connections, directories, reconciliation, store } = gateway.gateway
  const connectionId = connections.ofDirectory(directories[0]!.id)[0]!.id
  const find = async (name: string) =>
    (
      await gateway.scim(
        'GET',
        `/Users?filter=userName eq "${name}@example.com"&attributes=userName,active,${urn}`,
      )
    ).body.Resources
  return {
    ...gateway,
    state,
    store,
    connectionId,
    find,
    importAll: async () => (await reconciliation.import(connectionId))!,
    statusOf: async (name: string) => (await find(name))[0][urn].connections[0].status as string,
    writes: () => trace.filter(({ mutating }) => mutating).length,
  }
}

describe('an import', () => {
  it('makes unclaimed Users that are found and not planned, and a POST claims one: 201, same id, no second account', async (t) => {
    const { importAll, find, scim, writes, state, statusOf } = await start(t, [
      'ada@example.com',
      'bob@example.com',
    ])
    const run = await importAll()
    assert.equal(run.state, 'done', run.failure)
    const [found] = await find('ada')
    assert.equal(await statusOf('ada'), 'waiting')
    const { size } = state.users
    assert.equal((await importAll()).progress.counts['imported'], 0)

    const claimed = await scim('POST', '/Users', aUser('ada'))
    assert.deepEqual([claimed.status, claimed.body.id], [201, found.id], JSON.stringify(claimed.body))
    assert.equal(await statusOf('ada'), 'proven')
    assert.equal((await scim('POST', '/Users', aUser('ada'))).status, 409)
    assert.equal(state.users.size, size)
    assert.equal(writes() <= 1, true, 'a name at most')
    assert.equal(await statusOf('bob'), 'waiting')
  })

  it('is claimed by the filter and the PATCH of an identity provider, even by one that changes nothing', async (t) => {
    const { importAll, find, scim, writes, statusOf, until } = await start(t, ['ada@example.com'])
    await importAll()
    const [{ id }] = await find('ada')
    // A group alone is no claim.
    const group = {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'All',
      members: [{ value: id }],
    }
    assert.equal((await scim('POST', '/Groups', group)).status, 201)
    await until('the look', async () => (await statusOf('ada')) === 'waiting')
    assert.equal(writes(), 0)

    const patched = await scim(
      'PATCH',
      `/Users/${id}`,
      aPatch({ op: 'replace', path: 'active', value: true }),
    )
    assert.equal(patched.status, 200)
    assert.equal(await statusOf('ada'), 'proven')
    assert.equal((await scim('POST', '/Users', aUser('ada'))).status, 409)
  })

  it('is claimed by a DELETE, which shuts the account out', async (t) => {
    const { importAll, find, scim, state } = await start(t, ['ada@example.com'], {
      deprovision: { inactive: ['remove'], deleted: ['remove'], graceDays: 0 },
    })
    await importAll()
    const [{ id }] = await find('ada')
    assert.equal((await scim('DELETE', `/Users/${id}`)).status, 204)
    assert.equal(state.users.has('7000'), false)
  })

  it('leaves what is ambiguous to a decision, and follows it', async (t) => {
    const { importAll, find, store, connectionId } = await start(t, [
      'ada@example.com',
      'ADA@example.com',
      'bob@example.com',
    ])
    const run = await importAll()
    assert.deepEqual([run.progress.counts['imported'], run.progress.counts['undecided']], [1, 2])
    const waiting = await accountsToDecide(store.db, connectionId, 10)
    assert.deepEqual(
      waiting.map(({ account }) => account.id),
      ['7000', '7001'],
    )
    const eve = { actor: 'operator:eve', requestId: 'test' }
    await decideListed(store.db, connectionId, { vendorAccountId: '7000', decision: 'import' }, eve)
    await decideListed(store.db, connectionId, { vendorAccountId: '7001', decision: 'ignore' }, eve)
    await importAll()
    assert.equal((await find('ada')).length, 1)
    assert.equal((await accountsToDecide(store.db, connectionId, 10)).length, 0)
  })
})

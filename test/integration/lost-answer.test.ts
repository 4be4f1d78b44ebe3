import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { activate, aUser, deactivate, startTestGateway } from '../support/gateway.ts'
import { bothVendors, person, writes } from '../support/vendors.ts'

const creations = {
  falcon: { method: 'POST', path: /entities\/users\/v1$/, write: 'create' },
  sentry: { method: 'POST', path: /\/members\/$/, write: 'invite' },
} as const

for (const name of ['falcon', 'sentry'] as const) {
  describe(`a create at ${name} whose answer is lost`, () => {
    it('ends in one account with what the rules grant, and repeats nothing', async (t) => {
      const vendors = await bothVendors(t)
      const simulator: VendorSimulator = vendors[name]
      const connections = vendors.connections.filter((each) => each.name === name)
      const { scim, until } = await startTestGateway(t, { connections })
      const { method, path, write } = creations[name]
      simulator.loseAnswer({ method, path })
      const created = await scim('POST', '/Users', aUser('ada'))
      assert.equal(created.status, 201, JSON.stringify(created.body))
      await until('proven', async () => (await standing(created.body.id)) !== 'pending')
      assert.equal(writes(simulator).filter((each) => each === write).length, 1)
      assert.equal(simulator.people().filter(({ login }) => login === 'ada@example.com').length, 1)
      assert.ok((person(simulator, 'ada')?.entitlements.length ?? 0) > 0)

      async function standing(id: string): Promise<string> {
        const urn = 'urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User'
        const { body } = await scim('GET', `/Users/${id}?attributes=${urn}`)
        return body[urn].connections[0].status
      }
    })

    it('leaves what it granted revocable: the leaver loses it', async (t) => {
      const vendors = await bothVendors(t)
      const simulator: VendorSimulator = vendors[name]
      const connections = vendors.connections.filter((each) => each.name === name)
      const { scim, until } = await startTestGateway(t, { connections })
      simulator.loseAnswer(creations[name])
      const { body: ada } = await scim('POST', '/Users', aUser('ada'))
      await until('entitled', () => (person(simulator, 'ada')?.entitlements.length ?? 0) > 0)
      await until(
        'shut out',
        async () => (await scim('PATCH', `/Users/${ada.id}`, deactivate)).status === 200,
      )
      assert.deepEqual(person(simulator, 'ada')?.entitlements ?? [], [])
    })
  })
}

describe('a removal whose read-back fails', () => {
  it('is not taken for an account that is still there: who returns before it is proven gets a new one', async (t) => {
    const { sentry, connections } = await bothVendors(t)
    const reply = { budgetMs: 30_000, pendingShutOut: 'retry' } as const
    const { scim, until } = await startTestGateway(t, {
      connections: connections
        .filter(({ name }) => name === 'sentry')
        .map((each) => ({ ...each, policy: { ...each.policy, reply } })),
    })
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    sentry.failNext({ method: 'GET', path: /\/members\/$/, status: 503, times: 100 })
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 503)
    assert.equal(person(sentry, 'ada'), undefined)
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, activate)).status, 200)
    sentry.clearFaults()
    await until('the new invitation', () => person(sentry, 'ada') !== undefined)
    assert.deepEqual(person(sentry, 'ada')?.entitlements, ['group:everyone', 'role:member'])
  })
})

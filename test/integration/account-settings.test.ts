import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import { type SimUser } from '../../src/simulators/sentinelone/state.ts'
import { activate, aGroup, aPatch, aUser, deactivate, startTestGateway } from '../support/gateway.ts'
import type { Policy } from '../../src/model/policy.ts'

const policy: Partial<Policy> = {
  default: { role: 'SOC' },
  deprovision: { inactive: ['strip'], deleted: ['remove'], graceDays: 0 },
  rules: [
    { group: 'Builders', set: { canGenerateApiToken: true, twoFaEnabled: true } },
    { group: 'Watch', set: { twoFaEnabled: false, elevatedSessionDurationMinutes: 15 } },
  ],
}

async function stage(t: TestContext) {
  const simulator = await startSentinelone({ profile: 'current' })
  t.after(() => simulator.close())
  const settings = { quarantineRole: 'No Access' }
  const gateway = await startTestGateway(t, {
    connections: [{ name: 'console', simulator, policy, settings }],
  })
  const ada = (): SimUser => simulator.state.userCalled('ada@example.com')
  const puts = (): readonly object[] =>
    simulator.trace
      .filter(({ method }) => method === 'PUT')
      .map(({ body }) => (body as { data: object }).data)
  const standing = async (id: string) => (await gateway.gateway.store.queue.outcomes(id))[0]
  return { ...gateway, simulator, ada, puts, standing }
}

const leave = (id: string) => aPatch({ op: 'remove', path: `members[value eq "${id}"]` })

describe('settings of an account by rule', { timeout: 300_000 }, () => {
  it('[R0-15] [R0-16] are set, decided by the first rule, and a power goes back when its rule does', async (t) => {
    const { scim, until, ada, puts, simulator } = await stage(t)
    const { body: user } = await scim('POST', '/Users', aUser('ada'))
    assert.deepEqual([ada().canGenerateApiToken, ada().twoFaEnabled], [false, false])
    const { body: builders } = await scim('POST', '/Groups', aGroup('Builders', user.id))
    await until('the settings', () => ada().canGenerateApiToken && ada().twoFaEnabled)
    assert.deepEqual(puts().length, 1, 'both go in one call')

    await scim('POST', '/Groups', aGroup('Watch', user.id))
    await until('the minutes', () => ada().elevatedSessionDurationMinutes === 15)
    assert.equal(ada().twoFaEnabled, true, 'the first rule that names a setting decides it')

    await scim('PATCH', `/Groups/${builders.id}`, leave(user.id))
    await until('the power is off', () => !ada().canGenerateApiToken && !ada().twoFaEnabled)
    const roles = ada().scopeRoles.map(
      ({ roleId }) => simulator.state.roles.find(({ id }) => id === roleId)?.name,
    )
    assert.deepEqual(roles, ['SOC'], 'roles travel with every write')
    assert.equal(ada().elevatedSessionDurationMinutes, 15)
  })

  it('come with a creation or right after it, end with a shut-out and are back with a return', async (t) => {
    const { scim, until, ada, puts, simulator } = await stage(t)
    const { body: user } = await scim('POST', '/Users', aUser('ada', { active: false }))
    await scim('POST', '/Groups', aGroup('Builders', user.id))
    await scim('PATCH', `/Users/${user.id}`, activate)
    await until('the account', () => simulator.people().some(({ login }) => login === 'ada@example.com'))
    await until('the power', () => ada().canGenerateApiToken)
    assert.equal(puts().length, 1, 'a creation does not take it: one update comes after it')
    assert.equal((await scim('PATCH', `/Users/${user.id}`, deactivate)).status, 200)
    assert.equal(ada().canGenerateApiToken, false)
    await scim('PATCH', `/Users/${user.id}`, activate)
    await until('the power', () => ada().canGenerateApiToken)
  })

  it('that the console marks as read-only are not written, and the deviation says so', async (t) => {
    const { scim, until, ada, puts, standing } = await stage(t)
    const { body: user } = await scim('POST', '/Users', aUser('ada'))
    ada().twoFaEnabledReadOnly = true
    // A shut-out and a return read the account anew.
    await scim('PATCH', `/Users/${user.id}`, deactivate)
    await scim('POST', '/Groups', aGroup('Builders', user.id))
    await scim('PATCH', `/Users/${user.id}`, activate)
    await until('the power', () => ada().canGenerateApiToken)
    await until('the deviation', async () =>
      ((await standing(user.id))?.deviations ?? []).some(({ code }) => code === 'setting-read-only'),
    )
    assert.equal(ada().twoFaEnabled, false)
    assert.ok(puts().every((data) => !('twoFaEnabled' in data)))
  })
})

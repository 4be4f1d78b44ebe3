import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { rejection, sentineloneBench } from './harness.ts'

describe('where a token leads', async () => {
  const bench = await sentineloneBench('current')
  const { state, open, account, site, role, create, rolesOf } = bench

  function ownerIn(scope: 'tenant' | 'account' | 'site', ids: readonly string[], name = 'Admin'): void {
    const scopeRoles = ids.map((id) => ({ id, roleId: state.roleId(name) }))
    Object.assign(state.userCalled('drawbridge@acme.example'), { scope, scopeRoles })
  }

  it('to the owner’s account, in one call', async () => {
    assert.equal(await open({ settings: { account: undefined } }).tenant(), account().id)
    assert.deepEqual(bench.calls(), ['GET /user'])
  })

  it('[R0-08] to the account of the setting, by name or id', async () => {
    ownerIn('tenant', [''])
    for (const wanted of ['globex', account('Globex').id]) {
      assert.equal(await open({ settings: { account: wanted } }).tenant(), account('Globex').id)
    }
  })

  it('[R1-02] nowhere outside of its scope, and the refusal names what it reaches', async () => {
    const elsewhere = await rejection(open({ settings: { account: 'Globex' } }).tenant())
    assert.equal(elsewhere.failure, 'missing-scope')
    assert.match(elsewhere.detail, /Acme/)
    const unknown = await rejection(open({ settings: { sites: ['Springfield'] } }).test())
    assert.match(unknown.detail, /EMEA .*APAC/)
    ownerIn('tenant', [''])
    const several = await rejection(open({ settings: { account: undefined } }).test())
    assert.match(several.detail, /Acme .*Globex .*setting account/)
  })

  it('[R0-04] the token of a site works in that site, without the list of accounts', async () => {
    ownerIn('site', [site('EMEA').id])
    const target = open({ settings: { account: undefined, quarantineRole: undefined } })
    await target.test()
    assert.equal(await target.tenant(), account().id)
    const scopes = (await target.catalogue()).map(({ scope }) => scope?.id)
    assert.deepEqual(
      [...new Set(scopes)].filter((id) => id !== undefined),
      [site('EMEA').id],
    )
    await create(target, role('SOC', site('EMEA')))
    assert.deepEqual(rolesOf(), [`SOC@${site('EMEA').id}`])
    const above = await rejection(
      target.create({ login: 'bob@corp.example', profile: {}, entitlements: [role('SOC')] }),
    )
    assert.deepEqual([above.failure, above.certainlyNotDone], ['forbidden', true])
    assert.ok(!bench.calls().includes('GET /accounts'))
  })

  it('[R0-04] the token of a Viewer is refused when it is tried, and at the first write', async () => {
    ownerIn('account', [account().id], 'Viewer')
    const error = await rejection(open().test())
    assert.deepEqual([error.failure, /Viewer/.test(error.detail)], ['missing-scope', true])
    const push = await rejection(create(open(), role('SOC')))
    assert.equal(push.failure, 'missing-scope')
  })

  it('[R0-06] an ended token is unauthenticated, and a new one goes on', async () => {
    const owner = state.userCalled('drawbridge@acme.example')
    const ended = state.giveToken(owner.id, 'simulated-ended-token-of-the-owner', -1)
    assert.equal(
      (await rejection(open({ credentials: { apiToken: ended } }).test())).failure,
      'unauthenticated',
    )
    const renewed = state.giveToken(owner.id, 'simulated-renewed-token-of-owner')
    await open({ credentials: { apiToken: renewed } }).test()
  })

  it('is asked again for the tenant, and after a failure', async () => {
    const target = open()
    bench.simulator.failNext({ path: /\/user$/, status: 503 })
    await rejection(target.catalogue())
    await target.catalogue()
    await target.tenant()
    await target.tenant()
    assert.equal(bench.calls().filter((call) => call === 'GET /user').length, 4)
  })

  it('older consoles list roles under their former path', async () => {
    state.toggles.rbac = false
    assert.ok((await open().catalogue()).some(({ name }) => name === 'SOC'))
    assert.ok(bench.calls().includes('GET /user-roles'))
  })

  it('tells the profiles apart by one read', async () => {
    assert.equal(await open().probe?.(), true)
    assert.deepEqual(bench.calls(), ['GET /user'])
    state.toggles.profile = 'guide'
    const error = await rejection(open().probe?.() ?? Promise.resolve())
    assert.equal(error.status, 404)
  })
})

describe('where a token leads, profile guide', async () => {
  const { open, calls, state } = await sentineloneBench('guide')

  it('tells the profiles apart by one read', async () => {
    assert.equal(await open().probe?.(), true)
    assert.deepEqual(calls(), ['GET /users/login/by-token'])
    state.toggles.profile = 'current'
    assert.equal((await rejection(open().probe?.() ?? Promise.resolve())).status, 404)
  })
})

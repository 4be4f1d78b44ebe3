import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { base, login, rejection, sentineloneBench } from './harness.ts'

describe('users', async () => {
  const bench = await sentineloneBench('current')
  const { simulator, state, open, account, role, create, user, sent } = bench

  it('[R0-10] [R0-11] a creation carries the lower-case e-mail address, and the login as name where there is none', async () => {
    await open().create({ login: 'Ada@Corp.example', profile: {}, entitlements: [role('SOC')] })
    assert.deepEqual(sent('POST'), {
      email: login,
      fullName: login,
      scope: 'account',
      scopeRoles: [{ id: account().id, roleId: state.roleId('SOC') }],
    })
  })

  it('with onboarding a mail goes out and no password; without it the other way round', async () => {
    await create(open(), role('SOC'))
    assert.deepEqual([state.mails.length, user().hasPassword], [1, false])
    await open().remove?.(user().id)
    state.toggles.onboarding = false
    const target = open({ settings: { onboarding: false } })
    const made = await create(target, role('SOC'))
    assert.deepEqual([state.mails.length, user().hasPassword, made.state], [1, true, 'active'])
    assert.equal(target.capabilities.account.create, 'direct')
    await target.update(made.id, { displayName: 'Ada L' })
    assert.ok(!('password' in sent('PUT')))
  })

  it('a password that onboarding forbids is refused as invalid', async () => {
    const error = await rejection(create(open({ settings: { onboarding: false } }), role('SOC')))
    assert.deepEqual([error.failure, error.certainlyNotDone], ['invalid', true])
  })

  for (const duplicate of ['409', '400'] as const) {
    it(`a duplicate that comes as ${duplicate} is adopted by its address`, async () => {
      state.toggles.duplicate = duplicate
      const { id } = await create(open(), role('SOC'))
      const again = await open().create({ login, profile: {}, entitlements: [role('IT')] })
      assert.deepEqual([again.outcome, again.account?.id], ['exists', id])
    })
  }

  it('an address of another account exists, and is not shown', async () => {
    const globex = { id: state.accountId('Globex'), roleId: state.roleId('SOC') }
    state.addUser({ email: login, scopeRoles: [globex] })
    const { outcome, account: found } = await open().create({
      login,
      profile: {},
      entitlements: [role('SOC')],
    })
    assert.deepEqual([outcome, found], ['exists', undefined])
  })

  it('another spelling of an address is found although the filter is exact, and nobody else', async () => {
    state.addUser({ email: 'Grace@Corp.Example' })
    state.addUser({ email: 'grace@corp.example.evil', fullName: 'grace@corp.example' })
    const found = await open().find('email', 'grace@corp.example')
    assert.deepEqual(
      found.map((each) => each.login),
      ['Grace@Corp.Example'],
    )
    assert.deepEqual(await open().find('email', ''), [])
    assert.deepEqual(await open().find('userName', login), [])
  })

  it('a find is one call when the address is spelt as asked', async () => {
    const target = open()
    await create(target, role('SOC'))
    const before = simulator.trace.length
    await target.find('email', login)
    assert.deepEqual(
      simulator.trace.slice(before).map(({ path, query }) => [path, query]),
      [[`${base}/users`, { accountIds: account().id, skipCount: 'true', email: login, limit: '10' }]],
    )
  })

  it('isActive is unknown to today’s API and ignored: the profile has no off switch', async () => {
    const { id } = await create(open(), role('SOC'))
    assert.equal(open().setActive, undefined)
    assert.equal(open().capabilities.account.disable, false)
    user().isActive = false
    assert.equal((await open().get(id))?.state, 'invited')
  })

  it('a user who cannot be read by id is looked for in the list before anything is concluded', async () => {
    const { id } = await create(open(), role('SOC'))
    const path = `${base}/users/${id}`
    simulator.failNext({ method: 'GET', path, status: 404, body: { errors: [{ code: 4040010 }] } })
    assert.equal((await open().get(id))?.id, id)
    user().scopeRoles = [{ id: state.accountId('Globex'), roleId: state.roleId('SOC') }]
    const error = await rejection(open().get(id))
    assert.equal(error.failure, 'forbidden')
    assert.match(error.detail, /outside of the scope of the token/)
    state.users.delete(id)
    assert.equal(await open().get(id), undefined)
  })

  it('[R0-46] an account of native SCIM is not removed', async () => {
    const { id } = await create(open(), role('SOC'))
    user().source = 'scim'
    assert.equal((await rejection(open().remove?.(id) ?? Promise.resolve())).failure, 'forbidden')
  })

  it('[R0-46] what was just read is not read again: one call removes, and none is made for native SCIM', async () => {
    const target = open()
    const known = await create(target, role('SOC'))
    user().source = 'scim'
    const ofScim = await target.get(known.id)
    const from = bench.calls().length
    assert.equal(
      (await rejection(target.remove?.(known.id, ofScim) ?? Promise.resolve())).failure,
      'forbidden',
    )
    assert.deepEqual(bench.calls().slice(from), [])
    // Another account, or one whose source nobody told, says nothing of this one.
    for (const other of [
      { ...known, id: '1' },
      { ...known, facts: {} },
    ]) {
      const error = await rejection(target.remove?.(known.id, other) ?? Promise.resolve())
      assert.equal(error.failure, 'forbidden')
    }
    user().source = 'mgmt'
    const asRead = await target.get(known.id)
    const before = bench.calls().length
    await target.remove?.(known.id, asRead)
    assert.deepEqual(bench.calls().slice(before), [`DELETE /users/${known.id}`])
  })

  it('a strip of what was just read is one call, and keeps what it does not name', async () => {
    const target = open({ settings: { quarantineRole: 'No Access' } })
    const { id } = await create(target, role('SOC', bench.site('EMEA')), role('IR Team', bench.site('APAC')))
    const known = await target.get(id)
    const from = bench.calls().length
    await target.changeEntitlements(id, { assign: [], revoke: [role('SOC', bench.site('EMEA'))] }, known)
    assert.deepEqual(bench.calls().slice(from), [`PUT /users/${id}`])
    assert.deepEqual(bench.rolesOf(), [`IR Team@${bench.site('APAC').id}`])
  })

  it('revokes the token by the id in the body', async () => {
    const { id } = await create(open(), role('SOC'))
    await open().endSessions?.(id)
    assert.equal(bench.calls().at(-1), 'POST /users/revoke-api-token')
    assert.deepEqual(sent('POST', /revoke/), { id })
  })

  it('a creation that a proxy answered with 504 took effect, and is found', async () => {
    const target = open()
    await target.tenant()
    state.toggles.commitThen504 = 1
    const error = await rejection(create(target, role('SOC')))
    assert.deepEqual([error.failure, error.certainlyNotDone], ['unavailable', false])
    assert.equal((await target.find('email', login)).length, 1)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { simulatedToken } from '../../../src/simulators/sisense/state/seed.ts'
import { create, draftOf, group, logins, rejection, role, sisenseBench } from './harness.ts'

describe('Sisense as it is today', async () => {
  const { simulator, state, open, calls, writes, last, advance, logged } = await sisenseBench('current')
  const groupId = (name: string) => state.group(name)._id

  it('makes a user with role and groups in one call, without a password', async () => {
    await open().create(draftOf('Jane@Corp.example', role('contributor'), group(groupId('Finance'))))
    assert.deepEqual(last('POST', '/api/v1/users')?.body, {
      userName: 'jane@corp.example',
      email: 'jane@corp.example',
      roleId: state.roleId('contributor'),
      firstName: 'Jane',
      lastName: 'Doe',
      groups: [groupId('Finance')],
    })
    assert.equal(writes().length, 1)
    assert.deepEqual(state.mails, [{ to: 'jane@corp.example', why: 'activation' }])
  })

  it('does not read a never-activated active:false as inactive', async () => {
    const target = open()
    const { id, state: first, facts } = await create(target)
    assert.equal(state.users.get(id)?.active, false)
    assert.deepEqual([first, facts.invitation, facts.emailVerified], ['active', 'pending', false])
    advance(8 * 24 * 60 * 60_000)
    assert.equal((await target.get(id))?.facts.invitation, 'expired')
    state.activate(id)
    const activated = await target.get(id)
    assert.deepEqual([activated?.state, activated?.facts.invitation], ['active', undefined])
    state.users.get(id)!.active = false
    assert.equal((await target.get(id))?.state, 'disabled')
  })

  for (const [meaning, outcome] of [
    ['switch', 'disabled'],
    ['ignored', 'active'],
  ] as const) {
    it(`active in a PATCH is believed only when read back: ${meaning} shows ${outcome}`, async () => {
      state.toggles.active = meaning
      const target = open()
      const { id } = await create(target)
      await target.setActive?.(id, false)
      assert.equal((await target.get(id))?.state, outcome)
    })
  }

  it('active in a PATCH may be rejected: that is a refusal, so the next step follows', async () => {
    state.toggles.active = 'rejected'
    const { id } = await create(open())
    assert.equal((await rejection(open().setActive?.(id, false))).failure, 'invalid')
  })

  it('makes a user by v0.9 with a random password and no mail', async () => {
    const { account } = await open({ settings: { createVia: 'v09' } }).create(
      draftOf('jane@corp.example', group(groupId('Finance'))),
    )
    const { path, query } = last('POST', '/api/users') ?? {}
    assert.deepEqual([path, query], ['/api/users', { notify: 'false' }])
    assert.equal(state.user('jane@corp.example')?.password?.length, 32)
    assert.deepEqual([state.mails, account?.state], [[], 'active'])
    assert.deepEqual(account?.entitlements, [role('consumer'), group(groupId('Finance'))])
    assert.ok(!logged.join().includes(state.user('jane@corp.example')!.password!))
  })

  it('finds by e-mail with one call, then by user name', async () => {
    const target = open()
    const { id } = await create(target)
    state.users.get(id)!.userName = 'jdoe'
    await target.catalogue()
    const before = calls().length
    assert.equal((await target.find('email', 'Jane@corp.example'))[0]?.id, id)
    assert.equal(calls().length - before, 1)
    assert.equal((await target.find('userName', 'jdoe'))[0]?.id, id)
  })

  it('finds spellings that the filters miss, with v0.9 and without it', async () => {
    const { _id } = state.addUser({ email: 'MiXed@Corp.example', userName: 'MiXed' })
    assert.equal((await open().find('email', 'mixed@corp.example'))[0]?.id, _id)
    state.toggles.v09 = false
    assert.equal((await open().find('email', 'mixed@corp.example'))[0]?.id, _id)
    assert.deepEqual(await open().find('email', 'xed@corp.example'), [])
  })

  it('one group goes by the route of the group, as a list of users', async () => {
    const target = open()
    const { id } = await create(target)
    const path = `/api/groups/${groupId('Finance')}/users`
    await target.changeEntitlements(id, { assign: [group(groupId('Finance'))], revoke: [] })
    assert.deepEqual(last('POST', path)?.body, [id])
    await target.changeEntitlements(id, { assign: [], revoke: [group(groupId('Finance'))] })
    assert.deepEqual(last('DELETE', path)?.body, [id])
    assert.equal(writes().filter((call) => call.startsWith('PATCH')).length, 0)
  })

  it('falls back to the whole set where v0.9 is not there; groups that nobody named are kept', async () => {
    state.toggles.v09 = false
    const target = open()
    const { id } = await create(target)
    state.users.get(id)!.groups = [groupId('Support')]
    await target.changeEntitlements(id, { assign: [group(groupId('Finance'))], revoke: [] })
    assert.deepEqual(state.users.get(id)?.groups, [groupId('Support'), groupId('Finance')])
  })

  it('role and groups together are one PATCH', async () => {
    const target = open()
    const { account } = await target.create(
      draftOf('jane@corp.example', role('contributor'), group(groupId('Finance')), group(groupId('Support'))),
    )
    assert.ok(account)
    const revoke = account.entitlements.filter(({ kind }) => kind === 'group')
    const before = writes().length
    await target.changeEntitlements(account.id, { assign: [role('consumer')], revoke })
    assert.equal(writes().length - before, 1)
    assert.deepEqual((await target.get(account.id))?.entitlements, [role('consumer')])
  })

  it('reads groups that are absent when empty, named twice, or everybody’s', async () => {
    const target = open()
    const { id, entitlements } = await create(target)
    assert.deepEqual(entitlements, [role('consumer')])
    state.toggles.showEveryone = false
    assert.deepEqual((await target.get(id))?.entitlements, [role('consumer')])
    state.users.get(id)!.groups = [groupId('Finance')]
    assert.deepEqual((await target.get(id))?.entitlements, [role('consumer'), group(groupId('Finance'))])
    assert.ok(!(await target.catalogue()).some(({ name }) => name === 'Everyone'))
  })

  it('groups of the corporate directory are inherited', async () => {
    const given = { activeDirectory: true, adgroups: [groupId('Finance')] }
    const { _id } = state.addUser({ email: 'jane@corp.example', ...given })
    const account = await open().get(_id)
    assert.deepEqual(account?.entitlements.at(-1), { ...group(groupId('Finance')), inherited: true })
    assert.equal(account?.facts.source, 'ad')
  })

  it('knows roles by internal name, display name and alias; roles of the tenant by id', async () => {
    const own = state.addRole('Designer', 'Our Designers')
    const catalogue = await open().catalogue()
    const named = Object.fromEntries(
      catalogue.filter(({ kind }) => kind === 'role').map(({ id, name }) => [id, name]),
    )
    assert.equal(named['consumer'], 'Viewer')
    assert.equal(named['contributor'], 'Designer')
    assert.equal(named['admin'], 'Admin')
    assert.equal(named[own._id], 'Our Designers')
    assert.deepEqual(
      catalogue.filter(({ privileged }) => privileged).map(({ id }) => id),
      ['admin', 'dataAdmin', groupId('Admins')],
    )
  })

  it('the roles path is /api/roles, elsewhere /api/v1/roles: one 404 at most', async () => {
    state.toggles.rolesAt = 'api/v1'
    const target = open()
    await target.catalogue()
    await target.catalogue()
    const walked = calls().filter((call) => call.endsWith('/roles'))
    assert.deepEqual(walked, ['GET /api/roles', 'GET /api/v1/roles', 'GET /api/v1/roles'])
  })

  it('ends every session and token of a user, and of no other', async () => {
    const target = open()
    const { id } = await create(target)
    const own = state.addToken(id, 'api', Number.POSITIVE_INFINITY)
    await target.endSessions?.(id)
    assert.deepEqual(last('GET', '/api/v1/authentication/admin/logout')?.query, { users: id })
    assert.deepEqual([state.tokens.has(own), state.tokens.has(simulatedToken)], [false, true])
    await target.endSessions?.(id)
    state.toggles.forcedLogout = false
    assert.equal((await rejection(target.endSessions?.(id))).failure, 'unsupported')
  })

  it('knows itself, and refuses to judge by what a viewer sees', async () => {
    const target = open()
    assert.equal(await target.self(), state.user('drawbridge')?._id)
    const { id } = await create(target)
    state.user('drawbridge')!.roleId = state.roleId('consumer')
    for (const act of [
      () => open().test(),
      () => logins(open()),
      () => open().find('email', 'a@b.co'),
      () => open().get(id),
    ]) {
      assert.equal((await rejection(act())).failure, 'missing-scope')
    }
  })

  it('the tenant is the instance: its host and an id of its own', async () => {
    const tenant = await open().tenant()
    assert.equal(tenant, `${new URL(simulator.origin).host}/${state.roleId('consumer')}`)
  })

  it('an unpaged answer is taken for all, a capped one is followed to its empty page', async () => {
    state.seedUsers(250)
    assert.equal((await logins(open())).length, 252)
    state.toggles.paging = 'ignored'
    assert.equal((await logins(open())).length, 252)
    Object.assign(state.toggles, { paging: 'honoured', pageCap: 30 })
    assert.equal(new Set(await logins(open())).size, 252)
    assert.deepEqual(last('GET', '/api/v1/users')?.query, { sort: '_id', skip: '252', limit: '200' })
  })

  it('userName stays when the address changes, and the other way round', async () => {
    const target = open()
    const { id } = await create(target)
    await target.update(id, { email: 'jane.smith@corp.example' })
    const { login, profile } = (await target.get(id))!
    assert.deepEqual([login, profile.email], ['jane@corp.example', 'jane.smith@corp.example'])
  })
})

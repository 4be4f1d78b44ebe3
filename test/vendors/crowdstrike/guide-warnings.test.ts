import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { create, draftOf, falconBench, rejection, role } from './harness.ts'

const usersPath = '/users/entities/users/v1'
const uidsPath = '/users/queries/user-uids/v1'
const rolesPath = '/user-roles/entities/user-roles/v1'

describe('what the guide warns of', async () => {
  const { simulator, state, open, calls, writes, advance } = await falconBench('guide')
  const requests = (method: string, path: string) =>
    simulator.trace.filter((entry) => entry.method === method && entry.path === path)

  it('[R3-15] the listing has only UIDs: details follow, at most 100 ids a request', async () => {
    state.seedUsers(250)
    const logins = new Set<string>()
    for await (const { login } of open().list()) logins.add(login)
    assert.equal(logins.size, 250)
    const sizes = requests('GET', usersPath).map(({ query }) => [query['ids'] ?? []].flat().length)
    assert.deepEqual(sizes, [100, 100, 50])
  })

  it('[R3-08] uid is the UUID and username the e-mail, by profile and never by fall-back', async () => {
    const { id } = state.addUser({ email: 'jane@corp.example' })
    const body = { resources: [{ uuid: id, uid: 'jane@corp.example', first_name: 'Jane', last_name: 'Doe' }] }
    simulator.failNext({ method: 'GET', path: usersPath, status: 200, body })
    assert.equal((await rejection(open().get(id))).failure, 'unexpected')
  })

  it('[R3-14] roles must be assigned separately after creation, and are not in the user object', async () => {
    const target = open()
    const { id, entitlements } = await create(target)
    assert.deepEqual(entitlements, [])
    await target.changeEntitlements(id, { assign: [role('event_viewer')], revoke: [] })
    assert.equal(requests('POST', usersPath).length, 1)
    assert.equal(requests('POST', rolesPath).length, 1)

    const user = { uid: id, username: 'jane@corp.example', roles: ['falcon_admin'] }
    simulator.failNext({ method: 'GET', path: usersPath, status: 200, body: { resources: [user] } })
    assert.deepEqual((await target.get(id))?.entitlements, [role('event_viewer')])
  })

  it('[R3-17] no password is set: the user is invited by mail', async () => {
    state.toggles.sso = false
    await create(open())
    assert.equal(state.mails.length, 1)
    assert.ok(!JSON.stringify(requests('POST', usersPath)).includes('password'))
  })

  it('[R3-19] deletion is immediate and irreversible, so nothing but remove deletes', async () => {
    const target = open()
    const { id } = await create(target)
    await target.changeEntitlements(id, { assign: [role('event_viewer')], revoke: [] })
    await target.changeEntitlements(id, { assign: [], revoke: [role('event_viewer')] })
    await target.update(id, { familyName: 'Smith' })
    assert.equal(requests('DELETE', usersPath).length, 0)
    await target.remove?.(id)
    assert.equal(await target.get(id), undefined)
    assert.notEqual((await create(target)).id, id)
  })

  it('[R3-23] role ids are case-sensitive: another spelling is no role', async () => {
    const target = open()
    const { id } = await create(target)
    const change = { assign: [role('Event_Viewer')], revoke: [] }
    assert.equal((await rejection(target.changeEntitlements(id, change))).failure, 'invalid')
    assert.ok((await target.catalogue()).some((entry) => entry.id === 'event_viewer'))
  })

  it('[R3-21] role ids have their names elsewhere: the catalogue reads them', async () => {
    const names = (await open().catalogue()).map(({ name }) => name)
    assert.ok(names.includes('Falcon Administrator'))
    assert.ok(names.includes('Detection Monitor'))
  })

  it('[R3-25] revoking a role that is not assigned is an error: read again, and settled', async () => {
    const target = open()
    const { id } = await create(target)
    await target.changeEntitlements(id, { assign: [], revoke: [role('event_viewer')] })
    assert.deepEqual(
      requests('DELETE', rolesPath).map(({ status }) => status),
      [400],
    )
    assert.equal(calls().at(-1), 'GET /user-roles/queries/user-role-ids-by-user-uuid/v1')
  })

  it('[R3-24] one role a revoke: more are refused before any call', async () => {
    const target = open()
    const { id } = await create(target)
    const before = writes()
    const revoke = [role('event_viewer'), role('help_desk')]
    assert.equal(
      (await rejection(target.changeEntitlements(id, { assign: [], revoke }))).failure,
      'unsupported',
    )
    assert.equal(writes(), before)
    assert.equal(target.capabilities.entitlements.role?.perRevoke, 1)
  })

  it('a role call has neither a CID nor an end', async () => {
    const target = open()
    const { id } = await create(target)
    for (const ref of [
      role('help_desk', 'f'.repeat(32)),
      { ...role('help_desk'), until: '2030-01-01T00:00:00Z' },
    ]) {
      const error = await rejection(target.changeEntitlements(id, { assign: [ref], revoke: [] }))
      assert.equal(error.failure, 'unsupported')
    }
  })

  it('[R3-37] errors accompany success: a 200 with errors is a failure', async () => {
    const target = open()
    const { id } = await create(target)
    state.toggles.errorsInside200 = true
    const error = await rejection(target.changeEntitlements(id, { assign: [role('no_such')], revoke: [] }))
    assert.deepEqual([error.failure, error.status], ['invalid', 200])
  })

  it('[R3-10] a user name can be updated, and the account is found under the new one only', async () => {
    const target = open()
    const { id } = await create(target, 'jane@corp.example')
    await target.update(id, { email: 'Jane.Smith@corp.example' })
    assert.deepEqual(requests('PATCH', usersPath)[0]?.body, { username: 'jane.smith@corp.example' })
    assert.equal((await target.find('email', 'jane.smith@corp.example'))[0]?.id, id)
    assert.deepEqual(await target.find('email', 'jane@corp.example'), [])
  })

  it('a user name that somebody has is a conflict', async () => {
    const target = open()
    await create(target, 'taken@corp.example')
    const { id } = await create(target, 'jane@corp.example')
    assert.equal((await rejection(target.update(id, { email: 'taken@corp.example' }))).failure, 'conflict')
  })

  it('paths of the present API are never called', async () => {
    const target = open()
    const { id } = await create(target)
    await target.catalogue()
    await target.find('email', 'jane@corp.example')
    await target.update(id, { givenName: 'Janet' })
    await target.tenant()
    assert.ok(calls().every((call) => /^\w+ \/(users|user-roles)\//.test(call)))
  })

  describe('there is no search by user name:', () => {
    it('[R3-34] everybody is read once, then only who is new', async () => {
      state.seedUsers(250)
      const target = open()
      assert.equal((await target.find('email', 'SEED7@corp.example')).length, 1)
      const first = calls().length
      assert.equal((await target.find('email', 'seed8@corp.example')).length, 1)
      assert.equal(calls().length, first + 2, 'the user and the roles')

      state.addUser({ email: 'late@corp.example' })
      const before = requests('GET', usersPath).length
      assert.equal((await target.find('email', 'late@corp.example')).length, 1)
      const after = requests('GET', usersPath).slice(before)
      assert.ok(after.every(({ query }) => [query['ids'] ?? []].flat().length === 1))
    })

    it('many who ask at once share one reading', async () => {
      state.seedUsers(250)
      const target = open()
      await Promise.all(
        Array.from({ length: 20 }, (_, at) => target.find('email', `seed${at + 1}@corp.example`)),
      )
      const full = requests('GET', usersPath).filter(({ query }) => [query['ids'] ?? []].flat().length > 1)
      assert.equal(full.length, 3)
    })

    it('[R3-34] no query filter is relied on', async () => {
      await open().find('email', 'jane@corp.example')
      assert.ok(
        requests('GET', uidsPath).every(({ query }) => Object.keys(query).sort().join() === 'limit,offset'),
      )
    })

    it('who was renamed or removed in Falcon is not found under the old name', async () => {
      const target = open()
      const renamed = state.addUser({ email: 'old@corp.example' })
      const removed = state.addUser({ email: 'gone@corp.example' })
      assert.equal((await target.find('email', 'old@corp.example')).length, 1)
      renamed.email = 'new@corp.example'
      state.users.delete(removed.id)
      assert.deepEqual(await target.find('email', 'old@corp.example'), [])
      assert.deepEqual(await target.find('email', 'gone@corp.example'), [])
      assert.equal((await target.find('email', 'new@corp.example')).length, 1)
    })

    it('who was renamed is found after a while though nobody asked for the old name', async () => {
      const target = open()
      const renamed = state.addUser({ email: 'old@corp.example' })
      await target.find('email', 'nobody@corp.example')
      renamed.email = 'new@corp.example'
      advance(11 * 60_000)
      assert.equal((await target.find('email', 'new@corp.example')).length, 1)
    })

    it('[R3-34] a create whose answer was lost is adopted', async () => {
      const target = open()
      await target.find('email', 'jane@corp.example')
      simulator.loseAnswer({ method: 'POST', path: usersPath })
      assert.equal((await rejection(target.create(draftOf('jane@corp.example')))).certainlyNotDone, false)
      assert.equal((await target.find('email', 'jane@corp.example')).length, 1)
    })

    it('a reading that failed is made again', async () => {
      state.seedUsers(3)
      const target = open()
      await target.test()
      simulator.failNext({ method: 'GET', path: usersPath, status: 500 })
      assert.equal((await rejection(target.find('email', 'seed1@corp.example'))).failure, 'unavailable')
      assert.equal((await target.find('email', 'seed1@corp.example')).length, 1)
    })
  })
})

describe('the scenarios of the guide', async () => {
  const { simulator, state, open, calls } = await falconBench('guide')

  it('[R3-31] provision a new user with a specific role: one create, one grant', async () => {
    const target = open()
    const { id } = await create(target)
    const wanted = (await target.catalogue()).find(({ name }) => name === 'Detection Monitor')
    assert.ok(wanted)
    await target.changeEntitlements(id, { assign: [wanted], revoke: [] })
    const written = simulator.trace
      .filter(({ mutating }) => mutating)
      .map(({ method, path }) => `${method} ${path}`)
    assert.deepEqual(written, [`POST ${usersPath}`, `POST ${rolesPath}`])
    assert.deepEqual(
      state.held(id).map(({ roleId }) => roleId),
      ['detection_monitor'],
    )
  })

  it('[R3-24, R3-33] deprovision a user: uid, roles, one revoke each, delete', async () => {
    const { id } = state.addUser({ email: 'jane@corp.example' })
    for (const roleId of ['event_viewer', 'help_desk']) state.grant(id, roleId)
    const target = open()
    const [account] = await target.find('email', 'jane@corp.example')
    assert.ok(account)
    for (const { kind, id: roleId, scope } of account.entitlements) {
      await target.changeEntitlements(account.id, {
        assign: [],
        revoke: [{ kind, id: roleId, ...(scope && { scope }) }],
      })
    }
    await target.remove?.(account.id)
    assert.equal(calls().filter((call) => call === `DELETE ${rolesPath}`).length, 2)
    assert.equal(state.users.size, 0)
  })

  it('bulk list all users and their roles: one role call per user', async () => {
    state.seedUsers(12)
    for (const id of state.users.keys()) state.grant(id, 'event_viewer')
    const target = open()
    for await (const { id } of target.list()) assert.equal((await target.get(id))?.entitlements.length, 1)
    const perUser = calls().filter((call) => call.endsWith('user-role-ids-by-user-uuid/v1'))
    assert.equal(perUser.length, 12)
  })
})

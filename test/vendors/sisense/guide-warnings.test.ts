import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Refusal } from '../../../src/simulators/sisense/answers.ts'
import { simulatedToken } from '../../../src/simulators/sisense/state/seed.ts'
import { startSisense } from '../../../src/simulators/sisense/index.ts'
import { openKit, openTarget } from '../../contract/target.ts'
import { sisense } from '../../../src/vendors/sisense/index.ts'
import { create, draftOf, group, logins, rejection, role, sisenseBench } from './harness.ts'

const usersPath = '/api/v1/users'

describe('what the guide warns of', async () => {
  const { simulator, state, open, openWith, calls, writes, last, logged } = await sisenseBench('guide')
  const requests = (method: string, path: string) =>
    simulator.trace.filter((entry) => entry.method === method && entry.path === path)

  it('[R2-17] admins see all; non-admins may see a filtered list: that list is refused, nobody counts as missing', async () => {
    const target = open()
    const { id } = await create(target)
    state.user('drawbridge')!.roleId = state.roleId('Viewer')
    const viewer = open()
    for (const act of [
      () => viewer.test(),
      () => logins(viewer),
      () => viewer.find('userName', 'jane@corp.example'),
      () => viewer.get(id),
    ]) {
      const error = await rejection(act())
      assert.equal(error.failure, 'missing-scope')
      assert.match(
        error.detail,
        /belong to a consumer, who sees only some of the users \(needs the Admin role\)/,
      )
    }
  })

  it('[R2-06, R2-18] use the internal _id, not userName, as the path parameter: anything else is refused before a call', async () => {
    const target = open()
    await create(target)
    const before = calls().length
    for (const act of [
      target.get('jane@corp.example'),
      target.update('jdoe', { givenName: 'J' }),
      target.remove?.('5f3e'),
    ]) {
      assert.equal((await rejection(act)).failure, 'invalid')
    }
    assert.equal(calls().length, before)
    assert.ok(calls().every((call) => !/\/users\/(?![0-9a-f]{24}$)/.test(call)))
  })

  it('[R2-14] password is required for non-SSO users: 32 random characters, kept nowhere', async () => {
    const target = open()
    await create(target, 'jane@corp.example')
    await create(target, 'john@corp.example')
    const [one, two] = ['jane@corp.example', 'john@corp.example'].map(
      (name) => state.user(name)?.password ?? '',
    )
    assert.ok(one && two && one !== two)
    for (const password of [one, two]) {
      assert.equal(password.length, 32)
      for (const kind of [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z\d]/]) assert.match(password, kind)
      assert.ok(!logged.join('\n').includes(password))
    }
  })

  it('[R2-14] a password never shows in the refusal of its create', async () => {
    let seen = ''
    const register = state.register
    state.register = (given) => {
      seen = given.password ?? ''
      state.register = register
      throw new Refusal(422, 2003, `${seen} is too weak`)
    }
    const error = await rejection(open().create(draftOf('jane@corp.example')))
    assert.match(error.detail, /\[redacted\] is too weak/)
    assert.ok(seen.length === 32 && !JSON.stringify({ ...error, message: error.message }).includes(seen))
  })

  it('[R2-15] for SSO-only deployments, omit password', async () => {
    state.toggles.sso = true
    await open({ settings: { sso: true } }).create(draftOf('jane@corp.example'))
    assert.ok(!Object.keys(last('POST', usersPath)?.body ?? {}).includes('password'))
    assert.equal(state.user('jane@corp.example')?.password, undefined)
  })

  it('[R2-19] only fields included in the body are updated: a role change sends roleId only', async () => {
    const target = open()
    const { id } = await create(target)
    await target.changeEntitlements(id, { assign: [role('contributor')], revoke: [] })
    assert.deepEqual(last('PATCH', `${usersPath}/${id}`)?.body, { roleId: state.roleId('Designer') })
    await target.update(id, { familyName: 'Smith' })
    assert.deepEqual(last('PATCH', `${usersPath}/${id}`)?.body, { lastName: 'Smith' })
    assert.deepEqual((await target.get(id))?.profile.givenName, 'Jane')
  })

  it('[R2-07] userName and email are changed together', async () => {
    const target = open()
    const { id } = await create(target)
    await target.update(id, { userName: 'jane.smith@corp.example', email: 'jane.smith@corp.example' })
    const both = { userName: 'jane.smith@corp.example', email: 'jane.smith@corp.example' }
    assert.deepEqual(last('PATCH', `${usersPath}/${id}`)?.body, both)
  })

  it('[R2-12, R2-20] deletion is permanent; active=false via PATCH is preferred and proven by a GET', async () => {
    const target = open()
    const { id } = await create(target)
    await target.setActive?.(id, false)
    assert.equal((await target.get(id))?.state, 'disabled')
    assert.deepEqual(last('PATCH', `${usersPath}/${id}`)?.body, { active: false })
    assert.equal(calls().filter((call) => call.startsWith('DELETE')).length, 0)
    await target.remove?.(id)
    assert.equal(await target.get(id), undefined)
    assert.notEqual((await create(target)).id, id)
  })

  it('[R2-12] active defaults to true: a user without the field is active', async () => {
    const { id } = await create(open())
    simulator.failNext({
      method: 'GET',
      path: `${usersPath}/${id}`,
      status: 200,
      body: { _id: id, userName: 'x' },
    })
    assert.equal((await open().get(id))?.state, 'active')
  })

  it('[R2-06] roleId values are instance-specific: one configuration fits two instances', async () => {
    const second = await startSisense({ profile: 'guide', instance: '77aa' })
    const kit = openKit()
    const other = openTarget(sisense, second, 'guide', kit)
    for (const target of [open(), other])
      await target.create(draftOf('jane@corp.example', role('contributor')))
    const ids = [state, second.state].map((each) => each.user('jane@corp.example')?.roleId)
    assert.deepEqual(ids, [state.roleId('Designer'), second.state.roleId('Designer')])
    assert.notEqual(ids[0], ids[1])
    await kit.dispatcher.close()
    await second.close()
  })

  it('[R2-10] group membership drives data access: the complete groups array is written, foreign groups are kept', async () => {
    const target = open()
    const [sales, finance, support] = ['Sales Team', 'Finance', 'Support'].map(
      (name) => state.group(name)._id,
    )
    const { id } = await create(target)
    state.users.get(id)!.groups = [support!]
    await target.changeEntitlements(id, { assign: [group(sales!), group(finance!)], revoke: [] })
    assert.deepEqual(last('PATCH', `${usersPath}/${id}`)?.body, { groups: [support, sales, finance] })
    await target.changeEntitlements(id, { assign: [role('contributor')], revoke: [group(sales!)] })
    const body = { roleId: state.roleId('Designer'), groups: [support, finance] }
    assert.deepEqual(last('PATCH', `${usersPath}/${id}`)?.body, body)
  })

  it('[R2-11] the locale reaches preferences, and comes back', async () => {
    const target = open()
    const { account } = await target.create({ ...draftOf('jane@corp.example'), profile: { locale: 'de-DE' } })
    assert.match(JSON.stringify(last('POST', usersPath)?.body), /"preferences":\{"language":"de-DE"\}/)
    assert.equal(account?.profile.locale, 'de-DE')
    await target.update(account.id, { locale: 'fr-FR' })
    assert.equal((await target.get(account.id))?.profile.locale, 'fr-FR')
  })

  it('[R2-21] roles are at /api/v1/roles, elsewhere in the guide at /api/roles: one 404 at most, the winner is kept', async () => {
    state.toggles.rolesAt = 'api'
    const target = open()
    await target.catalogue()
    await target.catalogue()
    const walked = calls().filter((call) => call.endsWith('/roles'))
    assert.deepEqual(walked, ['GET /api/v1/roles', 'GET /api/roles', 'GET /api/roles'])
  })

  it('[R2-02] legacy Windows deployments may use /api/v0.9: the base that answers is kept', async () => {
    Object.assign(state.toggles, { base: 'api/v0.9', rolesAt: 'api/v0.9' })
    const target = open()
    const { id } = await create(target)
    assert.equal((await target.get(id))?.id, id)
    assert.ok(writes().every((call) => call.includes(' /api/v0.9/users')))
    assert.equal(calls().filter((call) => call === 'GET /api/v1/users').length, 1)
  })

  it('[R2-02, R2-03] neither base: says so in clear words', async () => {
    const page = { status: 404, body: '<html>nothing here</html>', times: 9 }
    simulator.failNext({ path: /\/users$/, ...page })
    const error = await rejection(open().test())
    assert.equal(error.failure, 'unexpected')
    assert.match(error.detail, /no users at \/api\/v1 nor at \/api\/v0\.9; check baseUrl/)
  })

  it('[R2-24] page default 50, maximum not documented: a capped list is complete all the same', async () => {
    state.toggles.pageCap = 50
    state.seedUsers(260)
    assert.equal(new Set(await logins(open())).size, 261)
    assert.equal(last('GET', usersPath)?.query['limit'], '200')
  })

  it('an instance that knows no skip and limit gives its list once', async () => {
    state.toggles.paging = 'ignored'
    state.seedUsers(30)
    assert.equal((await logins(open())).length, 31)
    state.seedUsers(300)
    assert.equal((await logins(open())).length, 331)
  })

  it('a listing that goes round in circles is refused, never taken for all', async () => {
    const target = open()
    await target.catalogue()
    state.seedUsers(200)
    const all = (await (await fetch(`${simulator.origin}/__simulator/state`)).json()) as { people: unknown[] }
    assert.ok(all.people.length > 200)
    const page = [...state.users.values()].slice(0, 200).map(({ _id, userName }) => ({ _id, userName }))
    simulator.failNext({ method: 'GET', path: usersPath, status: 200, body: page, times: 3 })
    assert.equal((await rejection(logins(target))).failure, 'unexpected')
  })

  it('[R2-23] rate limits are undocumented: at most four calls are in flight', async () => {
    const target = open()
    const { id } = await create(target)
    const path = `${usersPath}/${id}`
    const before = requests('GET', path).length
    const holds = Array.from({ length: 4 }, () => simulator.hold({ method: 'GET', path, when: 'before' }))
    const reads = Array.from({ length: 20 }, async () => target.get(id))
    await Promise.all(holds.map(({ arrived }) => arrived))
    // A fifth call would have come by now.
    await delay(50)
    assert.equal(requests('GET', path).length - before, 4)
    for (const { release } of holds) release()
    await Promise.all(reads)
    assert.equal(requests('GET', path).length - before, 20)
  })

  it('there is no search: a hit is read by id, a miss counts only after a new listing', async () => {
    state.seedUsers(10)
    const target = open()
    assert.equal((await target.find('email', 'SEED7@corp.example')).length, 1)
    const listings = () => requests('GET', usersPath).filter(({ query }) => query['limit'] === '200').length
    const before = listings()
    assert.equal((await target.find('email', 'seed8@corp.example')).length, 1)
    assert.equal(listings(), before)
    state.addUser({ email: 'late@corp.example' })
    assert.equal((await target.find('email', 'late@corp.example')).length, 1)
    assert.deepEqual(await target.find('email', 'nobody@corp.example'), [])
    assert.ok(listings() > before)
  })

  it('[R2-01, R2-22] asks nothing that the guide does not have: no search, no forced logout, no group writes', async () => {
    const target = open()
    const { id } = await create(target)
    await target.find('userName', 'jane@corp.example')
    await target.changeEntitlements(id, { assign: [group(state.group('Finance')._id)], revoke: [] })
    await target.tenant()
    await target.self()
    assert.equal(target.endSessions, undefined)
    assert.ok(
      calls().every((call) => /^\w+ \/api\/v1\/(users(\/[0-9a-f]{24})?|roles|groups)$/.test(call)),
      calls().join(),
    )
    assert.ok(
      simulator.trace.every(({ query }) =>
        Object.keys(query).every((key) => ['skip', 'limit'].includes(key)),
      ),
    )
  })

  it('there is no server-side filter for lastLogin: the list asks for none, and every account tells it', async () => {
    const lastLogin = '2026-01-02T03:04:05.000Z'
    state.addUser({ email: 'dormant@corp.example', lastLogin })
    const seen: (string | undefined)[] = []
    for await (const { login, facts } of open().list())
      if (login === 'dormant@corp.example') seen.push(facts.lastLoginAt)
    assert.deepEqual(seen, [lastLogin])
    const asked = simulator.trace.flatMap(({ query }) => Object.keys(query))
    assert.deepEqual([...new Set(asked)].toSorted(), ['limit', 'skip'])
  })

  it('its own identity is the login name; a bare token tells none', async () => {
    assert.equal(await open().self(), state.user('drawbridge')?._id)
    const withToken = openWith({ apiToken: simulatedToken })
    assert.equal(await withToken.self(), undefined)
    assert.equal((await logins(withToken)).length, 1)
  })

  it('an account tells what access reviews ask for: lastLogin, created, active, roleId, groups', async () => {
    const seen = {
      lastLogin: '2026-01-02T03:04:05.000Z',
      groups: [state.group('Finance')._id],
      active: false,
    }
    const { _id, created } = state.addUser({ email: 'jane@corp.example', ...seen })
    const account = await open().get(_id)
    assert.equal(account?.facts.lastLoginAt, seen.lastLogin)
    assert.equal(account?.createdAt, created)
    assert.equal(account?.state, 'disabled')
    assert.deepEqual(account?.entitlements, [role('consumer'), group(state.group('Finance')._id)])
  })
})

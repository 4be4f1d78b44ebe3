import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { base, login, rejection, sentineloneBench } from './harness.ts'

describe('what the guide says to watch out for', async () => {
  const bench = await sentineloneBench('guide')
  const { simulator, state, open, account, role, create, user, sent } = bench

  it('[R0-22] "omitting accountIds or siteIds may return unexpected cross-scope data": they are always sent', async () => {
    const globex = { id: state.accountId('Globex'), roleId: state.roleId('Admin') }
    state.addUser({ email: 'stranger@globex.example', scopeRoles: [globex] })
    const leaked = await fetch(`${simulator.origin}${base}/users?limit=1000`, {
      headers: { authorization: 'ApiToken simulated-api-token-of-the-owner' },
    })
    assert.ok((await leaked.text()).includes('stranger'), 'the simulator leaks')
    const target = open()
    await create(target)
    const logins = []
    for await (const each of target.list()) logins.push(each.login)
    assert.ok(!logins.includes('stranger@globex.example'))
    assert.deepEqual(await target.find('email', 'stranger@globex.example'), [])
    const lists = simulator.trace.filter(({ method, path }) => method === 'GET' && path === `${base}/users`)
    assert.ok(lists.slice(1).every(({ query }) => query['accountIds'] === account().id))
  })

  it('[R0-23] "returns 404 if the scope does not include the user": nobody by id, found by email and accountIds', async () => {
    const target = open()
    const { id } = await create(target)
    simulator.failNext({ method: 'GET', path: `${base}/users/${id}`, status: 404, body: { errors: [] } })
    assert.equal(await target.get(id), undefined)
    assert.equal((await target.find('email', login))[0]?.id, id)
    assert.equal(simulator.trace.findLast(({ path }) => path === `${base}/users`)?.query['email'], login)
  })

  it('[R0-25] "an invitation email is sent automatically": the account is invited until somebody signs in', async () => {
    const target = open()
    const { id, facts, createdAt } = await create(target, role('SOC'))
    assert.deepEqual(state.mails, [{ to: login, kind: 'invitation' }])
    assert.equal(facts.invitation, 'pending')
    assert.ok(createdAt)
    state.accept(login)
    assert.equal((await target.get(id))?.state, 'active')
  })

  it('[R0-27] "email address cannot be changed via API after account creation": it is refused without a call', async () => {
    const target = open()
    const { id } = await create(target)
    const before = simulator.trace.length
    assert.equal((await rejection(target.update(id, { email: 'new@corp.example' }))).failure, 'unsupported')
    assert.equal(simulator.trace.length, before)
    assert.equal(target.capabilities.attributes.email?.mutability, 'immutable')
  })

  it('[R0-26] "role changes take effect immediately": the next read shows them', async () => {
    const target = open()
    const { id } = await create(target, role('SOC'))
    await target.changeEntitlements(id, { assign: [role('IT')], revoke: [] })
    assert.deepEqual((await target.get(id))?.entitlements, [role('IT')])
  })

  it('[R0-28] [R0-18] "deletion is permanent": isActive false disables, and true brings the same account back', async () => {
    const target = open()
    const { id } = await create(target, role('SOC'))
    assert.equal((await target.get(id))?.state, 'invited', 'isActive defaults to true')
    await target.setActive?.(id, false)
    assert.deepEqual(sent('PUT'), { isActive: false })
    assert.equal((await target.get(id))?.state, 'disabled')
    await target.setActive?.(id, true)
    assert.equal(user().isActive, true)
    assert.deepEqual((await target.get(id))?.entitlements, [role('SOC')])
    assert.ok(bench.writes().every(({ method }) => method !== 'DELETE'))
  })

  it('[R0-07] "retrieve your accountId first": asked once, sent with every later list and creation', async () => {
    const target = open({ settings: { account: undefined } })
    await create(target, role('SOC'))
    await target.catalogue()
    for await (const _ of target.list());
    const calls = bench.calls()
    assert.equal(calls[0], 'GET /users/login/by-token')
    assert.equal(calls.filter((call) => call.endsWith('by-token')).length, 1)
    assert.equal(sent('POST')['accountId'], account().id)
  })

  it('[R0-07] [R0-08] an answer without accountId needs the setting account', async () => {
    state.toggles.whoamiTellsAccount = false
    const error = await rejection(open({ settings: { account: undefined } }).test())
    assert.match(error.detail, /give its id as the setting account/)
    await open({ settings: { account: account().id } }).test()
    assert.match(
      (await rejection(open({ settings: { account: 'Acme' } }).test())).detail,
      /must be given by id/,
    )
    state.toggles.whoamiTellsAccount = true
    assert.equal(await open({ settings: { account: 'acme' } }).tenant(), account().id)
  })

  it('[R0-29] "role IDs differ per account": one configuration works on two tenants', async () => {
    const other = await sentineloneBenchWithOtherIds()
    for (const each of [bench, other]) {
      const catalogue = await each.open({ settings: { account: 'Acme' } }).catalogue()
      const wanted = catalogue.find(({ name }) => name === 'SOC')
      assert.ok(wanted?.scope)
      await each.create(each.open({ settings: { account: 'Acme' } }), wanted)
      assert.deepEqual(each.rolesOf(), [`SOC@${each.account().id}`])
    }
    await other.close()
  })

  it('[R0-12] role names are case-sensitive: the catalogue’s spelling is what is sent', async () => {
    const names = (await open().catalogue()).map(({ id, name }) => [id, name])
    assert.ok(names.some(([id, name]) => id === 'IR Team' && name === 'IR Team'))
    const error = await rejection(create(open(), role('soc')))
    assert.equal(error.failure, 'invalid')
  })

  it('[R0-30] "immediately invalidates the token": the leaver’s own token stops working, and a second revoke is no error', async () => {
    const target = open()
    const { id } = await create(target)
    const secret = state.giveToken(id)
    await target.endSessions?.(id)
    assert.equal(state.tokens.has(secret), false)
    await target.endSessions?.(id)
    await target.remove?.(id)
    await target.endSessions?.(id)
  })

  it('[R0-33] [R0-34] "the default page size is 10 with a maximum of 1000": every list says its limit and is complete', async () => {
    state.toggles.pageCap = 100
    state.seedUsers(250)
    const target = open()
    const ids = new Set<string>()
    for await (const { id } of target.list()) ids.add(id)
    await target.catalogue()
    assert.equal(ids.size, 251)
    const lists = simulator.trace.filter(({ path }) => /(users|user-roles)$/.test(path))
    assert.ok(lists.length >= 4)
    assert.ok(lists.every(({ query }) => Number(query['limit']) >= 1 && Number(query['limit']) <= 1000))
  })

  it('[R0-31] "429, no Retry-After documented": the failure tells no wait, so that the queue backs off', async () => {
    const target = open()
    await target.tenant()
    simulator.failNext({
      method: 'POST',
      status: 429,
      body: { errors: [{ code: 4290010, title: 'Too many requests' }] },
    })
    const error = await rejection(create(target))
    assert.deepEqual(
      [error.failure, error.retryAfterMs, error.certainlyNotDone],
      ['rate-limited', undefined, true],
    )
  })

  it('[R0-46] "if source=scim, direct API deletion can cause SCIM sync conflicts": disabled, never removed', async () => {
    const target = open()
    const { id } = await create(target)
    user().source = 'scim'
    await target.setActive?.(id, false)
    const error = await rejection(target.remove?.(id) ?? Promise.resolve())
    assert.equal(error.failure, 'forbidden')
    assert.match(error.detail, /native SCIM/)
    assert.equal(user().isActive, false)
    assert.ok(bench.writes().every(({ method }) => method !== 'DELETE'))
  })

  it('[R0-51] "users of source sso or scim cannot have passwords managed": no password is ever sent', async () => {
    const target = open({ settings: { onboarding: false } })
    const { id } = await create(target, role('SOC'))
    await target.update(id, { displayName: 'Ada L' })
    await target.changeEntitlements(id, { assign: [role('IT')], revoke: [] })
    assert.ok(bench.writes().every(({ body }) => !JSON.stringify(body).includes('password')))
  })

  it('[R0-44] [R0-45] the scenario of a leaver: find, disable, revoke, and delete only when asked', async () => {
    const target = open()
    const { id } = await create(target, role('SOC'))
    const before = simulator.trace.length
    const [found] = await target.find('email', login)
    await target.setActive?.(found?.id ?? '', false)
    assert.equal((await target.get(id))?.state, 'disabled')
    simulator.failNext({ method: 'POST', path: /revoke-api-token$/, status: 500 })
    assert.equal((await rejection(target.endSessions?.(id) ?? Promise.resolve())).failure, 'unavailable')
    await target.endSessions?.(id)
    assert.deepEqual(bench.calls().slice(before), [
      'GET /users',
      `GET /users/${id}`,
      `PUT /users/${id}`,
      `GET /users/${id}`,
      `POST /users/${id}/revoke-api-token`,
      `POST /users/${id}/revoke-api-token`,
    ])
  })

  it('[R0-42] the scenario of an analyst: whoami, roles, creation, and a read that confirms', async () => {
    const target = open()
    const soc = (await target.catalogue()).find(({ name }) => name === 'SOC')
    assert.ok(soc?.scope)
    const { id } = await create(target, { kind: 'role', id: soc.id, scope: soc.scope })
    assert.notEqual((await target.get(id))?.state, 'disabled')
    assert.deepEqual(bench.calls(), [
      'GET /users/login/by-token',
      'GET /user-roles',
      'POST /users',
      `GET /users/${id}`,
    ])
  })

  it('[R0-19] siteIds travel with the creation when the connection is at home in sites', async () => {
    const [emea, apac] = [bench.site('EMEA'), bench.site('APAC')]
    const target = open({ settings: { sites: [emea.id, apac.id] } })
    const made = await create(target, role('SOC', emea), role('SOC', apac))
    assert.deepEqual(sent('POST')['siteIds'], [emea.id, apac.id])
    assert.deepEqual(made.entitlements, [role('SOC', emea), role('SOC', apac)])
    const error = await rejection(
      target.changeEntitlements(made.id, { assign: [role('IT', emea)], revoke: [] }),
    )
    assert.equal(error.failure, 'unsupported')
  })

  it('[R0-20] nothing immutable is sent on update', async () => {
    const target = open()
    const { id } = await create(target, role('SOC'))
    await target.update(id, { displayName: 'Ada L' })
    await target.changeEntitlements(id, { assign: [role('IT')], revoke: [] })
    await target.setActive?.(id, false)
    const keys = bench
      .writes()
      .flatMap(({ method, body }) => (method === 'PUT' ? Object.keys((body as { data: object }).data) : []))
    assert.deepEqual(keys, ['fullName', 'role', 'isActive'])
  })

  /** The same console with other ids. */
  async function sentineloneBenchWithOtherIds() {
    const { startSentinelone } = await import('../../../src/simulators/sentinelone/index.ts')
    const { sentinelone } = await import('../../../src/vendors/sentinelone/index.ts')
    const { openKit, openTarget } = await import('../../contract/target.ts')
    const kit = openKit()
    const second = await startSentinelone({ profile: 'guide', firstId: 2_100_000_000_000_000_001n })
    const elsewhere = second.state
    return {
      open: (opening: { settings: Readonly<Record<string, unknown>> }) =>
        openTarget(sentinelone, second, 'guide', kit, opening),
      create: bench.create,
      account: () => ({ id: elsewhere.accountId('Acme') }),
      rolesOf: () =>
        elsewhere
          .userCalled(login)
          .scopeRoles.map(
            (each) => `${elsewhere.roles.find(({ id }) => id === each.roleId)?.name}@${each.id}`,
          ),
      async close() {
        await second.close()
        await kit.dispatcher.close()
      },
    }
  }
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import Value from 'typebox/value'
import { UserAnswer } from '../../../src/vendors/sentinelone/client-current.ts'
import { base, rejection, sentineloneBench } from './harness.ts'

/** Every output that the card "Update User" of Okta Workflows lists, as the API spells it. */
const outputs = {
  id: '1900000000000000123',
  apiToken: { createdAt: '2026-01-01T00:00:00Z', expiresAt: '2026-12-01T00:00:00Z' },
  canGenerateApiToken: true,
  elevatedSessionDurationMinutes: 30,
  dateJoined: '2026-01-01T00:00:00Z',
  email: 'ada@corp.example',
  isExternalLoginUser: false,
  emailReadOnly: true,
  emailVerified: true,
  agreedEula: true,
  agreementUrl: 'https://example.com/eula',
  firstLogin: '2026-01-02T00:00:00Z',
  fullName: 'Ada Lovelace',
  fullNameReadOnly: true,
  globalOrganizationId: 'o1',
  globalUserId: 'u1',
  isSystem: false,
  lastLogin: '2026-03-01T00:00:00Z',
  primaryTwoFaMethod: 'application',
  scope: 'account',
  source: 'mgmt',
  twoFaConfigured: true,
  twoFaEnabled: true,
  twoFaEnabledReadOnly: true,
  twoFaStatus: 'configured',
  scopeRoles: [{ accountName: 'Acme', id: '225494730938493804', siteName: '', roleId: '7', roleName: 'SOC' }],
}

describe('the card Update User', async () => {
  const bench = await sentineloneBench('current')
  const { simulator, state, open, role, site, account, create, user, sent, rolesOf } = bench

  it('[R1-06] [R1-10] has outputs that are all accepted, those that are not read included', async () => {
    const path = `${base}/users/${outputs.id}`
    simulator.failNext({ method: 'GET', path, status: 200, body: { data: outputs } })
    const read = await open().get(outputs.id)
    assert.deepEqual(read, {
      id: outputs.id,
      login: 'ada@corp.example',
      profile: { email: 'ada@corp.example', displayName: 'Ada Lovelace' },
      state: 'active',
      entitlements: [{ kind: 'role', id: '7', scope: { level: 'account', id: '225494730938493804' } }],
      settings: { canGenerateApiToken: true, twoFaEnabled: true, elevatedSessionDurationMinutes: 30 },
      createdAt: '2026-01-01T00:00:00Z',
      privileged: false,
      facts: {
        source: 'local',
        lastLoginAt: '2026-03-01T00:00:00Z',
        emailVerified: true,
        twoFactor: true,
        tokenExpiresAt: '2026-12-01T00:00:00Z',
        readOnly: ['email', 'displayName'],
        readOnlySettings: ['twoFaEnabled'],
      },
    })
  })

  it('[R1-12] [R0-09] types the scope id as Number: an id of 18 digits survives as text, and a number is refused', async () => {
    const [first] = outputs.scopeRoles
    const beyond = { ...outputs, scopeRoles: [{ ...first, id: 225494730938493800 }] }
    assert.ok(Value.Check(UserAnswer, { data: outputs }))
    assert.equal(Value.Check(UserAnswer, { data: beyond }), false)
    const { id } = await create(open(), role('SOC'))
    assert.ok(BigInt(id) > BigInt(Number.MAX_SAFE_INTEGER))
    assert.equal((await open().get(id))?.id, id)
  })

  it('[R1-01] updates by user id', async () => {
    const { id } = await create(open(), role('SOC'))
    await open().update(id, { displayName: 'Ada L' })
    assert.ok(bench.calls().includes(`PUT /users/${id}`))
    assert.equal(user().fullName, 'Ada L')
  })

  it('[R1-03] "Update Role: No" leaves the role: a new name carries scope and roles as they are', async () => {
    const target = open()
    const { id } = await create(target, role('SOC', site('EMEA')), role('IT', site('APAC')))
    const before = rolesOf()
    await target.update(id, { displayName: 'Ada L' })
    assert.deepEqual(sent('PUT'), {
      scope: 'site',
      scopeRoles: [
        { id: site('EMEA').id, roleId: state.roleId('SOC') },
        { id: site('APAC').id, roleId: state.roleId('IT') },
      ],
      fullName: 'Ada L',
    })
    assert.deepEqual(rolesOf(), before)
  })

  it('[R1-03] a change of role sends no name', async () => {
    const target = open()
    const { id } = await create(target, role('SOC'))
    await target.changeEntitlements(id, { assign: [role('IT')], revoke: [] })
    assert.deepEqual(Object.keys(sent('PUT')), ['scope', 'scopeRoles'])
  })

  it('"their role automatically defaults to Viewer": the simulator does so when a scope changes without a role', async () => {
    const { id } = await create(open(), role('SOC'))
    const answer = await fetch(`${simulator.origin}${base}/users/${id}`, {
      method: 'PUT',
      headers: {
        authorization: 'ApiToken simulated-api-token-of-the-owner',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ data: { scope: 'tenant' } }),
    })
    assert.equal(answer.status, 403, 'an account’s token may not')
    user().scope = 'site'
    user().scopeRoles = [{ id: site('EMEA').id, roleId: state.roleId('EMEA Analyst') }]
    await fetch(`${simulator.origin}${base}/users/${id}`, {
      method: 'PUT',
      headers: {
        authorization: 'ApiToken simulated-api-token-of-the-owner',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ data: { scope: 'account' } }),
    })
    assert.deepEqual(rolesOf(), [`Viewer@${account().id}`])
  })

  it('[R1-04] "their role automatically defaults to Viewer": a move from site to account carries an explicit role', async () => {
    const target = open()
    const { id } = await create(target, role('EMEA Analyst', site('EMEA')))
    await target.changeEntitlements(id, {
      assign: [role('SOC')],
      revoke: [role('EMEA Analyst', site('EMEA'))],
    })
    assert.deepEqual(sent('PUT'), {
      scope: 'account',
      scopeRoles: [{ id: account().id, roleId: state.roleId('SOC') }],
    })
    assert.deepEqual(rolesOf(), [`SOC@${account().id}`])
  })

  it('[R1-04] nobody becomes a Viewer unasked: without a role nothing is written, unless a quarantine role is named', async () => {
    const bare = open({ settings: { quarantineRole: undefined } })
    const refused = await rejection(create(bare))
    assert.deepEqual([refused.failure, bench.writes().length], ['unsupported', 0])
    const { id } = await create(bare, role('SOC'))
    const kept = await rejection(bare.changeEntitlements(id, { assign: [], revoke: [role('SOC')] }))
    assert.match(kept.detail, /makes a Viewer of a user without a role/)
    assert.deepEqual(rolesOf(), [`SOC@${account().id}`])
    await open().changeEntitlements(id, { assign: [], revoke: [role('SOC')] })
    assert.deepEqual(rolesOf(), [`No Access@${account().id}`])
  })

  it('[R0-16] "Can Generate ApiToken": set right after a creation, which does not take it, switched off in the call that takes the roles', async () => {
    const target = open()
    const { account: made } = await target.create({
      login: 'ada@corp.example',
      profile: { email: 'ada@corp.example', displayName: 'Ada' },
      entitlements: [role('SOC')],
      settings: { canGenerateApiToken: true },
    })
    const id = made!.id
    assert.equal(user().canGenerateApiToken, false)
    await target.update(id, {}, { canGenerateApiToken: true })
    assert.equal(user().canGenerateApiToken, true)
    const { entitlements = [] } = (await target.get(id)) ?? {}
    const before = bench.writes().length
    await target.changeEntitlements(id, {
      assign: [],
      revoke: entitlements,
      settings: { canGenerateApiToken: false },
    })
    assert.equal(bench.writes().length, before + 1)
    assert.deepEqual([user().canGenerateApiToken, rolesOf()], [false, [`No Access@${account().id}`]])
    await target.changeEntitlements(id, { assign: [role('IT')], revoke: [] })
    await target.update(
      id,
      {},
      { canGenerateApiToken: true, twoFaEnabled: true, elevatedSessionDurationMinutes: 15 },
    )
    assert.deepEqual((await target.get(id))?.settings, {
      canGenerateApiToken: true,
      twoFaEnabled: true,
      elevatedSessionDurationMinutes: 15,
    })
    assert.deepEqual(rolesOf(), [`IT@${account().id}`], 'roles travel with every write')
    await target.changeEntitlements(id, { assign: [role('SOC')], revoke: [] })
    assert.equal(user().canGenerateApiToken, true, 'a change that does not name it leaves it')
  })

  it('[R1-08] "If true, the full name can’t be modified": no writing call, and the flag is told', async () => {
    const target = open()
    const { id } = await create(target, role('SOC'))
    Object.assign(user(), { fullNameReadOnly: true, emailReadOnly: true, twoFaEnabledReadOnly: true })
    const before = bench.writes().length
    const error = await rejection(target.update(id, { displayName: 'Ada L' }))
    assert.deepEqual([error.failure, bench.writes().length], ['forbidden', before])
    assert.match(error.detail, /fullNameReadOnly/)
    assert.deepEqual((await target.get(id))?.facts.readOnly, ['email', 'displayName'])
    await target.changeEntitlements(id, { assign: [role('IT')], revoke: [] })
    assert.ok(bench.writes().every(({ body }) => !JSON.stringify(body).includes('twoFa')))
  })

  it('[R1-09] "If true, the user is a system account": it is told as managed by the vendor, and its source too', async () => {
    state.addUser({ email: 'system@acme.example', isSystem: true })
    state.addUser({ email: 'sso@acme.example', source: 'sso_saml' })
    state.addUser({ email: 'ad@acme.example', source: 'active_directory' })
    const facts = new Map<string, unknown>()
    for await (const each of open().list()) facts.set(each.login, [each.facts.managedBy, each.facts.source])
    assert.deepEqual(facts.get('system@acme.example'), ['SentinelOne itself (isSystem)', 'local'])
    assert.deepEqual(facts.get('sso@acme.example'), [undefined, 'sso'])
    assert.deepEqual(facts.get('ad@acme.example'), [undefined, 'directory'])
  })

  it('[R1-05] [R1-07] tells the API token’s end, when somebody joined, signed in last, and whether they are verified', async () => {
    const target = open()
    const { id } = await create(target, role('SOC'))
    assert.deepEqual(
      [(await target.get(id))?.state, (await target.get(id))?.facts.emailVerified],
      ['invited', false],
    )
    state.accept('ada@corp.example')
    state.giveToken(id)
    const { facts, createdAt, state: now } = (await target.get(id)) ?? assert.fail()
    assert.equal(now, 'active')
    assert.equal(createdAt, user().dateJoined)
    assert.deepEqual(facts, {
      source: 'local',
      lastLoginAt: user().lastLogin,
      emailVerified: true,
      twoFactor: false,
      tokenExpiresAt: user().apiToken?.expiresAt,
    })
    await target.endSessions?.(id)
    assert.equal((await target.get(id))?.facts.tokenExpiresAt, undefined)
  })
})

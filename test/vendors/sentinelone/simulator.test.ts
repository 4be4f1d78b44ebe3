import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { base, sentineloneBench } from './harness.ts'

interface Answer {
  readonly status: number
  readonly retryAfter: string | null
  // Bodies are asserted on, field by field.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any
}

describe('the simulator', async () => {
  const { simulator, state, account, site } = await sentineloneBench('current')

  async function call(method: string, path: string, body?: unknown, scheme = 'ApiToken'): Promise<Answer> {
    const response = await fetch(`${simulator.origin}${base}${path}`, {
      method,
      headers: {
        authorization: `${scheme} simulated-api-token-of-the-owner`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const retryAfter = response.headers.get('retry-after')
    return { status: response.status, retryAfter, body: text.startsWith('{') ? JSON.parse(text) : text }
  }
  const draft = (email = 'ada@corp.example') => ({
    email,
    fullName: 'Ada',
    scope: 'account',
    scopeRoles: [{ id: account().id, roleId: state.roleId('SOC') }],
  })

  it('[R0-34] gives 10 unless asked, and refuses more than 1000', async () => {
    state.seedUsers(30)
    assert.equal((await call('GET', '/users')).body.data.length, 10)
    const refused = await call('GET', '/users?limit=1001')
    assert.deepEqual([refused.status, refused.body.errors[0].code], [400, 4000010])
    assert.equal((await call('GET', '/users?limit=1000&cursor=nonsense')).status, 400)
    assert.equal((await call('GET', '/users?limit=1&skipCount=true')).body.pagination.totalItems, 0)
  })

  it('ends a list with an empty page when told so', async () => {
    Object.assign(state.toggles, { trailingEmptyPage: true })
    const first = await call('GET', '/users?limit=1000')
    const { nextCursor } = first.body.pagination
    const second = await call('GET', `/users?limit=1000&cursor=${nextCursor}`)
    assert.deepEqual([first.body.data.length, second.body.data.length], [1, 0])
    assert.equal(second.body.pagination.nextCursor, null)
  })

  it('has ids of 19 digits', async () => {
    const { body } = await call('POST', '/users', { data: draft() })
    assert.match(body.data.id, /^\d{19}$/)
  })

  for (const [what, method, path, body] of [
    ['a body without its envelope', 'POST', '/users', () => draft()],
    ['a creation without scope', 'POST', '/users', () => ({ data: { ...draft(), scope: undefined } })],
    [
      'an unknown role',
      'POST',
      '/users',
      () => ({ data: { ...draft(), scopeRoles: [{ id: account().id, roleId: '1' }] } }),
    ],
    [
      'an unknown account',
      'POST',
      '/users',
      () => ({ data: { ...draft(), scopeRoles: [{ id: '1', roleId: state.roleId('SOC') }] } }),
    ],
    [
      'a password with onboarding',
      'POST',
      '/users',
      () => ({ data: { ...draft(), password: 'Secret-1234' } }),
    ],
    ['the level group', 'POST', '/users', () => ({ data: { ...draft(), scope: 'group' } })],
  ] as const) {
    it(`refuses ${what} with 400`, async () => {
      const answer = await call(method, path, body())
      assert.deepEqual([answer.status, answer.body.errors[0].title], [400, 'Validation Error'])
    })
  }

  it('refuses a PUT without scope, and ignores fields that it does not know', async () => {
    const { body } = await call('POST', '/users', { data: draft() })
    const path = `/users/${body.data.id}`
    assert.equal((await call('PUT', path, { data: { fullName: 'Ada L' } })).status, 400)
    const answer = await call('PUT', path, { data: { scope: 'account', isActive: false, role: 'IT' } })
    assert.equal(answer.status, 200)
    assert.ok(!('isActive' in answer.body.data))
    assert.equal(state.userCalled('ada@corp.example').isActive, true)
  })

  it('[R0-02] answers 401 with 4010010 to another scheme, and to an ended token', async () => {
    const bearer = await call('GET', '/user', undefined, 'Bearer')
    assert.deepEqual([bearer.status, bearer.body.errors[0].code], [401, 4010010])
    state.tokens.get('simulated-api-token-of-the-owner')!.expiresAt = 0
    assert.equal((await call('GET', '/user')).status, 401)
  })

  it('refuses an address that is taken, in both ways', async () => {
    await call('POST', '/users', { data: draft() })
    assert.equal((await call('POST', '/users', { data: draft('Ada@Corp.example') })).status, 409)
    state.toggles.duplicate = '400'
    assert.equal((await call('POST', '/users', { data: draft() })).body.errors[0].code, 4000030)
    const { body } = await call('POST', '/users', { data: draft('bob@corp.example') })
    const rename = { data: { scope: 'account', email: 'ada@corp.example' } }
    assert.equal((await call('PUT', `/users/${body.data.id}`, rename)).status, 409)
  })

  it('keeps what is read-only, and system users', async () => {
    const readOnly = state.addUser({ email: 'ro@acme.example', fullNameReadOnly: true, emailReadOnly: true })
    const write = (data: object) =>
      call('PUT', `/users/${readOnly.id}`, { data: { scope: 'account', ...data } })
    assert.equal((await write({ fullName: 'New' })).status, 400)
    assert.equal((await write({ email: 'new@acme.example' })).status, 400)
    const system = state.addUser({ email: 'system@acme.example', isSystem: true })
    assert.equal((await call('DELETE', `/users/${system.id}`)).status, 403)
  })

  it('keeps tokens within their scope: users by 403 or 404, accounts by 403 for tokens of a site', async () => {
    const globex = { id: state.accountId('Globex'), roleId: state.roleId('SOC') }
    const { id } = state.addUser({ email: 'far@globex.example', scopeRoles: [globex] })
    assert.equal((await call('GET', `/users/${id}`)).status, 403)
    state.toggles.outOfScope = 404
    assert.equal((await call('GET', `/users/${id}`)).status, 404)
    const owner = state.userCalled('drawbridge@acme.example')
    const ofSite = { id: site('EMEA').id, roleId: state.roleId('Admin') }
    Object.assign(owner, { scope: 'site', scopeRoles: [ofSite] })
    const accounts = await call('GET', '/accounts')
    assert.deepEqual([accounts.status, accounts.body.errors[0].code], [403, 4030010])
  })

  it('limits requests by token and path, with and without a wait', async () => {
    state.toggles.limits = true
    const answers = []
    for (let at = 0; at < 7; at += 1) answers.push(await call('GET', '/user'))
    const limited = answers.find(({ status }) => status === 429)
    assert.equal(limited?.retryAfter, '1')
    state.toggles.retryAfter = 'none'
    assert.equal((await call('GET', '/user')).retryAfter, null)
    assert.equal((await call('GET', '/users')).status, 200)
  })

  it('compares the filter email letter by letter, unless told otherwise', async () => {
    await call('POST', '/users', { data: draft() })
    const found = async () => (await call('GET', '/users?email=ADA@corp.example')).body.data.length
    assert.equal(await found(), 0)
    state.toggles.emailMatch = 'caseless'
    assert.equal(await found(), 1)
  })

  it('takes the revocation of no token for done', async () => {
    const { body } = await call('POST', '/users', { data: draft() })
    const answer = await call('POST', '/users/revoke-api-token', { data: { id: body.data.id } })
    assert.deepEqual([answer.status, answer.body], [200, { data: { success: true } }])
  })
})

describe('the simulator of both profiles', async () => {
  const { simulator, state } = await sentineloneBench('current', { toggles: { profile: 'both' } })

  it('serves either by the fields that it is sent', async () => {
    const send = async (data: object) => {
      const response = await fetch(`${simulator.origin}${base}/users`, {
        method: 'POST',
        headers: {
          authorization: 'ApiToken simulated-api-token-of-the-owner',
          'content-type': 'application/json',
        },
        body: JSON.stringify({ data }),
      })
      return response.status
    }
    const accountId = state.accountId('Acme')
    assert.equal(await send({ email: 'a@b.example', fullName: 'A', role: 'SOC', accountId }), 200)
    const scopeRoles = [{ id: accountId, roleId: state.roleId('SOC') }]
    assert.equal(await send({ email: 'c@b.example', fullName: 'C', scope: 'account', scopeRoles }), 200)
    for (const path of ['/user', '/users/login/by-token', '/rbac/roles', '/user-roles']) {
      const response = await fetch(`${simulator.origin}${base}${path}`, {
        headers: { authorization: 'ApiToken simulated-api-token-of-the-owner' },
      })
      assert.equal(response.status, 200, path)
    }
  })
})

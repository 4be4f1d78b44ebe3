import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { base, sentineloneBench } from './harness.ts'

/** Requests and answers of the user management API guide of 2026-03, as it prints them. */
const jane = { id: '123', email: 'user@example.com', fullName: 'Jane Doe', role: 'Admin' }
const listed = { data: [jane], pagination: { nextCursor: null, totalItems: 1 } }
const read = { data: { ...jane, isActive: true } }
const created = {
  data: {
    id: '456',
    email: 'newuser@example.com',
    fullName: 'John Smith',
    role: 'Viewer',
    isActive: true,
  },
}
const updated = {
  data: { id: '456', email: 'newuser@example.com', fullName: 'John A. Smith', role: 'Admin' },
}
const done = { data: { success: true } }
const owner = { data: { id: '789', email: 'admin@example.com', fullName: 'API Admin', role: 'Admin' } }
const roles = {
  data: [
    { id: 'r1', name: 'Admin', description: 'Full access' },
    { id: 'r2', name: 'Viewer', description: 'Read-only' },
  ],
}

describe('the examples of the guide', async () => {
  const { simulator, open, account, role } = await sentineloneBench('guide')

  /** Answers the next such request as the guide prints it. */
  const example = (method: string, path: string, body: unknown) =>
    simulator.failNext({ method, path: `${base}${path}`, status: 200, body })
  const last = (method: string, path: string) =>
    simulator.trace.findLast((entry) => entry.method === method && entry.path === `${base}${path}`)

  it('[R0-21] list users: limit and accountIds go out, the envelope comes back', async () => {
    example('GET', '/users', listed)
    const accounts = []
    for await (const each of open().list()) accounts.push(each)
    assert.deepEqual(last('GET', '/users')?.query, { limit: '1000', accountIds: account().id })
    assert.deepEqual(
      accounts.map(({ id, login, profile }) => ({ id, login, ...profile })),
      [{ id: '123', login: 'user@example.com', email: 'user@example.com', displayName: 'Jane Doe' }],
    )
  })

  it('[R0-21] list users: the cursor of the example is followed', async () => {
    example('GET', '/users', { data: [jane], pagination: { nextCursor: 'abc123', totalItems: 200 } })
    example('GET', '/users', listed)
    const ids = []
    for await (const { id } of open().list()) ids.push(id)
    assert.equal(last('GET', '/users')?.query['cursor'], 'abc123')
    assert.equal(ids.length, 2)
  })

  it('[R0-23] get user by ID: an active Admin', async () => {
    example('GET', '/users/123', read)
    const found = await open().get('123')
    assert.equal(found?.state, 'active')
    assert.equal(found.privileged, true)
    assert.deepEqual(found.entitlements, [role('Admin')])
  })

  it('[R0-24] [R0-19] create user: email, fullName, role and accountId in the body', async () => {
    example('POST', '/users', created)
    const { account: made } = await open().create({
      login: 'newuser@example.com',
      profile: { email: 'newuser@example.com', displayName: 'John Smith' },
      entitlements: [role('Viewer')],
    })
    assert.deepEqual(last('POST', '/users')?.body, {
      data: {
        email: 'newuser@example.com',
        fullName: 'John Smith',
        role: 'Viewer',
        accountId: account().id,
      },
    })
    assert.deepEqual(last('POST', '/users')?.query, {})
    assert.deepEqual([made?.id, made?.state, made?.entitlements], ['456', 'active', [role('Viewer')]])
  })

  it('[R0-26] [R1-01] update user: fullName and role, each when it changes', async () => {
    example('PUT', '/users/456', updated)
    await open().update('456', { displayName: 'John A. Smith' })
    assert.deepEqual(last('PUT', '/users/456')?.body, { data: { fullName: 'John A. Smith' } })
    example('GET', '/users/456', created)
    example('PUT', '/users/456', updated)
    await open().changeEntitlements('456', { assign: [role('Admin')], revoke: [] })
    assert.deepEqual(last('PUT', '/users/456')?.body, { data: { role: 'Admin' } })
  })

  it('[R0-28] delete user: no body', async () => {
    example('GET', '/users/456', created)
    example('DELETE', '/users/456', done)
    await open().remove?.('456')
    assert.equal(last('DELETE', '/users/456')?.body, undefined)
  })

  it('[R0-07] get current user: the token’s own account', async () => {
    example('GET', '/users/login/by-token', owner)
    assert.equal(await open().self(), '789')
    assert.deepEqual(last('GET', '/users/login/by-token')?.query, {})
  })

  it('[R0-29] list roles: of the account', async () => {
    example('GET', '/user-roles', roles)
    const names = (await open().catalogue()).map(({ name }) => name)
    assert.equal(last('GET', '/user-roles')?.query['accountIds'], account().id)
    assert.deepEqual(names, ['Admin', 'Viewer'])
  })

  it('[R0-30] revoke user API token: the id in the path, no body', async () => {
    example('POST', '/users/456/revoke-api-token', done)
    await open().endSessions?.('456')
    assert.equal(last('POST', '/users/456/revoke-api-token')?.body, undefined)
  })

  it('[R0-01] [R0-02] carry ApiToken and the path of v2.1 in every request', async () => {
    await open().test()
    assert.ok(simulator.trace.length > 2)
    assert.ok(simulator.trace.every(({ status, path }) => status === 200 && path.startsWith(`${base}/`)))
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { homeCid } from '../../../src/simulators/crowdstrike/state.ts'
import { falconBench, role } from './harness.ts'

const usersPath = '/users/entities/users/v1'
const uidsPath = '/users/queries/user-uids/v1'
const heldPath = '/user-roles/queries/user-role-ids-by-user-uuid/v1'
const rolesPath = '/user-roles/entities/user-roles/v1'

/** Requests and answers of the user management API guide of 2026-03, as it prints them. */
const listed = {
  resources: ['uid-1234', 'uid-5678'],
  meta: { pagination: { offset: 0, limit: 100, total: 2 } },
}
const detailed = {
  resources: [{ uid: 'uid-1234', username: 'user@example.com', first_name: 'Jane', last_name: 'Doe' }],
}
const created = {
  resources: [{ uid: 'uid-9999', username: 'newuser@example.com', first_name: 'John', last_name: 'Smith' }],
}
const updated = { resources: [{ uid: 'uid-9999', first_name: 'Jonathan', last_name: 'Smith' }] }
const deleted = { resources: ['uid-9999'], errors: [] }
const heldRoles = { resources: ['falcon_admin', 'detection_monitor'] }
const granted = { resources: [{ cid: 'cid-abc', role_id: 'falcon_admin', user_uuid: 'uid-9999' }] }
const revoked = { resources: ['falcon_admin'], errors: [] }

describe('the examples of the guide', async () => {
  const { simulator, open } = await falconBench('guide')

  /** Answers the next such request as the guide prints it. */
  const example = (method: string, path: string, body: unknown) =>
    simulator.failNext({ method, path, status: 200, body })
  const last = (method: string, path: string) =>
    simulator.trace.findLast((entry) => entry.method === method && entry.path === path)

  it('[R3-16] list user UIDs: offset and limit go out, the uids come back', async () => {
    example('GET', uidsPath, listed)
    example('GET', usersPath, detailed)
    const ids: string[] = []
    for await (const { id } of open().list()) ids.push(id)
    assert.deepEqual(last('GET', uidsPath)?.query, { offset: '0', limit: '500' })
    assert.deepEqual(last('GET', usersPath)?.query, { ids: ['uid-1234', 'uid-5678'] })
    assert.deepEqual(ids, ['uid-1234'])
  })

  it('get user details by UID: id is uid, login is username', async () => {
    example('GET', usersPath, detailed)
    example('GET', heldPath, heldRoles)
    const account = await open().get('uid-1234')
    assert.deepEqual(last('GET', usersPath)?.query, { ids: 'uid-1234' })
    assert.deepEqual([account?.id, account?.login], ['uid-1234', 'user@example.com'])
    assert.deepEqual(account?.profile, { email: 'user@example.com', givenName: 'Jane', familyName: 'Doe' })
  })

  it('create user: the body is username, first_name and last_name', async () => {
    example('POST', usersPath, created)
    const profile = { email: 'newuser@example.com', givenName: 'John', familyName: 'Smith' }
    const { outcome, account } = await open().create({
      login: 'newuser@example.com',
      profile,
      entitlements: [],
    })
    assert.deepEqual(last('POST', usersPath)?.body, {
      username: 'newuser@example.com',
      first_name: 'John',
      last_name: 'Smith',
    })
    assert.deepEqual([outcome, account?.id, account?.login], ['created', 'uid-9999', 'newuser@example.com'])
  })

  it('[R3-12, R3-18] update user: user_uuid in the query, only what changes in the body', async () => {
    example('PATCH', usersPath, updated)
    await open().update('uid-9999', { givenName: 'Jonathan' })
    assert.deepEqual(last('PATCH', usersPath)?.query, { user_uuid: 'uid-9999' })
    assert.deepEqual(last('PATCH', usersPath)?.body, { first_name: 'Jonathan' })
  })

  it('[R3-18] delete user: user_uuid in the query, no body', async () => {
    example('DELETE', usersPath, deleted)
    await open().remove?.('uid-9999')
    assert.deepEqual(last('DELETE', usersPath)?.query, { user_uuid: 'uid-9999' })
    assert.equal(last('DELETE', usersPath)?.body, undefined)
  })

  it('[R3-21] get user roles: role ids only, in the tenant’s CID', async () => {
    example('GET', usersPath, detailed)
    example('GET', heldPath, heldRoles)
    const account = await open().get('uid-1234')
    assert.deepEqual(last('GET', heldPath)?.query, { user_uuid: 'uid-1234' })
    assert.deepEqual(account?.entitlements, [role('falcon_admin'), role('detection_monitor')])
    assert.equal(account?.privileged, true)
  })

  it('[R3-22] grant roles to user: roleIds and user_uuid in the body, nothing in the query', async () => {
    example('POST', rolesPath, granted)
    await open().changeEntitlements('uid-9999', { assign: [role('falcon_admin')], revoke: [] })
    assert.deepEqual(last('POST', rolesPath)?.body, { roleIds: ['falcon_admin'], user_uuid: 'uid-9999' })
    assert.deepEqual(last('POST', rolesPath)?.query, {})
  })

  it('[R3-24] revoke roles from user: user_uuid and one roleId in the query', async () => {
    example('DELETE', rolesPath, revoked)
    await open().changeEntitlements('uid-9999', { assign: [], revoke: [role('falcon_admin')] })
    assert.deepEqual(last('DELETE', rolesPath)?.query, { user_uuid: 'uid-9999', roleId: 'falcon_admin' })
    assert.equal(last('DELETE', rolesPath)?.body, undefined)
  })

  it('carry the bearer token and JSON in every request', async () => {
    await open().test()
    assert.ok(simulator.trace.every(({ status }) => status !== 401 && status !== 415))
    assert.equal(homeCid.length, 32)
  })
})

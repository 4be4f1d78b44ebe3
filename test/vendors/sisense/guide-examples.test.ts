import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { simulatedLogin } from '../../../src/simulators/sisense/access.ts'
import { simulatedToken } from '../../../src/simulators/sisense/state/seed.ts'
import { draftOf, group, role, sisenseBench } from './harness.ts'

/** The guide prints ids in short: `5f3e...`. */
const user = '5f3e00000000000000000001'
const admin = '5f1a00000000000000000001'
const viewer = '5f1b00000000000000000002'
const other = '5f2b00000000000000000003'
const sales = '6a2c00000000000000000001'

const usersPath = '/api/v1/users'
const userPath = `${usersPath}/${user}`

/** Requests and answers of the user management API guide of 2026-03, as it prints them. */
const listed = [{ _id: user, userName: 'jdoe', email: 'jdoe@example.com', roleId: admin, active: true }]
const single = {
  _id: user,
  userName: 'jdoe',
  email: 'jdoe@example.com',
  firstName: 'John',
  lastName: 'Doe',
  roleId: admin,
}
const created = { _id: user, userName: 'jdoe', email: 'jdoe@example.com', roleId: admin }
const updated = { _id: user, firstName: 'Jane', roleId: other }
const loggedIn = { access_token: 'eyJ...', token_type: 'bearer' }
const roles = [
  { _id: admin, name: 'Admin' },
  { _id: viewer, name: 'Viewer' },
]
const groups = [{ _id: sales, name: 'Sales Team' }]

describe('the examples of the guide', async () => {
  const { simulator, state, open, openWith, last } = await sisenseBench('guide')

  /** Answers the next such request as the guide prints it. */
  const example = (method: string, path: string, body: unknown, times = 1) =>
    simulator.failNext({ method, path, status: 200, body, times })
  const catalogue = () => {
    example('GET', '/api/v1/roles', roles)
    example('GET', '/api/v1/groups', groups)
    example('GET', '/api/v1/groups', [])
  }
  const probed = () => example('GET', usersPath, [])

  it('[R2-04] authenticate: JSON user name and password go out, access_token is read', async () => {
    example('POST', '/api/v1/authentication/login', loggedIn)
    await open()
      .test()
      .catch(() => undefined)
    const login = last('POST', '/api/v1/authentication/login')
    assert.deepEqual(login?.body, { username: simulatedLogin.username, password: '[removed]' })
    assert.equal(login?.status, 200)
  })

  it('[R2-16] list users: skip and limit go out, a bare array comes back', async () => {
    catalogue()
    probed()
    const ids: string[] = []
    const target = openWith({ apiToken: simulatedToken })
    await target.catalogue()
    example('GET', usersPath, listed)
    example('GET', usersPath, [])
    for await (const { id, login } of target.list()) ids.push(`${id} ${login}`)
    const pages = simulator.trace.filter(({ path, query }) => path === usersPath && query['limit'] !== '1')
    assert.deepEqual(
      pages.slice(-2).map(({ query }) => query),
      [
        { skip: '0', limit: '200' },
        { skip: '1', limit: '200' },
      ],
    )
    assert.deepEqual(ids, [`${user} jdoe`])
  })

  it('[R2-18] get single user: the internal _id is in the path', async () => {
    catalogue()
    example('GET', userPath, single)
    const account = await open().get(user)
    assert.deepEqual(last('GET', userPath)?.query, {})
    assert.deepEqual(account?.profile, {
      userName: 'jdoe',
      email: 'jdoe@example.com',
      givenName: 'John',
      familyName: 'Doe',
    })
    assert.deepEqual(
      [account?.login, account?.state, account?.entitlements],
      ['jdoe', 'active', [role('admin')]],
    )
  })

  it('[R2-18] create user: the fields of the example and a password go out, a GET verifies', async () => {
    catalogue()
    example('POST', usersPath, created)
    example('GET', userPath, single)
    const { outcome, account } = await open().create({
      login: 'jdoe@example.com',
      profile: { userName: 'jdoe', email: 'jdoe@example.com' },
      entitlements: [role('admin')],
    })
    assert.deepEqual(last('POST', usersPath)?.body, {
      userName: 'jdoe',
      email: 'jdoe@example.com',
      roleId: admin,
      password: '[removed]',
    })
    assert.deepEqual([outcome, account?.id], ['created', user])
    assert.equal(last('GET', userPath)?.status, 200)
  })

  it('[R2-18] update user: only what changes is in the body', async () => {
    example('PATCH', userPath, updated)
    await open().update(user, { givenName: 'Jane' })
    assert.deepEqual(last('PATCH', userPath)?.body, { firstName: 'Jane' })
  })

  it('[R2-20] delete user: a 200 with {} is success', async () => {
    example('DELETE', userPath, {})
    await open().remove?.(user)
    assert.equal(last('DELETE', userPath)?.body, undefined)
  })

  it('[R2-09, R2-21] list roles and groups: names become ids', async () => {
    catalogue()
    assert.deepEqual(await open().catalogue(), [
      { ...role('admin'), name: 'Admin', privileged: true },
      { ...role('consumer'), name: 'Viewer', privileged: false },
      { ...group(sales), name: 'Sales Team' },
    ])
  })

  it('every request carries the bearer token', async () => {
    await open().test()
    assert.ok(simulator.trace.every(({ status }) => status === 200))
  })

  it('[R2-28, R2-27] scenario, "roleId and groupId are instance-specific": login, roles, groups, POST with both, GET verifies', async () => {
    const target = open()
    const team = state.group('Sales Team')
    await target.create(draftOf('jane@corp.example', role('contributor'), group(team._id)))
    const made = state.user('jane@corp.example')
    assert.deepEqual([made?.roleId, made?.groups], [state.roleId('Designer'), [team._id]])
    const path = (entry: { method: string; path: string }) => `${entry.method} ${entry.path}`
    const walked = [...new Set(simulator.trace.map(path))]
    assert.deepEqual(walked.toSorted(), [
      `GET /api/v1/groups`,
      `GET /api/v1/roles`,
      `GET /api/v1/users`,
      `GET /api/v1/users/${made?._id}`,
      `POST /api/v1/authentication/login`,
      `POST /api/v1/users`,
    ])
    assert.equal(walked[0], 'POST /api/v1/authentication/login')
    assert.equal(walked.at(-1), `GET /api/v1/users/${made?._id}`)
  })
})

import assert from 'node:assert/strict'
import { after, beforeEach, describe, it } from 'node:test'
import { compileFql } from '../../../src/simulators/crowdstrike/fql.ts'
import { homeCid } from '../../../src/simulators/crowdstrike/state.ts'
import { simulatedCredentials } from '../../../src/simulators/crowdstrike/access.ts'
import { startCrowdstrike } from '../../../src/simulators/crowdstrike/index.ts'

const usersPath = '/user-management/entities/users/v1'
const queryPath = '/user-management/queries/users/v1'

describe('the Falcon simulator', async () => {
  const simulator = await startCrowdstrike()
  const { state } = simulator
  beforeEach(() => simulator.reset())
  after(() => simulator.close())

  async function token(): Promise<string> {
    const { clientId, clientSecret } = simulatedCredentials
    const body = new URLSearchParams({ client_id: clientId, client_secret: clientSecret })
    const response = await fetch(`${simulator.origin}/oauth2/token`, { method: 'POST', body })
    assert.equal(response.status, 201)
    assert.equal(response.headers.get('x-cs-region'), 'us-1')
    return ((await response.json()) as { access_token: string }).access_token
  }

  async function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const authorization = `Bearer ${await token()}`
    const json = body === undefined ? {} : { 'content-type': 'application/json' }
    const response = await fetch(`${simulator.origin}${path}`, {
      method,
      headers: { authorization, ...json, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const parsed = (await response.json().catch(() => undefined)) as
      { resources: { uuid: string; uid: string }[]; errors: { code: number; message: string }[] } | undefined
    return { status: response.status, headers: response.headers, body: parsed }
  }
  const jane = { uid: 'Jane@Corp.Example', first_name: 'Jane', last_name: 'Doe' }

  it('answers 201 to a creation and folds the case of the address', async () => {
    const { status, body } = await ask('POST', usersPath, jane)
    assert.equal(status, 201)
    assert.equal(body?.resources[0]?.uid, 'jane@corp.example')
    assert.deepEqual(simulator.people(), [{ login: 'jane@corp.example', state: 'active', entitlements: [] }])
  })

  it('answers 400 to duplicates, here and in other CIDs, and to unknown users', async () => {
    await ask('POST', usersPath, jane)
    assert.equal((await ask('POST', usersPath, jane)).status, 400)
    state.foreign.add('john@corp.example')
    assert.equal((await ask('POST', usersPath, { ...jane, uid: 'john@corp.example' })).status, 400)
    const gone = await ask('DELETE', `${usersPath}?user_uuid=nobody`, {})
    assert.deepEqual([gone.status, gone.body?.errors[0]?.message], [400, 'invalid user uuid'])
  })

  it('answers an entity read of unknown users with empty resources', async () => {
    const { status, body } = await ask('POST', '/user-management/entities/users/GET/v1', { ids: ['nobody'] })
    assert.deepEqual([status, body?.resources], [200, []])
  })

  it('has no effect with validate_only', async () => {
    assert.equal((await ask('POST', `${usersPath}?validate_only=true`, jane)).status, 200)
    assert.equal(state.users.size, 0)
  })

  for (const [query, status] of [
    ['limit=0', 400],
    ['limit=501', 400],
    ['limit=500', 200],
    ['offset=-1', 400],
    ['filter=uid:nobody', 400],
    [`filter=${encodeURIComponent("shoe_size:'44'")}`, 400],
  ] as const) {
    it(`answers ${status} to ${query}`, async () => {
      assert.equal((await ask('GET', `${queryPath}?${query}`)).status, status)
    })
  }

  it('wants both names in a PATCH', async () => {
    const { id } = state.addUser({ email: 'jane@corp.example' })
    const path = `${usersPath}?user_uuid=${id}`
    assert.equal((await ask('PATCH', path, { first_name: 'Janet' })).status, 400)
    assert.equal((await ask('PATCH', path, { first_name: 'Janet', last_name: 'Doe' })).status, 200)
  })

  it('wants a Content-Type on writes', async () => {
    assert.equal((await ask('POST', usersPath, jane, { 'content-type': 'text/plain' })).status, 415)
    assert.equal((await ask('DELETE', `${usersPath}?user_uuid=x`)).status, 415)
  })

  it('refuses tokens that it did not make, and tokens that are over', async () => {
    assert.equal((await ask('GET', queryPath, undefined, { authorization: 'Bearer nobody' })).status, 401)
    state.toggles.tokenSeconds = 0
    assert.equal((await ask('GET', queryPath)).status, 401)
  })

  it('sends rate headers with every answer, and 429 in seconds or milliseconds', async () => {
    state.toggles.rateLimit = 3
    const first = await ask('GET', queryPath)
    assert.equal(first.headers.get('x-ratelimit-limit'), '3')
    assert.equal(first.headers.get('x-ratelimit-remaining'), '1')
    const { id } = state.addUser({ email: 'jane@corp.example' })
    const limited = await ask('DELETE', `${usersPath}?user_uuid=${id}`, {})
    assert.equal(limited.status, 429)
    assert.ok(Number(limited.headers.get('x-ratelimit-retryafter')) < 1e12)
    assert.equal(state.users.size, 1)
  })

  it('has only the routes of the profile that is on', async () => {
    state.toggles.routes = 'guide'
    assert.equal((await ask('GET', queryPath)).status, 404)
    assert.equal((await ask('GET', '/users/queries/user-uids/v1')).status, 200)
    state.toggles.routes = 'current'
    assert.equal((await ask('GET', '/users/queries/user-uids/v1')).status, 404)
  })

  it('commits, then answers 504', async () => {
    state.toggles.commitThen504 = 1
    assert.equal((await ask('POST', usersPath, jane)).status, 504)
    assert.equal(state.users.size, 1)
  })

  it('hides refusals in a 200 when told to', async () => {
    state.toggles.errorsInside200 = true
    const { status, body } = await ask('POST', usersPath, { ...jane, first_name: '' })
    assert.deepEqual([status, body?.errors[0]?.code], [200, 400])
  })

  it('counts creates and grants in the trace, and no reading', async () => {
    const { body } = await ask('POST', usersPath, jane)
    const uuid = body?.resources[0]?.uuid
    const grant = { action: 'grant', uuid, cid: homeCid, role_ids: ['help_desk'] }
    await ask('POST', '/user-management/entities/user-role-actions/v1', grant)
    await ask('POST', '/user-management/entities/users/GET/v1', { ids: [uuid] })
    const written = simulator.trace.filter(({ mutating }) => mutating).map(({ path }) => path)
    assert.deepEqual(written, [usersPath, '/user-management/entities/user-role-actions/v1'])
    assert.deepEqual(simulator.people()[0]?.entitlements, [`role:help_desk@cid:${homeCid}`])
  })
})

describe('FQL', () => {
  const fields = { uid: "o'neil@corp.example", first_name: 'Ann' }
  for (const [filter, matches] of [
    [String.raw`uid:'o\'neil@corp.example'`, true],
    [`uid:'x'`, false],
    [`uid:'x',first_name:'Ann'`, true],
    [`uid:'x'+first_name:'Ann'`, false],
    [`uid:*'o*'`, true],
    [`uid:*'corp*'`, false],
    [`first_name:'ann'`, false],
  ] as const) {
    it(`${matches ? 'matches' : 'does not match'} ${filter}`, () => {
      assert.equal(compileFql(filter, ['uid', 'first_name'])(fields), matches)
    })
  }
})

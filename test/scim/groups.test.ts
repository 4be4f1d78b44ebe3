import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aGroup, aPatch, aUser, scimApp, type ScimApp } from '../support/scim-app.ts'
import type { ClientProfile } from '../../src/model/directory.ts'

const memberIds = (json: Readonly<Record<string, unknown>>): readonly string[] =>
  ((json['members'] ?? []) as { value: string }[]).map(({ value }) => value)

const add = (...ids: readonly string[]) =>
  aPatch({ op: 'add', path: 'members', value: ids.map((value) => ({ value })) })

async function people({ call }: ScimApp, ...names: readonly string[]): Promise<readonly string[]> {
  const ids = []
  for (const name of names)
    ids.push(String((await call('POST', '/Users', aUser(`${name}@corp.example`))).json['id']))
  return ids
}

async function withGroup(t: Parameters<typeof scimApp>[0], client: ClientProfile = 'auto') {
  const scim = await scimApp(t, { client })
  const [ada = '', bo = ''] = await people(scim, 'ada', 'bo')
  const created = await scim.call('POST', '/Groups', aGroup('Falcon Admins', ada))
  assert.equal(created.status, 201, created.text)
  return { ...scim, ada, bo, created, path: `/Groups/${created.json['id']}` }
}

describe('POST /Groups', () => {
  it('[C-01] answers 201 with members, location and version once recorded, and wakes the workers', async (t) => {
    const { created, ada, provisioning, path } = await withGroup(t)
    assert.equal(created.headers['location'], `http://localhost:80/scim/v2${path}`)
    assert.equal(created.headers['etag'], 'W/"1"')
    const [member] = created.json['members'] as Record<string, unknown>[]
    assert.equal(member?.['value'], ada)
    assert.equal(member?.['display'], 'ada@corp.example')
    assert.equal(member?.['$ref'], `http://localhost:80/scim/v2/Users/${ada}`)
    assert.equal(provisioning.wakes, 1)
  })

  const twice: readonly (readonly [ClientProfile, number])[] = [
    ['auto', 409],
    ['entra', 409],
    ['okta', 201],
    ['rfc', 201],
  ]
  for (const [client, status] of twice) {
    it(`[C-06] answers ${status} to a second group of the same name (${client})`, async (t) => {
      const { call } = await withGroup(t, client)
      const again = await call('POST', '/Groups', aGroup('falcon admins'))
      assert.equal(again.status, status)
      if (status === 409) assert.equal(again.json['scimType'], 'uniqueness')
    })
  }

  it('[C-06] answers 409 to a name taken over by PATCH or PUT, and 200 to keeping its own', async (t) => {
    const { call, path } = await withGroup(t)
    const other = await call('POST', '/Groups', aGroup('Others'))
    const rename = aPatch({ op: 'replace', path: 'displayName', value: 'Falcon Admins' })
    assert.equal((await call('PATCH', `/Groups/${other.json['id']}`, rename)).status, 409)
    assert.equal((await call('PUT', `/Groups/${other.json['id']}`, aGroup('Falcon Admins'))).status, 409)
    assert.equal((await call('PATCH', path, rename)).status, 200)
  })
})

describe('members that are no users', () => {
  for (const client of ['auto', 'okta', 'entra'] as const) {
    it(`[G-06] are left out and the known ones kept (${client})`, async (t) => {
      const { call, path, ada, bo } = await withGroup(t, client)
      await call('PATCH', path, add(bo, 'nobody'))
      assert.deepEqual(memberIds((await call('GET', path)).json), [ada, bo])
    })
  }

  it('[G-06] are refused for rfc, and nothing is stored', async (t) => {
    const { call, path, ada, bo } = await withGroup(t, 'rfc')
    const writes = [
      await call('POST', '/Groups', aGroup('New', bo, 'nobody')),
      await call('PUT', path, aGroup('Falcon Admins', bo, 'nobody')),
      await call('PATCH', path, add(bo, 'nobody')),
    ]
    for (const { status, json } of writes) {
      assert.equal(status, 400)
      assert.equal(json['scimType'], 'invalidValue')
      assert.match(String(json['detail']), /nobody/)
    }
    assert.deepEqual(memberIds((await call('GET', path)).json), [ada])
    assert.equal((await call('GET', '/Groups')).json['totalResults'], 1)
    assert.equal((await call('PATCH', path, add(bo))).status, 200)
  })
})

describe('PATCH /Groups', () => {
  it('[G-07] removes exactly the listed members, as Entra words it', async (t) => {
    const { call, path, ada, bo } = await withGroup(t, 'entra')
    await call('PATCH', path, add(bo))
    const removal = aPatch({ op: 'Remove', path: 'members', value: [{ $ref: null, value: ada }] })
    assert.equal((await call('PATCH', path, removal)).status, 204)
    assert.deepEqual(memberIds((await call('GET', path)).json), [bo])
  })

  it('[J-06] adds and removes without reading the members where none are shown', async (t) => {
    const { call, path, bo, memory } = await withGroup(t, 'entra')
    memory.calls.length = 0
    const answer = await call('PATCH', path, add(bo))
    assert.equal(answer.status, 204)
    assert.equal(answer.text, '')
    assert.equal(answer.headers['etag'], 'W/"2"')
    assert.deepEqual(memory.calls, ['changeMembers'])
  })

  it('[R-12] [G-07] leaves the version alone when nothing changes', async (t) => {
    const { call, path, ada } = await withGroup(t)
    const answer = await call('PATCH', path, add(ada))
    assert.equal(answer.headers['etag'], 'W/"1"')
  })

  it('names the refused path and changes nothing', async (t) => {
    const { call, path, bo } = await withGroup(t)
    const answer = await call(
      'PATCH',
      path,
      aPatch(
        { op: 'add', path: 'members', value: [{ value: bo }] },
        { op: 'replace', path: 'members[value eq', value: 1 },
      ),
    )
    assert.equal(answer.status, 400)
    assert.equal(memberIds((await call('GET', path)).json).length, 1)
  })

  const answers: readonly (readonly [ClientProfile, string, number])[] = [
    ['auto', '', 200],
    ['okta', '', 200],
    ['rfc', '', 200],
    ['entra', '', 204],
    ['entra', '?attributes=displayName', 200],
    ['entra', '?excludedAttributes=members', 200],
  ]
  for (const [client, query, status] of answers) {
    it(`answers ${status} to ${client} for PATCH${query || ' of a small group'}`, async (t) => {
      const { call, path, bo, memory } = await withGroup(t, client)
      memory.calls.length = 0
      const answer = await call('PATCH', path + query, add(bo))
      assert.equal(answer.status, status)
      if (query) assert.ok(!memory.calls.includes('members'))
    })
  }

  const large: readonly (readonly [ClientProfile, number])[] = [
    ['auto', 204],
    ['okta', 204],
    ['rfc', 200],
  ]
  for (const [client, status] of large) {
    it(`answers ${status} to ${client} for PATCH of a group of more than 100`, async (t) => {
      const { call, path, bo, memory } = await withGroup(t, client)
      const rename = aPatch({ op: 'replace', path: 'externalId', value: 'other' })
      memory.memberCount = async () => 101
      assert.equal((await call('PATCH', path, rename)).status, status)
      memory.memberCount = async () => 100
      assert.equal((await call('PATCH', path, add(bo))).status, 200)
      const crowd = await Promise.all(
        Array.from(
          { length: 99 },
          async (_, n) => (await call('POST', '/Users', aUser(`c${n}@x.example`))).json['id'],
        ),
      )
      const all = aPatch({ op: 'add', path: 'members', value: crowd.map((value) => ({ value })) })
      assert.equal((await call('PATCH', path, all)).status, status)
    })
  }
})

describe('PUT and DELETE /Groups', () => {
  it('[P-01] [P-03] replaces name and members, and clears what is absent', async (t) => {
    const { call, path, bo } = await withGroup(t)
    const put = await call('PUT', path, aGroup('Sentry Admins', bo))
    assert.equal(put.status, 200)
    assert.equal(put.json['displayName'], 'Sentry Admins')
    assert.deepEqual(memberIds(put.json), [bo])
    const cleared = await call('PUT', path, { ...aGroup('Sentry Admins'), members: undefined })
    assert.deepEqual(memberIds(cleared.json), [])
  })

  it('[P-07] takes back what GET gave without a change', async (t) => {
    const { call, path, created } = await withGroup(t)
    const read = await call('GET', path)
    const put = await call('PUT', path, read.json)
    assert.deepEqual(put.json, created.json)
    assert.equal(put.headers['etag'], 'W/"1"')
  })

  it('[X-01] deletes once, wakes the workers, and takes the group from its members', async (t) => {
    const { call, path, ada, created, provisioning } = await withGroup(t)
    const groups = (await call('GET', `/Users/${ada}`)).json['groups'] as { value: string }[]
    assert.deepEqual(
      groups.map(({ value }) => value),
      [created.json['id']],
    )
    const before = provisioning.wakes
    assert.equal((await call('DELETE', path)).status, 204)
    assert.equal(provisioning.wakes, before + 1)
    for (const method of ['DELETE', 'GET', 'PUT', 'PATCH']) {
      const body = { PUT: aGroup('x'), PATCH: add(ada) }[method]
      assert.equal((await call(method, path, body)).status, 404, method)
    }
    assert.deepEqual((await call('GET', `/Users/${ada}`)).json['groups'] ?? [], [])
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { provisioningUrn } from '../../src/scim/schema/definitions.ts'
import { aGroup, aUser, scimApp, type ScimApp, type ScimAppOptions } from '../support/scim-app.ts'

type Resource = Readonly<Record<string, unknown>>
const resourcesOf = (json: Resource): readonly Resource[] => json['Resources'] as Resource[]
const query = (parameters: Readonly<Record<string, string>>): string => `?${new URLSearchParams(parameters)}`

async function withUsers(
  t: Parameters<typeof scimApp>[0],
  options: ScimAppOptions = {},
  howMany = 5,
): Promise<ScimApp> {
  const scim = await scimApp(t, options)
  for (let n = 1; n <= howMany; n++) await scim.call('POST', '/Users', aUser(`user${n}@corp.example`))
  return scim
}

describe('lists', () => {
  const windows: readonly (readonly [Readonly<Record<string, string>>, number, number])[] = [
    [{}, 1, 5],
    [{ startIndex: '2', count: '2' }, 2, 2],
    [{ startIndex: '0', count: '1' }, 1, 1],
    [{ startIndex: '-3', count: '1' }, 1, 1],
    [{ startindex: '4', COUNT: '10' }, 4, 2],
    [{ count: '0' }, 1, 0],
    [{ count: '-5' }, 1, 0],
    [{ startIndex: '6' }, 6, 0],
    [{ startIndex: '100001', count: '100' }, 100001, 0],
    [{ startIndex: '999999999999999' }, 2147483647, 0],
    [{ startIndex: '', count: '' }, 1, 5],
    [{ aadOptscim062020: '', sortBy: '', unknown: 'x' }, 1, 5],
  ]
  for (const [parameters, startIndex, items] of windows) {
    it(`[Q-01] [Q-03] [Q-05] [Q-06] shows ${items} of 5 from ${startIndex} for ${JSON.stringify(parameters)}`, async (t) => {
      const { call } = await withUsers(t)
      const { status, json } = await call('GET', `/Users${query(parameters)}`)
      assert.equal(status, 200)
      assert.deepEqual(json['schemas'], ['urn:ietf:params:scim:api:messages:2.0:ListResponse'])
      assert.equal(json['totalResults'], 5)
      assert.equal(json['startIndex'], startIndex)
      assert.equal(json['itemsPerPage'], items)
      assert.equal(resourcesOf(json).length, items)
    })
  }

  for (const parameters of [{ startIndex: 'one' }, { count: '1.5' }, { count: '1e3' }, { count: 'NaN' }]) {
    it(`[Q-03] answers 400 invalidValue to ${JSON.stringify(parameters)}`, async (t) => {
      const { call } = await scimApp(t)
      const { status, json } = await call('GET', `/Users${query(parameters)}`)
      assert.equal(status, 400)
      assert.equal(json['scimType'], 'invalidValue')
    })
  }

  it('[Q-04] [Q-08] [Q-09] shows the default number without count and never more than the maximum', async (t) => {
    const { call } = await withUsers(t, { limits: { defaultCount: 2, maxCount: 3 } })
    assert.equal((await call('GET', '/Users')).json['itemsPerPage'], 2)
    assert.equal((await call('GET', '/Users?count=100')).json['itemsPerPage'], 3)
  })

  it('pages by what was seen so far, with the default number each time', async (t) => {
    const { call } = await withUsers(t, { limits: { defaultCount: 2 } })
    const seen: unknown[] = []
    for (;;) {
      const { json } = await call('GET', `/Users?startIndex=${seen.length + 1}`)
      if (resourcesOf(json).length === 0) break
      seen.push(...resourcesOf(json).map(({ id }) => id))
    }
    assert.equal(seen.length, 5)
    assert.equal(new Set(seen).size, 5)
  })

  it('[Q-07] visits each User exactly once over the pages', async (t) => {
    const { call } = await withUsers(t, {}, 7)
    const seen: unknown[] = []
    for (let at = 1; at <= 7; at += 3) {
      const { json } = await call('GET', `/Users?startIndex=${at}&count=3`)
      seen.push(...resourcesOf(json).map(({ id }) => id))
    }
    assert.equal(new Set(seen).size, 7)
  })

  it('[Q-02] filters, and answers 200 with nothing where nothing matches', async (t) => {
    const { call } = await withUsers(t)
    const hit = await call('GET', `/Users${query({ filter: 'userName eq "USER2@corp.example"' })}`)
    assert.equal(hit.json['totalResults'], 1)
    assert.equal(resourcesOf(hit.json)[0]?.['userName'], 'user2@corp.example')
    const miss = await call('GET', `/Users${query({ filter: 'userName eq "nobody"' })}`)
    assert.equal(miss.status, 200)
    assert.equal(miss.json['totalResults'], 0)
    assert.deepEqual(miss.json['Resources'], [])
  })

  for (const filter of ['', 'userName', 'userName eq', '(((', 'userName zz "x"', `${'('.repeat(500)}a pr`]) {
    it(`answers 400 invalidFilter to ${JSON.stringify(filter).slice(0, 30)}`, async (t) => {
      const { call } = await scimApp(t)
      const { status, json } = await call('GET', `/Users${query({ filter })}`)
      assert.equal(status, 400)
      assert.equal(json['scimType'], 'invalidFilter')
    })
  }

  it('[R-15] understands unquoted literals of Entra, and refuses them to rfc', async (t) => {
    const search = `/Users${query({ filter: 'externalId eq ext-user1@corp.example' })}`
    const entra = await withUsers(t, { client: 'entra' })
    assert.equal((await entra.call('GET', search)).json['totalResults'], 1)
    const rfc = await withUsers(t, { client: 'rfc' })
    assert.equal((await rfc.call('GET', search)).status, 400)
  })
})

describe('projection', () => {
  it('[G-01] asks the directory for groups of users once per page, and not at all where they are not shown', async (t) => {
    const { call, memory } = await withUsers(t)
    memory.calls.length = 0
    await call('GET', '/Users')
    assert.deepEqual(memory.calls, ['users', 'groupsOf'])
    for (const parameters of ['excludedAttributes=groups', 'attributes=userName', 'attributes=ID']) {
      memory.calls.length = 0
      const { json } = await call('GET', `/Users?${parameters}`)
      assert.deepEqual(memory.calls, ['users'], parameters)
      assert.equal(resourcesOf(json)[0]?.['groups'], undefined)
    }
  })

  it('[J-06] does not read members where they are not shown', async (t) => {
    const { call, memory } = await withUsers(t)
    const { json } = await call('GET', '/Users?count=1')
    const group = await call('POST', '/Groups', aGroup('Admins', String(resourcesOf(json)[0]?.['id'])))
    const path = `/Groups/${group.json['id']}`
    for (const target of [
      `${path}?excludedAttributes=members`,
      '/Groups?excludedAttributes=Members',
      '/Groups?attributes=displayName',
    ]) {
      memory.calls.length = 0
      const answer = await call('GET', target)
      assert.equal(answer.status, 200)
      assert.doesNotMatch(answer.text, /"members"/)
      assert.ok(!memory.calls.includes('members'), target)
    }
    assert.match((await call('GET', '/Groups')).text, /"members"/)
  })

  it('[J-01] [J-05] shows what was named and what is always returned, on every kind of answer', async (t) => {
    const { call } = await scimApp(t)
    const created = await call('POST', '/Users?attributes=userName', aUser('ada@corp.example'))
    const id = String(created.json['id'])
    const put = await call('PUT', `/Users/${id}?attributes=userName`, aUser('ada@corp.example'))
    const read = await call('GET', `/Users/${id}?attributes=userName`)
    const list = await call('GET', '/Users?attributes=name.givenName&attributes=userName')
    for (const { json } of [created, put, read]) {
      assert.deepEqual(Object.keys(json).sort(), ['id', 'schemas', 'userName'])
    }
    assert.ok(created.headers['location'] && read.headers['etag'])
    const [first] = resourcesOf(list.json)
    assert.deepEqual(first?.['name'], { givenName: 'Ada' })
    assert.equal(first?.['emails'], undefined)
  })

  it('[J-04] [E-03] shows the provisioning extension only when it is asked for, outside the version', async (t) => {
    const { call, provisioning } = await withUsers(t)
    const plain = await call('GET', '/Users')
    assert.doesNotMatch(plain.text, /provisioning:2.0/)
    assert.deepEqual(provisioning.extended, [])
    const asked = await call('GET', `/Users${query({ attributes: `userName,${provisioningUrn}` })}`)
    assert.equal(provisioning.extended.length, 5)
    const [first] = resourcesOf(asked.json)
    assert.deepEqual(first?.[provisioningUrn], { connections: [{ value: 'falcon', status: 'proven' }] })
  })
})

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { aGroup, aUser, scimApp, type ScimApp, type ScimAppOptions } from '../support/scim-app.ts'

type Json = Readonly<Record<string, unknown>>
const resourcesOf = (json: Json): readonly Json[] => json['Resources'] as Json[]
const query = (parameters: Readonly<Record<string, string>>): string => `?${new URLSearchParams(parameters)}`
const searchRequest = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'
const search = (more: object = {}): object => ({ schemas: [searchRequest], ...more })
const namesOf = (json: Json): readonly unknown[] =>
  resourcesOf(json).map(({ userName, displayName }) => userName ?? displayName)

const people = [
  ['carol@corp.example', { displayName: 'Carol', nickName: 'Zed' }],
  ['Bob@corp.example', { displayName: 'bob', emails: [{ value: 'a@x' }, { value: 'z@x', primary: true }] }],
  ['ada@corp.example', { nickName: 'alf', emails: [{ value: 'M@x' }] }],
] as const

async function withPeople(t: TestContext, options: ScimAppOptions = {}): Promise<ScimApp> {
  const scim = await scimApp(t, options)
  for (const [userName, more] of people) {
    assert.equal((await scim.call('POST', '/Users', aUser(userName, more))).status, 201)
  }
  for (const name of ['Zulu', 'alpha']) await scim.call('POST', '/Groups', aGroup(name))
  return scim
}

describe('sorting', () => {
  const orders: readonly (readonly [Readonly<Record<string, string>>, string])[] = [
    [{ sortBy: 'userName' }, 'ada Bob carol'],
    [{ sortBy: 'USERNAME', sortOrder: 'Descending' }, 'carol Bob ada'],
    [{ sortBy: 'userName', sortOrder: 'sideways' }, 'ada Bob carol'],
    [{ sortOrder: 'descending' }, 'carol Bob ada'],
    [{ sortBy: 'displayName' }, 'Bob carol ada'],
    [{ sortBy: 'displayName', sortOrder: 'descending' }, 'ada carol Bob'],
    [{ sortBy: 'nickName' }, 'ada carol Bob'],
    [{ sortBy: 'nickName', sortOrder: 'descending' }, 'Bob carol ada'],
    [{ sortBy: 'emails' }, 'carol ada Bob'],
    [{ sortBy: 'emails.value', sortOrder: 'descending' }, 'Bob ada carol'],
    [{ sortBy: 'name.familyName' }, 'carol Bob ada'],
    [{ sortBy: 'externalId' }, 'Bob ada carol'],
    [{ sortBy: 'urn:ietf:params:scim:schemas:core:2.0:User:userName' }, 'ada Bob carol'],
    [{ sortBy: 'meta.created' }, 'carol Bob ada'],
    [{ sortBy: 'active', sortOrder: 'descending' }, 'carol Bob ada'],
    [{ sortBy: 'userName', startIndex: '2', count: '1' }, 'Bob'],
  ]
  for (const [parameters, expected] of orders) {
    it(`[Q-10] answers ${expected} to ${JSON.stringify(parameters)}`, async (t) => {
      const { call } = await withPeople(t)
      const { status, json } = await call('GET', `/Users${query(parameters)}`)
      assert.equal(status, 200)
      assert.equal(json['totalResults'], 3)
      const names = namesOf(json).map((name) => String(name).split('@')[0])
      assert.equal(names.join(' '), expected)
    })
  }

  for (const sortBy of [
    'nothing',
    'name',
    'password',
    'meta',
    'members',
    'emails[type eq "x"]',
    '__proto__',
    'urn:x:y',
  ]) {
    it(`answers 400 invalidPath to ${sortBy}`, async (t) => {
      const { call } = await scimApp(t)
      const { status, json } = await call('GET', `/Users${query({ sortBy })}`)
      assert.equal(status, 400)
      assert.equal(json['scimType'], 'invalidPath')
    })
  }
})

describe('searches with a body', () => {
  it('[S-01] answer what the same GET answers', async (t) => {
    const { call } = await withPeople(t)
    const asked = { filter: 'displayName pr', sortBy: 'userName', attributes: 'userName', startIndex: '2' }
    const get = await call('GET', `/Users${query(asked)}`)
    const post = await call(
      'POST',
      '/Users/.search',
      search({ ...asked, attributes: ['userName'], startIndex: 2 }),
    )
    assert.equal(post.status, 200)
    assert.deepEqual(post.json, get.json)
    assert.deepEqual(namesOf(post.json), ['carol@corp.example'])
  })

  it('are offered for each resource type and for all, with any case of names and null for absent', async (t) => {
    const { call } = await withPeople(t)
    const body = { SCHEMAS: [searchRequest.toUpperCase()], Count: 10, filter: null, cursor: null }
    assert.equal((await call('POST', '/Users/.search', body)).json['totalResults'], 3)
    assert.equal((await call('POST', '/Groups/.search', body)).json['totalResults'], 2)
    assert.equal((await call('POST', '/.search', body)).json['totalResults'], 5)
    assert.equal((await call('POST', '/.search', search({ count: 0 }))).json['itemsPerPage'], 0)
  })

  it('keep every rule of projection', async (t) => {
    const { call } = await withPeople(t)
    const named = await call('POST', '/.search', search({ attributes: ['displayName'] }))
    for (const each of resourcesOf(named.json)) assert.ok(each['id'] && each['schemas'] && !each['meta'])
    const without = await call('POST', '/Users/.search', search({ excludedAttributes: ['emails', 'id'] }))
    for (const each of resourcesOf(without.json)) assert.ok(each['id'] && !each['emails'] && each['userName'])
  })

  const refused: readonly (readonly [string, unknown, string])[] = [
    ['no body', undefined, 'invalidSyntax'],
    ['a list', [], 'invalidSyntax'],
    ['no schemas', {}, 'invalidSyntax'],
    ['other schemas', { schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'] }, 'invalidSyntax'],
    ['a filter that is no text', search({ filter: {} }), 'invalidValue'],
    ['attributes that are no names', search({ attributes: [1] }), 'invalidValue'],
    ['a count with a fraction', search({ count: 1.5 }), 'invalidValue'],
    ['a startIndex that is a list', search({ startIndex: [1] }), 'invalidValue'],
    ['a filter without end', search({ filter: 'userName eq' }), 'invalidFilter'],
    ['an unknown sortBy', search({ sortBy: 'nothing' }), 'invalidPath'],
  ]
  for (const [what, body, scimType] of refused) {
    it(`answer 400 ${scimType} to ${what}`, async (t) => {
      const { call } = await scimApp(t)
      for (const path of ['/Users/.search', '/.search']) {
        const { status, json } = await call('POST', path, body)
        assert.equal(status, 400)
        assert.equal(json['scimType'], scimType)
      }
    })
  }

  it('are only for POST', async (t) => {
    const { call } = await scimApp(t)
    for (const path of ['/Users/.search', '/Groups/.search', '/.search']) {
      const { status, headers } = await call('GET', path)
      assert.equal(status, 405)
      assert.equal(headers['allow'], 'POST')
    }
  })
})

describe('lists over all resource types', () => {
  const hits: readonly (readonly [Readonly<Record<string, string>>, readonly string[]])[] = [
    [{}, ['carol@corp.example', 'Bob@corp.example', 'ada@corp.example', 'Zulu', 'alpha']],
    [{ filter: 'meta.resourceType eq "Group"' }, ['Zulu', 'alpha']],
    [
      { filter: 'meta.resourceType eq "User" and displayName pr' },
      ['carol@corp.example', 'Bob@corp.example'],
    ],
    [{ filter: 'userName pr', sortBy: 'userName', count: '2' }, ['ada@corp.example', 'Bob@corp.example']],
    [{ filter: 'not (userName pr)' }, ['Zulu', 'alpha']],
    [{ filter: 'displayName sw "a" or userName sw "A"' }, ['ada@corp.example', 'alpha']],
    [{ startIndex: '3', count: '2' }, ['ada@corp.example', 'Zulu']],
    [{ startIndex: '5' }, ['alpha']],
    [{ startIndex: '6' }, []],
    [{ sortBy: 'displayName', count: '3' }, ['alpha', 'Bob@corp.example', 'carol@corp.example']],
    [{ sortBy: 'displayName', startIndex: '4' }, ['Zulu', 'ada@corp.example']],
    [{ sortBy: 'displayName', sortOrder: 'descending', count: '2' }, ['ada@corp.example', 'Zulu']],
    [{ sortBy: 'userName', startIndex: '4' }, ['Zulu', 'alpha']],
  ]
  for (const [parameters, expected] of hits) {
    it(`[S-02] [S-03] find ${expected.length} for ${JSON.stringify(parameters)}`, async (t) => {
      const { call } = await withPeople(t)
      const get = await call('GET', `/${query(parameters)}`)
      assert.equal(get.status, 200, get.text)
      assert.deepEqual(namesOf(get.json), expected)
      const post = await call('POST', '/.search', search(parameters))
      assert.deepEqual(post.json, get.json)
    })
  }

  it('count what is on no page, too', async (t) => {
    const { call } = await withPeople(t)
    for (const parameters of [
      { count: '0' },
      { count: '1' },
      { startIndex: '99' },
      { sortBy: 'id', count: '1' },
    ]) {
      const { json } = await call('GET', `/${query(parameters as Record<string, string>)}`)
      assert.equal(json['totalResults'], 5, JSON.stringify(parameters))
    }
  })

  it('refuse to merge further than they read', async (t) => {
    const { call } = await withPeople(t)
    const { status, json } = await call('GET', '/?sortBy=displayName&startIndex=10000&count=10')
    assert.equal(status, 400)
    assert.equal(json['scimType'], 'tooMany')
  })
})

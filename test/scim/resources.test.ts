import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  aGroup,
  aPatch,
  aUser,
  base,
  coreGroup,
  coreUser,
  patchOp,
  type ScimApp,
  scimApp,
} from '../support/scim-app.ts'

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const legacyGroup = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'

type Json = Readonly<Record<string, unknown>>
const metaOf = (json: Json): Readonly<Record<string, string>> => json['meta'] as Record<string, string>

async function created({ call }: ScimApp, path: string, body: object): Promise<Json> {
  const answer = await call('POST', path, body)
  assert.equal(answer.status, 201, answer.text)
  return answer.json
}

async function resolves({ call }: ScimApp, reference: unknown, id: unknown): Promise<void> {
  const { pathname } = new URL(String(reference))
  assert.ok(pathname.startsWith(`${base}/`), pathname)
  const found = await call('GET', pathname.slice(base.length))
  assert.deepEqual([found.status, found.json['id']], [200, id])
}

describe('requests', () => {
  it('[T-01] may carry parameters that nobody here knows, with every method', async (t) => {
    const { call } = await scimApp(t)
    const flag = '?aadOptscim062020&x=1&x=2'
    const made = await call('POST', `/Users${flag}`, aUser('ada@example.com'))
    assert.equal(made.status, 201)
    const path = `/Users/${made.json['id']}${flag}`
    assert.equal((await call('GET', path)).status, 200)
    assert.equal((await call('PUT', path, made.json)).status, 200)
    assert.equal((await call('PATCH', path, aPatch({ op: 'add', path: 'title', value: 'x' }))).status, 200)
    assert.equal((await call('GET', `/ServiceProviderConfig${flag}`)).status, 200)
    assert.equal((await call('DELETE', path)).status, 204)
  })

  it('[R-02] may spell the names of parameters in any letter case', async (t) => {
    const app = await scimApp(t)
    for (const name of ['a', 'b', 'c']) await created(app, '/Users', aUser(`${name}@example.com`))
    const { json } = await app.call(
      'GET',
      '/Users?startindex=2&COUNT=1&ATTRIBUTES=username&FILTER=active%20eq%20true',
    )
    assert.deepEqual([json['totalResults'], json['startIndex'], json['itemsPerPage']], [3, 2, 1])
    const [only] = json['Resources'] as Json[]
    assert.deepEqual(Object.keys(only ?? {}), ['schemas', 'id', 'userName'])
  })

  it('[E-04] need no version', async (t) => {
    const app = await scimApp(t)
    const { id } = await created(app, '/Users', aUser('ada@example.com'))
    assert.equal(
      (await app.call('PUT', `/Users/${id}`, aUser('ada@example.com', { title: 'x' }))).status,
      200,
    )
    assert.equal((await app.call('DELETE', `/Users/${id}`)).status, 204)
  })

  it('[E-02] with If-Match: * need a resource that exists', async (t) => {
    const app = await scimApp(t)
    const { id } = await created(app, '/Users', aUser('ada@example.com'))
    const any = { 'if-match': '*' }
    assert.equal((await app.call('PUT', `/Users/${id}`, aUser('ada@example.com'), any)).status, 200)
    assert.equal((await app.call('DELETE', `/Users/${id}`, undefined, any)).status, 204)
    assert.equal((await app.call('DELETE', `/Users/${id}`, undefined, any)).status, 404)
  })
})

describe('representations', () => {
  it('[R-09] [R-11] [R-13] have id, meta and groups of the service provider, whatever the client sends', async (t) => {
    const app = await scimApp(t)
    const claimed = {
      id: 'bulkId:mine',
      meta: { resourceType: 'Group', created: '1999-01-01T00:00:00Z', version: 'W/"99"', location: 'x' },
      groups: [{ value: 'g1', display: 'Admins' }],
    }
    const json = await created(app, '/Users', aUser('ada@example.com', claimed))
    assert.notEqual(json['id'], claimed.id)
    assert.doesNotMatch(String(json['id']), /bulkId/)
    assert.match(String(json['id']), /^[\w-]+$/, 'safe in a URL')
    assert.equal(json['groups'], undefined)
    const { resourceType, created: born, lastModified, location, version } = metaOf(json)
    assert.equal(resourceType, 'User')
    assert.match(String(born), /^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    assert.equal(lastModified, born)
    assert.equal(version, 'W/"1"')
    await resolves(app, location, json['id'])
  })

  it('[R-12] are as old as their last change; a write without effect is none', async (t) => {
    const app = await scimApp(t)
    const before = await created(app, '/Users', aUser('ada@example.com', { title: 'Countess' }))
    const path = `/Users/${before['id']}`
    const patch = (value: string): object => aPatch({ op: 'add', path: 'title', value })
    const same = await app.call('PATCH', path, patch('Countess'))
    assert.deepEqual(metaOf(same.json), metaOf(before))
    // Times have milliseconds: the change must fall into a later one.
    while (Date.now() <= Date.parse(String(metaOf(before)['created']))) await new Promise(setImmediate)
    const other = await app.call('PATCH', path, patch('Lady'))
    assert.ok(String(metaOf(other.json)['lastModified']) > String(metaOf(before)['lastModified']))
    assert.equal(metaOf(other.json)['created'], metaOf(before)['created'])
    assert.notEqual(metaOf(other.json)['version'], metaOf(before)['version'])
  })

  it('[R-04] [R-06] [R-08] name each extension once, and exactly when it has data', async (t) => {
    const app = await scimApp(t)
    const plain = await created(app, '/Users', {
      ...aUser('a@example.com', { department: 'outside of its container' }),
      schemas: [coreUser, enterprise, coreUser, enterprise.toUpperCase()],
    })
    assert.deepEqual(plain['schemas'], [coreUser])
    assert.equal('department' in plain, false)
    const undeclared = await created(
      app,
      '/Users',
      aUser('b@example.com', { [enterprise]: { department: 'R&D' } }),
    )
    assert.deepEqual(undeclared['schemas'], [coreUser, enterprise])
    assert.deepEqual(undeclared[enterprise], { department: 'R&D' })
  })

  it('[R-05] [R-23] are not disturbed by URNs and attributes that nobody here knows', async (t) => {
    const app = await scimApp(t)
    const json = await created(app, '/Groups', {
      ...aGroup('G'),
      schemas: [coreGroup, legacyGroup],
      [legacyGroup]: { x: 1 },
      mailNickname: 'g',
    })
    assert.deepEqual(json['schemas'], [coreGroup])
    assert.equal('mailNickname' in json || legacyGroup in json, false)
  })

  it('[R-03] take null, an empty list and nothing for the same', async (t) => {
    const app = await scimApp(t)
    const empty = {
      addresses: null,
      phoneNumbers: [],
      title: null,
      name: null,
      roles: [],
      [enterprise]: null,
    }
    const json = await created(app, '/Users', aUser('ada@example.com', empty))
    for (const name of Object.keys(empty)) assert.equal(name in json, false, name)
  })

  it('[R-10] [R-16] [R-17] [R-18] keep what was sent as it was sent', async (t) => {
    const app = await scimApp(t)
    const sent = {
      externalId: ' Ext-ÄÖ-1 ',
      displayName: '  Ada  Lovelace ',
      locale: 'not a locale',
      timezone: 'Nowhere/Land',
      profileUrl: 'not a url',
      photos: [{ value: 'neither', type: 'other' }],
      phoneNumbers: [{ value: '(0)30 / 12', type: 'secondary' }],
      roles: [{ value: '{"id":"1"}', type: 'WindowsAzureActiveDirectoryRole', primary: true }],
      addresses: [{ country: 'Atlantis', type: 'work', primary: true }],
      x509Certificates: [{ value: 'aGVsbG8=' }],
    }
    const json = await created(app, '/Users', aUser('Ada@Example.COM', sent))
    for (const [name, value] of Object.entries(sent)) assert.deepEqual(json[name], value, name)
    assert.equal(json['userName'], 'Ada@Example.COM')
    const hits = async (filter: string): Promise<unknown> =>
      (await app.call('GET', `/Users?filter=${encodeURIComponent(filter)}`)).json['totalResults']
    assert.equal(await hits(`externalId eq "${sent.externalId}"`), 1)
    assert.equal(await hits(`externalId eq "${sent.externalId.toLowerCase()}"`), 0)
  })

  it('[R-15] hold JSON booleans, also where text was sent', async (t) => {
    const app = await scimApp(t)
    const emails = [{ value: 'a@example.com', type: 'work', primary: 'True' }]
    const json = await created(app, '/Users', aUser('a@example.com', { active: 'False', emails }))
    assert.equal(json['active'], false)
    assert.deepEqual(json['emails'], [{ value: 'a@example.com', type: 'work', primary: true }])
    const strict = await scimApp(t, { client: 'rfc' })
    const refused = await strict.call('POST', '/Users', aUser('a@example.com', { active: 'False' }))
    assert.deepEqual([refused.status, refused.json['scimType']], [400, 'invalidValue'])
  })

  it('[R-20] [R-21] have one primary and no value twice, after PATCH too', async (t) => {
    const app = await scimApp(t)
    const json = await created(app, '/Users', aUser('a@example.com'))
    const value = [
      { value: 'b@example.com', type: 'home', primary: true },
      { value: 'b@example.com', type: 'home', primary: true },
    ]
    const patched = await app.call(
      'PATCH',
      `/Users/${json['id']}`,
      aPatch({ op: 'add', path: 'emails', value }),
    )
    const emails = patched.json['emails'] as Json[]
    assert.equal(emails.length, 2)
    assert.deepEqual(
      emails.filter(({ primary }) => primary === true).map((each) => each['value']),
      ['b@example.com'],
    )
  })

  it('[R-22] [G-01] refer to each other by addresses that resolve', async (t) => {
    const app = await scimApp(t)
    const boss = await created(app, '/Users', aUser('boss@example.com'))
    const manager = { value: boss['id'], $ref: `../Users/${boss['id']}` }
    const user = await created(app, '/Users', aUser('ada@example.com', { [enterprise]: { manager } }))
    const group = await created(app, '/Groups', aGroup('G', String(user['id'])))
    const [member] = group['members'] as Json[]
    await resolves(app, member?.['$ref'], user['id'])
    const shown = (await app.call('GET', `/Users/${user['id']}`)).json
    const [membership] = shown['groups'] as Json[]
    assert.deepEqual([membership?.['type'], membership?.['display']], ['direct', 'G'])
    await resolves(app, membership?.['$ref'], group['id'])
    const { manager: kept } = shown[enterprise] as { manager: Json }
    await resolves(app, kept['$ref'], boss['id'])
  })

  it('[T-02] are under the configured address, whatever the client calls', async (t) => {
    const app = await scimApp(t, { publicUrl: 'https://bridge.example' })
    const under = `https://bridge.example${base}`
    const user = await app.call('POST', '/Users', aUser('a@example.com'), { host: 'evil.example' })
    assert.equal(user.headers['location'], `${under}/Users/${user.json['id']}`)
    assert.equal(metaOf(user.json)['location'], user.headers['location'])
    const group = await created(app, '/Groups', aGroup('G', String(user.json['id'])))
    assert.equal((group['members'] as Json[])[0]?.['$ref'], user.headers['location'])
    const list = await app.call('GET', '/Users')
    assert.doesNotMatch(list.text.replaceAll(under, ''), /https?:\/\//)
  })

  it('[J-03] [J-07] follow attributes rather than excludedAttributes, and ignore unknown names', async (t) => {
    const app = await scimApp(t)
    const { id } = await created(app, '/Users', aUser('a@example.com'))
    const both = '?attributes=userName,nothing,urn:x:y&excludedAttributes=userName,id'
    const { json } = await app.call('GET', `/Users/${id}${both}`)
    assert.deepEqual(Object.keys(json), ['schemas', 'id', 'userName'])
    const rest = await app.call('GET', `/Users/${id}?excludedAttributes=nothing,name.familyName,id`)
    assert.equal(rest.json['id'], id)
    assert.deepEqual(rest.json['name'], { givenName: 'Ada' })
  })
})

describe('lives of resources', () => {
  it('[C-08] [C-09] go on while inactive: readable, listed, found', async (t) => {
    const app = await scimApp(t)
    const { id } = await created(app, '/Users', aUser('a@example.com', { active: false }))
    assert.equal((await app.call('GET', `/Users/${id}`)).json['active'], false)
    assert.equal((await app.call('GET', '/Users')).json['totalResults'], 1)
    const filter = encodeURIComponent('userName eq "a@example.com"')
    assert.equal((await app.call('GET', `/Users?filter=${filter}`)).json['totalResults'], 1)
  })

  it('[P-01] [P-03] [P-05] are replaced whole by PUT; absent is cleared, and active kept', async (t) => {
    const app = await scimApp(t)
    const { id } = await created(app, '/Users', aUser('a@example.com', { title: 'x', active: false }))
    const replaced = await app.call('PUT', `/Users/${id}`, { schemas: [coreUser], userName: 'a@example.com' })
    assert.equal(replaced.status, 200)
    assert.deepEqual(
      ['title', 'emails', 'name', 'externalId'].filter((name) => name in replaced.json),
      [],
    )
    assert.equal(replaced.json['active'], false, 'a leaver does not come back by what is not said')
  })

  it('[P-06] [P-07] are not changed by PUT of what GET gave', async (t) => {
    const app = await scimApp(t)
    const full = aUser('a@example.com', {
      [enterprise]: { manager: { value: 'unknown' }, department: 'R&D' },
    })
    const { id } = await created(app, '/Users', full)
    await created(app, '/Groups', aGroup('G', String(id)))
    const before = (await app.call('GET', `/Users/${id}`)).json
    const answer = await app.call('PUT', `/Users/${id}`, before)
    assert.equal(answer.status, 200, answer.text)
    assert.deepEqual(answer.json, before)
  })

  it('[X-01] end for every verb, every list and every Group', async (t) => {
    const app = await scimApp(t)
    for (const [path, body, patch] of [
      ['/Users', aUser('a@example.com'), aPatch({ op: 'add', path: 'title', value: 'x' })],
      ['/Groups', aGroup('G'), aPatch({ op: 'add', path: 'displayName', value: 'x' })],
    ] as const) {
      const { id } = await created(app, path, body)
      const group = await created(app, '/Groups', aGroup(`of ${path}`, String(id)))
      const gone = await app.call('DELETE', `${path}/${id}`)
      assert.deepEqual([gone.status, gone.text], [204, ''])
      for (const [method, sent] of [
        ['GET', undefined],
        ['PUT', body],
        ['PATCH', patch],
        ['DELETE', undefined],
      ] as const) {
        const answer = await app.call(method, `${path}/${id}`, sent)
        assert.deepEqual([answer.status, answer.json['status']], [404, '404'], method)
      }
      assert.doesNotMatch((await app.call('GET', path)).text, new RegExp(`"id":"${id}"`))
      const filter = encodeURIComponent(`id eq "${id}"`)
      assert.equal((await app.call('GET', `${path}?filter=${filter}`)).json['totalResults'], 0)
      assert.deepEqual((await app.call('GET', `/Groups/${group['id']}`)).json['members'], [])
    }
  })

  it('[X-02] free the userName, for another id', async (t) => {
    const app = await scimApp(t)
    const first = await created(app, '/Users', aUser('a@example.com'))
    await app.call('DELETE', `/Users/${first['id']}`)
    const second = await created(app, '/Users', aUser('a@example.com'))
    assert.notEqual(second['id'], first['id'])
  })

  it('[G-02] [G-03] of memberships begin and end at the Group alone', async (t) => {
    const app = await scimApp(t)
    const user = await created(app, '/Users', aUser('a@example.com'))
    const group = await created(app, '/Groups', aGroup('G', String(user['id'])))
    const groups = [{ value: group['id'] }]
    for (const operation of [
      { op: 'add', path: 'groups', value: groups },
      { op: 'remove', path: 'groups' },
      { op: 'remove', path: `groups[value eq "${group['id']}"]` },
    ]) {
      const answer = await app.call('PATCH', `/Users/${user['id']}`, aPatch(operation))
      assert.deepEqual([answer.status, answer.json['scimType']], [400, 'mutability'])
    }
    const path = `members[value eq "${user['id']}"].value`
    const moved = await app.call(
      'PATCH',
      `/Groups/${group['id']}`,
      aPatch({ op: 'replace', path, value: 'other' }),
    )
    assert.deepEqual([moved.status, moved.json['scimType']], [400, 'mutability'])
    const kept = await app.call('GET', `/Groups/${group['id']}`)
    assert.deepEqual(
      (kept.json['members'] as Json[]).map(({ value }) => value),
      [user['id']],
    )
  })

  it('[G-04] [G-09] take Users for members and anybody for a manager', async (t) => {
    const app = await scimApp(t)
    const inner = await created(app, '/Groups', aGroup('inner'))
    const nested = { ...aGroup('outer'), members: [{ value: inner['id'], type: 'Group' }] }
    const refused = await app.call('POST', '/Groups', nested)
    assert.deepEqual([refused.status, refused.json['scimType']], [400, 'invalidValue'])
    const manager = { value: 'somebody who comes later' }
    const user = await created(app, '/Users', aUser('a@example.com', { [enterprise]: { manager } }))
    assert.deepEqual((user[enterprise] as Json)['manager'], manager)
  })

  it('[X-01] keep the manager as the client wrote it when that User is deleted', async (t) => {
    const app = await scimApp(t)
    const boss = await created(app, '/Users', aUser('boss@example.com'))
    const manager = { value: boss['id'] }
    const user = await created(app, '/Users', aUser('ada@example.com', { [enterprise]: { manager } }))
    assert.equal((await app.call('DELETE', `/Users/${boss['id']}`)).status, 204)
    const { json } = await app.call('GET', `/Users/${user['id']}`)
    assert.equal(((json[enterprise] as Json)['manager'] as Json)['value'], boss['id'])
    assert.deepEqual(json['meta'], user['meta'])
  })

  it('[G-08] show every member of a large Group', async (t) => {
    const app = await scimApp(t)
    const ids: string[] = []
    for (let each = 0; each < 1_200; each += 1) {
      const made = await app.memory.createUser(
        { directory: app.directory, actor: 'token:test', requestId: 'r' },
        { userName: `u${each}`, active: true },
      )
      if (made.kind === 'stored') ids.push(made.user.id)
    }
    const group = await created(app, '/Groups', aGroup('large', ...ids))
    const shown = await app.call('GET', `/Groups/${group['id']}`)
    assert.equal((shown.json['members'] as Json[]).length, 1_200)
    const patch = { schemas: [patchOp], Operations: [{ op: 'add', path: 'externalId', value: 'x' }] }
    assert.equal((await app.call('PATCH', `/Groups/${group['id']}`, patch)).status, 204)
  })
})

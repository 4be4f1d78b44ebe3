import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { aConfiguration, aConnection, anActor } from '../support/configuration.ts'
import { openTestStore, type TestStore } from '../support/database.ts'
import { aGroup, aPatch, aUser, type ScimApp, scimApp } from '../support/scim-app.ts'

let store: TestStore
let directoryId: string

before(async () => {
  store = await openTestStore()
  const applied = await store.applyConfiguration(aConfiguration(aConnection('sentry')))
  directoryId = applied.directoryIds.get('corp')!
})

after(() => store.close())

/** The service provider over the real store. */
const realApp = (t: TestContext): Promise<ScimApp> =>
  scimApp(t, {
    directory: store.directory,
    verifyToken: async () => ({ ...anActor(directoryId).directory, tokenName: 'idp' }),
  })

const searched = async ({ call }: ScimApp, path: string, filter: string): Promise<unknown> => {
  const answer = await call('GET', `${path}?filter=${encodeURIComponent(filter)}`)
  assert.equal(answer.status, 200, `${filter}: ${answer.text}`)
  return answer.json['totalResults']
}

describe('hostile text at the database', () => {
  it('is a clear 400 where it would be kept: NUL and halves of surrogate pairs', async (t) => {
    const app = await realApp(t)
    const made = await app.call('POST', '/Users', aUser('ada@nul.example'))
    assert.equal(made.status, 201, made.text)
    const group = await app.call('POST', '/Groups', aGroup('Nul'))
    const user = `/Users/${made.json['id']}`
    for (const odd of ['\\u0000', '\\ud800', 'a\\udfffb']) {
      const writes: readonly (readonly [method: string, path: string, body: object])[] = [
        ['POST', '/Users', aUser('#@nul.example')],
        ['POST', '/Users', aUser('b@nul.example', { externalId: '#' })],
        ['POST', '/Users', aUser('b@nul.example', { roles: [{ value: '#' }] })],
        ['PUT', user, aUser('ada@nul.example', { title: '#' })],
        ['PATCH', user, aPatch({ op: 'replace', path: 'title', value: '#' })],
        ['PATCH', user, aPatch({ op: 'add', path: 'emails[type eq "#"].value', value: 'x' })],
        ['POST', '/Groups', aGroup('#')],
        ['PUT', `/Groups/${group.json['id']}`, aGroup('Nul', '#')],
      ]
      for (const [method, path, body] of writes) {
        const answer = await app.call(method, path, JSON.stringify(body).replaceAll('#', odd))
        assert.equal(answer.status, 400, `${JSON.stringify(body)} with ${odd}: ${answer.text}`)
        assert.ok(answer.json['scimType'])
      }
      const removal = aPatch({ op: 'remove', path: 'members[value eq "#"]' })
      const path = `/Groups/${group.json['id']}`
      const removed = await app.call('PATCH', path, JSON.stringify(removal).replaceAll('#', odd))
      assert.ok(removed.status < 500, removed.text)
    }
    assert.equal((await app.call('GET', user)).json['meta'] !== undefined, true)
  })

  it('finds nothing, and fails nothing, where it is asked for', async (t) => {
    const app = await realApp(t)
    const odd = [String.raw`\u0000`, String.raw`\ud800`, String.raw`a\udc00b`]
    const paths = [
      'userName',
      'displayName',
      'externalId',
      'id',
      'title',
      'emails.value',
      'meta.created',
      'groups.value',
    ]
    for (const text of odd) {
      for (const path of paths) {
        for (const op of ['eq', 'co', 'sw', 'ew']) {
          assert.equal(await searched(app, '/Users', `${path} ${op} "${text}"`), 0)
        }
        // What is no date has no place in the order of dates.
        const others = path === 'meta.created' ? ['ne'] : ['ne', 'gt', 'le']
        for (const op of others) await searched(app, '/Users', `${path} ${op} "${text}"`)
      }
      assert.equal(
        await searched(app, '/Groups', `members.value eq "${text}" or displayName eq "${text}"`),
        0,
      )
      assert.equal(await searched(app, '/Roles', `display eq "${text}"`), 0)
    }
    for (const path of ['/Users/%00', '/Groups/a%00b', '/Users/%ed%a0%80', '/Schemas/%00', '/Roles/%00']) {
      const answer = await app.call('GET', path)
      assert.ok([400, 404].includes(answer.status), `${path}: ${answer.text}`)
    }
  })

  it('means itself: wildcards of LIKE, quotes, backslashes and comments', async (t) => {
    const app = await realApp(t)
    const texts = [
      '100%',
      '100',
      'a_b',
      'aXb',
      String.raw`a\b`,
      String.raw`a\\b`,
      `o'b`,
      `x"y`,
      '--',
      '/*',
      '; DROP TABLE users',
      '${1}',
      '$1',
      '😀',
    ]
    for (const text of texts) {
      const made = await app.call(
        'POST',
        '/Users',
        aUser(`${text}@like.example`, { displayName: `like:${text}` }),
      )
      assert.equal(made.status, 201, made.text)
    }
    for (const text of texts) {
      const quoted = JSON.stringify(text).slice(1, -1)
      assert.equal(await searched(app, '/Users', `userName eq "${quoted}@like.example"`), 1, text)
      assert.equal(await searched(app, '/Users', `displayName eq "like:${quoted}"`), 1, text)
      const holding = texts.filter((each) => each.toLowerCase().includes(text.toLowerCase())).length
      assert.equal(await searched(app, '/Users', `displayName co "${quoted}"`), holding, text)
      assert.equal(await searched(app, '/Users', `userName sw "${quoted}@like"`), 1, text)
      assert.equal(
        await searched(app, '/Users', `userName ew "${quoted}@like.example" and emails co "${quoted}"`),
        texts.filter((each) => each.toLowerCase().endsWith(text.toLowerCase())).length,
        text,
      )
    }
    assert.equal(await searched(app, '/Users', 'displayName co "like:%00"'), 0)
    assert.equal(await searched(app, '/Users', 'displayName sw "like:_"'), 0)
    assert.equal(await searched(app, '/Users', 'userName co "%like%"'), 0)
  })

  it('is refused where an index could not hold it', async (t) => {
    const { call } = await realApp(t)
    for (const more of [{ externalId: 'x'.repeat(3_000) }, { displayName: 'é'.repeat(1_500) }]) {
      const answer = await call('POST', '/Users', aUser('long@like.example', more))
      assert.deepEqual([answer.status, answer.json['scimType']], [400, 'invalidValue'])
    }
  })

  it('does nothing in places that only look like ids', async (t) => {
    const { call } = await realApp(t)
    const ids = [
      '1',
      "1' OR '1'='1",
      '00000000-0000-0000-0000-00000000000G',
      'x'.repeat(90),
      '*',
      '%25',
      'null',
    ]
    for (const id of ids) {
      const path = encodeURIComponent(id)
      for (const type of ['/Users', '/Groups']) {
        assert.equal((await call('GET', `${type}/${path}`)).status, 404)
        assert.equal((await call('DELETE', `${type}/${path}`)).status, 404)
        const title = aPatch({ op: 'add', path: type === '/Users' ? 'title' : 'displayName', value: 'x' })
        assert.equal((await call('PATCH', `${type}/${path}`, title)).status, 404)
      }
    }
    const { json } = await call('POST', '/Groups', aGroup('Ids', ...ids))
    assert.deepEqual(json['members'], [])
  })
})

describe('the catalogue of the real store', () => {
  it('shows what the connections of the directory offer, in the order of the vendor', async (t) => {
    const app = await realApp(t)
    assert.equal((await app.call('GET', '/Roles')).json['totalResults'], 0)
    const [{ id } = { id: '' }] = await store.query<{ id: string }>('SELECT id FROM connections')
    await store.connections.keepCatalogue(id, [
      { kind: 'role', id: 'owner', name: 'Owner', privileged: true },
      { kind: 'role', id: 'member', name: 'Member' },
      { kind: 'role', id: 'admin', name: 'Team Admin', scope: { level: 'team', id: '7' } },
      { kind: 'group', id: '7', name: 'core' },
    ])
    const { json } = await app.call('GET', '/Roles?count=2&startIndex=1')
    assert.deepEqual([json['totalResults'], json['itemsPerPage']], [3, 2])
    const ids = (json['Resources'] as { id: string }[]).map((each) => each.id)
    assert.deepEqual(ids, ['sentry~role~owner', 'sentry~role~member'])
    assert.equal((await app.call('GET', '/Roles/sentry~role~admin~team~7')).json['value'], 'admin')
    assert.equal(await searched(app, '/Entitlements', 'display eq "CORE"'), 1)
    const foreign = { ...anActor(directoryId).directory, id: '00000000-0000-7000-8000-000000000000' }
    assert.deepEqual(await store.directory.catalogue(foreign, 'role'), [])
  })
})

describe('bulk requests at the real store', () => {
  it('[B-02] resolve references in order, forwards and in circles', async (t) => {
    const { call } = await realApp(t)
    const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
    const managed = (name: string, manager: string): object =>
      aUser(`${name}@bulk.example`, { [enterprise]: { manager: { value: `bulkId:${manager}` } } })
    const answer = await call('POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [
        { method: 'POST', path: '/Groups', bulkId: 'g', data: aGroup('Bulk', 'bulkId:a', 'bulkId:b') },
        { method: 'POST', path: '/Users', bulkId: 'a', data: managed('a', 'b') },
        { method: 'POST', path: '/Users', bulkId: 'b', data: managed('b', 'a') },
        { method: 'DELETE', path: '/Users/bulkId:b' },
      ],
    })
    const outcomes = answer.json['Operations'] as { status: string; location: string }[]
    assert.deepEqual(
      outcomes.slice(0, 3).map(({ status }) => status),
      ['201', '201', '201'],
    )
    const { json } = await call('GET', new URL(outcomes[0]!.location).pathname.replace('/scim/v2', ''))
    assert.equal((json['members'] as unknown[]).length, 2)
  })
})

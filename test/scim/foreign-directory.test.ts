import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { scimPlugin } from '../../src/scim/http/plugin.ts'
import { aConnection, aDirectory } from '../support/configuration.ts'
import { openTestStore, type TestStore } from '../support/database.ts'
import { aGroup, aPatch, aUser } from '../support/scim-app.ts'
import { scriptedProvisioning } from '../support/scripted-provisioning.ts'

/**
 * What a token of another directory hears on each route: nothing of ours (`none`: 404 for an id, no resource in a list), the
 * protocol's own documents (`protocol`), or what it does in its own directory (`own`).
 */
const expected: Readonly<Record<string, 'none' | 'protocol' | 'own'>> = {
  'GET /ServiceProviderConfig': 'protocol',
  'GET /Schemas': 'protocol',
  'GET /Schemas/:id': 'protocol',
  'GET /ResourceTypes': 'protocol',
  'GET /ResourceTypes/:id': 'protocol',
  'POST /Users/.search': 'none',
  'GET /Users': 'none',
  'POST /Users': 'own',
  'GET /Users/:id': 'none',
  'PUT /Users/:id': 'none',
  'PATCH /Users/:id': 'none',
  'DELETE /Users/:id': 'none',
  'POST /Groups/.search': 'none',
  'GET /Groups': 'none',
  'POST /Groups': 'own',
  'GET /Groups/:id': 'none',
  'PUT /Groups/:id': 'none',
  'PATCH /Groups/:id': 'none',
  'DELETE /Groups/:id': 'none',
  'GET /Roles': 'none',
  'POST /Roles/.search': 'none',
  'GET /Roles/:id': 'none',
  'GET /Entitlements': 'none',
  'POST /Entitlements/.search': 'none',
  'GET /Entitlements/:id': 'none',
  'POST /Bulk': 'own',
  'POST /.search': 'none',
  'GET ': 'none',
}

const base = '/scim/v2'
const nobody = '00000000-0000-7000-8000-000000000000'
const searchRequest = { schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'] }

describe('a token of another directory', () => {
  let store: TestStore
  let app: FastifyInstance
  const routes: string[] = []
  const ids = { Users: '', Groups: '', Roles: '', Entitlements: '' }

  const call = async (directory: 'corp' | 'other', method: string, path: string, body?: object) => {
    const answer = await app.inject({
      method: method as 'GET',
      url: base + path,
      headers: {
        authorization: `Bearer secret-of-${directory}-0123456789`,
        ...(body ? { 'content-type': 'application/scim+json' } : {}),
      },
      ...(body ? { payload: JSON.stringify(body) } : {}),
    })
    const json = (answer.body === '' ? {} : JSON.parse(answer.body)) as Record<string, unknown>
    return { status: answer.statusCode, text: answer.body, json }
  }

  /** Everything of our directory, as it is kept. */
  const kept = async (): Promise<string> => {
    const ours = `(SELECT id FROM directories WHERE name = 'corp')`
    const rows = await store.query(`
      SELECT 'user' AS what, to_jsonb(u)::text AS row FROM users u WHERE directory_id = ${ours}
      UNION ALL SELECT 'group', to_jsonb(g)::text FROM groups g WHERE directory_id = ${ours}
      UNION ALL SELECT 'member', to_jsonb(m)::text FROM members m WHERE group_id IN (SELECT id FROM groups WHERE directory_id = ${ours})
      UNION ALL SELECT 'account', to_jsonb(a)::text FROM accounts a
        WHERE connection_id IN (SELECT id FROM connections WHERE directory_id = ${ours})
      UNION ALL SELECT 'event', to_jsonb(e)::text FROM events e WHERE directory_id = ${ours}
      ORDER BY 1, 2`)
    return JSON.stringify(rows)
  }

  before(async () => {
    store = await openTestStore()
    const applied = await store.applyConfiguration({
      directories: [aDirectory('corp', [aConnection('sentry')]), aDirectory('other')],
    })
    const connection = applied.connectionIds.get('corp/sentry')!
    const entries = [
      { kind: 'role', id: 'admin', name: 'Admin' },
      { kind: 'group', id: 'dev', name: 'Dev' },
    ] as const
    await store.connections.keepCatalogue(
      connection.id,
      entries.map((entry) => ({ ...entry, privileged: false })) as never,
    )
    app = Fastify()
    app.addHook('onRoute', ({ method, url }) => {
      if (typeof method === 'string' && method !== 'HEAD' && !(url.endsWith('/') && url !== `${base}/`))
        routes.push(`${method} ${url.replace(base, '')}`)
    })
    await app.register(scimPlugin, {
      prefix: base,
      verifyToken: store.verifyToken,
      directory: store.directory,
      provisioning: scriptedProvisioning(),
    })
    ids.Users = String((await call('corp', 'POST', '/Users', aUser('ada@corp.example'))).json['id'])
    ids.Groups = String((await call('corp', 'POST', '/Groups', aGroup('Staff', ids.Users))).json['id'])
    for (const type of ['Roles', 'Entitlements'] as const) {
      const [first] = (await call('corp', 'GET', `/${type}`)).json['Resources'] as { id: string }[]
      ids[type] = first!.id
    }
  })
  after(async () => {
    await app.close()
    await store.close()
  })

  it('has a line here for every route, and a route for every line', () => {
    assert.deepEqual([...new Set(routes)].toSorted(), Object.keys(expected).toSorted())
  })

  const bodyFor = (method: string, path: string): object | undefined => {
    if (path.endsWith('.search')) return searchRequest
    if (method === 'PATCH') return aPatch({ op: 'replace', path: 'externalId', value: 'taken' })
    if (method === 'PUT') return path.startsWith('/Users') ? aUser('eve@corp.example') : aGroup('Theirs')
    return undefined
  }

  for (const [line, what] of Object.entries(expected).filter(([, each]) => each !== 'own')) {
    const [method, path] = line.split(' ') as [string, string]
    it(`[M-01] ${line}: ${what}, and nothing changes`, async () => {
      const type = /^\/(\w+)/.exec(path)?.[1] as keyof typeof ids
      const earlier = await kept()
      const sent = (id: string, slash = '') =>
        call('other', method, path.replace(':id', encodeURIComponent(id)) + slash, bodyFor(method, path))
      for (const slash of path === '' ? [''] : ['', '/']) {
        if (what === 'protocol') {
          const same = await sent(
            path.includes('Schemas') ? 'urn:ietf:params:scim:schemas:core:2.0:User' : 'User',
            slash,
          )
          assert.equal(same.status, 200)
          assert.ok(!/ada@|Staff/.test(same.text))
        } else if (path.includes(':id')) {
          const [ours, unknown] = [await sent(ids[type], slash), await sent(nobody, slash)]
          assert.equal(ours.status, 404)
          assert.equal(
            ours.text.replaceAll(ids[type], '?'),
            unknown.text.replaceAll(nobody, '?'),
            'says no more than of an id that nobody has',
          )
          if (method === 'GET')
            assert.equal((await call('corp', method, path.replace(':id', ids[type]) + slash)).status, 200)
        } else {
          const { status, json } = await sent('', slash)
          assert.deepEqual([status, json['totalResults']], [200, 0])
          const ours = await call('corp', method, path + slash, bodyFor(method, path))
          assert.ok((ours.json['totalResults'] as number) > 0, 'there is something to hide')
        }
      }
      assert.equal(await kept(), earlier)
    })
  }

  it('[M-01] POST makes Users and Groups of its own, under the same names, and takes no member of ours', async () => {
    const earlier = await kept()
    assert.equal((await call('other', 'POST', '/Users', aUser('ada@corp.example'))).status, 201)
    const group = await call('other', 'POST', '/Groups', aGroup('Staff'))
    assert.equal(group.status, 201)
    const address = `/Groups/${String(group.json['id'])}`
    const tries = [
      await call('other', 'POST', '/Groups', aGroup('Sly', ids.Users)),
      await call(
        'other',
        'PATCH',
        address,
        aPatch({ op: 'add', path: 'members', value: [{ value: ids.Users }] }),
      ),
      await call('other', 'PUT', address, aGroup('Staff', ids.Users)),
    ]
    const shown = await call('other', 'GET', '/Groups')
    for (const { text } of [...tries.filter(({ status }) => status < 300), shown])
      assert.ok(!text.includes('ada@'), text)
    assert.equal((await call('corp', 'GET', `/Users/${ids.Users}`)).text.includes('Sly'), false)
    assert.equal(await kept(), earlier)
  })

  it('[M-01] Bulk reaches nothing of ours', async () => {
    const earlier = await kept()
    const operations = ['Users', 'Groups'].flatMap((type) =>
      ['PUT', 'PATCH', 'DELETE'].map((method) => {
        const path = `/${type}/${ids[type as 'Users']}`
        const data = bodyFor(method, path)
        return { method, path, ...(data ? { data } : {}) }
      }),
    )
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:BulkRequest']
    const { status, json } = await call('other', 'POST', '/Bulk', { schemas, Operations: operations })
    assert.equal(status, 200)
    assert.deepEqual(
      (json['Operations'] as { status: string }[]).map((each) => each.status),
      operations.map(() => '404'),
    )
    assert.equal(await kept(), earlier)
  })
})

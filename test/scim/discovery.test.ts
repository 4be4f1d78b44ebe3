import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aUser, coreGroup, coreUser, scimApp } from '../support/scim-app.ts'

type Document = Record<string, unknown> & { readonly id: string; readonly meta: Record<string, string> }
const documentsOf = (json: Record<string, unknown>): readonly Document[] => json['Resources'] as Document[]

describe('discovery', () => {
  it('[D-01] [D-02] [D-09] [D-12] advertises only what works, with every number present', async (t) => {
    const { call } = await scimApp(t, { limits: { maxCount: 250 } })
    const { status, json } = await call('GET', '/ServiceProviderConfig?filter=x&startIndex=q')
    assert.equal(status, 200)
    assert.deepEqual(json['patch'], { supported: true })
    assert.deepEqual(json['bulk'], { supported: true, maxOperations: 1_000, maxPayloadSize: 1_048_576 })
    assert.deepEqual(json['filter'], { supported: true, maxResults: 250 })
    assert.deepEqual(json['changePassword'], { supported: false })
    assert.deepEqual(json['sort'], { supported: true })
    assert.deepEqual(json['etag'], { supported: true })
    assert.deepEqual(json['pagination'], {
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: 100,
      maxPageSize: 250,
      cursorTimeout: 3_600,
    })
    const [scheme] = json['authenticationSchemes'] as Record<string, unknown>[]
    assert.equal(scheme?.['type'], 'oauthbearertoken')
    const meta = json['meta'] as Record<string, string>
    assert.match(String(meta['location']), /^http:\/\/.+\/scim\/v2\/ServiceProviderConfig$/)
  })

  it('[D-03] [D-06] [D-07] lists resource types whose schemas all exist', async (t) => {
    const { call } = await scimApp(t)
    const types = documentsOf((await call('GET', '/ResourceTypes')).json)
    const schemas = documentsOf((await call('GET', '/Schemas')).json).map(({ id }) => id)
    assert.deepEqual(
      types.map(({ name, endpoint }) => [name, endpoint]),
      [
        ['User', '/Users'],
        ['Group', '/Groups'],
        ['Role', '/Roles'],
        ['Entitlement', '/Entitlements'],
      ],
    )
    for (const { schema, schemaExtensions } of types) {
      assert.ok(schemas.includes(String(schema)))
      for (const extension of schemaExtensions as { schema: string }[])
        assert.ok(schemas.includes(extension.schema))
    }
    assert.ok(schemas.includes(coreUser) && schemas.includes(coreGroup))
    assert.ok(!schemas.some((id) => id.includes(':messages:')))
  })

  it('announces neither devices nor events nor members as resources, and has no such endpoints', async (t) => {
    const { call } = await scimApp(t)
    const types = (await call('GET', '/ResourceTypes')).json['Resources'] as readonly { name: string }[]
    assert.deepEqual(
      types.map(({ name }) => name).filter((name) => /device|event|member/i.test(name)),
      [],
    )
    const config = (await call('GET', '/ServiceProviderConfig')).json
    assert.deepEqual(
      Object.keys(config).filter((name) => /event|async/i.test(name)),
      [],
    )
    for (const path of ['/Devices', '/Events', '/GroupMembers', '/Groups/1/members']) {
      assert.equal((await call('GET', path)).status, 404, path)
    }
    const wish = { prefer: 'respond-async' }
    assert.equal((await call('POST', '/Users', aUser('ada@corp.example'), wish)).status, 201)
  })

  it('[D-04] [D-11] serves each document under its own location, without null in it', async (t) => {
    const { call } = await scimApp(t)
    for (const path of ['/Schemas', '/ResourceTypes']) {
      const list = await call('GET', path)
      assert.doesNotMatch(list.text, /null/)
      for (const document of documentsOf(list.json)) {
        const location = new URL(String(document.meta['location']))
        const one = await call('GET', decodeURIComponent(location.pathname).replace('/scim/v2', ''))
        assert.equal(one.status, 200, location.pathname)
        assert.deepEqual(one.json, document)
      }
    }
  })

  it('[D-08] [D-09] answers 404 to unknown documents and 403 to filters', async (t) => {
    const { call } = await scimApp(t)
    for (const path of ['/Schemas', '/ResourceTypes']) {
      assert.equal((await call('GET', `${path}/urn:nothing`)).status, 404)
      assert.equal((await call('GET', `${path}?filter=id%20pr`)).status, 403)
      assert.equal((await call('GET', `${path}?startIndex=5&count=1&sortBy=id`)).status, 200)
    }
  })

  it('[T-02] puts the configured public address into locations, whatever the Host header says', async (t) => {
    const { call } = await scimApp(t, { publicUrl: 'https://bridge.example/' })
    const { json } = await call('GET', '/ServiceProviderConfig', undefined, { host: 'evil.example' })
    const meta = json['meta'] as Record<string, string>
    assert.equal(meta['location'], 'https://bridge.example/scim/v2/ServiceProviderConfig')
  })
})

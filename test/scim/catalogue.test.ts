import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { memoryDirectory } from '../support/memory-directory.ts'
import { aPatch, aUser, type Answered, scimApp } from '../support/scim-app.ts'
import type { CatalogueEntry } from '../../src/model/directory.ts'

const role = (id: string, name: string, more: Partial<CatalogueEntry> = {}): CatalogueEntry => ({
  connection: 'falcon',
  vendor: 'crowdstrike',
  kind: 'role',
  id,
  name,
  privileged: false,
  ...more,
})

const catalogue: readonly CatalogueEntry[] = [
  role('falcon_admin', 'Falcon Administrator', { privileged: true }),
  role('falcon_admin', 'Falcon Administrator', { scope: { level: 'cid', id: '5ddb' } }),
  role('remote~1/2.3', 'Fernzugriff für Ärzte'),
  role('member', 'Member', { connection: 'sentry', vendor: 'sentry' }),
  role('42', 'core', { connection: 'sentry', vendor: 'sentry', kind: 'group' }),
]

const shownAt = async (call: Call, path: string): Promise<readonly Record<string, unknown>[]> => {
  const { status, json, text } = await call('GET', path)
  assert.equal(status, 200, text)
  assert.equal(json['itemsPerPage'], (json['Resources'] as unknown[]).length)
  return json['Resources'] as Record<string, unknown>[]
}

type Call = (method: string, path: string, body?: unknown) => Promise<Answered>

describe('roles and entitlements discovery', () => {
  it('shows the roles that the connections offer, under ids that are unique, stable and safe in a URL', async (t) => {
    const { call } = await scimApp(t, { memory: memoryDirectory({ catalogue }) })
    const roles = await shownAt(call, '/Roles')
    assert.deepEqual(
      roles.map(({ id }) => id),
      [
        'falcon~role~falcon_admin',
        'falcon~role~falcon_admin~cid~5ddb',
        'falcon~role~remote.7e1.2f2.2e3',
        'sentry~role~member',
      ],
    )
    const [first, scoped] = roles
    const { meta, ...rest } = first ?? {}
    assert.deepEqual(rest, {
      schemas: ['urn:okta:scim:schemas:core:1.0:Role'],
      id: 'falcon~role~falcon_admin',
      displayName: 'Falcon Administrator',
      display: 'Falcon Administrator',
      value: 'falcon_admin',
      type: 'falcon',
      description: 'Privileged role of falcon (crowdstrike)',
    })
    assert.equal((meta as Record<string, unknown>)['resourceType'], 'Role')
    assert.equal(scoped?.['displayName'], 'Falcon Administrator (cid 5ddb)')
    for (const each of roles) {
      const { pathname } = new URL((each['meta'] as { location: string }).location)
      const one = await call('GET', pathname.replace('/scim/v2', ''))
      assert.deepEqual(one.json, each)
    }
  })

  it('shows groups and teams as entitlements', async (t) => {
    const { call } = await scimApp(t, { memory: memoryDirectory({ catalogue }) })
    const [team, ...others] = await shownAt(call, '/Entitlements')
    assert.deepEqual(team?.['schemas'], ['urn:okta:scim:schemas:core:1.0:Entitlement'])
    assert.equal(team?.['id'], 'sentry~group~42')
    assert.equal(team?.['displayName'], 'core')
    assert.equal(others.length, 0)
    assert.equal((await call('GET', '/Roles/sentry~group~42')).status, 404)
  })

  const pages: readonly (readonly [query: string, startIndex: number, items: number])[] = [
    ['?count=1&startIndex=1', 1, 1],
    ['?count=3&startIndex=3', 3, 2],
    ['?count=0', 1, 0],
    ['?startIndex=9', 9, 0],
  ]
  for (const [query, startIndex, items] of pages) {
    it(`shows ${items} of 4 for ${query}`, async (t) => {
      const { call } = await scimApp(t, { memory: memoryDirectory({ catalogue }) })
      const { json } = await call('GET', `/Roles${query}`)
      assert.deepEqual(
        [json['totalResults'], json['startIndex'], json['itemsPerPage']],
        [4, startIndex, items],
      )
    })
  }

  const filters: readonly (readonly [filter: string, hits: number])[] = [
    ['display eq "falcon administrator"', 1],
    ['displayName sw "Falcon"', 2],
    ['display co "für"', 1],
    ['value eq "falcon_admin"', 2],
    ['value eq "FALCON_ADMIN"', 0],
    ['id eq "sentry~role~member"', 1],
    ['value eq "falcon_admin" and display co "5ddb"', 1],
    ['type eq "falcon" and value sw "remote"', 1],
    ['unknown eq "x"', 0],
  ]
  for (const [filter, hits] of filters) {
    it(`finds ${hits} by ${filter}`, async (t) => {
      const { call } = await scimApp(t, { memory: memoryDirectory({ catalogue }) })
      assert.equal((await shownAt(call, `/Roles?filter=${encodeURIComponent(filter)}`)).length, hits)
    })
  }

  it('refuses filters that cannot be read, and honours attributes', async (t) => {
    const { call } = await scimApp(t, { memory: memoryDirectory({ catalogue }) })
    assert.equal((await call('GET', '/Roles?filter=display%20eq')).json['scimType'], 'invalidFilter')
    const [first] = await shownAt(call, '/Roles?attributes=display')
    assert.deepEqual(Object.keys(first ?? {}), ['schemas', 'id', 'display'])
  })

  it('is empty lists where nothing was fetched yet', async (t) => {
    const { call } = await scimApp(t)
    for (const path of ['/Roles', '/Entitlements']) {
      const { status, json } = await call('GET', `${path}?count=1&startIndex=1`)
      assert.deepEqual([status, json['totalResults'], json['Resources']], [200, 0, []])
    }
  })

  it('lets Users name them, as they are', async (t) => {
    const { call } = await scimApp(t, { memory: memoryDirectory({ catalogue }) })
    const roles = [{ value: 'falcon~role~falcon_admin', display: 'Falcon Administrator', type: 'falcon' }]
    const entitlements = [{ value: 'sentry~group~42', display: 'core' }]
    const made = await call('POST', '/Users', aUser('ada@example.com', { roles, entitlements }))
    assert.deepEqual([made.json['roles'], made.json['entitlements']], [roles, entitlements])
    const patch = aPatch({ op: 'remove', path: 'roles[value eq "falcon~role~falcon_admin"]' })
    const changed = await call('PATCH', `/Users/${made.json['id']}`, patch)
    assert.equal(changed.json['roles'], undefined)
    assert.deepEqual(changed.json['entitlements'], entitlements)
  })
})

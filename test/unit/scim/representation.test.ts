import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { represent } from '../../../src/scim/representation.ts'
import { groupModel, userModel } from '../../../src/scim/schema/model.ts'
import { provisioningUrn } from '../../../src/scim/schema/definitions.ts'

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const common = { version: 3, created: new Date(0), lastModified: new Date(1500) }

describe('represent', () => {
  test("[R-11] shows a User in full, in the schema's order", () => {
    const shown = represent(userModel, {
      ...common,
      id: 'u1',
      location: 'https://x.example/base/scim/v2/Users/u1',
      body: {
        [enterprise]: { manager: { $ref: '../Users/7', value: '7' }, department: 'R&D' },
        active: false,
        userName: 'ada',
        externalId: 'e',
      },
      activeShown: true,
      groups: [{ groupId: 'g1', userId: 'u1', display: 'G' }],
      extension: { connections: [{ value: 'falcon' }] },
    })
    assert.deepEqual(shown, {
      schemas: [userModel.schema, enterprise, provisioningUrn],
      id: 'u1',
      externalId: 'e',
      userName: 'ada',
      active: true,
      groups: [
        { value: 'g1', $ref: 'https://x.example/base/scim/v2/Groups/g1', display: 'G', type: 'direct' },
      ],
      [enterprise]: {
        department: 'R&D',
        manager: { value: '7', $ref: 'https://x.example/base/scim/v2/Users/7' },
      },
      [provisioningUrn]: { connections: [{ value: 'falcon' }] },
      meta: {
        resourceType: 'User',
        created: '1970-01-01T00:00:00.000Z',
        lastModified: '1970-01-01T00:00:01.500Z',
        location: 'https://x.example/base/scim/v2/Users/u1',
        version: 'W/"3"',
      },
    })
    assert.deepEqual(Object.keys(shown), [
      'schemas',
      'id',
      'externalId',
      'userName',
      'active',
      'groups',
      enterprise,
      provisioningUrn,
      'meta',
    ])
  })

  test('[R-04] [R-08] names an extension exactly when it has data, and leaves empty lists out', () => {
    const shown = represent(userModel, {
      ...common,
      id: 'u1',
      location: 'https://x/Users/u1',
      body: { userName: 'ada', [enterprise]: {} },
      groups: [],
      extension: {},
    })
    assert.deepEqual(Object.keys(shown), ['schemas', 'id', 'userName', 'meta'])
    assert.deepEqual(shown['schemas'], [userModel.schema])
  })

  test('[R-22] keeps references of other servers as they are', () => {
    const manager = (value: object) =>
      represent(userModel, {
        ...common,
        id: 'u',
        location: 'https://x/Users/u',
        body: { [enterprise]: { manager: value } },
      })[enterprise]
    for (const $ref of ['https://other.example/people/7', 'people/7', '../people/7', '../Users/', 7]) {
      assert.deepEqual(manager({ $ref }), { manager: { $ref } })
    }
  })

  test('shows a Group with its members', () => {
    const members = [{ groupId: 'g', userId: 'u', display: 'ada' }]
    const input = { ...common, id: 'g', location: 'https://x/scim/v2/Groups/g', body: { displayName: 'G' } }
    assert.deepEqual(represent(groupModel, { ...input, members })['members'], [
      { value: 'u', $ref: 'https://x/scim/v2/Users/u', display: 'ada', type: 'User' },
    ])
    assert.deepEqual(represent(groupModel, { ...input, members: [] })['members'], [])
    assert.equal(represent(groupModel, input)['members'], undefined)
  })
})

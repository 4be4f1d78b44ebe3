import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Schemas } from 'scimmy'
import { defineModel, groupModel, resolvePath, userModel } from '../../../../src/scim/schema/model.ts'
import { provisioningUrn } from '../../../../src/scim/schema/definitions.ts'
import { resourceTypes, schemaDocuments } from '../../../../src/scim/schema/documents.ts'
import { thingModel } from '../every-type.ts'
import type { AttributeDefinition } from '../../../../src/scim/schema/attribute.ts'

const core = userModel.schema
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

function find(model: typeof userModel, path: string): AttributeDefinition | undefined {
  const resolved = resolvePath(model, path)
  return resolved?.subAttribute ?? resolved?.attribute
}

describe('the schema model', () => {
  test('has the corrections that clients need', () => {
    assert.equal(find(userModel, 'addresses.primary')?.type, 'boolean')
    assert.equal(find(groupModel, 'displayName')?.required, true)
    for (const name of ['value', '$ref', 'type']) {
      assert.equal(find(groupModel, `members.${name}`)?.mutability, 'immutable')
    }
    assert.equal(find(groupModel, 'members.display')?.mutability, 'readOnly')
    assert.deepEqual(find(groupModel, 'members.type')?.canonicalValues, ['User'])
    assert.deepEqual(find(groupModel, 'members.$ref')?.referenceTypes, ['User'])
    assert.equal(find(userModel, 'profileUrl')?.caseExact, true)
    assert.equal(find(userModel, 'roles.type')?.canonicalValues, undefined)
  })

  test('has the characteristics of RFC 7643', () => {
    const rows: readonly [string, Partial<AttributeDefinition>][] = [
      ['userName', { required: true, caseExact: false, uniqueness: 'server', type: 'string' }],
      ['id', { caseExact: true, mutability: 'readOnly', returned: 'always' }],
      ['externalId', { caseExact: true, mutability: 'readWrite' }],
      ['schemas', { multiValued: true, returned: 'always' }],
      ['password', { mutability: 'writeOnly', returned: 'never' }],
      ['active', { type: 'boolean' }],
      ['emails', { type: 'complex', multiValued: true }],
      ['emails.primary', { type: 'boolean' }],
      ['groups', { mutability: 'readOnly', multiValued: true }],
      ['x509Certificates.value', { type: 'binary', caseExact: true }],
      ['meta.lastModified', { type: 'dateTime', mutability: 'readOnly' }],
      [`${enterprise}:manager.displayName`, { mutability: 'readOnly' }],
      [`${provisioningUrn}:connections`, { mutability: 'readOnly', returned: 'request', multiValued: true }],
    ]
    for (const [path, wanted] of rows) assert.partialDeepStrictEqual(find(userModel, path), wanted, path)
  })

  test('agrees with SCIMMY on every attribute', () => {
    const pairs = [
      [userModel.core, Schemas.User],
      [groupModel.core, Schemas.Group],
      [userModel.extensions[0], Schemas.EnterpriseUser],
    ] as const
    for (const [schema, source] of pairs) {
      const described = JSON.parse(JSON.stringify(source.definition.describe())) as {
        id: string
        attributes: AttributeDefinition[]
      }
      assert.equal(schema?.urn, described.id)
      for (const { name, type, multiValued, mutability, returned, subAttributes } of described.attributes) {
        const ours = schema?.attribute(name)
        assert.partialDeepStrictEqual(ours, { name, type, multiValued, mutability, returned })
        for (const sub of subAttributes ?? []) {
          const found = ours?.subAttributes?.find((each) => each.name === sub.name)
          assert.partialDeepStrictEqual(found, {
            type: sub.type,
            multiValued: sub.multiValued,
            returned: sub.returned,
          })
        }
      }
    }
  })

  test('is frozen', () => {
    assert.ok(Object.isFrozen(userModel) && Object.isFrozen(userModel.attributes))
    assert.ok(Object.isFrozen(find(userModel, 'emails.value')))
  })
})

describe('resolvePath', () => {
  const rows: readonly [string, readonly string[] | undefined][] = [
    ['userName', ['userName']],
    ['USERNAME', ['userName']],
    ['name.FAMILYNAME', ['name', 'familyName']],
    ['meta.version', ['meta', 'version']],
    [core, []],
    [`${core}:userName`, ['userName']],
    [`${core.toLowerCase()}:name.givenName`, ['name', 'givenName']],
    [`${core}:externalId`, ['externalId']],
    [enterprise, [enterprise]],
    [enterprise.toUpperCase(), [enterprise]],
    [`${enterprise}:manager`, [enterprise, 'manager']],
    [`${enterprise}.manager`, [enterprise, 'manager']],
    [`${enterprise}:manager.$REF`, [enterprise, 'manager', '$ref']],
    [`${enterprise}:nosuch`, undefined],
    [`${enterprise}:`, undefined],
    [`${enterprise}s:manager`, undefined],
    ['urn:unknown:2.0:User:attr', undefined],
    ['manager', undefined],
    ['name.familyName.more', undefined],
    ['userName.part', undefined],
    ['nosuch', undefined],
    ['', undefined],
    ['__proto__', undefined],
    ['constructor', undefined],
    ['name.__proto__', undefined],
    ['toString', undefined],
  ]
  for (const [text, names] of rows) {
    test(`reads ${JSON.stringify(text)}`, () => {
      assert.deepEqual(resolvePath(userModel, text)?.names, names)
    })
  }

  test('takes the longest schema URN where one begins like another', () => {
    const schema = (urn: string) => ({
      urn,
      name: urn,
      description: urn,
      attributes: [{ name: 'b' }, { name: 'more' }],
    })
    const extensions = [schema('urn:a'), schema('urn:a:more'), schema('urn:a:more:b')]
    const model = defineModel({
      name: 'X',
      endpoint: '/X',
      description: '',
      schema: schema('urn:x'),
      extensions,
    })
    assert.deepEqual(resolvePath(model, 'urn:a:more:b')?.names, ['urn:a:more:b'])
    assert.deepEqual(resolvePath(model, 'urn:a:more:more')?.names, ['urn:a:more', 'more'])
    assert.deepEqual(resolvePath(model, 'urn:a:b')?.names, ['urn:a', 'b'])
  })

  test('finds attributes of writable extensions by short names where asked to', () => {
    assert.deepEqual(resolvePath(userModel, 'Manager', { shortNames: true })?.names, [enterprise, 'manager'])
    assert.deepEqual(resolvePath(userModel, 'displayName', { shortNames: true })?.names, ['displayName'])
    assert.equal(resolvePath(userModel, 'connections', { shortNames: true }), undefined)
  })
})

describe('schema documents', () => {
  const documents = schemaDocuments({ baseUrl: 'https://scim.example/scim/v2' })

  test('[D-05] [D-06] cover resource types, extensions and the discovery documents', () => {
    const ids = documents.map(({ id }) => id)
    for (const name of ['User', 'Group', 'Schema', 'ResourceType', 'ServiceProviderConfig']) {
      assert.ok(ids.includes(`urn:ietf:params:scim:schemas:core:2.0:${name}`), name)
    }
    assert.ok(ids.includes(enterprise) && ids.includes(provisioningUrn))
    assert.ok(!ids.some((id) => id.includes(':messages:')))
    for (const type of resourceTypes()) {
      assert.ok(ids.includes(type['schema'] as string))
      for (const { schema } of type['schemaExtensions'] as { schema: string }[])
        assert.ok(ids.includes(schema))
    }
  })

  test('[D-04] hold no null, and every characteristic of every attribute', () => {
    assert.ok(!JSON.stringify(documents).includes('null'))
    const check = (attribute: Record<string, unknown>): void => {
      for (const key of [
        'name',
        'type',
        'multiValued',
        'description',
        'required',
        'mutability',
        'returned',
        'uniqueness',
      ]) {
        assert.notEqual(attribute[key], undefined, `${String(attribute['name'])}.${key}`)
      }
      assert.notEqual(attribute['description'], '', String(attribute['name']))
      assert.equal(attribute['type'] === 'complex', attribute['subAttributes'] !== undefined)
      for (const sub of (attribute['subAttributes'] ?? []) as Record<string, unknown>[]) check(sub)
    }
    for (const document of documents)
      for (const each of document['attributes'] as Record<string, unknown>[]) check(each)
  })

  test('[D-11] say where they are', () => {
    assert.deepEqual(documents[0]?.['meta'], {
      resourceType: 'Schema',
      location: `https://scim.example/scim/v2/Schemas/${core}`,
    })
    const [type] = resourceTypes({ baseUrl: 'https://x', models: [thingModel] })
    assert.deepEqual(type?.['meta'], {
      resourceType: 'ResourceType',
      location: 'https://x/ResourceTypes/Thing',
    })
    assert.equal(schemaDocuments({ models: [thingModel] }).length, 5)
  })
})

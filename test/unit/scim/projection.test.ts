import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compileProjection } from '../../../src/scim/projection.ts'
import { groupModel, userModel } from '../../../src/scim/schema/model.ts'
import { provisioningUrn } from '../../../src/scim/schema/definitions.ts'
import { thingModel, thingUrn } from './every-type.ts'

const core = userModel.schema
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

const ada = {
  schemas: [core, enterprise, provisioningUrn],
  id: '1',
  externalId: 'e',
  userName: 'ada',
  password: 'secret',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  emails: [
    { value: 'a', type: 'work' },
    { value: 'b', type: 'home', primary: true },
  ],
  groups: [{ value: 'g' }],
  [enterprise]: { department: 'R&D', manager: { value: '7', $ref: 'x' } },
  [provisioningUrn]: { connections: [{ value: 'falcon', status: 'proven' }] },
  meta: { resourceType: 'User', version: 'W/"1"' },
}

const base = { schemas: [core], id: '1' }

type Query = Parameters<typeof compileProjection>[1]
const shown = (query: Query) => compileProjection(userModel, query).apply(ada)
const { password: _password, [provisioningUrn]: _extension, ...visible } = ada
const whole = { ...visible, schemas: [core, enterprise] }

describe('compileProjection', () => {
  test('[J-04] shows everything but what is never shown, or only on request', () => {
    for (const query of [
      {},
      { attributes: '' },
      { attributes: ' , ' },
      { excludedAttributes: [] },
      { excludedAttributes: 'nosuch' },
    ]) {
      assert.deepEqual(shown(query), whole)
    }
    assert.deepEqual(Object.keys(shown({})), Object.keys(whole))
  })

  const named: readonly [Query['attributes'], Record<string, unknown>][] = [
    ['userName', { ...base, userName: 'ada' }],
    [' USERNAME , nosuch', { ...base, userName: 'ada' }],
    [['userName', 'externalId,title'], { ...base, externalId: 'e', userName: 'ada' }],
    ['id', base],
    ['nosuch', base],
    ['password', base],
    ['schemas', base],
    ['meta', { ...base, meta: ada.meta }],
    ['meta.version', { ...base, meta: { version: 'W/"1"' } }],
    [`${core}:userName`, { ...base, userName: 'ada' }],
    ['name', { ...base, name: ada.name }],
    ['name.GIVENNAME', { ...base, name: { givenName: 'Ada' } }],
    ['name.givenName,name', { ...base, name: ada.name }],
    ['name,name.givenName', { ...base, name: ada.name }],
    ['name.middleName', base],
    ['emails.type', { ...base, emails: [{ type: 'work' }, { type: 'home' }] }],
    ['emails.primary', { ...base, emails: [{ primary: true }] }],
    ['emails[type eq "work"]', { ...base, emails: ada.emails }],
    ['emails[type eq "work"].value', { ...base, emails: ada.emails }],
    [enterprise, { schemas: [core, enterprise], id: '1', [enterprise]: ada[enterprise] }],
    [
      `${enterprise}:department`,
      { schemas: [core, enterprise], id: '1', [enterprise]: { department: 'R&D' } },
    ],
    [
      `${enterprise.toLowerCase()}:Manager.value`,
      { schemas: [core, enterprise], id: '1', [enterprise]: { manager: { value: '7' } } },
    ],
    [`${enterprise}:costCenter`, base],
    [provisioningUrn, { schemas: [core, provisioningUrn], id: '1', [provisioningUrn]: ada[provisioningUrn] }],
    [
      `${provisioningUrn}:connections`,
      { schemas: [core, provisioningUrn], id: '1', [provisioningUrn]: ada[provisioningUrn] },
    ],
    [
      `${provisioningUrn}:connections.status`,
      {
        schemas: [core, provisioningUrn],
        id: '1',
        [provisioningUrn]: { connections: [{ status: 'proven' }] },
      },
    ],
    ['__proto__', base],
    ['__proto__.x,constructor,name.__proto__', base],
  ]
  for (const [attributes, expected] of named) {
    test(`[J-01] shows attributes=${JSON.stringify(attributes)}`, () => {
      assert.deepEqual(shown({ attributes }), expected)
      assert.deepEqual(shown({ attributes, excludedAttributes: 'userName,name' }), expected)
    })
  }

  test('shows the core attributes for the core URN', () => {
    assert.deepEqual(shown({ attributes: core }), {
      ...base,
      userName: 'ada',
      name: ada.name,
      emails: ada.emails,
      groups: ada.groups,
    })
  })

  const without = (...names: string[]) =>
    Object.fromEntries(Object.entries(whole).filter(([name]) => !names.includes(name)))
  const excluded: readonly [Query['excludedAttributes'], Record<string, unknown>][] = [
    ['userName', without('userName')],
    ['groups,META', without('groups', 'meta')],
    ['id,schemas', whole],
    ['name.givenName', { ...whole, name: { familyName: 'Lovelace' } }],
    ['name.givenName,name.familyName', without('name')],
    ['emails.value', { ...whole, emails: [{ type: 'work' }, { type: 'home', primary: true }] }],
    [enterprise, { ...without(enterprise), schemas: [core] }],
    [`${enterprise}:manager`, { ...whole, [enterprise]: { department: 'R&D' } }],
    [[`${enterprise}:manager`, `${enterprise}:department`], { ...without(enterprise), schemas: [core] }],
    [provisioningUrn, whole],
  ]
  for (const [excludedAttributes, expected] of excluded) {
    test(`[J-02] hides excludedAttributes=${JSON.stringify(excludedAttributes)}`, () => {
      assert.deepEqual(shown({ excludedAttributes }), expected)
    })
  }

  test('[J-06] says which attributes are wanted, so that nobody loads the others', () => {
    const wants = (query: Query, ...names: string[]) =>
      names.map((name) => compileProjection(groupModel, query).wants(name))
    assert.deepEqual(wants({}, 'members', 'MEMBERS', 'nosuch'), [true, true, false])
    assert.deepEqual(wants({ excludedAttributes: 'members' }, 'members', 'displayName'), [false, true])
    assert.deepEqual(wants({ excludedAttributes: 'members.display' }, 'members'), [true])
    assert.deepEqual(wants({ attributes: 'id' }, 'members', 'id'), [false, true])
    assert.deepEqual(wants({ attributes: 'members.value' }, 'members'), [true])
    const user = (query: Query) => compileProjection(userModel, query)
    assert.equal(user({}).wants(provisioningUrn, 'connections'), false)
    assert.equal(user({ attributes: provisioningUrn.toUpperCase() }).wants(provisioningUrn), true)
    assert.equal(
      user({ attributes: provisioningUrn.toUpperCase() }).wants(provisioningUrn, 'connections'),
      true,
    )
    assert.equal(user({ attributes: 'userName' }).wants('groups'), false)
    assert.deepEqual(
      [user({}).named, user({ excludedAttributes: 'name' }).named, user({ attributes: 'x' }).named],
      [false, false, true],
    )
  })

  test('[J-04] follows returned of every attribute and part', () => {
    const thing = {
      schemas: [thingUrn],
      id: '1',
      text: 'x',
      secret: 's',
      hidden: 'h',
      always: 'a',
      onRequest: 'r',
      whole: { plain: 'p', silent: 'q', shown: 's' },
    }
    const show = (query: Query) => compileProjection(thingModel, query).apply(thing)
    const minimum = { schemas: [thingUrn], id: '1', always: 'a' }
    assert.deepEqual(show({}), { ...minimum, text: 'x', whole: { plain: 'p', shown: 's' } })
    assert.deepEqual(show({ attributes: 'onRequest,secret,hidden' }), {
      ...minimum,
      onRequest: 'r',
      hidden: 'h',
    })
    assert.deepEqual(show({ attributes: 'whole' }), { ...minimum, whole: { plain: 'p', shown: 's' } })
    assert.deepEqual(show({ attributes: 'whole.silent' }), { ...minimum, whole: { silent: 'q', shown: 's' } })
    assert.deepEqual(show({ excludedAttributes: 'always,whole.shown,whole.plain' }), {
      ...minimum,
      text: 'x',
      whole: { shown: 's' },
    })
  })

  test('is compiled once for the same names, and forgets old ones', () => {
    const first = compileProjection(userModel, { attributes: 'userName' })
    assert.equal(compileProjection(userModel, { attributes: ['userName'] }), first)
    for (let index = 0; index < 400; index += 1) compileProjection(userModel, { attributes: `x${index}` })
    assert.notEqual(compileProjection(userModel, { attributes: 'userName' }), first)
    assert.notEqual(compileProjection(groupModel, { attributes: 'userName' }), first)
  })
})

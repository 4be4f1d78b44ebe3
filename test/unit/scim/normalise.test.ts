import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { switchesOf } from '../../../src/scim/client-profiles.ts'
import { normaliseBody } from '../../../src/scim/normalise.ts'
import { sameValue } from '../../../src/scim/values/json.ts'
import { groupModel, userModel } from '../../../src/scim/schema/model.ts'
import { provisioningUrn } from '../../../src/scim/schema/definitions.ts'
import { refusal, thingExtensionUrn, thingModel, thingUrn } from './every-type.ts'

const core = userModel.schema
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const legacyGroup = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'
const [auto, okta, entra, rfc] = [
  switchesOf('auto'),
  switchesOf('okta'),
  switchesOf('entra'),
  switchesOf('rfc'),
]

const user = (more: object, schemas: unknown = [core]) => ({ schemas, userName: 'ada', ...more })
const created = (body: unknown, switches = auto) => normaliseBody(userModel, body, switches, 'create').body
const grouped = (more: object, switches = auto) =>
  normaliseBody(groupModel, { schemas: [groupModel.schema], displayName: 'G', ...more }, switches, 'create')
const thing = (more: object, switches = auto) =>
  normaliseBody(thingModel, { schemas: [thingUrn], text: 'x', ...more }, switches, 'create').body

describe('normaliseBody', () => {
  test('[R-01] [R-03] gives canonical names, folds null and empty lists, and drops what only the service provider writes', () => {
    const body = {
      Schemas: [core.toUpperCase(), enterprise, legacyGroup],
      USERNAME: 'Ada ',
      EXTERNALID: 'e',
      id: 'mine',
      meta: { resourceType: 'User' },
      groups: [{ value: 'g' }],
      addresses: null,
      roles: [],
      title: null,
      name: { GivenName: 'Ada', familyName: null, nosuch: 1 },
      Emails: [{ VALUE: 'a@b', Primary: 'True', type: null }, null],
      nosuch: { deep: true },
      [enterprise.toUpperCase()]: { Department: 'R&D', manager: null, costCenter: null },
      [provisioningUrn]: { connections: [{ value: 'x' }] },
      'urn:unknown:2.0:User': { a: 1 },
    }
    assert.deepEqual(normaliseBody(userModel, body, entra, 'create'), {
      body: {
        externalId: 'e',
        userName: 'Ada ',
        name: { givenName: 'Ada' },
        emails: [{ value: 'a@b', primary: true }],
        [enterprise]: { department: 'R&D' },
        active: true,
      },
    })
  })

  test('[C-03] [P-05] makes new Users active, and says nothing about active in a replacement', () => {
    assert.equal(created(user({}))['active'], true)
    assert.equal(created(user({ active: null }))['active'], true)
    assert.equal(created(user({ active: false }))['active'], false)
    assert.equal(normaliseBody(userModel, user({}), auto, 'replace').body['active'], undefined)
  })

  test('[R-05] [R-06] accepts the schemas that clients send, and no others', () => {
    assert.doesNotThrow(() => created(user({}, [core.toLowerCase()]), rfc))
    assert.doesNotThrow(() => created(user({}, [core, core, enterprise, 'urn:any']), rfc))
    assert.doesNotThrow(() => created(user({}, ['urn:scim:schemas:core:1.0'])))
    assert.doesNotThrow(() => created(user({ [enterprise]: { department: 'x' } }, [core])))
    for (const schemas of [undefined, null, [], '', core, [7], [''], {}]) {
      assert.throws(() => created({ ...user({}), schemas }), refusal('invalidSyntax', /schemas/))
    }
    assert.throws(() => created(user({}, [groupModel.schema])), refusal('invalidSyntax'))
    assert.throws(
      () => created(user({}, ['urn:ietf:params:scim:api:messages:2.0:PatchOp'])),
      refusal('invalidSyntax'),
    )
    assert.throws(() => created(user({}, ['urn:scim:schemas:core:1.0']), rfc), refusal('invalidSyntax'))
    for (const body of [null, undefined, 7, 'x', []])
      assert.throws(() => created(body), refusal('invalidSyntax'))
  })

  test('[C-04] demands what is required, and not blank', () => {
    for (const userName of [undefined, null, '', '  \t']) {
      assert.throws(
        () => created({ schemas: [core], userName }),
        refusal('invalidValue', /^userName is required/),
      )
    }
    assert.throws(() => grouped({ displayName: ' ' }), refusal('invalidValue', /displayName/))
    assert.throws(() => thing({ strict: [{ fixed: 'a' }] }), refusal('invalidValue', /^strict\.value/))
  })

  test('[R-07] understands core attributes inside a container named by the core URN', () => {
    const body = created({ schemas: [core], [core]: { userName: 'ada', title: 'Dr' } })
    assert.deepEqual(body, { userName: 'ada', title: 'Dr', active: true })
    assert.throws(() => created(user({ [core]: 'x' })), refusal('invalidValue'))
  })

  test('checks the type of every value and names the path', () => {
    const rows: readonly [object, RegExp][] = [
      [{ userName: 7 }, /^userName must be a JSON string/],
      [{ title: ['x', 'y'] }, /^title holds one value/],
      [{ title: {} }, /^title must/],
      [{ active: 'maybe' }, /^active must be true or false/],
      [{ active: 1 }, /^active/],
      [{ name: 'Ada' }, /^name must be a JSON object/],
      [{ name: { givenName: 1 } }, /^name\.givenName/],
      [{ emails: [{ value: 1 }] }, /^emails\[0\]\.value/],
      [{ emails: [{ value: 'a' }, 7] }, /^emails\[1\]/],
      [{ emails: [['a']] }, /^emails\[0\]/],
      [{ [enterprise]: { department: 5 } }, /enterprise:2\.0:User:department must/],
      [{ [enterprise]: 'x' }, /must be a JSON object/],
      [{ title: 'a\0b' }, /^title holds a character/],
      [{ title: '\ud800' }, /^title holds a character/],
      [{ password: 7 }, /^password/],
      [{ emails: Array.from({ length: 501 }, () => ({ value: 'a' })) }, /500/],
    ]
    for (const [more, detail] of rows) {
      for (const switches of [okta, rfc, auto])
        assert.throws(() => created(user(more), switches), refusal('invalidValue', detail))
    }
  })

  test('reads values in the shapes in which clients send them, outside rfc', () => {
    const rows: readonly [sent: object, kept: object][] = [
      [{ title: ['x'] }, { title: 'x' }],
      [{ title: [{ value: 'x' }] }, { title: 'x' }],
      [{ title: { Value: 'x', type: 'work' } }, { title: 'x' }],
      [{ title: [{ value: null }] }, {}],
      [{ active: ['False'] }, { active: false }],
      [{ active: [{ value: false }] }, { active: false }],
      [{ name: [{ givenName: ['Kim'] }] }, { name: { givenName: 'Kim' } }],
      [{ name: '{"givenName":"Kim"}' }, { name: { givenName: 'Kim' } }],
      [{ roles: 'ADMIN' }, { roles: [{ value: 'ADMIN' }] }],
      [{ roles: ['ADMIN', 'USER'] }, { roles: [{ value: 'ADMIN' }, { value: 'USER' }] }],
      [{ roles: ['ADMIN', { value: 'USER' }] }, { roles: [{ value: 'ADMIN' }, { value: 'USER' }] }],
      [{ entitlements: { value: 'x' } }, { entitlements: [{ value: 'x' }] }],
      [{ emails: 'kim@example.com' }, { emails: [{ value: 'kim@example.com' }] }],
      [
        { emails: '[{"value":"kim@example.com","type":"work"}]' },
        { emails: [{ value: 'kim@example.com', type: 'work' }] },
      ],
      [{ emails: ['{"value":"kim@example.com"}'] }, { emails: [{ value: 'kim@example.com' }] }],
      [{ [enterprise]: { department: [{ value: 'R&D' }] } }, { [enterprise]: { department: 'R&D' } }],
      // Entra ID's own way to send the assignments of an application.
      [{ roles: [{ value: '{"id":"1"}' }] }, { roles: [{ value: '{"id":"1"}' }] }],
    ]
    for (const [sent, kept] of rows) {
      for (const switches of [auto, okta, entra]) {
        const { active: _active, ...body } = created(user({ active: undefined, ...sent }), switches)
        assert.deepEqual(
          { userName: body['userName'], ...('active' in sent ? { active: _active } : {}), ...body },
          { userName: 'ada', ...kept },
          JSON.stringify(sent),
        )
      }
      if (!JSON.stringify(sent).includes('"id')) {
        assert.throws(() => created(user(sent), rfc), refusal('invalidValue'), JSON.stringify(sent))
      }
    }
  })

  test('never takes JSON for an address', () => {
    const json = '{"type":"work","value":"lee@example.com"}'
    for (const sent of [
      { userName: json },
      { emails: [{ value: json }] },
      { emails: [{ value: `["lee@example.com"]` }] },
      { phoneNumbers: [{ value: ' {} ' }] },
    ]) {
      for (const switches of [auto, okta, entra, rfc]) {
        assert.throws(() => created(user(sent), switches), refusal('invalidValue', /is an address, not JSON/))
      }
    }
    assert.equal(created(user({ userName: '{2F3A-11}' }))['userName'], '{2F3A-11}')
  })

  test('[R-15] [R-19] checks each data type', () => {
    const good = {
      flag: true,
      count: -3,
      ratio: 0.25,
      moment: '0001-02-03T04:05:06.123456789+14:00',
      link: 'any text',
      bytes: 'QUJD\nQQ==',
    }
    assert.deepEqual(thing(good, rfc), { text: 'x', ...good })
    const bad: readonly [string, unknown][] = [
      ['flag', 'true'],
      ['flag', 0],
      ['count', 1.5],
      ['count', '1'],
      ['ratio', '1'],
      ['moment', 'today'],
      ['moment', 5],
      ['moment', '2026-02-30T00:00:00Z'],
      ['moment', '2026-01-01T24:00:00Z'],
      ['moment', '0000-01-01T00:00:00Z'],
      ['moment', '2026-01-01T00:00:00+15:00'],
      ['moment', '2026-01-01'],
      ['link', 1],
      ['bytes', 'no base64!'],
      ['bytes', 'a=b'],
      ['numbers', ['1']],
      ['words', [1]],
      ['words', 'one'],
      ['items', { value: 'a' }],
    ]
    for (const [name, value] of bad)
      assert.throws(() => thing({ [name]: value }, rfc), refusal('invalidValue', new RegExp(`^${name}`)))
    assert.deepEqual(thing({ flag: 'TRUE', words: 'one', items: { value: 'a' }, bytes: 'no base64!' }), {
      text: 'x',
      flag: true,
      bytes: 'no base64!',
      words: ['one'],
      items: [{ value: 'a' }],
    })
  })

  test('[R-13] [R-14] drops readOnly parts and keeps the password out of the body', () => {
    assert.deepEqual(normaliseBody(userModel, user({ password: 'secret' }), auto, 'replace'), {
      body: { userName: 'ada' },
      password: 'secret',
    })
    assert.deepEqual(
      thing({
        given: 'a',
        secret: 'b',
        hidden: 'c',
        whole: { given: 'd' },
        [thingExtensionUrn]: { made: 'e' },
      }),
      {
        text: 'x',
        hidden: 'c',
      },
    )
  })

  test('[R-20] [R-21] keeps one primary, the last, and no pair of type and value twice', () => {
    const emails = [
      { value: 'a', type: 'work', primary: true },
      { value: 'b', type: 'home', primary: true },
      { value: 'a', type: 'work', display: 'later' },
      { value: 'a', type: 'home' },
    ]
    assert.deepEqual(created(user({ emails }))['emails'], [
      { value: 'a', display: 'later', type: 'work' },
      { value: 'b', type: 'home', primary: true },
      { value: 'a', type: 'home' },
    ])
    const roles = [
      { value: 'a', primary: true },
      { value: 'b', primary: true },
    ]
    assert.deepEqual(created(user({ roles }))['roles'], [
      { value: 'a', primary: false },
      { value: 'b', primary: true },
    ])
    const addresses = [
      { type: 'work', locality: 'Oslo' },
      { type: 'work', locality: 'Rome' },
      { locality: 'Oslo', type: 'work' },
    ]
    assert.equal((created(user({ addresses }))['addresses'] as unknown[]).length, 2)
    const marked = [{ primary: true }, { type: 'work', primary: true }, { primary: false }]
    assert.deepEqual(created(user({ addresses: marked }))['addresses'], [
      { primary: false },
      { type: 'work', primary: true },
    ])
  })

  test('[R-17] [R-18] does not enforce suggested values or formats', () => {
    const loose = {
      emails: [{ value: 'not an address', type: 'secondary' }],
      roles: [{ value: '{"id":"1"}', type: 'WindowsAzureActiveDirectoryRole' }],
      addresses: [{ country: 'Norway', primary: true }],
      profileUrl: 'no url',
      photos: [{ value: 'no url', type: 'big' }],
      locale: 'x y z',
      timezone: '??',
    }
    assert.partialDeepStrictEqual(created(user(loose), rfc), {
      profileUrl: 'no url',
      locale: 'x y z',
      timezone: '??',
    })
  })

  test('reads a bare manager only from lenient clients', () => {
    const manager = (value: unknown, switches = auto) =>
      (
        created(user({ [enterprise]: { manager: value } }), switches)[enterprise] as
          { manager?: unknown } | undefined
      )?.manager
    assert.deepEqual(manager('7'), { value: '7' })
    assert.deepEqual(manager([{ value: '7' }]), { value: '7' })
    assert.equal(manager(''), undefined)
    assert.equal(manager({ value: '' }), undefined)
    assert.deepEqual(manager({ value: '7', displayName: 'Boss', $ref: 'http://localhost/Users/7' }, rfc), {
      value: '7',
      $ref: '../Users/7',
    })
    assert.deepEqual(manager({ value: '7', $ref: null }, rfc), { value: '7' })
    assert.deepEqual(manager('7', okta), { value: '7' })
    assert.throws(() => manager('7', rfc), refusal('invalidValue'))
    assert.throws(() => manager([{ value: '7' }], rfc), refusal('invalidValue'))
  })

  test('[G-04] [G-05] takes members out as ids', () => {
    const members = (value: unknown, switches = auto) => grouped({ members: value }, switches).members
    assert.deepEqual(
      members([{ value: '1', display: 'x', $ref: null }, { VALUE: '2', type: 'user' }, { value: '1' }, null]),
      ['1', '2'],
    )
    assert.deepEqual(members(['1', '2']), ['1', '2'])
    assert.deepEqual(members([]), [])
    assert.equal(members(null), undefined)
    assert.equal(grouped({}).members, undefined)
    assert.equal(grouped({ members: [{ value: '1' }] }).body['members'], undefined)
    for (const value of [
      [{ value: '1', type: 'Group' }],
      [{}],
      [{ value: 7 }],
      [{ value: '' }],
      [7],
      [['1']],
      [{ value: 'a\0' }],
      true,
    ]) {
      assert.throws(() => members(value), refusal('invalidValue'))
    }
    assert.throws(() => members(['1'], rfc), refusal('invalidValue'))
    assert.throws(() => members(['1'], rfc), refusal('invalidValue'))
    assert.deepEqual(
      members(Array.from({ length: 10_000 }, (_, index) => ({ value: `${index}` })))?.length,
      10_000,
    )
  })

  test('[R-24] is not impressed by names of prototypes', () => {
    const body = JSON.parse(
      `{"schemas":["${core}"],"userName":"ada","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},
        "name":{"__proto__":{"polluted":1},"givenName":"Ada"},"${enterprise}":{"__proto__":{"department":"x"}}}`,
    ) as unknown
    assert.deepEqual(created(body), { userName: 'ada', name: { givenName: 'Ada' }, active: true })
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined)
  })
})

describe('sameValue', () => {
  test('compares JSON by meaning', () => {
    assert.ok(sameValue({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 }))
    assert.ok(sameValue({ a: undefined }, {}))
    assert.ok(sameValue(0, -0))
    const rows: readonly [unknown, unknown][] = [
      [{ a: 1 }, { a: 2 }],
      [{ a: 1 }, { b: 1 }],
      [
        [1, 2],
        [2, 1],
      ],
      [[1], [1, 1]],
      [[], {}],
      [null, {}],
      [1, '1'],
      [null, undefined],
    ]
    for (const [a, b] of rows) assert.ok(!sameValue(a, b), JSON.stringify([a, b]))
  })
})

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { aPatch, type ScimApp, scimApp } from '../support/scim-app.ts'
import { testExtensionUrn, testResources, testResourceUrn } from '../support/test-resource.ts'

const testApp = (t: TestContext): Promise<ScimApp> => scimApp(t, { resourceTypes: [testResources()] })

const aThing = (identifier: string, more: object = {}): object => ({
  schemas: [testResourceUrn, testExtensionUrn],
  identifier,
  [testExtensionUrn]: { extRequired: 'default' },
  ...more,
})

describe('a resource type with every kind of attribute', () => {
  it('[D-03] [D-07] is announced with its schema and its extension', async (t) => {
    const { call } = await testApp(t)
    const type = await call('GET', '/ResourceTypes/TestResource')
    assert.equal(type.json['endpoint'], '/TestResources')
    assert.deepEqual(type.json['schemaExtensions'], [{ schema: testExtensionUrn, required: true }])
    const schema = await call('GET', `/Schemas/${testResourceUrn}`)
    const attributes = schema.json['attributes'] as { name: string; type: string }[]
    assert.equal(attributes.find(({ name }) => name === 'dateTimeAttr')?.type, 'dateTime')
    assert.equal((await call('GET', `/Schemas/${testExtensionUrn}`)).status, 200)
  })

  it('needs its required extension, and what that requires (RFC 7643 §6)', async (t) => {
    const { call } = await testApp(t)
    for (const extension of [undefined, {}, { extString: 'x' }]) {
      const refused = await call('POST', '/TestResources', aThing('thing', { [testExtensionUrn]: extension }))
      assert.equal(refused.status, 400, refused.text)
      assert.equal(refused.json['scimType'], 'invalidValue')
    }
    assert.equal((await call('POST', '/TestResources', aThing('thing'))).status, 201)
  })

  const kept: Readonly<Record<string, unknown>> = {
    integerAttr: 42,
    decimalAttr: 1.5,
    booleanAttr: false,
    dateTimeAttr: '2025-06-15T10:30:00.123456789+02:00',
    binaryAttr: 'aGVsbG8sIGNvbXBsaWFuY2U=',
    referenceAttr: 'https://example.com/resource/123',
    caseExactString: ' As It Is ',
    multiStrings: ['alpha', 'beta', 'gamma'],
    complexAttr: { sub1: 'hello', sub2: 99, sub3: true },
    multiComplex: [{ value: 'one', type: 'a', primary: true }],
    [testExtensionUrn]: { extString: 'text', extRequired: 'given', extInteger: 7 },
  }
  for (const [name, value] of Object.entries(kept)) {
    it(`[R-16] [R-19] keeps ${name} as it was sent, by POST, PUT and PATCH`, async (t) => {
      const { call } = await testApp(t)
      const made = await call('POST', '/TestResources', aThing('a', { [name]: value }))
      assert.equal(made.status, 201, made.text)
      assert.deepEqual(made.json[name], value)
      const path = `/TestResources/${made.json['id']}`
      assert.deepEqual((await call('GET', path)).json[name], value)
      assert.equal((await call('PUT', path, made.json)).json['meta'] !== undefined, true)
      const other = await call('POST', '/TestResources', aThing('b'))
      const patched = await call(
        'PATCH',
        `/TestResources/${other.json['id']}`,
        aPatch({ op: 'add', path: name, value }),
      )
      assert.deepEqual(patched.json[name], value, patched.text)
    })
  }

  const wrong: readonly (readonly [name: string, value: unknown])[] = [
    ['integerAttr', 1.5],
    ['integerAttr', '42'],
    ['decimalAttr', 'x'],
    ['booleanAttr', 1],
    ['dateTimeAttr', 'yesterday'],
    ['dateTimeAttr', '2025-02-30T00:00:00Z'],
    ['referenceAttr', {}],
    ['multiStrings', [{}]],
    ['complexAttr', 'text'],
    ['complexAttr', { sub2: 'text' }],
    ['multiComplex', [1]],
  ]
  for (const [name, value] of wrong) {
    it(`answers 400 invalidValue to ${name}: ${JSON.stringify(value)}`, async (t) => {
      const { call } = await testApp(t)
      const answer = await call('POST', '/TestResources', aThing('a', { [name]: value }))
      assert.deepEqual([answer.status, answer.json['scimType']], [400, 'invalidValue'])
    })
  }

  it('[R-13] ignores readOnly input, and refuses to patch it', async (t) => {
    const { call } = await testApp(t)
    const made = await call('POST', '/TestResources', aThing('a', { readOnlyAttr: 'mine' }))
    assert.equal(made.json['readOnlyAttr'], undefined)
    const patch = aPatch({ op: 'replace', path: 'readOnlyAttr', value: 'mine' })
    const answer = await call('PATCH', `/TestResources/${made.json['id']}`, patch)
    assert.deepEqual([answer.status, answer.json['scimType']], [400, 'mutability'])
  })

  it('[P-03] lets an immutable attribute be set once, and refuses every other value', async (t) => {
    const { call } = await testApp(t)
    const made = await call('POST', '/TestResources', aThing('a'))
    const path = `/TestResources/${made.json['id']}`
    const set = (value: string): Promise<{ status: number }> =>
      call('PUT', path, aThing('a', { immutableAttr: value }))
    assert.equal((await set('first')).status, 200)
    assert.equal((await set('first')).status, 200)
    assert.equal((await set('second')).status, 400)
    assert.equal((await call('PUT', path, aThing('a'))).json['immutableAttr'], 'first')
    const patch = aPatch({ op: 'replace', path: 'immutableAttr', value: 'second' })
    assert.equal((await call('PATCH', path, patch)).json['scimType'], 'mutability')
  })

  it('[R-14] [P-04] [J-04] shows what is returned never, on request, always and by default', async (t) => {
    const { call } = await testApp(t)
    const secret = { writeOnlyAttr: 'hush', requestOnlyAttr: 'asked', alwaysReturnedAttr: 'here' }
    const made = await call('POST', '/TestResources', aThing('a', { ...secret, integerAttr: 1 }))
    const path = `/TestResources/${made.json['id']}`
    for (const [query, names] of [
      ['', ['alwaysReturnedAttr', 'integerAttr']],
      ['?attributes=writeOnlyAttr,requestOnlyAttr', ['requestOnlyAttr', 'alwaysReturnedAttr']],
      ['?excludedAttributes=alwaysReturnedAttr,integerAttr', ['alwaysReturnedAttr']],
    ] as const) {
      const { json, text } = await call('GET', path + query)
      const shown = Object.keys({ ...secret, integerAttr: 1 }).filter((name) => name in json)
      assert.deepEqual(shown.toSorted(), [...names].toSorted(), query)
      assert.doesNotMatch(text, /hush/)
    }
    const found = await call('GET', `/TestResources?filter=${encodeURIComponent('writeOnlyAttr eq "hush"')}`)
    assert.ok(
      found.status === 400 || found.json['totalResults'] === 0,
      'a secret cannot be guessed by filter',
    )
  })

  const filters: readonly (readonly [filter: string, hits: number])[] = [
    ['caseExactString eq "MiXeD"', 1],
    ['caseExactString eq "mixed"', 0],
    ['caseInsensitiveString eq "mixed"', 1],
    ['integerAttr gt 41 and integerAttr le 42', 1],
    ['dateTimeAttr eq "2025-06-15T08:30:00Z"', 1],
    ['booleanAttr eq true', 1],
    ['multiStrings eq "beta"', 1],
    ['complexAttr.sub2 lt 100', 1],
    ['multiComplex[value eq "one" and type eq "b"]', 0],
    [`${testExtensionUrn}:extRequired sw "def"`, 1],
  ]
  for (const [filter, hits] of filters) {
    it(`[R-01] finds ${hits} by ${filter}`, async (t) => {
      const { call } = await testApp(t)
      const made = await call(
        'POST',
        '/TestResources',
        aThing('a', {
          caseExactString: 'MiXeD',
          caseInsensitiveString: 'MiXeD',
          integerAttr: 42,
          dateTimeAttr: '2025-06-15T10:30:00+02:00',
          booleanAttr: true,
          multiStrings: ['alpha', 'beta'],
          complexAttr: { sub2: 99 },
          multiComplex: [
            { value: 'one', type: 'a' },
            { value: 'two', type: 'b' },
          ],
        }),
      )
      assert.equal(made.status, 201)
      const answer = await call('GET', `/TestResources?filter=${encodeURIComponent(filter)}`)
      assert.equal(answer.json['totalResults'], hits, answer.text)
    })
  }

  const operators: readonly (readonly [filter: string, status: number])[] = [
    ['booleanAttr gt true', 400],
    ['binaryAttr gt "a"', 400],
    ['referenceAttr lt "a"', 400],
    ['integerAttr co 1', 400],
    ['complexAttr eq "x"', 400],
    ['integerAttr eq "x"', 200],
  ]
  for (const [filter, status] of operators) {
    it(`answers ${status} to ${filter}`, async (t) => {
      const { call } = await testApp(t)
      const answer = await call('GET', `/TestResources?filter=${encodeURIComponent(filter)}`)
      assert.equal(answer.status, status, answer.text)
      if (status === 400) assert.equal(answer.json['scimType'], 'invalidFilter')
    })
  }

  it('[C-05] answers 409 to a value that must be unique and is taken', async (t) => {
    const { call } = await testApp(t)
    await call('POST', '/TestResources', aThing('a', { uniqueString: 'U' }))
    for (const body of [aThing('A'), aThing('b', { uniqueString: 'u' })]) {
      const answer = await call('POST', '/TestResources', body)
      assert.deepEqual([answer.status, answer.json['scimType']], [409, 'uniqueness'])
    }
  })

  it('[R-20] keeps one primary', async (t) => {
    const { call } = await testApp(t)
    const both = ['one', 'two'].map((value) => ({ value, type: value, primary: true }))
    const { json } = await call('POST', '/TestResources', aThing('a', { multiComplex: both }))
    const values = json['multiComplex'] as { value: string; primary: boolean }[]
    assert.deepEqual(
      values.filter(({ primary }) => primary).map(({ value }) => value),
      ['two'],
    )
  })

  it('is written in bulk, too', async (t) => {
    const { call } = await testApp(t)
    const operations = [{ method: 'POST', path: '/TestResources', bulkId: 'x', data: aThing('a') }]
    const schemas = ['urn:ietf:params:scim:api:messages:2.0:BulkRequest']
    const answer = await call('POST', '/Bulk', { schemas, Operations: operations })
    assert.match(answer.text, /"status":"201"/)
  })
})

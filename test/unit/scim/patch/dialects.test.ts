import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { userModel } from '../../../../src/scim/schema/model.ts'
import { refusal, thingExtensionUrn, thingModel } from '../every-type.ts'
import { ada, enterprise, patch, patchUser } from './support.ts'
import type { ResourceBody } from '../../../../src/model/directory.ts'

const managerOf = (body: ResourceBody) => (body[enterprise] as { manager?: unknown } | undefined)?.manager

describe('applyPatch for Entra ID', () => {
  test('[R-15] reads booleans as text', () => {
    assert.equal(patchUser([{ op: 'Replace', path: 'active', value: 'False' }], 'entra')['active'], false)
    assert.equal(patchUser([{ op: 'Add', path: 'active', value: 'True' }], 'okta'), ada)
  })

  test('writes into elements that are not there yet', () => {
    const operations = [
      { op: 'Add', path: 'addresses[type eq "work"].streetAddress', value: '1 Main St' },
      { op: 'Add', path: 'addresses[type eq "work"].locality', value: 'Oslo' },
      { op: 'Replace', path: 'addresses[type eq "work"].country', value: 'Norway' },
      { op: 'Add', path: 'roles[primary eq "True"].value', value: 'admin' },
      { op: 'Add', path: 'roles[primary eq "True"].display', value: 'Admin' },
      { op: 'Add', path: 'roles[primary eq "True"].type', value: 'Custom' },
      { op: 'Replace', path: 'phoneNumbers[type eq "fax"].value', value: '+1' },
    ]
    assert.partialDeepStrictEqual(patchUser(operations, 'entra'), {
      addresses: [{ type: 'work', streetAddress: '1 Main St', locality: 'Oslo', country: 'Norway' }],
      roles: [{ primary: true, value: 'admin', display: 'Admin', type: 'Custom' }],
      phoneNumbers: [{ type: 'fax', value: '+1' }],
    })
  })

  test('stores JSON text of roles as it is', () => {
    const value = '{"id":"1","value":"25"}'
    assert.deepEqual(patchUser([{ op: 'Add', path: 'roles', value: [{ value }] }], 'entra')['roles'], [
      { value },
    ])
  })

  test('[G-09] sets, replaces and clears the manager in every form', () => {
    const forms: readonly [string, unknown, unknown][] = [
      [`${enterprise}:manager`, '7', { value: '7' }],
      [`${enterprise}.manager`, '7', { value: '7' }],
      ['manager', [{ $ref: 'http://localhost/Users/7', value: '7' }], { value: '7', $ref: '../Users/7' }],
      ['manager', { value: '7', displayName: 'Boss' }, { value: '7' }],
      ['manager.value', '7', { value: '7' }],
      [`${enterprise}:manager.$ref`, '../Users/7', { $ref: '../Users/7' }],
    ]
    for (const [path, value, manager] of forms) {
      assert.deepEqual(managerOf(patchUser([{ op: 'Add', path, value }], 'entra')), manager, path)
    }
    const led = { ...ada, [enterprise]: { manager: { value: '1', $ref: '../Users/1' } } }
    const after = (path: string, value: unknown) =>
      managerOf(patch(userModel, led, [{ op: 'Replace', path, value }], 'entra').body)
    assert.deepEqual(after('manager', 'unknown'), { value: 'unknown' })
    assert.deepEqual(after('manager', { value: '2' }), { value: '2' })
    assert.deepEqual(after('manager', { value: '1' }), { value: '1', $ref: '../Users/1' })
    assert.deepEqual(after('manager.value', '2'), { value: '2' })
    for (const path of ['manager', `${enterprise}:manager`, 'manager.value'])
      assert.equal(after(path, ''), undefined)
    assert.equal(after('manager', { value: '' }), undefined)
    assert.equal(after('manager', []), undefined)
  })

  test('reads short names of extension attributes only from lenient clients', () => {
    assert.deepEqual(patchUser([{ op: 'replace', path: 'department', value: 'D' }], 'entra')[enterprise], {
      department: 'D',
    })
    for (const op of ['add', 'replace', 'remove']) {
      assert.throws(() => patchUser([{ op, path: 'department', value: 'D' }], 'rfc'), refusal('invalidPath'))
    }
    assert.equal(patchUser([{ op: 'replace', value: { department: 'D' } }], 'rfc'), ada)
  })
})

describe('applyPatch on every kind of attribute', () => {
  const before = {
    text: 'x',
    words: ['a', 'B'],
    numbers: [1, 2],
    fixed: 'f',
    whole: { fixed: 'w', list: ['p'] },
    strict: [{ value: 's', fixed: 'g' }],
  }
  const body = (...operations: Record<string, unknown>[]) => patch(thingModel, before, operations).body

  test('changes lists of simple values', () => {
    assert.deepEqual(body({ op: 'add', path: 'words', value: ['c', 'a'] })['words'], ['a', 'B', 'c'])
    assert.deepEqual(body({ op: 'add', path: 'words', value: 'c' })['words'], ['a', 'B', 'c'])
    assert.deepEqual(body({ op: 'remove', path: 'words', value: ['b'] })['words'], ['a'])
    assert.deepEqual(body({ op: 'remove', path: 'numbers[value gt 1]' })['numbers'], [1])
    assert.deepEqual(body({ op: 'replace', path: 'numbers[value eq 1]', value: 7 })['numbers'], [7, 2])
    assert.deepEqual(body({ op: 'replace', path: 'numbers', value: [3] })['numbers'], [3])
    assert.equal(body({ op: 'remove', path: 'numbers', value: [1, 2] })['numbers'], undefined)
    assert.deepEqual(body({ op: 'add', path: 'whole.list', value: ['q'] })['whole'], {
      fixed: 'w',
      list: ['p', 'q'],
    })
    assert.deepEqual(body({ op: 'remove', path: 'whole.list', value: ['p'] })['whole'], { fixed: 'w' })
  })

  test('lets an immutable attribute be set once', () => {
    assert.equal(
      patch(thingModel, { text: 'x' }, [{ op: 'add', path: 'fixed', value: 'n' }]).body['fixed'],
      'n',
    )
    assert.equal(body({ op: 'replace', path: 'fixed', value: 'f' }), before)
    const refused: readonly Record<string, unknown>[] = [
      { op: 'replace', path: 'fixed', value: 'n' },
      { op: 'remove', path: 'fixed' },
      { op: 'replace', path: 'whole.fixed', value: 'n' },
      { op: 'replace', path: 'whole', value: { fixed: 'n' } },
      { op: 'replace', path: 'strict[value eq "s"].fixed', value: 'n' },
      { op: 'remove', path: 'strict[value eq "s"].fixed' },
      { op: 'remove', path: 'strict[value eq "s"].value' },
      { op: 'add', path: 'strict[value eq "s"]', value: { fixed: 'n', value: 's' } },
    ]
    for (const operation of refused)
      assert.throws(() => body(operation), refusal('mutability'), JSON.stringify(operation))
    assert.deepEqual(body({ op: 'remove', path: 'strict[value eq "s"]' })['strict'], undefined)
    const extended = patch(thingModel, { text: 'x', [thingExtensionUrn]: { kept: 'k' } }, [
      { op: 'add', path: thingExtensionUrn, value: { more: 'm' } },
    ])
    assert.deepEqual(extended.body[thingExtensionUrn], { kept: 'k', more: 'm' })
  })

  test('demands required parts of elements', () => {
    assert.throws(
      () => body({ op: 'add', path: 'strict', value: [{ fixed: 'x' }] }),
      refusal('invalidValue', /strict\.value/),
    )
  })
})

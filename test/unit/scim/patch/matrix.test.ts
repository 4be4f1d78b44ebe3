import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { userModel } from '../../../../src/scim/schema/model.ts'
import { refusal } from '../every-type.ts'
import type { Written } from './support.ts'
import { ada, enterprise, patch, patchUser } from './support.ts'

const work = { value: 'a@work', type: 'work', primary: true }
const home = { value: 'a@home', type: 'home' }

/** What the operations do to `ada`: attributes afterwards, undefined for absent ones. */
type Row = readonly [title: string, operations: readonly Written[], after: Readonly<Record<string, unknown>>]

const tables: Readonly<Record<string, readonly Row[]>> = {
  'a simple attribute': [
    ['add sets', [{ op: 'add', path: 'nickName', value: 'N' }], { nickName: 'N' }],
    ['replace sets', [{ op: 'replace', path: 'title', value: 'Prof' }], { title: 'Prof' }],
    ['replace of an absent one adds', [{ op: 'replace', path: 'nickName', value: 'N' }], { nickName: 'N' }],
    [
      'remove unassigns and ignores the value',
      [{ op: 'remove', path: 'title', value: 'other' }],
      { title: undefined },
    ],
    ['null removes', [{ op: 'replace', path: 'title', value: null }], { title: undefined }],
    ['null removes in add too', [{ op: 'add', path: 'title', value: null }], { title: undefined }],
    ['removing the absent is no change', [{ op: 'remove', path: 'nickName' }], { nickName: undefined }],
    ['empty text is a value', [{ op: 'replace', path: 'title', value: '' }], { title: '' }],
    [
      'runs in order',
      [
        { op: 'remove', path: 'externalId' },
        { op: 'add', path: 'externalId', value: 't' },
        { op: 'replace', path: 'externalId', value: 'f' },
      ],
      { externalId: 'f' },
    ],
    ['core URN', [{ op: 'replace', path: `${userModel.schema}:title`, value: 'U' }], { title: 'U' }],
    ['JSON text stays text', [{ op: 'replace', path: 'title', value: '{"a":1}' }], { title: '{"a":1}' }],
  ],
  'a complex attribute': [
    [
      'add merges',
      [{ op: 'add', path: 'name', value: { middleName: 'M' } }],
      { name: { givenName: 'Ada', familyName: 'Lovelace', middleName: 'M' } },
    ],
    [
      'replace merges',
      [{ op: 'replace', path: 'name', value: { GIVENNAME: 'B' } }],
      { name: { givenName: 'B', familyName: 'Lovelace' } },
    ],
    [
      'null inside unassigns a part',
      [{ op: 'replace', path: 'name', value: { givenName: null } }],
      { name: { familyName: 'Lovelace' } },
    ],
    [
      'nulls for all parts unassign it',
      [{ op: 'replace', path: 'name', value: { givenName: null, familyName: null } }],
      { name: undefined },
    ],
    ['remove unassigns', [{ op: 'remove', path: 'name' }], { name: undefined }],
    [
      'a part is set',
      [{ op: 'replace', path: 'NAME.givenname', value: 'C' }],
      { name: { givenName: 'C', familyName: 'Lovelace' } },
    ],
    [
      'a part makes its parent',
      [
        { op: 'remove', path: 'name' },
        { op: 'add', path: 'name.formatted', value: 'F' },
      ],
      { name: { formatted: 'F' } },
    ],
    ['a part is removed', [{ op: 'remove', path: 'name.givenName' }], { name: { familyName: 'Lovelace' } }],
    [
      'the last part takes its parent along',
      [
        { op: 'remove', path: 'name.givenName' },
        { op: 'remove', path: 'name.familyName' },
      ],
      { name: undefined },
    ],
  ],
  'a multi-valued attribute': [
    [
      'add appends',
      [{ op: 'add', path: 'emails', value: [{ value: 'n', type: 'other' }] }],
      { emails: [work, home, { value: 'n', type: 'other' }] },
    ],
    [
      'one object will do',
      [{ op: 'add', path: 'emails', value: { value: 'n' } }],
      { emails: [work, home, { value: 'n' }] },
    ],
    [
      'an equal element is no change',
      [{ op: 'add', path: 'emails', value: [{ ...home, display: 'x' }] }],
      { emails: [work, home] },
    ],
    [
      'the same type and value takes over what is new',
      [{ op: 'add', path: 'emails', value: [{ ...home, primary: true }] }],
      {
        emails: [
          { ...work, primary: false },
          { ...home, primary: true },
        ],
      },
    ],
    [
      'a new primary wins',
      [{ op: 'add', path: 'emails', value: [{ value: 'n', primary: true }] }],
      { emails: [{ ...work, primary: false }, home, { value: 'n', primary: true }] },
    ],
    ['replace exchanges the set', [{ op: 'replace', path: 'emails', value: [home] }], { emails: [home] }],
    ['replace with nothing clears', [{ op: 'replace', path: 'emails', value: [] }], { emails: undefined }],
    [
      'add of nothing changes nothing',
      [
        { op: 'add', path: 'emails', value: [] },
        { op: 'add', path: 'emails', value: null },
      ],
      { emails: [work, home] },
    ],
    ['remove clears', [{ op: 'remove', path: 'emails' }], { emails: undefined }],
    ['remove with null clears', [{ op: 'remove', path: 'emails', value: null }], { emails: undefined }],
    [
      'remove with values takes only those',
      [{ op: 'remove', path: 'emails', value: [{ value: 'A@HOME', $ref: null }] }],
      { emails: [work] },
    ],
    [
      'remove with a value of another type takes nothing',
      [{ op: 'remove', path: 'emails', value: [{ value: 'a@home', type: 'work' }] }],
      { emails: [work, home] },
    ],
    [
      'remove with one object',
      [{ op: 'remove', path: 'emails', value: { type: 'home' } }],
      { emails: [work] },
    ],
    [
      'remove with an empty list takes nothing',
      [{ op: 'remove', path: 'emails', value: [] }],
      { emails: [work, home] },
    ],
    [
      'a part of all elements',
      [{ op: 'replace', path: 'emails.display', value: 'D' }],
      {
        emails: [
          { ...work, display: 'D' },
          { ...home, display: 'D' },
        ],
      },
    ],
    [
      'a part of no element makes one',
      [{ op: 'add', path: 'roles.value', value: 'r' }],
      { roles: [{ value: 'r' }] },
    ],
    [
      'a part is removed everywhere',
      [{ op: 'remove', path: 'emails.primary' }],
      { emails: [{ value: 'a@work', type: 'work' }, home] },
    ],
  ],
  'elements that a filter selects': [
    [
      'the primary written last wins over a later element',
      [
        { op: 'replace', path: 'emails[type eq "home"].primary', value: true },
        { op: 'replace', path: 'emails[type eq "work"].primary', value: true },
      ],
      { emails: [work, { ...home, primary: false }] },
    ],
    [
      'add merges',
      [{ op: 'add', path: 'emails[type eq "work"]', value: { display: 'D' } }],
      { emails: [{ ...work, display: 'D' }, home] },
    ],
    [
      'replace exchanges',
      [{ op: 'replace', path: 'emails[type eq "work"]', value: { value: 'n' } }],
      { emails: [{ type: 'work', value: 'n' }, home] },
    ],
    ['remove drops', [{ op: 'remove', path: 'emails[type eq "WORK"]' }], { emails: [home] }],
    ['remove of the last one unassigns', [{ op: 'remove', path: 'emails[value pr]' }], { emails: undefined }],
    [
      'remove without a match is no change',
      [{ op: 'remove', path: 'emails[type eq "x"]' }],
      { emails: [work, home] },
    ],
    [
      'a part is set',
      [{ op: 'replace', path: 'emails[type eq "work"].value', value: 'n' }],
      { emails: [{ ...work, value: 'n' }, home] },
    ],
    [
      'a part is removed',
      [{ op: 'remove', path: 'emails[type eq "work"].primary' }],
      { emails: [{ value: 'a@work', type: 'work' }, home] },
    ],
    [
      'an element left with its type goes',
      [{ op: 'remove', path: 'emails[type eq "work"].value' }],
      { emails: [home] },
    ],
    [
      'null removes the part',
      [{ op: 'replace', path: 'emails[type eq "home"].value', value: null }],
      { emails: [work] },
    ],
    [
      'and, or, not',
      [{ op: 'remove', path: 'emails[(type eq "home" or type eq "x") and not (primary eq true)]' }],
      { emails: [work] },
    ],
    [
      'a new primary wins',
      [{ op: 'replace', path: 'emails[type eq "home"].primary', value: true }],
      {
        emails: [
          { ...work, primary: false },
          { ...home, primary: true },
        ],
      },
    ],
    [
      'add makes the element that is missing',
      [{ op: 'add', path: 'phoneNumbers[type eq "mobile"].value', value: '1' }],
      { phoneNumbers: [{ type: 'mobile', value: '1' }] },
    ],
    [
      'add makes it from a whole value',
      [{ op: 'add', path: 'phoneNumbers[type eq "mobile" and primary eq true]', value: { value: '1' } }],
      { phoneNumbers: [{ type: 'mobile', primary: true, value: '1' }] },
    ],
  ],
  'an extension': [
    [
      'add by URN',
      [{ op: 'add', path: `${enterprise}:costCenter`, value: 'C' }],
      { [enterprise]: { department: 'R&D', costCenter: 'C' } },
    ],
    [
      'remove of the last attribute',
      [{ op: 'remove', path: `${enterprise}:department` }],
      { [enterprise]: undefined },
    ],
    [
      'the container merges',
      [{ op: 'replace', path: enterprise, value: { costCenter: 'C' } }],
      { [enterprise]: { department: 'R&D', costCenter: 'C' } },
    ],
    [
      'the container is removed',
      [{ op: 'remove', path: enterprise.toUpperCase() }],
      { [enterprise]: undefined },
    ],
    [
      'null removes the container',
      [{ op: 'replace', value: { [enterprise]: null } }],
      { [enterprise]: undefined },
    ],
    [
      'URN and dot',
      [{ op: 'add', path: `${enterprise}.department`, value: 'D' }],
      { [enterprise]: { department: 'D' } },
    ],
  ],
  'an operation without path': [
    [
      'keys are paths',
      [
        {
          op: 'replace',
          value: {
            'name.givenName': 'G',
            TITLE: 'T',
            [`${enterprise}:department`]: 'D',
            [`${userModel.schema}:nickName`]: 'N',
          },
        },
      ],
      {
        name: { givenName: 'G', familyName: 'Lovelace' },
        title: 'T',
        nickName: 'N',
        [enterprise]: { department: 'D' },
      },
    ],
    [
      'containers merge',
      [{ op: 'add', value: { [enterprise]: { costCenter: 'C' }, [userModel.schema]: { title: 'T' } } }],
      { title: 'T', [enterprise]: { department: 'R&D', costCenter: 'C' } },
    ],
    [
      'filters work in keys',
      [{ op: 'replace', value: { 'emails[type eq "home"].value': 'n' } }],
      { emails: [work, { type: 'home', value: 'n' }] },
    ],
    ['replace exchanges sets', [{ op: 'replace', value: { emails: [home] } }], { emails: [home] }],
    [
      'add appends to sets',
      [{ op: 'add', value: { emails: [{ value: 'n' }] } }],
      { emails: [work, home, { value: 'n' }] },
    ],
    [
      'null removes, but never active',
      [{ op: 'replace', value: { title: null, active: null } }],
      { title: undefined, active: true },
    ],
    [
      'the password is taken and forgotten',
      [{ op: 'replace', value: { password: 'n3w' } }],
      { password: undefined },
    ],
  ],
}

for (const [target, rows] of Object.entries(tables)) {
  describe(`applyPatch on ${target}`, () => {
    for (const [title, operations, after] of rows) {
      test(title, () => {
        const before = structuredClone(ada)
        for (const client of ['auto', 'okta', 'entra', 'rfc'] as const) {
          assert.deepEqual(patchUser(operations, client), clean({ ...ada, ...after }), client)
        }
        assert.deepEqual(ada, before)
      })
    }
  })
}

function clean(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter((entry) => entry[1] !== undefined))
}

describe('applyPatch', () => {
  test('gives the same object when nothing changed', () => {
    for (const operations of [
      [{ op: 'replace', path: 'title', value: 'Dr' }],
      [{ op: 'add', path: 'emails', value: [home] }],
      [
        { op: 'replace', path: 'title', value: 'x' },
        { op: 'replace', path: 'title', value: 'Dr' },
      ],
      [{ op: 'remove', path: 'emails[type eq "x"]' }],
      [{ op: 'replace', value: { password: 'x' } }],
      [{ op: 'replace', value: { nosuch: 'x' } }],
    ]) {
      assert.equal(patch(userModel, ada, operations).body, ada)
    }
  })

  test('refuses all when one operation is refused', () => {
    const before = structuredClone(ada)
    const operations = [
      { op: 'replace', path: 'emails', value: [] },
      { op: 'replace', path: 'active', value: 'perhaps' },
    ]
    assert.throws(() => patchUser(operations), refusal('invalidValue', /active/))
    assert.deepEqual(ada, before)
  })
})

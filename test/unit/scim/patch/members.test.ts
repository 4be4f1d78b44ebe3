import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { groupModel } from '../../../../src/scim/schema/model.ts'
import { processorMs } from '../../../support/processor-time.ts'
import { refusal } from '../every-type.ts'
import type { Written } from './support.ts'
import { patch, patchMembers } from './support.ts'

const delta = (clear: boolean, add: string[], remove: string[]) => ({ clear, add, remove })

describe('applyPatch on members', () => {
  const rows: readonly [
    title: string,
    operations: readonly Written[],
    wanted: ReturnType<typeof patchMembers>,
  ][] = [
    [
      'adds',
      [
        {
          op: 'Add',
          path: 'members',
          value: [
            { $ref: null, value: '1', display: 'x' },
            { value: '2', type: 'User' },
          ],
        },
      ],
      delta(false, ['1', '2'], []),
    ],
    ['adds one object', [{ op: 'add', path: 'MEMBERS', value: { value: '1' } }], delta(false, ['1'], [])],
    ['adds bare ids', [{ op: 'add', path: 'members', value: ['1', '2'] }], delta(false, ['1', '2'], [])],
    [
      'adds by filter',
      [{ op: 'add', path: 'members[value eq "1"]', value: { value: '1' } }],
      delta(false, ['1'], []),
    ],
    ['adds nothing', [{ op: 'add', path: 'members', value: [] }], undefined],
    ['replaces', [{ op: 'replace', path: 'members', value: [{ value: '1' }] }], delta(true, ['1'], [])],
    ['replaces by nothing', [{ op: 'replace', path: 'members', value: [] }], delta(true, [], [])],
    ['replaces by null', [{ op: 'replace', path: 'members', value: null }], delta(true, [], [])],
    [
      'replaces without path',
      [{ op: 'replace', value: { members: [], id: 'self', displayName: 'G' } }],
      delta(true, [], []),
    ],
    ['adds without path', [{ op: 'add', value: { members: [{ value: '1' }] } }], delta(false, ['1'], [])],
    ['clears', [{ op: 'remove', path: 'members' }], delta(true, [], [])],
    [
      'removes only those listed',
      [{ op: 'Remove', path: 'members', value: [{ $ref: null, value: '1' }, { value: '2' }] }],
      delta(false, [], ['1', '2']),
    ],
    [
      'removes one object',
      [{ op: 'remove', path: 'members', value: { value: '1' } }],
      delta(false, [], ['1']),
    ],
    [
      'removes nobody for an empty list',
      [{ op: 'remove', path: 'members', value: [] }],
      delta(false, [], []),
    ],
    ['removes by filter', [{ op: 'remove', path: 'members[value eq "1"]' }], delta(false, [], ['1'])],
    [
      'removes by filters joined with or',
      [{ op: 'remove', path: 'members[value eq "1" or (value eq "2" and type eq "User")]' }],
      delta(false, [], ['1', '2']),
    ],
    [
      'removes nobody by contradiction',
      [{ op: 'remove', path: 'members[value eq "1" and value eq "2"]' }],
      delta(false, [], []),
    ],
    [
      'removes nobody of type Group',
      [{ op: 'remove', path: 'members[type eq "Group"]' }],
      delta(false, [], []),
    ],
    [
      'removes every User',
      [{ op: 'remove', path: 'members[type eq "User" or value eq "1"]' }],
      delta(true, [], []),
    ],
    [
      'removes with core URN',
      [{ op: 'remove', path: `${groupModel.schema}:members[value eq "1"]` }],
      delta(false, [], ['1']),
    ],
    [
      'folds remove and add',
      [
        { op: 'remove', path: 'members[value eq "1"]' },
        { op: 'add', path: 'members', value: [{ value: '1' }] },
      ],
      delta(false, ['1'], []),
    ],
    [
      'folds add and remove',
      [
        { op: 'add', path: 'members', value: [{ value: '1' }] },
        { op: 'remove', path: 'members[value eq "1"]' },
        { op: 'add', path: 'members', value: [{ value: '2' }] },
      ],
      delta(false, ['2'], ['1']),
    ],
    [
      'forgets what came before a replacement',
      [
        { op: 'add', path: 'members', value: [{ value: '1' }] },
        { op: 'remove', path: 'members[value eq "2"]' },
        { op: 'replace', path: 'members', value: [{ value: '3' }] },
        { op: 'remove', path: 'members[value eq "4"]' },
      ],
      delta(true, ['3'], []),
    ],
    [
      'ignores display and $ref',
      [
        { op: 'replace', path: 'members[value eq "1"].display', value: 'x' },
        { op: 'add', path: 'members.$ref', value: 'x' },
        { op: 'add', path: 'members[value eq "1"].type', value: 'User' },
      ],
      delta(false, [], []),
    ],
    [
      'says nothing when members were not mentioned',
      [{ op: 'replace', path: 'displayName', value: 'H' }],
      undefined,
    ],
  ]
  for (const [title, operations, wanted] of rows) {
    test(title, () => {
      assert.deepEqual(patchMembers(operations), wanted)
      assert.deepEqual(patchMembers(operations, 'entra'), wanted)
    })
  }

  const refused: readonly [Written, Parameters<typeof refusal>[0]][] = [
    [{ op: 'add', path: 'members', value: [{ value: '1', type: 'Group' }] }, 'invalidValue'],
    [{ op: 'add', path: 'members', value: [{}] }, 'invalidValue'],
    [{ op: 'add', path: 'members', value: [{ value: '' }] }, 'invalidValue'],
    [{ op: 'add', path: 'members', value: 7 }, 'invalidValue'],
    [{ op: 'add', path: 'members[value eq "1"].type', value: 'Group' }, 'invalidValue'],
    [{ op: 'remove', path: 'members', value: [{ display: 'x' }] }, 'invalidValue'],
    [{ op: 'remove', path: 'members', value: { nosuch: 1 } }, 'invalidValue'],
    [{ op: 'remove', path: 'members', value: 7 }, 'invalidValue'],
    [{ op: 'remove', path: 'members[display eq "x"]' }, 'invalidFilter'],
    [{ op: 'remove', path: 'members[value sw "x"]' }, 'invalidFilter'],
    [{ op: 'remove', path: 'members[not (value eq "x")]' }, 'invalidFilter'],
    [{ op: 'remove', path: 'members[value eq null]' }, 'invalidFilter'],
    [{ op: 'remove', path: 'members[value pr]' }, 'invalidFilter'],
    [{ op: 'remove', path: 'members[value eq "1"].display' }, 'mutability'],
    [{ op: 'remove', path: 'members.value' }, 'mutability'],
    [{ op: 'replace', path: 'members[value eq "1"].value', value: '2' }, 'mutability'],
    [{ op: 'replace', path: 'members[value eq "1"]', value: { value: '2' } }, 'mutability'],
    [{ op: 'add', path: 'members[type eq "User"]', value: { value: '2' } }, 'mutability'],
    [{ op: 'remove', path: 'displayName' }, 'mutability'],
    [{ op: 'remove', path: 'member' }, 'invalidPath'],
    [{ op: 'remove' }, 'noTarget'],
    [{ op: 'remove', value: { members: [{ value: '1' }] } }, 'noTarget'],
  ]
  for (const [operation, scimType] of refused) {
    test(`refuses ${JSON.stringify(operation)}`, () => {
      assert.throws(() => patchMembers([operation]), refusal(scimType))
    })
  }

  test('[G-05] takes bare ids only from lenient clients', () => {
    const operation = { op: 'add', path: 'members', value: ['1'] }
    assert.deepEqual(patchMembers([operation], 'okta')?.add, ['1'])
    assert.throws(() => patchMembers([operation], 'rfc'), refusal('invalidValue'))
  })

  test('renames a group along with its members', () => {
    const current = { displayName: 'G' }
    const value = { id: 'self', displayName: 'H', members: [{ value: '1' }] }
    const { body, members } = patch(groupModel, current, [{ op: 'replace', value }], 'okta')
    assert.deepEqual(body, { displayName: 'H' })
    assert.deepEqual([...(members?.add ?? [])], ['1'])
    assert.equal(
      patch(groupModel, current, [{ op: 'add', path: 'members', value: [{ value: '1' }] }]).body,
      current,
    )
  })

  test('takes thousands of members at once', () => {
    const value = Array.from({ length: 20_000 }, (_, index) => ({ value: `u${index}` }))
    const tookMs = processorMs(() =>
      assert.equal(patchMembers([{ op: 'add', path: 'members', value }])?.add.length, 20_000),
    )
    assert.ok(tookMs < 1000)
  })
})

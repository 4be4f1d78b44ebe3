import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { userModel } from '../../../../src/scim/schema/model.ts'
import { refusal } from '../every-type.ts'
import type { Written } from './support.ts'
import { enterprise, patch, patchUser } from './support.ts'
import type { ClientProfile } from '../../../../src/model/directory.ts'

const work = { value: 'a@work', type: 'work', primary: true }
const home = { value: 'a@home', type: 'home' }

describe('applyPatch refuses', () => {
  const refused: readonly [Written, Parameters<typeof refusal>[0], ClientProfile?][] = [
    [{ op: 'remove', path: 'userName' }, 'mutability'],
    [{ op: 'replace', path: 'userName', value: null }, 'mutability'],
    [{ op: 'replace', path: 'userName', value: ' ' }, 'invalidValue'],
    [{ op: 'remove', path: 'active' }, 'mutability'],
    [{ op: 'replace', path: 'active', value: null }, 'mutability'],
    [{ op: 'replace', path: 'active', value: 'False' }, 'invalidValue', 'rfc'],
    [{ op: 'replace', path: 'title', value: 7 }, 'invalidValue'],
    [{ op: 'replace', path: 'title', value: { a: 1 } }, 'invalidValue'],
    [{ op: 'add', path: 'name', value: 'Ada' }, 'invalidValue'],
    [{ op: 'add', path: 'emails', value: [7] }, 'invalidValue'],
    [{ op: 'add', path: 'emails[type eq "work"]', value: 7 }, 'invalidValue'],
    [{ op: 'add', path: 'emails[type eq "work"]', value: [home, work] }, 'invalidValue'],
    [{ op: 'remove', path: 'emails', value: [{}] }, 'invalidValue'],
    [{ op: 'remove', path: 'emails', value: [{ display: 'x' }] }, 'invalidValue'],
    [{ op: 'remove', path: 'emails', value: [{ nosuch: 'x' }] }, 'invalidValue'],
    [{ op: 'remove', path: 'emails', value: 7 }, 'invalidValue'],
    [{ op: 'remove', path: enterprise, value: { department: 'R&D' } }, 'invalidValue'],
    [{ op: 'replace', path: 'emails[type eq "x"].value', value: 'n' }, 'noTarget', 'rfc'],
    [{ op: 'replace', path: 'emails[type eq "x"]', value: { value: 'n' } }, 'noTarget', 'rfc'],
    [{ op: 'add', path: 'emails[type ne "work" and type ne "home"].value', value: 'n' }, 'noTarget'],
    [{ op: 'replace', value: { password: 7 } }, 'invalidValue'],
    [{ op: 'replace', path: `${enterprise}:manager`, value: '7' }, 'invalidValue', 'rfc'],
    [
      {
        op: 'add',
        path: 'emails',
        value: Array.from({ length: 499 }, (_, index) => ({ value: `${index}` })),
      },
      'invalidValue',
    ],
  ]
  for (const [operation, scimType, client] of refused) {
    test(`${JSON.stringify(operation).slice(0, 100)} ${client ?? ''}`, () => {
      assert.throws(() => patchUser([operation], client), refusal(scimType))
    })
  }

  test('stops before work gets out of hand', () => {
    const emails = Array.from({ length: 500 }, (_, index) => ({ value: `${index}`, type: 'x' }))
    const terms = Array.from({ length: 99 }, (_, index) => `value eq "x${index}"`).join(' or ')
    const operations = Array.from({ length: 300 }, () => ({ op: 'remove', path: `emails[${terms}]` }))
    assert.throws(
      () => patch(userModel, { userName: 'a', emails }, operations),
      refusal(undefined, /too much work/, 413),
    )
  })
})

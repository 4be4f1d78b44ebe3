import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { draftProfile, personOf, profileDifference } from '../../../src/translators/person.ts'
import type { Capabilities } from '../../../src/model/capabilities.ts'
import { anAccount, falcon } from './builders.ts'

const can: Capabilities = {
  ...falcon,
  attributes: {
    email: { mutability: 'immutable', required: true },
    displayName: { mutability: 'readWrite', required: true },
  },
}
const userName = 'ada@corp.example'
const cases: readonly [what: string, resource: object, expected: string][] = [
  ['displayName before all', { displayName: 'Ada', name: { formatted: 'Countess', givenName: 'A' } }, 'Ada'],
  ['name.formatted next', { name: { formatted: ' Countess ', givenName: 'A' } }, 'Countess'],
  ['given and family name next', { name: { givenName: 'Ada', familyName: 'Lovelace' } }, 'Ada Lovelace'],
  ['one of the two', { name: { familyName: 'Lovelace' } }, 'Lovelace'],
  ['the login at last', {}, userName],
]

describe('the one name that a vendor demands of everybody', () => {
  for (const [what, resource, expected] of cases) {
    it(`[R0-48] [R0-11] is ${what}`, () => {
      const person = personOf({ userName, ...resource }, [], 'userName') ?? assert.fail()
      assert.equal(draftProfile(person, can).displayName, expected)
      const held = anAccount({ profile: { email: userName, displayName: expected } })
      assert.deepEqual(profileDifference(person, held, can).change, {})
    })
  }

  it('is not made up for vendors that demand none', () => {
    const person = personOf({ userName }, [], 'userName') ?? assert.fail()
    assert.equal(draftProfile(person, falcon).displayName, undefined)
  })

  it('[R1-08] stays where the vendor marks it as read-only, and a deviation says so', () => {
    const person = personOf({ userName, displayName: 'New' }, [], 'userName') ?? assert.fail()
    const held = anAccount({
      profile: { email: userName, displayName: 'Old' },
      facts: { readOnly: ['displayName'] },
    })
    const { change, deviations } = profileDifference(person, held, can)
    assert.deepEqual(change, {})
    assert.equal(deviations[0]?.code, 'attribute-immutable')
    assert.match(deviations[0]?.detail ?? '', /displayName of ada@corp.example as read-only; it stays Old/)
  })
})

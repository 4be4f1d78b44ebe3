import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nearestNames } from '../../../../src/translators/entitlements/catalogue.ts'

const names = ['Falcon Administrator', 'Falcon Analyst', 'Help Desk', 'Remote Responder', 'Help Desk']

describe('nearestNames', () => {
  const cases: [string, string[]][] = [
    ['falcon administrater', ['Falcon Administrator']],
    ['help  desk', ['Help Desk']],
    ['RESPONDER', ['Remote Responder']],
    ['falcon', ['Falcon Administrator', 'Falcon Analyst']],
    ['something else', []],
    ['', []],
  ]
  for (const [asked, expected] of cases) {
    it(`gives [${expected.join(', ')}] for "${asked}"`, () => {
      assert.deepEqual(nearestNames(asked, names), expected)
    })
  }

  it('gives no more than asked for', () => {
    assert.deepEqual(nearestNames('a', ['ab', 'ac', 'ad', 'ae'], 2), ['ab', 'ac'])
  })
})

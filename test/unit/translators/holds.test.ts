import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { holds, usableSteps, withUnshown } from '../../../src/translators/shut-out.ts'
import type { Capabilities } from '../../../src/model/capabilities.ts'
import { anAccount, falcon, group, role, sentry, switchable } from './builders.ts'
import { type Account, entitlementKey } from '../../../src/model/account.ts'
import type { ShutOutStep } from '../../../src/model/policy.ts'

const account = (...entitlements: Account['entitlements']): Account => anAccount({ entitlements })

const cases: [string, ShutOutStep, Account | undefined, Capabilities, boolean][] = [
  ['the account is absent', 'disable', undefined, switchable, true],
  ['the account is absent', 'strip', undefined, sentry, true],
  ['the account is absent', 'remove', undefined, sentry, true],
  ['the account is there', 'remove', account(), sentry, false],
  ['the flag is off', 'disable', anAccount({ state: 'disabled' }), switchable, true],
  ['the flag is on', 'disable', account(), switchable, false],
  ['the person was only invited', 'disable', anAccount({ state: 'invited' }), switchable, false],
  ['nothing is left', 'strip', account(), falcon, true],
  ['only the floor is left', 'strip', account(role('member')), sentry, true],
  ['the floor is inherited', 'strip', account({ ...role('member'), inherited: true }), sentry, true],
  ['a role is left', 'strip', account(role('manager')), sentry, false],
  ['a team is left beside the floor', 'strip', account(role('member'), group('core')), sentry, false],
  ['a group is called as the floor role', 'strip', account(group('member')), sentry, false],
  ['something inherited is left', 'strip', account({ ...role('analyst'), inherited: true }), falcon, false],
  ['a kind is left that the vendor profile does not know', 'strip', account(group('x')), falcon, false],
]

describe('holds', () => {
  for (const [when, step, held, can, expected] of cases) {
    it(`says that ${step} ${expected ? 'holds' : 'does not hold'} when ${when}`, () => {
      assert.equal(holds(step, held, can), expected)
    })
  }
})

describe('withUnshown', () => {
  const held = (...entitlements: Account['entitlements']) => ({
    account: account(...entitlements),
    granted: entitlements.slice(0, 1).map((each) => ({ key: entitlementKey(each), wishes: [] })),
  })

  it('adds what was granted and never taken back', () => {
    const shown = account(role('other'))
    const { entitlements } = withUnshown(shown, held(role('analyst'), role('by-hand')), falcon)
    assert.deepEqual(entitlements, [role('other'), role('analyst')])
  })

  it('is what a read shows where nothing is lacking, where another account is shown, and where the slot is taken', () => {
    const shown = account(role('analyst'))
    assert.equal(withUnshown(shown, held(role('analyst')), falcon), shown)
    assert.equal(withUnshown(shown, undefined, falcon), shown)
    const renewed = { ...account(), id: 'another' }
    assert.equal(withUnshown(renewed, held(role('analyst')), falcon), renewed)
    const lowered = account(role('member'))
    assert.equal(withUnshown(lowered, held(role('manager')), sentry), lowered)
  })
})

describe('usableSteps', () => {
  it('keeps what the vendor can take, in the order given', () => {
    assert.deepEqual(usableSteps(['remove', 'disable', 'strip'], switchable), ['remove', 'disable', 'strip'])
    assert.deepEqual(usableSteps(['disable', 'strip', 'remove'], sentry), ['strip', 'remove'])
    const nothing: Capabilities = {
      ...falcon,
      account: { create: 'direct', disable: false, remove: false },
      entitlements: {},
    }
    assert.deepEqual(usableSteps(['disable', 'strip', 'remove'], nothing), [])
  })
})

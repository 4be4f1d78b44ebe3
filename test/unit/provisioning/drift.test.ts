import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isSameName } from '../../../src/provisioning/groups/make.ts'
import type { AccountWork } from '../../../src/model/work.ts'
import { driftOf } from '../../../src/operations/reconciliation/classify.ts'
import type { Wanted } from '../../../src/model/plan.ts'
import { aHeld, anAccount, aPolicy, falcon, now, role } from '../translators/builders.ts'

const circumstances = { can: falcon, policy: aPolicy(), now }
const nothing: Wanted = { kind: 'nothing' }
const shutOut: Wanted = { kind: 'shut-out', because: 'inactive' }
const listed = anAccount({ entitlements: [role('falcon_admin')] })
const kindsOf = (work: Partial<AccountWork>, wanted: Wanted): readonly string[] =>
  driftOf(work as AccountWork, wanted, listed, circumstances).map(({ kind }) => kind)

describe('an account that the vendor lists for somebody without access', () => {
  it('is that of a leaver who is back, whether a link leads to it or not', () => {
    assert.deepEqual(kindsOf({}, shutOut), ['reactivated'])
    assert.deepEqual(kindsOf({ vendorAccountId: listed.id, held: aHeld() }, shutOut), ['reactivated'])
  })

  it('is nobody’s concern where no rule ever brought the person, and a leaver’s where one did', () => {
    assert.deepEqual(kindsOf({}, nothing), [])
    const snapshot = { takenAt: now, entitlements: [], granted: [] }
    assert.deepEqual(kindsOf({ snapshot }, nothing), ['reactivated'])
    assert.deepEqual(kindsOf({ vendorAccountId: listed.id, held: aHeld() }, nothing), ['reactivated'])
  })
})

describe('a leaver with the lowest role where accounts are switched off', () => {
  const can = { ...falcon, account: { ...falcon.account, disable: true } }
  const policy = aPolicy({
    deprovision: { inactive: ['disable', 'strip'], deleted: ['remove'], graceDays: 0 },
  })
  const lowest = anAccount({ entitlements: [] })
  const kinds = (state: 'active' | 'disabled', tried?: readonly ['disable']): readonly string[] => {
    const snapshot = { takenAt: now, entitlements: [], granted: [], ...(tried ? { tried } : {}) }
    const work = { vendorAccountId: lowest.id, held: aHeld(lowest), snapshot } as unknown as AccountWork
    return driftOf(work, shutOut, { ...lowest, state }, { can, policy, now }).map(({ kind }) => kind)
  }

  it('is back once somebody switches the account on, unless switching it off had done nothing', () => {
    assert.deepEqual(kinds('disabled'), [])
    assert.deepEqual(kinds('active'), ['reactivated'])
    assert.deepEqual(kinds('active', ['disable']), [])
  })
})

describe('the name of a vendor’s group', () => {
  for (const [one, other, same] of [
    ['Search Team', 'search-team', true],
    ['Équipe Été', 'equipe_ete', true],
    ['Ops', 'Ops (old)', false],
    ['***', '***', true],
    ['***', '???', false],
    ['日本', '日本', true],
  ] as const) {
    it(`"${one}" ${same ? 'may be' : 'is not'} "${other}"`, () => assert.equal(isSameName(one, other), same))
  }
})

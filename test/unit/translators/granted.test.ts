import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { grantedAfter, withoutEnded } from '../../../src/translators/granted.ts'
import { group, role, sentry, teamRole, wantedEntitlement } from './builders.ts'

const wanted = [wantedEntitlement(role('manager')), wantedEntitlement(group('core'))]

describe('grantedAfter', () => {
  it('claims what a creation carried', () => {
    assert.deepEqual(grantedAfter([], wanted, [role('manager'), group('core')]), [
      { key: 'role:manager', wishes: ['role:manager'] },
      { key: 'group:core', wishes: ['group:core'] },
    ])
  })

  it('does not claim what was there already, came back by hand, or is a floor', () => {
    const change = { assign: [role('member'), group('by-hand')], revoke: [] }
    assert.deepEqual(grantedAfter([], wanted, change), [])
  })

  it('drops what was revoked and keeps the rest', () => {
    const before = ['a', 'b'].map((id) => ({ key: `group:${id}`, wishes: [id] }))
    assert.deepEqual(grantedAfter(before, [], { assign: [], revoke: [group('a')] }), [
      { key: 'group:b', wishes: ['b'] },
    ])
  })

  it('adds the requests of today to those of before', () => {
    const before = [{ key: 'group:core', wishes: ['group:old name'] }]
    assert.deepEqual(grantedAfter(before, wanted, { assign: [], revoke: [] }), [
      { key: 'group:core', wishes: ['group:old name', 'group:core'] },
    ])
  })

  it('drops what an assignment replaced, in the same scope only', () => {
    const before = ['role:owner', 'role:admin@team:core', 'group:core'].map((key) => ({ key, wishes: [] }))
    const change = { assign: [role('manager')], revoke: [] }
    assert.deepEqual(
      grantedAfter(before, wanted, change, sentry).map(({ key }) => key),
      ['role:admin@team:core', 'group:core', 'role:manager'],
    )
    assert.deepEqual(
      grantedAfter(
        [{ key: 'role:admin@team:core', wishes: [] }],
        [],
        { assign: [teamRole('other', 'core')], revoke: [] },
        sentry,
      ),
      [],
    )
  })

  it('keeps the claim on what is assigned again', () => {
    const before = [{ key: 'role:manager', wishes: ['old'] }]
    assert.deepEqual(grantedAfter(before, wanted, [role('manager')], sentry), [
      { key: 'role:manager', wishes: ['old', 'role:manager'] },
    ])
  })

  it('keeps the end that the vendor keeps, and claims nothing beyond it', () => {
    const [soon, later] = ['2026-01-01T10:00:00.000Z', '2026-01-01T12:00:00.000Z']
    const given = (until?: string) => [{ ...role('manager'), ...(until === undefined ? {} : { until }) }]
    const first = grantedAfter([], wanted, given(soon))
    assert.deepEqual(first, [{ key: 'role:manager', wishes: ['role:manager'], until: soon }])
    assert.deepEqual(withoutEnded(first, soon), [])
    const renewed = grantedAfter(first, wanted, given(later))
    assert.deepEqual([renewed[0]?.until, withoutEnded(renewed, soon).length], [later, 1])
    assert.equal(grantedAfter(renewed, wanted, given())[0]?.until, undefined)
  })
})

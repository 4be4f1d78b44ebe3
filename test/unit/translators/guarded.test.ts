import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { graceOf } from '../../../src/translators/shut-out.ts'
import { countedAs, isProtected, plan } from '../../../src/translators/plan.ts'
import { inWords, namesFrom } from '../../../src/translators/words.ts'
import { aHeld, anAccount, aPolicy, entry, falcon, now, role, sentry, switchable, wants } from './builders.ts'

describe('guard.protect', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['ada@corp.example', 'ADA@corp.example', true],
    ['ada@corp.example', 'ada', false],
    ['breakglass-1@corp.example', 'breakglass-*@corp.example', true],
    ['breakglass-1@other.example', 'breakglass-*@corp.example', false],
    ['svc@corp.example', '*', true],
    ['a@x', 'a*a@x', false],
    ['aa@x', 'a*a@x', true],
    ['ada.admin@corp.example', '*.admin@*', true],
  ]
  for (const [login, pattern, expected] of cases)
    it(`${expected ? 'names' : 'does not name'} ${login} by ${pattern}`, () =>
      assert.equal(isProtected([undefined, login], [pattern]), expected))
})

describe('what the limits count', () => {
  const held = aHeld({ entitlements: [role('owner')] })
  it('is a lowering to the floor, as a revoke', () => {
    const lowered = [{ op: 'change-entitlements', change: { assign: [role('member')], revoke: [] } }] as const
    assert.equal(countedAs(lowered, held, sentry), 'revoke')
    assert.equal(countedAs(lowered, aHeld({ entitlements: [role('member')] }), sentry), undefined)
  })
  it('is a removal for a new login, as a shut-out', () => {
    const operations = [{ op: 'shut-out', steps: ['remove'] }] as const
    assert.equal(countedAs(operations, held, sentry), 'shut-out')
  })
})

describe('rename: recreate', () => {
  const renamed = aHeld(
    { login: 'old@corp.example', profile: { email: 'old@corp.example' }, entitlements: [role('b')] },
    [],
  )
  it('removes the account and makes it again with what it held by hand', () => {
    const { operations } = plan({
      wanted: wants([role('a')]),
      held: renamed,
      can: falcon,
      policy: aPolicy({ rename: 'recreate' }),
      now,
    })
    assert.deepEqual(
      operations.map(({ op }) => op),
      ['shut-out', 'create', 'change-entitlements'],
    )
    assert.deepEqual(operations[0], { op: 'shut-out', steps: ['remove'] })
    const [, , change] = operations
    assert.ok(change?.op === 'change-entitlements')
    assert.deepEqual(change.change.assign.map(({ id }) => id).toSorted(), ['a', 'b'])
  })
  it('keeps the account under any other policy, and where nothing is renamed', () => {
    const ops = (rename: 'keep' | 'reject' | 'recreate', held = renamed) =>
      plan({
        wanted: wants([role('b')]),
        held,
        can: falcon,
        policy: aPolicy({ rename }),
        now,
      }).operations.map(({ op }) => op)
    assert.ok(!ops('keep').includes('shut-out') && !ops('reject').includes('shut-out'))
    assert.deepEqual(ops('recreate', aHeld({ entitlements: [role('b')] })), [])
  })
})

describe('graceDays', () => {
  const day = 24 * 60 * 60_000
  const policy = (deleted: readonly ('strip' | 'remove' | 'disable')[], graceDays = 30) =>
    aPolicy({ deprovision: { inactive: ['disable'], deleted, graceDays } })
  const snapshot = (daysAgo: number) => ({
    takenAt: new Date(Date.parse(now) - daysAgo * day).toISOString(),
    entitlements: [],
    granted: [],
  })
  const disabled = anAccount({ state: 'disabled', entitlements: [role('designer')] })
  const at = (given: ReturnType<typeof policy>) => ({ can: switchable, policy: given, now })
  it('delays a removal while an earlier step holds, and not a day longer', () => {
    assert.equal(graceOf('deleted', disabled, snapshot(29), at(policy(['remove']))).kind, 'delayed')
    assert.equal(graceOf('deleted', disabled, snapshot(30), at(policy(['remove']))).kind, 'over')
    assert.equal(graceOf('deleted', disabled, snapshot(1), at(policy(['disable', 'remove']))).kind, 'delayed')
  })
  it('delays nothing without an earlier step that holds, nor a step that is no removal', () => {
    const active = anAccount({ entitlements: [role('designer')] })
    assert.equal(graceOf('deleted', active, snapshot(1), at(policy(['remove']))).kind, 'none')
    assert.equal(graceOf('deleted', disabled, snapshot(1), at(policy(['strip']))).kind, 'none')
    assert.equal(graceOf('deleted', disabled, snapshot(1), at(policy(['remove'], 0))).kind, 'none')
  })
})

describe('a plan in words', () => {
  it('is one sentence for each operation, with the names of the catalogue, deviations after them', () => {
    const { operations } = plan({
      wanted: wants([role('a')]),
      held: undefined,
      can: falcon,
      policy: aPolicy(),
      now,
    })
    const lines = inWords(operations, namesFrom([entry(role('a'), 'Falcon Administrator')]), [
      { code: 'login-immutable', detail: 'It stays.' },
    ])
    assert.deepEqual(lines, [
      'Create the account ada@corp.example.',
      'Grant role Falcon Administrator.',
      'It stays.',
    ])
    assert.deepEqual(inWords([{ op: 'shut-out', steps: ['strip', 'remove'] }], namesFrom([])), [
      'End the access: revoke everything that it holds; if that does not hold, remove the account.',
    ])
  })

  it('says of each grant which rule and group it is for, and why access ends', () => {
    const names = namesFrom([entry(role('a'), 'Falcon Administrator'), entry(role('b'), 'Analyst')])
    const [granted] = wants([role('a')]).entitlements
    const reasons = [{ rule: 2, line: 27, group: 'Falcon Admins' }, { rule: 'default' }] as const
    const wanted = { ...wants([]), entitlements: [{ ...granted!, reasons }] }
    const change = { assign: [role('a')], revoke: [role('b')] }
    assert.deepEqual(inWords([{ op: 'change-entitlements', change }], names, [], wanted), [
      'Grant role Falcon Administrator [rule 3 (line 27), group "Falcon Admins"; the default] and revoke role Analyst [no rule grants it].',
    ])
    const shutOut = [{ op: 'shut-out', steps: ['remove'] }] as const
    assert.deepEqual(inWords(shutOut, names, [], { kind: 'shut-out', because: 'deleted' }), [
      'End the access [the directory deleted the User]: remove the account.',
    ])
  })
})

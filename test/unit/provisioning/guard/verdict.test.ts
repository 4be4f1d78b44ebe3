import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { planHash, type Question, verdictOf } from '../../../../src/provisioning/guard.ts'
import type { Operation } from '../../../../src/model/plan.ts'
import type { KnownPlan } from '../../../../src/model/recorded-plan.ts'

const grant: Operation = {
  op: 'change-entitlements',
  change: { assign: [{ kind: 'role', id: 'a' }], revoke: [] },
}
const revoke: Operation = {
  op: 'change-entitlements',
  change: { assign: [], revoke: [{ kind: 'role', id: 'b' }] },
}
const shutOut: Operation = { op: 'shut-out', steps: ['strip'] }

const known = (
  state: KnownPlan['state'],
  reason: KnownPlan['reason'],
  operations: readonly Operation[] = [grant],
): KnownPlan => ({ state, reason, operations, hash: planHash(operations) })

const ask = (given: Partial<Question>): string => {
  const verdict = verdictOf({
    mode: 'enforce',
    operations: [grant],
    known: undefined,
    counted: undefined,
    ...given,
  })
  if (verdict.kind === 'record') return `record ${verdict.reason}`
  return verdict.kind === 'count' ? `count ${verdict.as}` : verdict.kind
}

describe('the gate before a write', () => {
  const cases: readonly (readonly [string, Partial<Question>, string])[] = [
    ['passes an empty plan in every mode', { mode: 'approve', operations: [] }, 'go'],
    ['only records under shadow', { mode: 'shadow' }, 'record shadow'],
    [
      'only records under shadow, approved or not',
      { mode: 'shadow', known: known('approved', 'approve') },
      'record shadow',
    ],
    ['has every plan approved under approve', { mode: 'approve' }, 'record approve'],
    ['passes the approved plan', { mode: 'approve', known: known('approved', 'approve') }, 'go'],
    [
      'passes what is left of it',
      { mode: 'approve', known: known('approved', 'approve', [shutOut, grant]) },
      'go',
    ],
    [
      'has another plan wait again',
      { mode: 'approve', operations: [grant, revoke], known: known('approved', 'approve') },
      'record approve',
    ],
    ['refuses the rejected plan', { mode: 'approve', known: known('rejected', 'approve') }, 'rejected'],
    [
      'asks anew once a rejected plan has changed',
      { mode: 'approve', operations: [revoke], known: known('rejected', 'approve') },
      'record approve',
    ],
    ['passes at once under enforce', {}, 'go'],
    ['counts a shut-out', { operations: [shutOut], counted: 'shut-out' }, 'count shut-out'],
    ['counts a revoke', { operations: [revoke], counted: 'revoke' }, 'count revoke'],
    [
      'lets what a limit holds wait, without counting it anew',
      { operations: [shutOut], counted: 'shut-out', known: known('waiting', 'guard', [shutOut]) },
      'record guard',
    ],
    [
      'passes what a limit held once it is approved',
      { operations: [shutOut], counted: 'shut-out', known: known('approved', 'guard', [shutOut]) },
      'go',
    ],
    [
      'refuses what a limit held and somebody rejected',
      { operations: [shutOut], counted: 'shut-out', known: known('rejected', 'guard', [shutOut]) },
      'rejected',
    ],
    ['lets people of a new connection wait', { known: known('waiting', 'admission') }, 'record admission'],
    ['forgets a plan of a mode that has changed', { known: known('waiting', 'approve') }, 'go'],
    ['forgets a rejection of a mode that has changed', { known: known('rejected', 'approve') }, 'go'],
    ['forgets what was only watched', { known: known('recorded', 'shadow') }, 'go'],
    [
      'judges a changed plan anew',
      { operations: [revoke], counted: 'revoke', known: known('waiting', 'guard', [shutOut]) },
      'count revoke',
    ],
  ]
  for (const [name, given, expected] of cases) it(name, () => assert.equal(ask(given), expected))

  it('never passes anything under shadow, nor anything unapproved under approve', () => {
    const operation = fc.constantFrom(grant, revoke, shutOut)
    const operations = fc.array(operation, { minLength: 1, maxLength: 3 })
    const states = fc.constantFrom<KnownPlan['state']>('recorded', 'waiting', 'approved', 'rejected')
    const reasons = fc.constantFrom<KnownPlan['reason']>('shadow', 'approve', 'guard', 'admission', 'hold')
    const plans = fc.option(fc.record({ state: states, reason: reasons, operations }), { nil: undefined })
    const counts = fc.constantFrom<Question['counted']>(undefined, 'shut-out', 'revoke')
    const modes = fc.constantFrom<Question['mode']>('shadow', 'approve')
    fc.assert(
      fc.property(operations, plans, counts, modes, (planned, plan, counted, mode) => {
        const before = plan && known(plan.state, plan.reason, plan.operations)
        const { kind } = verdictOf({ mode, operations: planned, known: before, counted })
        const covered =
          before?.state === 'approved' && planned.every((each) => before.operations.includes(each))
        assert.equal(kind === 'go', mode === 'approve' && covered)
      }),
    )
  })
})

describe('the hash of a plan', () => {
  it('does not depend on the order of keys, and depends on everything else', () => {
    const other = { steps: ['strip'], op: 'shut-out' } as const
    assert.equal(planHash([shutOut]), planHash([other]))
    assert.notEqual(planHash([grant, revoke]), planHash([revoke, grant]))
    assert.notEqual(planHash([shutOut]), planHash([{ op: 'shut-out', steps: ['remove'] }]))
  })
})

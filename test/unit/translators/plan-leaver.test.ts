import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Deviation, Held, Snapshot, Wanted } from '../../../src/model/plan.ts'
import { intentsFor, plan } from '../../../src/translators/plan.ts'
import type { Capabilities } from '../../../src/model/capabilities.ts'
import {
  aHeld,
  aPolicy,
  cidRole,
  falcon,
  group,
  now,
  type Ref,
  role,
  sentry,
  switchable,
  wants,
} from './builders.ts'
import type { Policy } from '../../../src/model/policy.ts'

function planned(
  wanted: Wanted,
  held: Held | undefined,
  can: Capabilities,
  policy: Partial<Policy> = {},
  snapshot?: Snapshot,
) {
  return plan({ wanted, held, can, policy: aPolicy(policy), snapshot, now })
}

const change = (assign: readonly Ref[], revoke: readonly Ref[] = []) => ({
  op: 'change-entitlements' as const,
  change: { assign, revoke },
})
const codes = (deviations: readonly Deviation[]): string[] => deviations.map(({ code }) => code)

describe('plan for a leaver', () => {
  const shutOut = (because: 'inactive' | 'deleted'): Wanted => ({ kind: 'shut-out', because })
  const deprovision = {
    inactive: ['disable', 'strip'],
    deleted: ['disable', 'remove'],
    graceDays: 0,
  } as const

  it('takes the steps of the policy that the vendor can take', () => {
    const held = aHeld({ entitlements: [role('viewer'), group('core')] })
    const steps = (because: 'inactive' | 'deleted', can: Capabilities) =>
      planned(shutOut(because), held, can, { deprovision }).operations
    assert.deepEqual(steps('inactive', switchable), [{ op: 'shut-out', steps: ['disable', 'strip'] }])
    assert.deepEqual(steps('inactive', sentry), [{ op: 'shut-out', steps: ['strip'] }])
    assert.deepEqual(steps('deleted', sentry), [{ op: 'shut-out', steps: ['remove'] }])
  })

  it('does nothing where a step holds already, or where there is no account', () => {
    const stripped = aHeld({ entitlements: [role('member')] })
    assert.deepEqual(planned(shutOut('inactive'), stripped, sentry, { deprovision }).operations, [])
    assert.equal(planned(shutOut('deleted'), stripped, sentry, { deprovision }).operations.length, 1)
    assert.deepEqual(planned(shutOut('deleted'), undefined, sentry).operations, [])
  })

  it('does not take a step for done that the vendor cannot take', () => {
    const disabled = aHeld({ state: 'disabled', entitlements: [cidRole('analyst')] })
    assert.deepEqual(planned(shutOut('inactive'), disabled, falcon, { deprovision }).operations, [
      { op: 'shut-out', steps: ['strip'] },
    ])
  })

  it('says when no step is possible', () => {
    const policy = { deprovision: { ...deprovision, inactive: ['disable'] } } as const
    const { operations, deviations } = planned(
      shutOut('inactive'),
      aHeld({ entitlements: [cidRole('x')] }),
      falcon,
      policy,
    )
    assert.deepEqual([operations, codes(deviations)], [[], ['no-usable-step']])
  })

  it('shuts out, as inactive, whom no rule of a mapped connection grants anything any more', () => {
    const held = aHeld({ entitlements: [cidRole('analyst')] })
    const nothing: Wanted = { kind: 'nothing' }
    assert.deepEqual(planned(nothing, held, falcon).operations, [{ op: 'shut-out', steps: ['strip'] }])
    assert.deepEqual(planned(nothing, undefined, falcon).operations, [])
    assert.deepEqual(planned(nothing, aHeld(), falcon).operations, [])
    assert.deepEqual(intentsFor({ wanted: nothing, held, can: falcon, policy: aPolicy(), now }).intents, [
      { kind: 'shut-out', because: 'inactive' },
    ])
  })
})

describe('plan for a return', () => {
  const snapshot: Snapshot = {
    takenAt: '2026-11-01T12:00:00.000Z',
    entitlements: [
      cidRole('ours'),
      cidRole('by-hand'),
      { ...cidRole('ended'), until: '2026-11-02T00:00:00.000Z' },
    ],
    granted: [{ key: 'role:ours@cid:cid-a', wishes: [] }],
  }
  const stripped = aHeld()

  it('gives back what Drawbridge had not made, beside what the rules say now', () => {
    const wanted = wants([cidRole('new')])
    assert.deepEqual(planned(wanted, stripped, falcon, {}, snapshot).operations, [
      change([cidRole('new'), cidRole('by-hand')]),
    ])
    const anew = planned(wanted, undefined, falcon, {}, snapshot).operations
    assert.deepEqual(anew.slice(1), [change([cidRole('new'), cidRole('by-hand')])])
  })

  it('gives nothing back after 30 days, under exclusive, or twice', () => {
    const old = { ...snapshot, takenAt: '2026-10-22T11:59:59.000Z' }
    assert.deepEqual(planned(wants(), stripped, falcon, {}, old).operations, [])
    assert.deepEqual(planned(wants(), stripped, falcon, { exclusive: true }, snapshot).operations, [])
    const back = aHeld({ entitlements: [cidRole('by-hand')] }, [])
    assert.deepEqual(planned(wants(), back, falcon, {}, snapshot).operations, [])
  })

  it('leaves the one role to the rules, and gives it back where they say nothing', () => {
    const manager = { takenAt: now, entitlements: [role('manager'), group('core')], granted: [] }
    const rejoined = aHeld({ entitlements: [role('member')] }, [])
    assert.deepEqual(planned(wants([role('billing')]), rejoined, sentry, {}, manager).operations, [
      change([role('billing'), group('core')]),
    ])
    assert.deepEqual(planned(wants(), rejoined, sentry, {}, manager).operations, [
      change([role('manager'), group('core')]),
    ])
  })

  it('switches a disabled account on first', () => {
    const held = aHeld({ state: 'disabled' })
    assert.deepEqual(
      planned(wants([group('core')]), held, switchable).operations.map(({ op }) => op),
      ['activate', 'change-entitlements'],
    )
  })

  it('says when the vendor has no way to switch it on', () => {
    const { operations, deviations } = planned(wants(), aHeld({ state: 'disabled' }), falcon)
    assert.deepEqual([operations, codes(deviations)], [[], ['attribute-immutable']])
  })
})

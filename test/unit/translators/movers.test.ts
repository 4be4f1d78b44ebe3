import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Held, Operation } from '../../../src/model/plan.ts'
import { plan } from '../../../src/translators/plan.ts'
import { wantedOf } from '../../../src/translators/wanted.ts'
import { type Capabilities } from '../../../src/model/capabilities.ts'
import { matching } from '../../../src/config/matching.ts'
import { aPolicy, cidRole, entry, falcon, group, now, role, sentry, teamRole } from './builders.ts'
import { carriedOut } from './simulated-account.ts'
import { type Entitlement, entitlementKey } from '../../../src/model/account.ts'
import type { GroupRef } from '../../../src/model/person.ts'
import type { Policy } from '../../../src/model/policy.ts'

interface Vendor {
  readonly can: Capabilities
  readonly catalogue: readonly Entitlement[]
  readonly policy: Policy
}

const sentryHere: Vendor = {
  can: sentry,
  catalogue: [
    ...['billing', 'member', 'manager', 'owner'].map((id) => entry(role(id))),
    ...['web', 'ops'].flatMap((id) => [entry(group(id)), entry(teamRole('admin', id), 'Team Admin')]),
  ],
  policy: aPolicy({
    default: { role: 'member' },
    rules: [
      { group: 'Managers', role: 'Manager' },
      { group: 'Web', team: 'web' },
      { group: 'Ops', team: 'ops' },
      { group: 'Web Leads', role: 'Team Admin', scope: { team: 'web' } },
    ],
  }),
}
const falconHere: Vendor = {
  can: falcon,
  catalogue: [entry(cidRole('analyst')), entry(cidRole('responder')), entry(cidRole('falcon_admin'))],
  policy: aPolicy({
    rules: [
      { group: 'Analysts', role: 'analyst' },
      { group: 'Responders', role: 'responder' },
    ],
  }),
}

function wantedIn(names: readonly string[], { can, catalogue, policy }: Vendor) {
  const groups: GroupRef[] = names.map((displayName) => ({ id: displayName, displayName }))
  const resource = { userName: 'ada@corp.example', name: { givenName: 'Ada', familyName: 'Lovelace' } }
  const wanted = wantedOf({
    resource,
    active: true,
    deleted: false,
    groups,
    policy,
    catalogue,
    can,
    matching,
    now,
  })
  assert.ok(wanted.kind === 'present')
  return wanted
}

/** Plans the way from one set of groups to the next, each carried out, and gives the last plan and what it leads to. */
function moves(
  vendor: Vendor,
  ...stations: readonly (readonly string[])[]
): { steps: readonly string[]; held: Held } {
  let held: Held | undefined
  let operations: readonly Operation[] = []
  for (const names of stations) {
    const wanted = wantedIn(names, vendor)
    ;({ operations } = plan({ wanted, held, can: vendor.can, policy: vendor.policy, now }))
    held = carriedOut(operations, held, wanted.entitlements, vendor.can)
    if (held?.account.state === 'invited') held = { ...held, account: { ...held.account, state: 'active' } }
  }
  assert.ok(held)
  return { steps: operations.map(inWords), held }
}

function inWords(operation: Operation): string {
  if (operation.op !== 'change-entitlements') return operation.op
  const { assign, revoke } = operation.change
  return [
    ...assign.map((ref) => `+${entitlementKey(ref)}`),
    ...revoke.map((ref) => `-${entitlementKey(ref)}`),
  ].join(' ')
}

describe('a mover at Sentry', () => {
  const cases: { who: string; stations: string[][]; steps: string[] }[] = [
    { who: 'is promoted', stations: [[], ['Managers']], steps: ['+role:manager'] },
    { who: 'is no manager any more', stations: [['Managers'], []], steps: ['+role:member'] },
    { who: 'swaps teams', stations: [['Web'], ['Ops']], steps: ['+group:ops', '-group:web'] },
    {
      who: 'is promoted and swaps teams',
      stations: [['Web'], ['Ops', 'Managers']],
      steps: ['+role:manager +group:ops -group:web'],
    },
    {
      who: 'becomes lead of the team',
      stations: [['Web'], ['Web', 'Web Leads']],
      steps: ['+role:admin@team:web'],
    },
    { who: 'is lead no more', stations: [['Web', 'Web Leads'], [], ['Web']], steps: ['+group:web'] },
    {
      who: 'leaves the leads and stays',
      stations: [['Web', 'Web Leads'], ['Web', 'Web Leads'], ['Web']],
      steps: ['-role:admin@team:web'],
    },
    {
      who: 'leaves the leads, who was nothing else',
      stations: [['Web Leads'], ['Web Leads'], []],
      steps: ['-group:web -role:admin@team:web'],
    },
    {
      who: 'stays',
      stations: [
        ['Web', 'Managers'],
        ['Managers', 'Web'],
      ],
      steps: [],
    },
  ]
  for (const { who, stations, steps } of cases) {
    it(`who ${who} takes [${steps.join(' | ')}]`, () =>
      assert.deepEqual(moves(sentryHere, ...stations).steps, steps))
  }

  it('falls back to the floor without a default role', () => {
    const vendor = { ...sentryHere, policy: { ...sentryHere.policy, default: {} } }
    const { steps, held } = moves(vendor, ['Managers'], [])
    assert.deepEqual(steps, ['+role:member'])
    assert.deepEqual(held.granted, [])
  })
})

describe('a mover at CrowdStrike', () => {
  const cases: { who: string; stations: string[][]; steps: string[] }[] = [
    { who: 'joins', stations: [['Analysts']], steps: ['create', '+role:analyst@cid:cid-a'] },
    {
      who: 'swaps roles',
      stations: [['Analysts'], ['Responders']],
      steps: ['+role:responder@cid:cid-a', '-role:analyst@cid:cid-a'],
    },
    {
      who: 'takes a second role',
      stations: [['Analysts'], ['Responders', 'Analysts']],
      steps: ['+role:responder@cid:cid-a'],
    },
    {
      who: 'loses every role',
      stations: [['Analysts', 'Responders'], []],
      steps: ['-role:analyst@cid:cid-a -role:responder@cid:cid-a'],
    },
  ]
  for (const { who, stations, steps } of cases) {
    it(`who ${who} takes [${steps.join(' | ')}]`, () =>
      assert.deepEqual(moves(falconHere, ...stations).steps, steps))
  }

  it('keeps a role that was given by hand through every move', () => {
    const first = moves(falconHere, ['Analysts']).held
    const byHand = {
      ...first,
      account: { ...first.account, entitlements: [...first.account.entitlements, cidRole('falcon_admin')] },
    }
    const { operations } = plan({
      wanted: wantedIn([], falconHere),
      held: byHand,
      can: falcon,
      policy: falconHere.policy,
      now,
    })
    assert.deepEqual(operations.map(inWords), ['-role:analyst@cid:cid-a'])
  })
})

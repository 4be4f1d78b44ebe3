import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { addMember, aGroup, aUser, removeMember, startTestGateway } from '../support/gateway.ts'
import { forget, person, startFalcon, startSentryWithTeams, writes } from '../support/vendors.ts'
import type { Policy, Rule } from '../../src/model/policy.ts'

type Profile = 'current' | 'guide'
type Grant = Omit<Rule, 'group'>

interface Mover {
  readonly vendor: string
  readonly profile: Profile
  readonly start: (t: TestContext) => Promise<VendorSimulator>
  /** What the group that is left grants, and the one that is joined. */
  readonly from: Grant
  readonly to: Grant
  readonly byDefault?: Policy['default']
  /** Writing calls after the first and after the second PATCH. */
  readonly addFirst: readonly [readonly string[], readonly string[]]
  readonly removeFirst: readonly [readonly string[], readonly string[]]
  /** How much is held between a removal and an addition: the default, or the least that the vendor knows. */
  readonly between: number
}

async function closing<S extends VendorSimulator>(t: TestContext, simulator: Promise<S>): Promise<S> {
  const started = await simulator
  t.after(() => started.close())
  return started
}

const profiles = ['current', 'guide'] as const
const movers: readonly Mover[] = profiles.flatMap((profile): readonly Mover[] => [
  {
    vendor: 'crowdstrike',
    profile,
    start: (t) => startFalcon(t, profile),
    from: { role: 'help_desk' },
    to: { role: 'event_viewer' },
    addFirst: [['grant'], ['revoke']],
    removeFirst: [['revoke'], ['grant']],
    between: 0,
  },
  {
    vendor: 'sentry, teams',
    profile,
    start: (t) => startSentryWithTeams(t, profile),
    from: { team: 'analysts' },
    to: { team: 'admins' },
    byDefault: { role: 'member' },
    addFirst: [['join'], ['leave']],
    removeFirst: [['leave'], ['join']],
    between: 1,
  },
  {
    vendor: 'sentry, organization role',
    profile,
    start: (t) => startSentryWithTeams(t, profile),
    from: { role: 'manager' },
    to: { role: 'billing' },
    byDefault: { role: 'member' },
    addFirst: [[], ['replace']],
    removeFirst: [['replace'], ['replace']],
    between: 1,
  },
  {
    vendor: 'sentinelone',
    profile,
    start: (t) => closing(t, startSentinelone({ profile })),
    from: { role: 'SOC' },
    to: { role: 'IR Team' },
    byDefault: { role: 'Viewer' },
    addFirst: [[], ['replace']],
    removeFirst: [['replace'], ['replace']],
    between: 1,
  },
  {
    vendor: 'sisense, role and group',
    profile,
    start: (t) => closing(t, startSisense({ profile })),
    from: { role: 'Designer', vendorGroup: 'Sales Team' },
    to: { role: 'Viewer', vendorGroup: 'Finance' },
    // One group goes by the group's own route, where the profile has one.
    addFirst: [[profile === 'guide' ? 'update' : 'create'], ['update']],
    removeFirst: [['update'], [profile === 'guide' ? 'update' : 'create']],
    between: 1,
  },
])

async function stage(t: TestContext, { profile, start, from, to, byDefault = {} }: Mover) {
  const simulator = await start(t)
  const rules = [
    { group: 'From', ...from },
    { group: 'To', ...to },
  ]
  const connection = { name: 'target', simulator, profile, policy: { rules, default: byDefault } }
  const { scim, until, gateway } = await startTestGateway(t, { connections: [connection] })
  const { body: left } = await scim('POST', '/Groups', aGroup('From'))
  const { body: joined } = await scim('POST', '/Groups', aGroup('To'))
  const { body: user } = await scim('POST', '/Users', aUser('ada', { active: false }))
  await scim('PATCH', `/Groups/${left.id}`, addMember(user.id))
  await scim('PUT', `/Users/${user.id}`, aUser('ada'))
  const held = () => person(simulator, 'ada')?.entitlements.toSorted() ?? []
  const settled = () =>
    until('settled', async () => {
      const [outcome] = await gateway.store.queue.outcomes(user.id)
      return outcome?.status === 'proven' || outcome?.status === 'invited'
    })
  await until('the first role', () => held().length > 0)
  await settled()
  /** A PATCH, and what it led to. */
  const after = async (group: { readonly id: string }, change: typeof addMember) => {
    forget(simulator)
    assert.equal((await scim('PATCH', `/Groups/${group.id}`, change(user.id))).status < 300, true)
    await settled()
    return { calls: writes(simulator), held: held() }
  }
  return { before: held(), join: () => after(joined, addMember), leave: () => after(left, removeMember) }
}

describe('a mover by two PATCHes of groups', { concurrency: 4 }, () => {
  for (const mover of movers) {
    const { vendor, profile, addFirst, removeFirst, between } = mover
    const title = `at ${vendor}, profile ${profile}`

    it(`${title}, is never without a role when the addition comes first`, async (t) => {
      const { before, join, leave } = await stage(t, mover)
      const [joined, left] = [await join(), await leave()]
      assert.deepEqual([joined.calls, left.calls], addFirst)
      assert.ok(
        before.every((key) => joined.held.includes(key)),
        'nothing goes before the removal',
      )
      assert.equal(left.held.length, before.length)
      assert.notDeepEqual(left.held, before)
    })

    it(`${title}, has the default, if there is one, between a removal and an addition`, async (t) => {
      const { before, join, leave } = await stage(t, mover)
      const [left, joined] = [await leave(), await join()]
      assert.deepEqual([left.calls, joined.calls], removeFirst)
      assert.equal(left.held.length, between)
      assert.ok(!before.every((key) => left.held.includes(key)))
      assert.equal(joined.held.length, before.length)
    })
  }
})

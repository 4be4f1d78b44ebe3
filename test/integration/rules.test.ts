import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { addMember, aGroup, aPatch, aUser, startTestGateway } from '../support/gateway.ts'
import { person, startFalcon, startSentryWithTeams } from '../support/vendors.ts'
import type { Policy, Rule } from '../../src/model/policy.ts'

type Profile = 'current' | 'guide'
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const inDepartment = (department: string): object => aUser('ada', { [enterprise]: { department } })
const moveTo = (department: string): object =>
  aPatch({ op: 'replace', path: `${enterprise}:department`, value: department })

interface Mover {
  readonly vendor: string
  readonly profile: Profile
  readonly start: (t: TestContext) => Promise<VendorSimulator>
  /** Right sides for the first and the second department. */
  readonly from: Omit<Rule, 'attribute'>
  readonly to: Omit<Rule, 'attribute'>
  readonly byDefault?: Policy['default']
  /** Writing calls of the move, in their order; reads beside them at most. */
  readonly writes: readonly RegExp[]
  readonly reads: number
}

async function closing<S extends VendorSimulator>(t: TestContext, simulator: Promise<S>): Promise<S> {
  const started = await simulator
  t.after(() => started.close())
  return started
}

const movers: readonly Mover[] = [
  {
    vendor: 'crowdstrike',
    profile: 'current',
    start: (t) => startFalcon(t),
    from: { role: 'help_desk' },
    to: { role: 'event_viewer' },
    writes: [/"grant".*event_viewer/, /"revoke".*help_desk/],
    reads: 0,
  },
  {
    vendor: 'crowdstrike',
    profile: 'guide',
    start: (t) => startFalcon(t, 'guide'),
    from: { role: 'help_desk' },
    to: { role: 'event_viewer' },
    writes: [/^POST .*event_viewer/, /^DELETE .*help_desk/],
    reads: 0,
  },
  {
    vendor: 'sentry teams',
    profile: 'current',
    start: (t) => startSentryWithTeams(t),
    from: { team: 'analysts' },
    to: { team: 'admins' },
    byDefault: { role: 'member' },
    writes: [/^POST .*teams\/admins/, /^DELETE .*teams\/analysts/],
    reads: 0,
  },
  {
    vendor: 'sentry roles',
    profile: 'current',
    start: (t) => startSentryWithTeams(t),
    from: { role: 'admin' },
    to: { role: 'manager' },
    writes: [/^PUT .*"manager"/],
    reads: 2,
  },
  {
    vendor: 'sentry teams',
    profile: 'guide',
    start: (t) => startSentryWithTeams(t, 'guide'),
    from: { team: 'analysts' },
    to: { team: 'admins' },
    byDefault: { role: 'member' },
    writes: [/^POST .*teams\/admins/, /^DELETE .*teams\/analysts/],
    reads: 0,
  },
  ...(['current', 'guide'] as const).flatMap((profile): Mover[] => [
    {
      vendor: 'sentinelone',
      profile,
      start: (t) => closing(t, startSentinelone({ profile })),
      from: { role: 'soc' },
      to: { role: 'IR Team' },
      writes: [/^PUT /],
      reads: 1,
    },
    {
      vendor: 'sisense role and groups',
      profile,
      start: (t) => closing(t, startSisense({ profile })),
      from: { role: 'Designer', vendorGroup: 'Sales Team' },
      to: { role: 'Viewer', vendorGroup: 'Finance' },
      writes: [/^PATCH .*roleId.*groups|^PATCH .*groups.*roleId/],
      reads: 1,
    },
  ]),
]

describe('a mover by attribute', () => {
  for (const { vendor, profile, start, from, to, byDefault = {}, writes, reads } of movers) {
    it(`at ${vendor}, profile ${profile}, swaps in exactly ${writes.length} writes, grants first`, async (t) => {
      const simulator = await start(t)
      const rules = [
        { attribute: 'department eq "One"', ...from },
        { attribute: 'department eq "Two"', ...to },
      ]
      const policy = { rules, default: byDefault }
      const connection = { name: 'target', simulator, profile, policy }
      const { scim, until } = await startTestGateway(t, { connections: [connection] })
      const { body } = await scim('POST', '/Users', inDepartment('One'))
      const before = person(simulator, 'ada')?.entitlements.toSorted()
      const mark = simulator.trace.length
      const answer = await scim('PATCH', `/Users/${body.id}`, moveTo('Two'))
      assert.equal(answer.status, 200)
      await until('the move', () => {
        const now = person(simulator, 'ada')?.entitlements.toSorted()
        return JSON.stringify(now) !== JSON.stringify(before)
      })
      const calls = simulator.trace.slice(mark).filter(({ path }) => path !== '/oauth2/token')
      const written = calls
        .filter(({ mutating }) => mutating)
        .map(
          (call) =>
            `${call.method} ${call.path} ${JSON.stringify(call.query ?? {})} ${JSON.stringify(call.body ?? {})}`,
        )
      assert.equal(written.length, writes.length, written.join('\n'))
      for (const [at, pattern] of writes.entries()) assert.match(written[at] ?? '', pattern)
      assert.ok(
        calls.length - written.length <= reads,
        calls.map(({ method, path }) => `${method} ${path}`).join('\n'),
      )
    })
  }
})

describe('a grant with an end', () => {
  it('is revoked by the gateway where the vendor keeps no end', async (t) => {
    const sentry = await startSentryWithTeams(t)
    const rules = [{ group: '/^(?<team>analysts|admins)-/', team: '{team}', until: '3s' }]
    const connection = { name: 'errors', simulator: sentry, policy: { rules, default: { role: 'member' } } }
    const { scim, until } = await startTestGateway(t, { connections: [connection] })
    const ada = (await scim('POST', '/Users', aUser('ada'))).body.id
    const group = (await scim('POST', '/Groups', aGroup('admins-oncall'))).body.id
    await scim('PATCH', `/Groups/${group}`, addMember(ada))
    const isIn = (): boolean => person(sentry, 'ada')?.entitlements.includes('group:admins') ?? false
    await until('the grant', isIn)
    await until('its end', () => !isIn())
    const { body } = await scim('GET', `/Users/${ada}`)
    assert.equal(body.active, true)
  })

  it('ends by itself where the vendor keeps one', async (t) => {
    const falcon = await startFalcon(t)
    const rules = [{ group: 'Break Glass', role: 'falcon_admin', until: '2h' }]
    const connection = { name: 'falcon', simulator: falcon, policy: { rules } }
    const { scim, until } = await startTestGateway(t, { connections: [connection] })
    const ada = (await scim('POST', '/Users', aUser('ada'))).body.id
    const group = (await scim('POST', '/Groups', aGroup('Break Glass'))).body.id
    await scim('PATCH', `/Groups/${group}`, addMember(ada))
    const grants = () =>
      falcon.trace.filter(({ body }) => (body as { action?: string } | undefined)?.action === 'grant')
    await until('the grant', () => grants().length > 0)
    const { expires_at: end } = grants()[0]!.body as { expires_at?: string }
    const inMs = Date.parse(end ?? '') - Date.now()
    assert.ok(inMs > 7_000_000 && inMs <= 7_200_000, end)
  })
})

describe('an exclusive connection', () => {
  it('revokes what somebody gave by hand, and leaves it where it is not exclusive', async (t) => {
    for (const exclusive of [true, false]) {
      const sentry = await startSentryWithTeams(t)
      sentry.state.addMember({ email: 'ada@example.com', teams: new Map([['analysts', null]]) })
      const policy = { exclusive, default: { role: 'member', team: 'everyone' } }
      const { scim } = await startTestGateway(t, {
        connections: [{ name: 'errors', simulator: sentry, policy }],
      })
      await scim('POST', '/Users', aUser('ada'))
      const teams = person(sentry, 'ada')?.entitlements.filter((key) => key.startsWith('group:'))
      assert.deepEqual(
        teams?.toSorted(),
        exclusive ? ['group:everyone'] : ['group:analysts', 'group:everyone'],
      )
    }
  })
})

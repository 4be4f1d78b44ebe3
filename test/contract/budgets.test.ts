import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { sentry } from '../../src/vendors/sentry/index.ts'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import {
  aGroup,
  activate,
  addMember,
  aPatch,
  aUser,
  deactivate,
  removeMember,
  startTestGateway,
  type GatewayUnderTest,
} from '../support/gateway.ts'
import { callsSince, openKit, openTarget } from './target.ts'
import { startFalcon, startSentryWithTeams, type Falcon, type Sentry } from '../support/vendors.ts'
import type { Policy } from '../../src/model/policy.ts'

/*
 * Vendor calls of what an identity provider pushes, with token, tenant and catalogue known; call-tables.test.ts counts those of
 * each method of a connector. More than these is a defect. A run makes reads that a bare count of writes does not have: an
 * account is read before its access ends, and the end is proven by a read afterwards; those are named where they count.
 */

interface Stage<S extends VendorSimulator> extends GatewayUnderTest {
  readonly simulator: S
  readonly groups: Readonly<Record<string, string>>
  join(name: string): Promise<string>
  /** Calls that an act costs, once `done` holds. */
  cost(act: () => Promise<unknown>, done?: () => boolean): Promise<readonly string[]>
}

async function stageAt<S extends VendorSimulator>(
  t: TestContext,
  simulator: S,
  policy: Partial<Policy>,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Stage<S>> {
  const connection = { name: 'target', simulator, policy, settings }
  const gateway = await startTestGateway(t, { connections: [connection] })
  const { scim, until } = gateway
  const join = async (name: string): Promise<string> => (await scim('POST', '/Users', aUser(name))).body.id
  const groups: Record<string, string> = {}
  for (const name of ['Analysts', 'Managers'])
    groups[name] = (await scim('POST', '/Groups', aGroup(name))).body.id
  // The first person pays for what is asked once: tenant, own account, catalogue.
  const first = await join('first')
  await scim('PATCH', `/Users/${first}`, deactivate)
  return {
    ...gateway,
    simulator,
    groups,
    join,
    async cost(act, done = () => true) {
      const from = simulator.trace.length
      await act()
      await until('the effect', done)
      return callsSince(simulator, from)
    },
  }
}

const within = (calls: readonly string[], most: number): void =>
  assert.ok(calls.length <= most, `${calls.length} calls, ${most} allowed:\n${calls.join('\n')}`)

const verbs = (calls: readonly string[]): readonly string[] => calls.map((call) => call.split(' ')[0] ?? '')

const entitlementsOf = (simulator: VendorSimulator, name: string): readonly string[] =>
  simulator.people().find(({ login }) => login === `${name}@example.com`)?.entitlements ?? []

const holds = (simulator: VendorSimulator, name: string, part: string) => (): boolean =>
  simulator
    .people()
    .find(({ login }) => login === `${name}@example.com`)
    ?.entitlements.some((key) => key.includes(part)) ?? false

describe('call budget of Falcon', () => {
  const policy = {
    default: { role: 'event_viewer' },
    rules: [{ group: 'Analysts', role: 'help_desk' }],
  }
  // A lag as in production, so that a clean 2xx counts and the reads that verify it come later.
  const start = async (t: TestContext): Promise<Stage<Falcon>> =>
    stageAt(t, await startFalcon(t), policy, { readLagMs: 60_000 })

  it('a new person with roles: create, grant', async (t) => {
    const { cost, join } = await start(t)
    within(await cost(() => join('ada')), 2)
  })

  it('names: 1; what Falcon does not keep: 0', async (t) => {
    const { cost, join, scim } = await start(t)
    const ada = await join('ada')
    const rename = aPatch({ op: 'replace', path: 'name.familyName', value: 'Lovelace' })
    within(await cost(() => scim('PATCH', `/Users/${ada}`, rename)), 1)
    const title = aPatch({ op: 'replace', path: 'title', value: 'Countess' })
    within(await cost(() => scim('PATCH', `/Users/${ada}`, title)), 0)
  })

  it('a member of a group comes and goes: 1 each', async (t) => {
    const { cost, join, scim, groups, simulator } = await start(t)
    const ada = await join('ada')
    const isIn = holds(simulator, 'ada', 'help_desk')
    const path = `/Groups/${groups['Analysts']}`
    within(await cost(() => scim('PATCH', path, addMember(ada)), isIn), 1)
    within(
      await cost(
        () => scim('PATCH', path, removeMember(ada)),
        () => !isIn(),
      ),
      1,
    )
  })

  it('all members replaced: 1 for each who changes', async (t) => {
    const { cost, join, scim, groups, simulator } = await start(t)
    const [ada, bob, eve] = [await join('ada'), await join('bob'), await join('eve')]
    const path = `/Groups/${groups['Analysts']}`
    await cost(
      () => scim('PUT', path, aGroup('Analysts', ada, bob)),
      () => holds(simulator, 'ada', 'help_desk')() && holds(simulator, 'bob', 'help_desk')(),
    )
    const swapped = () => holds(simulator, 'eve', 'help_desk')() && !holds(simulator, 'ada', 'help_desk')()
    within(await cost(() => scim('PUT', path, aGroup('Analysts', bob, eve)), swapped), 2)
  })

  it('away: read the roles, revoke; back: 1', async (t) => {
    const { cost, join, scim } = await start(t)
    const ada = await join('ada')
    within(await cost(() => scim('PATCH', `/Users/${ada}`, deactivate)), 2)
    within(await cost(() => scim('PATCH', `/Users/${ada}`, activate)), 1)
  })

  it('deleted: 1, after the read that keeps what was held', async (t) => {
    const { cost, join, scim } = await start(t)
    const ada = await join('ada')
    within(await cost(() => scim('DELETE', `/Users/${ada}`)), 2)
  })
})

describe('call budget of Sentry', () => {
  const policy: Partial<Policy> = {
    default: { role: 'Member', team: 'everyone' },
    rules: [
      { group: 'Analysts', team: 'analysts' },
      { group: 'Managers', role: 'manager' },
    ],
    deprovision: { inactive: ['remove'], deleted: ['remove'], graceDays: 0 },
  }
  const start = async (t: TestContext): Promise<Stage<Sentry>> =>
    stageAt(t, await startSentryWithTeams(t), policy)

  it('a new person with role and teams: 1', async (t) => {
    const { cost, join } = await start(t)
    within(await cost(() => join('ada')), 1)
  })

  it('a person whom Sentry has already: the refusal, the look-up with its teams, the team that lacks', async (t) => {
    const { cost, join, simulator } = await start(t)
    const member = simulator.state.addMember({ email: 'ada@example.com' })
    within(await cost(() => join('ada')), 1 + 2 + 1)
    assert.equal(member.teams.has('everyone'), true)
  })

  it('names: 0', async (t) => {
    const { cost, join, scim } = await start(t)
    const ada = await join('ada')
    const rename = aPatch({ op: 'replace', path: 'name.familyName', value: 'Lovelace' })
    within(await cost(() => scim('PATCH', `/Users/${ada}`, rename)), 0)
  })

  it('another role: the whole membership is read and written, once', async (t) => {
    const { cost, join, scim, groups, simulator } = await start(t)
    const ada = await join('ada')
    const isManager = holds(simulator, 'ada', 'role:manager')
    const path = `/Groups/${groups['Managers']}`
    const calls = await cost(() => scim('PATCH', path, addMember(ada)), isManager)
    assert.deepEqual(verbs(calls), ['GET', 'PUT'])
    // Taking a role of power away looks first whether somebody is left who has it.
    within(
      await cost(
        () => scim('PATCH', path, removeMember(ada)),
        () => !isManager(),
      ),
      3,
    )
  })

  it('a team comes and goes: 1 each', async (t) => {
    const { cost, join, scim, groups, simulator } = await start(t)
    const ada = await join('ada')
    const isIn = holds(simulator, 'ada', 'analysts')
    const path = `/Groups/${groups['Analysts']}`
    within(await cost(() => scim('PATCH', path, addMember(ada)), isIn), 1)
    within(
      await cost(
        () => scim('PATCH', path, removeMember(ada)),
        () => !isIn(),
      ),
      1,
    )
  })

  it('away: read, remove, and the proof by login in both spellings; back: 1', async (t) => {
    const { cost, join, scim } = await start(t)
    const ada = await join('ada')
    within(await cost(() => scim('PATCH', `/Users/${ada}`, deactivate)), 2 + 2)
    within(await cost(() => scim('PATCH', `/Users/${ada}`, activate)), 1)
    within(await cost(() => scim('DELETE', `/Users/${ada}`)), 2 + 2)
  })

  it('a team role of somebody who has accepted: 1', async (t) => {
    const simulator = await startSentryWithTeams(t)
    const kit = openKit()
    t.after(() => kit.dispatcher.close())
    const target = openTarget(sentry, simulator, 'current', kit)
    simulator.state.seedMembers(3)
    const [member] = await target.find('email', 'seeded1@acme.example')
    const everyone = { kind: 'group', id: 'everyone' } as const
    await target.changeEntitlements(member!.id, { assign: [everyone], revoke: [] })
    const from = simulator.trace.length
    const admin = { kind: 'role', id: 'admin', scope: { level: 'team', id: 'everyone' } } as const
    await target.changeEntitlements(member!.id, { assign: [admin], revoke: [] })
    within(callsSince(simulator, from), 1)
  })
})

describe('call budget of SentinelOne', () => {
  const rules = [{ group: 'Analysts', role: 'SOC' }]
  const start = async (t: TestContext, policy: Partial<Policy>, settings = {}) => {
    const console_ = await startSentinelone({ profile: 'current' })
    t.after(() => console_.close())
    return stageAt(t, console_, { default: { role: 'Viewer' }, rules, ...policy }, settings)
  }
  const strip = { deprovision: { inactive: ['strip'], deleted: ['remove'], graceDays: 0 } } as const
  const quarantine = { quarantineRole: 'No Access' }

  it('a new person with the role: 1', async (t) => {
    const { cost, join } = await start(t, strip, quarantine)
    within(await cost(() => join('ada')), 1)
  })

  it('names, and a role: the whole set is read and written, 2 each', async (t) => {
    const { cost, join, scim, groups, simulator } = await start(t, strip, quarantine)
    const ada = await join('ada')
    const rename = aPatch({ op: 'replace', path: 'displayName', value: 'Ada Lovelace' })
    within(await cost(() => scim('PATCH', `/Users/${ada}`, rename)), 2)
    const path = `/Groups/${groups['Analysts']}`
    const soc = entitlementsOf(simulator, 'ada').join()
    within(
      await cost(
        () => scim('PATCH', path, addMember(ada)),
        () => entitlementsOf(simulator, 'ada').join() !== soc,
      ),
      2,
    )
    within(
      await cost(
        () => scim('PATCH', path, removeMember(ada)),
        () => entitlementsOf(simulator, 'ada').join() === soc,
      ),
      2,
    )
  })

  it('stripped: read, write, revocation of the token, and the read that proves it; back: 2', async (t) => {
    const { cost, join, scim } = await start(t, strip, quarantine)
    const ada = await join('ada')
    assert.deepEqual(verbs(await cost(() => scim('PATCH', `/Users/${ada}`, deactivate))), [
      'GET',
      'PUT',
      'POST',
      'GET',
    ])
    within(await cost(() => scim('PATCH', `/Users/${ada}`, activate)), 2)
  })

  it('removed: read, removal, and the proof by address in both ways; back: 1', async (t) => {
    const { cost, join, scim } = await start(t, {
      deprovision: { inactive: ['remove'], deleted: ['remove'], graceDays: 0 },
    })
    const ada = await join('ada')
    assert.deepEqual(verbs(await cost(() => scim('PATCH', `/Users/${ada}`, deactivate))), [
      'GET',
      'DELETE',
      'GET',
      'GET',
    ])
    within(await cost(() => scim('PATCH', `/Users/${ada}`, activate)), 1)
    within(await cost(() => scim('DELETE', `/Users/${ada}`)), 4)
  })
})

describe('call budget of Sisense', () => {
  const policy: Partial<Policy> = {
    default: { role: 'Viewer' },
    rules: [
      { group: 'Analysts', vendorGroup: 'Sales Team' },
      { group: 'Managers', role: 'Designer' },
    ],
  }
  const start = async (t: TestContext, active: 'switch' | 'ignored' = 'switch') => {
    const bi = await startSisense({ profile: 'current', toggles: { active, activation: false } })
    t.after(() => bi.close())
    return { bi, ...(await stageAt(t, bi, policy)) }
  }

  it('a new person with role: 1; names: 1', async (t) => {
    const { cost, join, scim } = await start(t)
    let ada = ''
    within(await cost(async () => void (ada = await join('ada'))), 1)
    const rename = aPatch({ op: 'replace', path: 'name.familyName', value: 'Lovelace' })
    within(await cost(() => scim('PATCH', `/Users/${ada}`, rename)), 1)
  })

  it('a group or a role comes and goes: 1 each', async (t) => {
    const { cost, join, scim, groups, bi } = await start(t)
    const ada = await join('ada')
    const user = () => bi.state.user('ada@example.com')!
    for (const [name, isIn] of [
      ['Analysts', () => user().groups.includes(bi.state.group('Sales Team')._id)],
      ['Managers', () => user().roleId === bi.state.roleId('contributor')],
    ] as const) {
      const path = `/Groups/${groups[name]}`
      within(await cost(() => scim('PATCH', path, addMember(ada)), isIn), 1)
      within(
        await cost(
          () => scim('PATCH', path, removeMember(ada)),
          () => !isIn(),
        ),
        1,
      )
    }
  })

  it('k members of one group come, or go: far fewer than k', async (t) => {
    const { cost, join, scim, groups, bi } = await start(t)
    const ids: string[] = []
    for (let at = 0; at < 24; at += 1) ids.push(await join(`p${at}`))
    const inside = () =>
      [...bi.state.users.values()].filter((user) => user.groups.includes(bi.state.group('Sales Team')._id))
        .length
    const path = `/Groups/${groups['Analysts']}`
    bi.slow({ path: /^\/api\/groups\/[^/]+\/users$/, ms: 60 })
    const value = ids.map((id) => ({ value: id }))
    const come = aPatch({ op: 'add', path: 'members', value })
    within(
      await cost(
        () => scim('PATCH', path, come),
        () => inside() === 24,
      ),
      12,
    )
    const go = aPatch({ op: 'remove', path: 'members', value })
    within(
      await cost(
        () => scim('PATCH', path, go),
        () => inside() === 0,
      ),
      12,
    )
  })

  it('switched off: read, switch, log-out, and the read that proves it; back: 1', async (t) => {
    const { cost, join, scim } = await start(t)
    const ada = await join('ada')
    const away = await cost(() => scim('PATCH', `/Users/${ada}`, deactivate))
    assert.deepEqual(verbs(away), ['GET', 'PATCH', 'GET', 'GET'])
    within(await cost(() => scim('PATCH', `/Users/${ada}`, activate)), 1)
  })

  it('deleted: read, removal, the proof by name, address and search, and once in five minutes who asks', async (t) => {
    const { cost, join, scim } = await start(t)
    const ada = await join('ada')
    const calls = await cost(() => scim('DELETE', `/Users/${ada}`))
    within(calls, 2 + 3 + 1)
  })
})

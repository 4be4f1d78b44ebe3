import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import pg from 'pg'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import {
  activate,
  addMember,
  aGroup,
  aUser,
  deactivate,
  removeMember,
  startTestGateway,
  type ConnectionUnderTest,
} from '../support/gateway.ts'
import { operate } from '../support/operator.ts'
import { forget, person, startFalcon, startSentryWithTeams, writes } from '../support/vendors.ts'
import type { Policy } from '../../src/model/policy.ts'

type Given = Partial<Policy> & Pick<Policy, 'rules'>

/** One connection, Ada in it, and the groups that its rules name, each empty. */
async function start(
  t: TestContext,
  simulator: VendorSimulator,
  policy: Given,
  rest: Partial<ConnectionUnderTest> = {},
) {
  const connection = { name: 'target', simulator, policy, ...rest }
  const gateway = await startTestGateway(t, { connections: [connection] })
  const { scim, until } = gateway
  const { store, directories, connections } = gateway.gateway
  const connectionId = connections.ofDirectory(directories[0]!.id)[0]!.id
  const created = await scim('POST', '/Users', aUser('ada'))
  assert.equal(created.status, 201, JSON.stringify(created.body))
  const ada: string = created.body.id
  const ids = new Map<string, string>()
  const member = async (change: typeof addMember, name: string): Promise<void> => {
    if (!ids.has(name)) ids.set(name, (await scim('POST', '/Groups', aGroup(name))).body.id)
    assert.ok((await scim('PATCH', `/Groups/${ids.get(name)}`, change(ada))).status < 300)
  }
  const standing = async () => (await store.queue.outcomes(ada))[0]
  return {
    ...gateway,
    ada,
    connectionId,
    standing,
    join: (name: string) => member(addMember, name),
    leave: (name: string) => member(removeMember, name),
    explained: async () => {
      const { url } = gateway.gateway
      const { body } = await operate(url, 'POST', '/people/ada@example.com/explanation', { body: {} })
      return body.items[0].connections[0]
    },
    settled: () =>
      until('everything settled', async () =>
        ['proven', 'invited'].includes((await standing())?.status ?? ''),
      ),
  }
}

async function query(connectionString: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query(text).finally(() => client.end())
}

describe('roles of CrowdStrike by rule', () => {
  it('are granted but for a custom role of another CID, which is not even tried', async (t) => {
    const falcon = await startFalcon(t)
    const owner = 'c'.repeat(32)
    falcon.state.roles.push({ id: 'child_own', display_name: 'Child Own', owner })
    const rules = [
      { group: 'Analysts', role: 'Child Own', line: 7 },
      { group: 'Analysts', role: 'Help Desk' },
    ]
    const { join, until, standing, explained } = await start(t, falcon, { rules })
    forget(falcon)
    await join('Analysts')
    await until('the other role', () => (person(falcon, 'ada')?.entitlements.length ?? 0) > 0)
    assert.deepEqual(writes(falcon), ['grant'])
    assert.deepEqual(person(falcon, 'ada')?.entitlements, ['role:help_desk@cid'])
    await until('the deviation', async () => (await standing())?.deviations.length === 1)
    const [deviation] = (await standing())!.deviations
    assert.equal(deviation?.code, 'entitlement-refused')
    assert.match(deviation?.detail ?? '', /"Child Own" \(line 7\): it is a custom role of CID c{32}/)
    assert.match(JSON.stringify((await explained()).rules), /unresolved.*custom role of CID/)
  })

  it('are granted anew when their end moves further away, and once', async (t) => {
    const falcon = await startFalcon(t)
    const rules = [
      { group: 'Shift', role: 'Help Desk', until: '1h' },
      { group: 'Week', role: 'Help Desk', until: '7d' },
    ]
    const { join, leave, until, settled } = await start(t, falcon, { rules })
    const ends = () =>
      falcon.trace.flatMap(({ body }) => {
        const { action, expires_at: end } = (body ?? {}) as { action?: string; expires_at?: string }
        return action === 'grant' ? [Math.round((Date.parse(end ?? '') - Date.now()) / 3_600_000)] : []
      })
    await join('Shift')
    await until('the grant', () => ends().length === 1)
    await settled()
    await join('Week')
    await until('the longer one', () => ends().length === 2)
    await settled()
    await leave('Shift')
    await settled()
    assert.deepEqual(ends(), [1, 168])
    await leave('Week')
    await until('its end', () => person(falcon, 'ada')?.entitlements.length === 0)
  })

  it('that ended at the vendor are not ours when somebody gives them by hand later', async (t) => {
    const falcon = await startFalcon(t)
    const rules = [
      { group: 'Break Glass', role: 'Help Desk', until: '2s' },
      { group: 'First', role: 'Detection Monitor' },
      { group: 'Others', role: 'Event Viewer' },
    ]
    const { join, leave, until, explained, settled, databaseUrl } = await start(t, falcon, { rules })
    const has = (id: string) => person(falcon, 'ada')?.entitlements.includes(`role:${id}@cid`) ?? false
    await join('Break Glass')
    await until('the grant', () => has('help_desk'))
    await until('its end', () => !has('help_desk'))
    const [{ id } = { id: '' }] = [...falcon.state.users.values()].filter(({ email }) =>
      email.startsWith('ada'),
    )
    falcon.state.grant(id, 'help_desk')
    // Before anything is taken from a privileged account it is read anew; what follows is planned with what was read.
    await join('First')
    await until('a grant', () => has('detection_monitor'))
    await settled()
    await query(databaseUrl, `UPDATE accounts SET held = jsonb_set(held, '{account,privileged}', 'true')`)
    await leave('First')
    await until('its revoke', () => !has('detection_monitor'))
    await join('Others')
    await until('another grant', () => has('event_viewer'))
    await settled()
    assert.ok(has('help_desk'))
    const [held] = (await explained()).entitlements.filter((each: { key: string }) =>
      each.key.startsWith('role:help_desk'),
    )
    assert.equal(held.authority, 'by-hand')
  })
})

describe('roles in teams of Sentry by rule', () => {
  it('stand beside the organization role and plain memberships, each with its own group', async (t) => {
    const sentry = await startSentryWithTeams(t)
    sentry.state.addMember({ email: 'ada@example.com', name: 'Ada' })
    const rules = [
      { group: '/^leads-(?<team>.+)$/', role: 'Team Admin', scope: { team: '{team}' } },
      { group: 'Everyone', team: 'everyone' },
      { group: 'Managers', role: 'Manager' },
    ]
    const { join, leave, until } = await start(t, sentry, { rules, default: { role: 'member' } })
    const shown = () => person(sentry, 'ada')?.entitlements.toSorted()
    const is = (...keys: readonly string[]) =>
      until(keys.join(', '), () => JSON.stringify(shown()) === JSON.stringify(keys.toSorted()))
    for (const name of ['leads-analysts', 'leads-admins', 'Everyone', 'Managers']) await join(name)
    const led = (team: string) => [`group:${team}`, `role:admin@team`]
    await is('role:manager', 'group:everyone', ...led('analysts'), ...led('admins'))
    forget(sentry)
    await leave('leads-admins')
    await is('role:manager', 'group:everyone', ...led('analysts'))
    await leave('Managers')
    await is('role:member', 'group:everyone', ...led('analysts'))
  })
})

describe('roles in several sites of SentinelOne by rule', () => {
  it('are one write with all of them; another level conflicts and changes nothing', async (t) => {
    const simulator = await startSentinelone({ profile: 'current' })
    t.after(() => simulator.close())
    const site = (name: string) => ({ site: name })
    const rules = [
      { group: '/^soc-(?<site>.+)$/', role: 'SOC', scope: { site: '{site}' } },
      { group: 'Responders', role: 'IR Team', scope: site('APAC') },
      { group: 'Auditors', role: 'Viewer', scope: { account: 'Acme' } },
    ]
    const policy = { rules, default: { role: 'Viewer', scope: site('EMEA') } }
    const { join, until, standing, settled } = await start(t, simulator, policy)
    const { state } = simulator
    const name = (list: readonly { id: string; name: string }[], id: string) =>
      list.find((each) => each.id === id)?.name
    const held = () =>
      state
        .userCalled('ada@example.com')
        .scopeRoles.map(({ id, roleId }) => `${name(state.roles, roleId)} in ${name(state.sites, id)}`)
        .toSorted()
    assert.deepEqual(held(), ['Viewer in EMEA'])
    await join('Responders')
    await until('the second site', () => held().length === 2)
    forget(simulator)
    await join('soc-EMEA')
    await until('the first site', () => held().includes('SOC in EMEA'))
    assert.deepEqual([held(), writes(simulator)], [['IR Team in APAC', 'SOC in EMEA'], ['replace']])
    await join('Auditors')
    await until('the conflict', async () =>
      ((await standing())?.deviations ?? []).some(({ code }) => code === 'entitlement-scope-conflict'),
    )
    await settled()
    assert.deepEqual([held(), writes(simulator)], [['IR Team in APAC', 'SOC in EMEA'], ['replace']])
  })

  it('fall to the quarantine role when somebody leaves, which explain never takes for a grant by hand', async (t) => {
    const simulator = await startSentinelone({ profile: 'current' })
    t.after(() => simulator.close())
    const deprovision = { inactive: ['strip'], deleted: ['remove'], graceDays: 0 } as const
    const policy = { rules: [{ group: 'Analysts', role: 'SOC' }], default: { role: 'Viewer' }, deprovision }
    const rest = { settings: { quarantineRole: 'No Access' } }
    const { join, until, scim, ada, explained, settled } = await start(t, simulator, policy, rest)
    const { state } = simulator
    const holds = (name: string) =>
      state.userCalled('ada@example.com').scopeRoles.every(({ roleId }) => roleId === state.roleId(name))
    const authorities = async () =>
      (await explained()).entitlements
        .filter(({ held }: { held: boolean }) => held)
        .map(({ name, authority }: { name: string; authority: string }) => [name, authority])
    await join('Analysts')
    await until('the role', () => holds('SOC'))
    await settled()
    assert.deepEqual(await authorities(), [['SOC', 'granted']])
    assert.equal((await scim('PATCH', `/Users/${ada}`, deactivate)).status, 200)
    assert.ok(holds('No Access'))
    assert.deepEqual(await authorities(), [])
    await scim('PATCH', `/Users/${ada}`, activate)
    await until('the role again', () => holds('SOC'))
    await settled()
    assert.deepEqual(await authorities(), [['SOC', 'granted']])
  })
})

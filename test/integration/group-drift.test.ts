import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { startSentry } from '../../src/simulators/sentry/index.ts'
import { removeTeam } from '../../src/simulators/sentry/team-changes.ts'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { aGroup, aUser, startTestGateway } from '../support/gateway.ts'
import type { Policy } from '../../src/model/policy.ts'
import { listDrift } from '../../src/operations/reconciliation/store.ts'
import { accountStates } from '../../src/demo/store.ts'
import { listNotices } from '../../src/operations/notices/store.ts'

const pattern = '/^team-(?<team>.+)$/'

async function stage(t: TestContext, simulator: VendorSimulator, policy: Partial<Policy>) {
  t.after(() => simulator.close())
  const connection = { name: 'vendor', simulator, policy }
  const all = await startTestGateway(t, { connections: [connection] })
  const { store, reconciliation, connections, directories } = all.gateway
  const connectionId = connections.ofDirectory(directories[0]!.id)[0]!.id
  const settled = async (): Promise<void> => {
    await all.until('everything settled', async () => {
      const accounts = await accountStates(store.db, directories[0]!.id)
      return accounts.every(({ status }) => ['proven', 'invited'].includes(status))
    })
  }
  return {
    ...all,
    settled,
    async compare() {
      const from = simulator.trace.length
      const run = await reconciliation.reconcile(connectionId)
      assert.equal(run?.state, 'done', run?.failure)
      const found = await listDrift(store.db, connectionId, { limit: 100 })
      const writes = simulator.trace.slice(from).filter(({ mutating }) => mutating)
      return {
        drift: found.flatMap(({ kind, group }) => (group ? `${kind} ${group.name}` : [])).sort(),
        writes: writes.length,
      }
    },
    notices: async () =>
      (await listNotices(store.db, { open: true, limit: 100 }))
        .map(({ kind, text }) => `${kind} ${text}`)
        .join(),
    again: () => reconciliation.reconcile(connectionId),
  }
}

/** Ada is in two groups of Sentry that Drawbridge made. */
async function atSentry(t: TestContext, repair: NonNullable<Policy['reconcile']>['repair']) {
  const sentry = await startSentry()
  const rules = [{ group: pattern, team: '{team}', create: true }]
  const all = await stage(t, sentry, { rules, reconcile: { repair } })
  const ada = (await all.scim('POST', '/Users', aUser('ada'))).body.id
  for (const name of ['team-Search Team', 'team-ops']) await all.scim('POST', '/Groups', aGroup(name, ada))
  const teams = (): readonly string[] =>
    [...sentry.state.members.values()]
      .filter(({ email }) => email === 'ada@example.com')
      .flatMap((member) => [...member.teams.keys()])
      .sort()
  await all.until('both teams', () => teams().join() === 'ops,search-team')
  await all.settled()
  return { ...all, sentry, teams }
}

const others = ['group-orphan Backend', 'group-orphan Frontend', 'group-orphan Platform']

describe('reconciliation of groups', () => {
  it('tells a group that is gone, and groups of others, and writes nothing', async (t) => {
    const { sentry, compare, notices, teams } = await atSentry(t, ['lacking', 'reactivated'])
    assert.deepEqual(await compare(), { drift: others, writes: 0 })
    assert.doesNotMatch(await notices(), /group/)
    removeTeam(sentry.state, { slug: 'ops' })
    assert.deepEqual(await compare(), { drift: ['group-missing ops', ...others], writes: 0 })
    assert.match(await notices(), /drift-found.*1 group-missing/)
    assert.deepEqual(teams(), ['search-team'])
  })

  it('makes a group anew with its members where the policy names that kind', async (t) => {
    const { sentry, compare, teams, until, again, settled } = await atSentry(t, ['group-missing'])
    removeTeam(sentry.state, { slug: 'ops' })
    const { drift } = await compare()
    assert.equal(drift.filter((each) => each.startsWith('group-missing')).length, 1)
    await until('the team and its member', () => teams().join() === 'ops,search-team')
    await settled()
    assert.deepEqual((await compare()).drift, others)
    assert.equal((await again())?.progress.counts['group-missing'], undefined)
  })

  it('makes a group anew with its members though the vendor refuses that at first', async (t) => {
    const { sentry, compare, teams, until, settled } = await atSentry(t, ['group-missing'])
    removeTeam(sentry.state, { slug: 'ops' })
    const path = '/api/0/organizations/acme/teams/'
    sentry.failNext({ method: 'POST', path, status: 429, headers: { 'retry-after': '1' } })
    await compare()
    await until('the team and its member', () => teams().join() === 'ops,search-team')
    await settled()
  })

  it('concludes nothing from an answer without groups, and goes on with the accounts', async (t) => {
    const { sentry, compare, notices } = await atSentry(t, ['group-missing'])
    const path = '/api/0/organizations/acme/teams/'
    sentry.failNext({ method: 'GET', path, status: 200, body: [], times: 5 })
    const { drift, writes } = await compare()
    assert.deepEqual([drift, writes], [[], 0])
    assert.match(await notices(), /survey-refused/)
    sentry.clearFaults()
    await compare()
    assert.doesNotMatch(await notices(), /survey-refused/)
  })

  it('tells a group that was renamed there, and gives it its name back where the policy says so', async (t) => {
    const sisense = await startSisense()
    const rules = [{ group: pattern, vendorGroup: '{team}', create: true }]
    const repair = ['group-renamed'] as const
    const { scim, until, compare, settled } = await stage(t, sisense, { rules, reconcile: { repair } })
    const { state } = sisense
    state.addGroup('By hand')
    const ada = (await scim('POST', '/Users', aUser('ada'))).body.id
    for (const name of ['team-Ops', 'team-By hand']) await scim('POST', '/Groups', aGroup(name, ada))
    const namesOf = (): string[] =>
      (state.user('ada@example.com')?.groups ?? []).map((id) => state.groups.get(id)!.name).sort()
    await until('both groups', () => namesOf().join() === 'By hand,Ops')
    await settled()
    for (const group of state.groups.values())
      if (['Ops', 'By hand'].includes(group.name))
        state.groups.set(group._id, { ...group, name: `${group.name} (old)` })

    const { drift, writes } = await compare()
    assert.deepEqual(
      drift.filter((each) => !each.startsWith('group-orphan')),
      ['group-renamed By hand', 'group-renamed Ops'],
    )
    assert.equal(writes, 0)
    // What somebody else made keeps the name that they gave it.
    await until('the name', () => namesOf().join() === 'By hand (old),Ops')
  })
})

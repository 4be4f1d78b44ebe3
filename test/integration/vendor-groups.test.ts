import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import { startSentry } from '../../src/simulators/sentry/index.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { aGroup, aPatch, aUser, startTestGateway, type GatewayUnderTest } from '../support/gateway.ts'
import type { Policy } from '../../src/model/policy.ts'
import { accountStates } from '../../src/demo/store.ts'

interface Stage extends GatewayUnderTest {
  readonly simulator: VendorSimulator
  /** Names of the vendor's groups, those of its own left out. */
  groups(): readonly string[]
  /** Names of the groups that somebody is in. */
  of(name: string): readonly string[]
  /** Somebody makes a group at the vendor. */
  byHand(name: string): void
  /** Calls that make, rename or remove groups. */
  keeping(): readonly string[]
  settled(): Promise<void>
}

const isKeeping = (path: string): boolean =>
  /\/organizations\/acme\/teams\/$|\/api\/0\/teams\/acme\/[^/]+\/$|\/groups(\/[^/]+)?$/.test(path)

function stageOf(
  gateway: GatewayUnderTest,
  simulator: VendorSimulator,
  rest: Pick<Stage, 'groups' | 'of' | 'byHand'>,
) {
  return {
    ...gateway,
    ...rest,
    simulator,
    keeping: () =>
      simulator.trace.filter(({ path, mutating }) => mutating && isKeeping(path)).map(({ method }) => method),
    settled: () => gateway.until('everything settled', async () => (await unsettled(gateway)) === 0),
  }
}

async function unsettled({ gateway }: GatewayUnderTest): Promise<number> {
  const { directories, store } = gateway
  const all = await accountStates(store.db, directories[0]!.id)
  return all.filter(({ status }) => !['proven', 'invited'].includes(status)).length
}

const making = /\/organizations\/acme\/teams\/$|\/groups$/

const seeded = { sentry: ['backend', 'frontend', 'platform'], sisense: ['Sales Team', 'Finance', 'Support'] }

async function atSentry(t: TestContext, policy: Partial<Policy> = {}, timeoutMs?: number): Promise<Stage> {
  const simulator = await startSentry()
  t.after(() => simulator.close())
  const rules = [{ group: '/^sentry-team-(?<team>.+)$/', team: '{team}', create: true }]
  const connection = { name: 'sentry', simulator, policy: { rules, ...policy } }
  const gateway = await startTestGateway(t, { connections: [connection], ...(timeoutMs && { timeoutMs }) })
  const { state } = simulator
  return stageOf(gateway, simulator, {
    groups: () => [...state.teams.keys()].filter((slug) => !seeded.sentry.includes(slug)),
    of: (name) =>
      [...state.members.values()]
        .filter(({ email }) => email.startsWith(`${name}@`))
        .flatMap(({ teams }) => [...teams.keys()]),
    byHand: (name) => void state.addTeam(name),
  })
}

async function atSisense(t: TestContext, policy: Partial<Policy> = {}, timeoutMs?: number): Promise<Stage> {
  const simulator = await startSisense()
  t.after(() => simulator.close())
  const rules = [{ group: '/^sentry-team-(?<team>.+)$/', vendorGroup: '{team}', create: true }]
  const connection = { name: 'sisense', simulator, policy: { rules, ...policy } }
  const gateway = await startTestGateway(t, { connections: [connection], ...(timeoutMs && { timeoutMs }) })
  const { state } = simulator
  const own = [...state.groups.values()].map(({ name }) => name)
  return stageOf(gateway, simulator, {
    groups: () => [...state.groups.values()].map(({ name }) => name).filter((name) => !own.includes(name)),
    of: (name) => (state.user(`${name}@example.com`)?.groups ?? []).map((id) => state.groups.get(id)!.name),
    byHand: (name) => void state.addGroup(name),
  })
}

const rename = (displayName: string) => aPatch({ op: 'replace', value: { displayName } })
const join = (id: string) => aPatch({ op: 'add', path: 'members', value: [{ value: id }] })

/** What the vendor decides is walked at both, what the policy decides at one. */
for (const [vendor, start, policies] of [
  ['a team of Sentry', atSentry, { skip: false }],
  ['a group of Sisense', atSisense, { skip: 'walked at Sentry' }],
] as const) {
  describe(`${vendor} made for a SCIM group`, { timeout: 300_000 }, () => {
    it('lives as the SCIM group does: made, joined, renamed with its members, left, removed', async (t) => {
      const { scim, until, groups, of, keeping, settled, simulator } = await start(t)
      const ada = (await scim('POST', '/Users', aUser('ada'))).body.id
      const { body: group, status } = await scim('POST', '/Groups', aGroup('sentry-team-search'))
      assert.equal(status, 201)
      await until('the group', () => groups().includes('search'))
      await scim('PATCH', `/Groups/${group.id}`, join(ada))
      await until('the membership', () => of('ada').includes('search'))
      await settled()

      const from = simulator.trace.length
      await scim('PATCH', `/Groups/${group.id}`, rename('sentry-team-find'))
      await until('the new name', () => groups().includes('find'))
      await settled()
      assert.deepEqual([groups(), of('ada')], [['find'], ['find']])
      const writes = simulator.trace.slice(from).filter(({ mutating }) => mutating)
      assert.equal(
        writes.length,
        1,
        `nobody leaves for a moment: ${writes.map(({ method, path }) => `${method} ${path}`)}`,
      )

      assert.equal((await scim('DELETE', `/Groups/${group.id}`)).status, 204)
      await until('the end', () => groups().length === 0)
      await settled()
      assert.deepEqual(of('ada'), [])
      assert.deepEqual(keeping(), ['POST', 'PUT', 'DELETE'])
    })

    it('is adopted when it was made by hand, and neither renamed nor removed then', async (t) => {
      const { scim, until, groups, of, byHand, settled, keeping } = await start(t)
      for (const name of ['kept', 'search']) byHand(name)
      const ada = (await scim('POST', '/Users', aUser('ada'))).body.id
      const { body: kept } = await scim('POST', '/Groups', aGroup('sentry-team-kept', ada))
      const { body: group } = await scim('POST', '/Groups', aGroup('sentry-team-search', ada))
      await until('both memberships', () => of('ada').length === 2)
      await scim('DELETE', `/Groups/${kept.id}`)
      await until('the membership of the first is over', () => of('ada').length === 1)
      await scim('PATCH', `/Groups/${group.id}`, rename('sentry-team-find'))
      await until('the other group', () => of('ada').includes('find') && of('ada').length === 1)
      assert.deepEqual([...groups()].sort(), ['find', 'kept', 'search'])
      await scim('DELETE', `/Groups/${group.id}`)
      await until('the end', () => !groups().includes('find'))
      await settled()
      assert.deepEqual([groups(), of('ada')], [['kept', 'search'], []])
      assert.deepEqual(
        keeping(),
        ['POST', 'POST', 'POST', 'DELETE'],
        'two refused, one made, that one removed',
      )
    })

    it('is left alone when it was made by hand and adopt says never', policies, async (t) => {
      const { scim, groups, of, byHand, until, gateway } = await start(t, { adopt: 'never' })
      byHand('search')
      const ada = (await scim('POST', '/Users', aUser('ada'))).body.id
      const { body: group } = await scim('POST', '/Groups', aGroup('sentry-team-search', ada))
      const standing = async () => (await gateway.store.queue.outcomes(ada))[0]
      await until('the deviation', async () => {
        const deviations = (await standing())?.deviations ?? []
        return deviations.some(({ detail }) => detail.includes('adopt: never'))
      })
      assert.deepEqual(of('ada'), [])
      await scim('DELETE', `/Groups/${group.id}`)
      await until('the proof', async () => {
        const { deviations = [], status } = (await standing()) ?? {}
        return status !== 'pending' && deviations.every(({ detail }) => !detail.includes('adopt: never'))
      })
      assert.deepEqual(groups(), ['search'])
    })

    it('is made once when the answer to its creation is lost, and is ours to remove', async (t) => {
      const { scim, until, groups, of, keeping, simulator } = await start(t, {}, 400)
      const ada = (await scim('POST', '/Users', aUser('ada'))).body.id
      simulator.loseAnswer({ method: 'POST', path: making })
      const { body: group } = await scim('POST', '/Groups', aGroup('sentry-team-search', ada))
      await until('the membership', () => of('ada').includes('search'))
      assert.deepEqual([groups(), keeping()], [['search'], ['POST']])
      await scim('DELETE', `/Groups/${group.id}`)
      await until('the end', () => groups().length === 0)
    })

    it('makes its members wait, and nobody comes without it', policies, async (t) => {
      const { scim, until, of, simulator, gateway } = await start(t)
      simulator.failNext({ method: 'POST', path: making, status: 503, times: 2 })
      const { body: group } = await scim('POST', '/Groups', aGroup('sentry-team-search'))
      const ada = (await scim('POST', '/Users', aUser('ada', { active: true }))).body.id
      await scim('PATCH', `/Groups/${group.id}`, join(ada))
      const standing = async () => (await gateway.store.queue.outcomes(ada))[0]
      await until('the waiting', async () => (await standing())?.failure?.kind === 'waiting-group')
      assert.equal((await standing())?.status, 'waiting')
      await until('the membership', () => of('ada').includes('search'))
    })
  })
}

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import { parse } from 'yaml'
import { run } from '../../src/app/program.ts'
import { parseConfiguration } from '../../src/config/load.ts'
import { csvHeader } from '../../src/operations/inventory/inventory.ts'
import { vendors } from '../../src/vendors/registry.ts'
import { startCrowdstrike } from '../../src/simulators/crowdstrike/index.ts'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import { startSentry } from '../../src/simulators/sentry/index.ts'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { addMember, adminToken, aGroup, aUser, deactivate, startTestGateway } from '../support/gateway.ts'
import { forget, person, writes } from '../support/vendors.ts'
import type { Policy } from '../../src/model/policy.ts'

const page = readFileSync(new URL('../../docs/guides/scenarios.md', import.meta.url), 'utf8')
const documented: Record<string, Record<string, unknown>> = Object.fromEntries(
  [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].flatMap(([, text]) => Object.entries(parse(text ?? ''))),
)

type Profile = 'current' | 'guide'
const profiles = ['current', 'guide'] as const

/** The connection as the page has it, against a simulator. */
function connectionOf(name: string, simulator: VendorSimulator, profile: Profile) {
  const written = documented[name] ?? assert.fail(`the page has no connection ${name}`)
  const { settings, credentials } = simulator.connection(profile)
  const { account: _, baseUrl: __, region: ___, ...kept } = written['settings'] as Record<string, unknown>
  const connection = { ...written, settings: { ...kept, ...settings }, credentials }
  const text = JSON.stringify({ directories: { corp: { connections: { [name]: connection } } } })
  const loaded = parseConfiguration(text, { DRAWBRIDGE_INSECURE_TARGETS: '127.0.0.1' }, vendors)
  assert.ok(loaded.ok, JSON.stringify(loaded))
  const [{ policy } = assert.fail()] = loaded.configuration.directories[0]!.connections
  return { name, simulator, profile, policy, settings: kept }
}

async function start(
  t: TestContext,
  name: string,
  simulator: VendorSimulator,
  profile: Profile,
  {
    policy,
    ...more
  }: { readonly policy?: Partial<Policy>; readonly databaseUrl?: string; readonly token?: string } = {},
) {
  const connection = connectionOf(name, simulator, profile)
  const connections = [{ ...connection, policy: { ...connection.policy, ...policy } }]
  const gateway = await startTestGateway(t, { connections, client: 'okta', ...more })
  const { scim, until } = gateway
  const push = async (who: string, given: object = {}): Promise<string> => {
    const { status, body } = await scim('POST', '/Users', aUser(who, given))
    assert.equal(status, 201, JSON.stringify(body))
    return body.id
  }
  return {
    ...gateway,
    push,
    /** Pushes a group with members, as Okta does: first the group, then who is in it. */
    pushGroup: async (group: string, ...members: readonly string[]): Promise<void> => {
      const { body } = await scim('POST', '/Groups', aGroup(group))
      for (const id of members) await scim('PATCH', `/Groups/${body.id}`, addMember(id))
    },
    proven: (id: string) =>
      until('the proof', async () => {
        const [outcome] = await gateway.gateway.store.queue.outcomes(id)
        return outcome?.status === 'proven' || outcome?.status === 'invited'
      }),
    command: async (...argv: readonly string[]): Promise<string> => {
      const written = { out: '', err: '' }
      const code = await run([...argv, '--url', gateway.gateway.url], {
        env: { DRAWBRIDGE_ADMIN_TOKEN: adminToken },
        stdout: { write: (text: string) => (written.out += text) },
        stderr: { write: (text: string) => (written.err += text) },
      })
      assert.equal(code, 0, written.err)
      return written.out
    },
  }
}

// Rows are asserted on, field by field.
// oxlint-disable-next-line typescript/no-explicit-any
const rowsOf = (lines: string): any[] =>
  lines
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))

async function closing<S extends VendorSimulator>(t: TestContext, simulator: Promise<S>): Promise<S> {
  const started = await simulator
  t.after(() => started.close())
  return started
}

const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000 - 60_000).toISOString()
const calls = (simulator: VendorSimulator, from = 0): readonly string[] =>
  simulator.trace.slice(from).map(({ method, path }) => `${method} ${path.replace('/web/api/v2.1', '')}`)

for (const profile of profiles) {
  describe(`scenarios of the guides in profile ${profile}`, { concurrency: 3 }, () => {
    it('[M-18, R0-17, R0-42, R0-43] provision an analyst at SentinelOne', async (t) => {
      const console_ = await closing(t, startSentinelone({ profile }))
      const { push, pushGroup, proven, until, command } = await start(t, 'console', console_, profile)
      const ada = await push('ada')
      await pushGroup('SOC Analysts', ada)
      const { state } = console_
      await until(
        'the role',
        () =>
          person(console_, 'ada')?.entitlements[0] === `role:${state.roleId('SOC')}@account` ||
          (person(console_, 'ada')?.entitlements[0] ?? '').includes(state.roleId('SOC')),
      )
      await proven(ada)
      assert.equal(writes(console_).filter((each) => each === 'create').length, 1)
      assert.ok(
        calls(console_).findIndex((each) => each.includes('role')) < calls(console_).indexOf('POST /users'),
      )
      assert.equal(state.mails.length, 1)
      const [row] = rowsOf(await command('inventory', 'console', '--live', '--json')).filter(
        ({ login }) => login === 'ada@example.com',
      )
      assert.deepEqual([row.standing, row.lastLoginAt, 'dormantDays' in row], ['linked', undefined, false])
      if (profile === 'current') {
        assert.match(row.entitlementKeys[0], /^role:\d+@account:\d+$/)
        assert.deepEqual(row.entitlements, ['role SOC in account Acme'])
      }

      state.userCalled('ada@example.com').dateJoined = daysAgo(4)
      const late = rowsOf(await command('inventory', 'console', '--live', '--invited', '3', '--json'))
      assert.deepEqual(
        late.map(({ login, invitation }) => [login, invitation]),
        [['ada@example.com', 'pending']],
      )
      assert.match(page, /allow list of the mail domain/)
    })

    it('[M-18, R0-44] deprovision with token revocation at SentinelOne', async (t) => {
      const console_ = await closing(t, startSentinelone({ profile }))
      const { push, scim } = await start(t, 'console', console_, profile)
      const ada = await push('ada')
      const user = console_.state.userCalled('ada@example.com')
      console_.state.giveToken(user.id)
      const from = console_.trace.length
      const { status, body } = await scim('PATCH', `/Users/${ada}`, deactivate)
      assert.deepEqual([status, body.active], [200, false])
      assert.equal(user.apiToken, null)
      if (profile === 'guide') assert.equal(user.isActive, false)
      else
        assert.deepEqual(
          user.scopeRoles.map(({ roleId }) => roleId),
          [console_.state.roleId('No Access')],
        )
      const [off, token] = ['PUT', 'POST'].map((method) =>
        calls(console_, from).findIndex((each) => each.startsWith(`${method} /users`)),
      )
      assert.ok(off! >= 0 && token! > off!, calls(console_, from).join('\n'))
      assert.ok(!calls(console_, from).some((each) => each.startsWith('DELETE')))
    })

    it('[M-18, R2-28] provision with role and group at Sisense', async (t) => {
      const bi = await closing(t, startSisense({ profile }))
      const { push, pushGroup, until, proven } = await start(t, 'bi', bi, profile)
      const ada = await push('ada')
      await pushGroup('Sales Analysts', ada)
      const { state } = bi
      const sales = [...state.groups.values()].find(({ name }) => name === 'Sales Team')
      await until('role and group', () => {
        const user = state.user('ada@example.com')
        const role = state.roles.find(({ _id }) => _id === user?.roleId)
        return (
          /designer|contributor/i.test(role?.displayName ?? '') &&
          (user?.groups.includes(sales!._id) ?? false)
        )
      })
      await proven(ada)
    })

    it('[M-18, R2-13, R2-29, R2-30] switch off who is dormant for 90 days at Sisense', async (t) => {
      const bi = await closing(t, startSisense({ profile }))
      const { push, pushGroup, command, until, scim } = await start(t, 'bi', bi, profile)
      const { state } = bi
      const [ada] = await Promise.all(['ada', 'bob', 'cyd'].map((name) => push(name)))
      await pushGroup('Sales Analysts', ada!)
      await until('the role', () => state.user('ada@example.com')?.groups.length === 1)
      state.seedUsers(250)
      for (const name of ['ada', 'bob']) state.activate(state.user(`${name}@example.com`)!._id)
      Object.assign(state.user('ada@example.com')!, { lastLogin: daysAgo(100) })
      Object.assign(state.user('bob@example.com')!, { lastLogin: daysAgo(3) })
      Object.assign(state.user('seed7@corp.example')!, { lastLogin: daysAgo(200) })
      const csv = (await command('inventory', 'bi', '--live')).split('\r\n')
      assert.equal(`${csv[0]}\r\n`, csvHeader)
      assert.ok(csv.length > 250)
      const dormant = rowsOf(await command('inventory', 'bi', '--dormant', '90', '--json'))
      assert.deepEqual(dormant.map(({ login }) => login).toSorted(), [
        'ada@example.com',
        'seed7@corp.example',
      ])
      const unknown = rowsOf(await command('inventory', 'bi', '--json')).filter(
        (row) => !('dormantDays' in row),
      )
      assert.ok(unknown.some(({ login }) => login === 'cyd@example.com'))

      const made = JSON.parse(await command('inventory', 'bi', '--dormant', '90', '--propose', '--json'))
      assert.equal(made.proposed, 1)
      assert.equal(state.user('ada@example.com')?.active, true)
      await command('approve', 'bi', '--batch', made.batch)
      // Where the API has no switch that holds, role and groups go down to the least there is.
      const isOff = () => {
        const { active, roleId, groups } = state.user('ada@example.com')!
        return (
          !active ||
          (roleId === state.roleId(profile === 'guide' ? 'Viewer' : 'consumer') && groups.length === 0)
        )
      }
      await until('the end of the access', isOff)
      await scim('PUT', `/Users/${ada}`, aUser('ada', { title: 'Back' }))
      await push('dan')
      assert.ok(isOff(), 'the next push does not undo it')
      assert.equal(state.user('bob@example.com')?.active, true)
    })

    it('[M-18, R3-31, R3-33] provision with a role and offboard at CrowdStrike', async (t) => {
      const falcon = await closing(t, startCrowdstrike({ profile }))
      const { push, pushGroup, proven, until, scim } = await start(t, 'falcon', falcon, profile)
      const ada = await push('ada')
      await pushGroup('Falcon Analysts', ada)
      await until('the role', () => person(falcon, 'ada')?.entitlements.length === 1)
      await proven(ada)
      assert.deepEqual(writes(falcon), ['create', 'grant'])
      falcon.state.grant([...falcon.state.users.values()][0]!.id, 'help_desk')
      forget(falcon)
      assert.equal((await scim('PATCH', `/Users/${ada}`, deactivate)).status, 200)
      assert.deepEqual(person(falcon, 'ada')?.entitlements, [])
      assert.ok(writes(falcon).every((each) => each === 'revoke'))
      assert.equal((await scim('DELETE', `/Users/${ada}`)).status, 204)
      assert.equal(writes(falcon).at(-1), 'remove')
      assert.equal(person(falcon, 'ada'), undefined)
    })

    it('[M-18, R3-36] list 250 users of CrowdStrike and their roles in bulk, within its limit', async (t) => {
      const falcon = await closing(t, startCrowdstrike({ profile, toggles: { rateLimit: 6_000 } }))
      const { command } = await start(t, 'falcon', falcon, profile)
      const { state } = falcon
      state.seedUsers(250)
      const roles = ['help_desk', 'event_viewer']
      for (const [at, { id }] of [...state.users.values()].entries())
        for (const role of roles.slice(0, at % 3)) state.grant(id, role)
      const rows = rowsOf(await command('inventory', 'falcon', '--live', '--roles', '--json'))
      const held = ({ entitlementKeys }: { readonly entitlementKeys: readonly string[] }) =>
        entitlementKeys.map((key) => key.replace(/^role:|@.*$/g, '')).toSorted()
      assert.deepEqual(
        rows.map((row) => [row.login, held(row)]).toSorted(),
        [...state.users.values()]
          .map(({ id, email }) => [
            email,
            state
              .held(id)
              .map(({ roleId }) => roleId)
              .toSorted(),
          ])
          .toSorted(),
      )
      assert.ok(falcon.trace.every(({ status }) => status !== 429))
    })

    it('[M-18, R4-10, R4-31] invite in bulk into a team of Sentry', async (t) => {
      const sentry = await closing(t, startSentry({ profile }))
      const { push, command } = await start(t, 'errors', sentry, profile)
      forget(sentry)
      const names = ['ada', 'bob', 'cyd', 'dan', 'eve']
      await Promise.all(names.map((name) => push(name, { title: 'Backend Engineer' })))
      assert.deepEqual(
        writes(sentry),
        names.map(() => 'invite'),
        'one call carries role and team',
      )
      const mine = async () =>
        rowsOf(await command('inventory', 'errors', '--live', '--json')).filter(({ login }) =>
          names.includes(login.split('@')[0]),
        )
      const before = await mine()
      assert.ok(before.every(({ state, seat }) => state === 'invited' && seat === true))
      for (const { accountId } of before) sentry.state.accept(accountId)
      const after = await mine()
      assert.deepEqual(
        after.map(({ accountId, state }) => [accountId, state]),
        before.map(({ accountId }) => [accountId, 'active']),
      )
      assert.ok(names.every((name) => person(sentry, name)?.entitlements.includes('group:backend')))
    })

    it('[M-18, R4-30, R4-32] promote at Sentry, teams kept, and deprovision', async (t) => {
      const sentry = await closing(t, startSentry({ profile }))
      sentry.state.addMember({ email: 'ada@example.com', name: 'Ada', teams: new Map([['platform', null]]) })
      const { push, pushGroup, until, scim, proven } = await start(t, 'errors', sentry, profile)
      const ada = await push('ada', { title: 'Backend Engineer' })
      forget(sentry)
      await pushGroup('Sentry Admins', ada)
      await until(
        'the promotion',
        () => person(sentry, 'ada')?.entitlements.includes('role:manager') ?? false,
      )
      await proven(ada)
      assert.deepEqual(writes(sentry), ['replace'])
      assert.deepEqual(person(sentry, 'ada')?.entitlements.toSorted(), [
        'group:backend',
        'group:platform',
        'role:manager',
      ])
      assert.equal((await scim('PATCH', `/Users/${ada}`, deactivate)).status, 200)
      assert.equal(person(sentry, 'ada'), undefined)
    })

    it('[M-18, R0-49, R2-31] replace native SCIM at SentinelOne and Sisense: watched, then linked', async (t) => {
      const vendorsHere = {
        console: await closing(t, startSentinelone({ profile })),
        bi: await closing(t, startSisense({ profile })),
      }
      const { console: sentinelone, bi } = vendorsHere
      sentinelone.state.addUser({ email: 'ada@example.com', emailVerified: true, source: 'scim' })
      bi.state.addUser({ email: 'ada@example.com' })
      for (const [name, simulator] of Object.entries(vendorsHere)) {
        const there = simulator.people().length
        const policy = { mode: 'shadow' } as const
        const watching = await start(t, name, simulator, profile, { policy })
        const ada = await watching.push('ada')
        const preview = JSON.parse(await watching.command('plan', name, '--now', '--json'))
        assert.equal(preview.totals.kinds.create, 0, JSON.stringify(preview))
        assert.equal(preview.totals.accounts, 1)
        // Accounts that native SCIM made are linked when an operator says so.
        await watching.command('import', name)
        const [found] = rowsOf(await watching.command('inventory', name, '--json')).filter(
          ({ login }) => login === 'ada@example.com',
        )
        await watching.command('account', 'decide', name, found.accountId, 'link', '--user', ada)
        await watching.command('import', name)
        const { databaseUrl, token } = watching
        await watching.gateway.close()
        assert.ok(!simulator.trace.some(({ mutating, path }) => mutating && !path.includes('login')))

        const enforcing = await start(t, name, simulator, profile, { databaseUrl, token })
        const { pushGroup, proven, until } = enforcing
        const before = person(simulator, 'ada')?.entitlements
        await pushGroup(name === 'bi' ? 'Sales Analysts' : 'SOC Analysts', ada)
        await until('the role', () => person(simulator, 'ada')?.entitlements.join() !== before?.join())
        await proven(ada)
        assert.equal(simulator.people().length, there, 'nobody is made twice')
      }
    })
  })
}

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { Policy } from '../../../src/model/policy.ts'
import type { Fault } from '../../../src/simulators/faults.ts'
import { startSisense } from '../../../src/simulators/sisense/index.ts'
import { startSentinelone } from '../../../src/simulators/sentinelone/index.ts'
import type { VendorSimulator } from '../../../src/simulators/simulator.ts'
import { crowdstrike } from '../../../src/vendors/crowdstrike/index.ts'
import { sentinelone } from '../../../src/vendors/sentinelone/index.ts'
import { aUser, deactivate, type GatewayUnderTest, startTestGateway } from '../../support/gateway.ts'
import { operate } from '../../support/operator.ts'
import { person, startFalcon, startSentryWithTeams } from '../../support/vendors.ts'
import { openKit, openTarget } from '../target.ts'

/* Behaviours of vendors that took access for ended, stopped everybody, or held the process up. */

const extension = 'urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User'

interface Stage<S extends VendorSimulator> extends GatewayUnderTest {
  readonly simulator: S
  join(name: string): Promise<string>
  leave(id: string): Promise<number>
  account(name: string): Promise<{
    readonly status: string
    readonly proven: boolean
    readonly failure?: { readonly kind: string; readonly detail: string }
    readonly deviations: readonly { readonly code: string }[]
  }>
  parked(): Promise<boolean>
}

async function stageAt<S extends VendorSimulator>(
  t: TestContext,
  simulator: S,
  policy: Partial<Policy>,
  profile: 'current' | 'legacy' | 'guide' = 'current',
): Promise<Stage<S>> {
  const settings = simulator.vendor === 'crowdstrike' ? { readLagMs: 0 } : {}
  const reply = { budgetMs: 2_000, pendingShutOut: 'retry' } as const
  const gateway = await startTestGateway(t, {
    connections: [{ name: 'target', simulator, profile, settings, policy: { reply, ...policy } }],
  })
  const { url } = gateway.gateway
  return {
    ...gateway,
    simulator,
    join: async (name) => (await gateway.scim('POST', '/Users', aUser(name))).body.id,
    leave: async (id) => (await gateway.scim('PATCH', `/Users/${id}`, deactivate)).status,
    account: async (name) =>
      (await operate(url, 'GET', `/accounts?userName=${name}@example.com`)).body.items[0],
    parked: async () => (await operate(url, 'GET', '/status')).body.items[0].status === 'parked',
  }
}

const removal = { deprovision: { inactive: ['remove'], deleted: ['remove'], graceDays: 0 } } as const
const stripping = { deprovision: { inactive: ['strip'], deleted: ['remove'], graceDays: 0 } } as const

async function startConsole(t: TestContext) {
  const simulator = await startSentinelone({ profile: 'current' })
  t.after(() => simulator.close())
  return simulator
}

const always = (simulator: VendorSimulator, fault: Fault): void =>
  simulator.failNext({ ...fault, times: 100_000 })

describe('a refusal', () => {
  const refusal = {
    status: 403,
    body: {
      errors: [
        { code: 4_030_010, title: 'Insufficient permissions', detail: 'Action limited to global admins.' },
      ],
    },
  }

  it('[s1-403-one] of one user is that user’s: everybody else goes on', async (t) => {
    const { simulator, join, leave, account, parked } = await stageAt(t, await startConsole(t), {
      default: { role: 'Viewer' },
      ...removal,
    })
    const [leaver, innocent] = [await join('leaver'), await join('innocent')]
    const [user] = [...simulator.state.users.values()].filter(({ email }) => email === 'leaver@example.com')
    always(simulator, { method: 'DELETE', path: new RegExp(`/users/${user!.id}$`), ...refusal })
    await leave(leaver)
    assert.equal(await leave(innocent), 200)
    await join('joiner')
    assert.ok(person(simulator, 'joiner'))
    assert.equal(person(simulator, 'innocent'), undefined)
    const { proven, failure } = await account('leaver')
    assert.equal(proven, false)
    assert.match(failure?.detail ?? '', /global admins/)
    assert.equal(await parked(), false)
  })

  it('[any-echo] is judged by its code, never by a name that it repeats', async () => {
    const simulator = await startSentinelone({ profile: 'current' })
    const kit = openKit()
    const target = openTarget(sentinelone, simulator, 'current', kit)
    const { account } = await target.create({
      login: 'ada@example.com',
      profile: { email: 'ada@example.com', displayName: 'Ada' },
      entitlements: (await target.catalogue())
        .filter(({ name, home }) => name === 'Viewer' && home)
        .slice(0, 1),
    })
    const detail = 'fullName: Agent 4010010 is no name'
    const body = { errors: [{ code: 4_000_010, title: 'Validation Error', detail }] }
    simulator.failNext({ method: 'PUT', status: 400, body })
    await assert.rejects(target.update(account!.id, { displayName: 'Agent 4010010' }), { failure: 'invalid' })
    await kit.dispatcher.close()
    await simulator.close()
  })

  it('[cs-ip] of everything is nobody’s: it is tried again by itself', async (t) => {
    const { simulator, join, leave, account, until } = await stageAt(t, await startFalcon(t), {
      default: { role: 'event_viewer' },
      ...stripping,
    })
    const leaver = await join('leaver')
    const body = { errors: [{ code: 403, message: 'access denied, IP address not allowed' }], resources: [] }
    always(simulator, { status: 403, body })
    assert.equal(await leave(leaver), 503)
    assert.equal((await account('leaver')).status, 'pending')
    simulator.clearFaults()
    await until('the roles gone', () => person(simulator, 'leaver')?.entitlements.length === 0)
  })

  it('[cs-one-bad-role] of one role of two leaves the other granted', async (t) => {
    const { simulator, join, account } = await stageAt(t, await startFalcon(t), {
      default: { role: 'event_viewer' },
      rules: [{ attribute: 'active eq true', role: 'help_desk' }],
    })
    await join('first')
    // The catalogue was read; the role is gone since.
    const { roles } = simulator.state
    roles.splice(
      roles.findIndex(({ id }) => id === 'help_desk'),
      1,
    )
    await join('ada')
    assert.deepEqual(person(simulator, 'ada')?.entitlements, ['role:event_viewer@cid'])
    const { deviations } = await account('ada')
    assert.ok(deviations.some(({ code }) => code === 'entitlement-refused'))
  })
})

describe('an answer that proves nothing', () => {
  it('[s1-revoke-false] says that it failed: the token is not taken for revoked', async (t) => {
    const { simulator, join, leave, account } = await stageAt(t, await startConsole(t), {
      default: { role: 'Viewer' },
      ...stripping,
    })
    const leaver = await join('leaver')
    always(simulator, {
      method: 'POST',
      path: /revoke-api-token/,
      status: 200,
      body: { data: { success: false } },
    })
    assert.equal(await leave(leaver), 503)
    assert.equal((await account('leaver')).proven, false)
  })

  it('[se-get-404] contradicts the list: pending, never proven', async (t) => {
    const { simulator, join, leave, account } = await stageAt(t, await startSentryWithTeams(t), {
      default: { role: 'Member' },
      ...removal,
    })
    const leaver = await join('leaver')
    const body = { detail: 'The requested resource does not exist' }
    always(simulator, { method: 'GET', path: /\/members\/\d+\/$/, status: 404, body })
    assert.equal(await leave(leaver), 503)
    assert.equal((await account('leaver')).proven, false)
    assert.ok(person(simulator, 'leaver'))
  })

  it('[cs-legacy-gone] is a route that is withdrawn', async (t) => {
    const simulator = await startFalcon(t, 'legacy')
    const { join, leave, account } = await stageAt(
      t,
      simulator,
      { default: { role: 'event_viewer' }, ...stripping },
      'legacy',
    )
    const leaver = await join('leaver')
    always(simulator, {
      status: 404,
      path: /\/users?-?/,
      body: { errors: [{ code: 404, message: 'Not Found' }] },
    })
    assert.equal(await leave(leaver), 503)
    assert.equal((await account('leaver')).proven, false)
    assert.notDeepEqual(person(simulator, 'leaver')?.entitlements, [])
  })
})

describe('a leaver who can still sign in', () => {
  it('[si-viewer] is told in the answer, in explain, in the evidence and by a notice', async (t) => {
    const simulator = await startSisense({})
    t.after(() => simulator.close())
    const { gateway, join, leave, scim, account, until } = await stageAt(t, simulator, {
      default: { role: 'Designer' },
      deprovision: { inactive: ['disable', 'strip'], deleted: ['remove'], graceDays: 0 },
    })
    const leaver = await join('leaver')
    // Switching off is answered with 200, and nothing comes of it.
    simulator.rewrite({
      path: /\/users\//,
      change: (answer) => ({ ...answer, body: { ...(answer.body as object), active: true } }),
    })
    assert.equal(await leave(leaver), 200)
    const { deviations, proven } = await account('leaver')
    assert.equal(proven, true)
    assert.deepEqual(
      deviations.map(({ code }) => code),
      ['can-still-sign-in'],
    )
    const words = /leaver@example\.com can still sign in as Viewer/
    const shown = await scim('GET', `/Users/${leaver}?attributes=${extension}`)
    assert.match(JSON.stringify(shown.body), words)
    const { url } = gateway
    assert.match(
      JSON.stringify(
        (await operate(url, 'POST', '/people/leaver@example.com/explanation', { body: {} })).body,
      ),
      words,
    )
    const { body: evidence } = await operate(url, 'GET', '/directories/corp/evidence')
    assert.match(JSON.stringify(evidence), words)
    await until('the notice', async () =>
      words.test(JSON.stringify((await operate(url, 'GET', '/notices')).body)),
    )
  })
})

describe('what is not shown', () => {
  for (const profile of ['legacy', 'guide'] as const) {
    it(`[cs-${profile}-no-roles] of a role that was granted is revoked all the same`, async (t) => {
      const simulator = await startFalcon(t, profile)
      const grant = { default: { role: 'event_viewer' } }
      const { join, leave } = await stageAt(t, simulator, { ...grant, ...stripping }, profile)
      const leaver = await join('leaver')
      assert.deepEqual(person(simulator, 'leaver')?.entitlements, ['role:event_viewer@cid'])
      simulator.rewrite({
        path: /user-role-ids-by-user-uuid/,
        change: (answer) => ({ ...answer, body: { ...(answer.body as object), resources: null } }),
      })
      assert.equal(await leave(leaver), 200)
      assert.deepEqual(person(simulator, 'leaver')?.entitlements, [])
    })
  }

  it('[cs-guide-unread] of somebody whom the list still names proves nothing', async (t) => {
    const simulator = await startFalcon(t, 'guide')
    const grant = { default: { role: 'event_viewer' } }
    const { join, leave, account } = await stageAt(t, simulator, { ...grant, ...removal }, 'guide')
    const leaver = await join('leaver')
    await join('stayer')
    const hidden = [...simulator.state.users.values()].find((each) => each.email === 'leaver@example.com')!.id
    simulator.rewrite({
      method: 'GET',
      path: /entities\/users\/v1$/,
      change: (answer) => {
        const { resources } = answer.body as { readonly resources: readonly object[] }
        const others = resources.filter((each) => !JSON.stringify(each).includes(hidden))
        return { ...answer, body: { ...(answer.body as object), resources: others } }
      },
    })
    assert.equal(await leave(leaver), 503)
    assert.equal((await account('leaver')).proven, false)
    assert.ok(person(simulator, 'leaver'))
  })
})

describe('foreign words', () => {
  it('[cs-dup-domain] of a duplicate are read without the address in them', async (t) => {
    const simulator = await startFalcon(t)
    const kit = openKit()
    t.after(() => kit.dispatcher.close())
    const target = openTarget(crowdstrike, simulator, 'current', kit)
    simulator.state.addUser({ email: 'eve@mydomain.example' })
    simulator.failNext({
      method: 'POST',
      path: /\/entities\/users\/v1$/,
      status: 400,
      body: { errors: [{ code: 400, message: 'user eve@mydomain.example already exists' }], resources: [] },
    })
    const { outcome, account } = await target.create({
      login: 'eve@mydomain.example',
      profile: { email: 'eve@mydomain.example', givenName: 'Eve', familyName: 'D' },
      entitlements: [],
    })
    assert.equal(outcome, 'exists')
    assert.equal(account?.login, 'eve@mydomain.example')
  })

  it('[any-long-error] without end hold nothing up', async (t) => {
    const simulator = await startFalcon(t)
    const kit = openKit()
    t.after(() => kit.dispatcher.close())
    const target = openTarget(crowdstrike, simulator, 'current', kit)
    await target.test()
    for (const word of ['-eyJ', 'role ', 'slug ', 'x']) {
      const body = { errors: [{ code: 400, message: word.repeat(200_000 / word.length) }], resources: [] }
      simulator.failNext({ status: 400, body })
      const held = performance.eventLoopUtilization()
      await assert.rejects(target.test(), { name: 'VendorError' })
      assert.ok(performance.eventLoopUtilization(held).active < 50, word)
    }
  })
})

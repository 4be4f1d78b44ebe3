import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import {
  aUser,
  activate,
  aGroup,
  deactivate,
  startTestGateway,
  type GatewayUnderTest,
} from '../support/gateway.ts'
import {
  falconPolicy,
  forget,
  person,
  sentryPolicy,
  startFalcon,
  startSentryWithTeams,
  writes,
  type Falcon,
  type Sentry,
} from '../support/vendors.ts'
import type { Policy } from '../../src/model/policy.ts'

const reply = { budgetMs: 30_000, pendingShutOut: 'retry' } as const
const urn = 'urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User'

interface Account {
  readonly status: string
  readonly failure?: string
  readonly deviations?: readonly string[]
}

async function accountOf({ scim }: GatewayUnderTest, id: string): Promise<Account> {
  const { body } = await scim('GET', `/Users/${id}?attributes=${urn}`)
  return body[urn].connections[0]
}

async function startAtFalcon(
  t: TestContext,
  policy: Partial<Policy> = {},
  settings: Readonly<Record<string, unknown>> = {},
): Promise<GatewayUnderTest & { readonly falcon: Falcon }> {
  const falcon = await startFalcon(t)
  const connection = {
    name: 'falcon',
    simulator: falcon,
    settings,
    policy: { ...falconPolicy, reply, ...policy },
  }
  return { ...(await startTestGateway(t, { connections: [connection] })), falcon }
}

async function startAtSentry(
  t: TestContext,
  policy: Partial<Policy> = {},
): Promise<GatewayUnderTest & { readonly sentry: Sentry }> {
  const sentry = await startSentryWithTeams(t)
  const connection = { name: 'sentry', simulator: sentry, policy: { ...sentryPolicy, reply, ...policy } }
  return { ...(await startTestGateway(t, { connections: [connection] })), sentry }
}

describe('an account that the vendor has already', () => {
  it('[C-07] is adopted, gets what the rules grant, and keeps what somebody granted by hand', async (t) => {
    const { scim, falcon } = await startAtFalcon(t)
    const known = falcon.state.addUser({ email: 'ADA@example.com', firstName: 'Ada', lastName: 'Old' })
    falcon.state.grant(known.id, 'help_desk')
    assert.equal((await scim('POST', '/Users', aUser('ada'))).status, 201)
    assert.deepEqual(person(falcon, 'ada')?.entitlements, ['role:event_viewer@cid', 'role:help_desk@cid'])
    assert.equal(falcon.people().length, 1)
    assert.equal(falcon.state.users.get(known.id)?.lastName, 'Test')
  })

  it('is not adopted silently when it holds an admin role: it waits, unchanged', async (t) => {
    const gateway = await startAtFalcon(t)
    const { scim, falcon } = gateway
    const admin = falcon.state.addUser({ email: 'ada@example.com', lastName: 'Admin' })
    falcon.state.grant(admin.id, 'falcon_admin')
    const { status, body } = await scim('POST', '/Users', aUser('ada'))
    assert.equal(status, 201)
    assert.equal((await accountOf(gateway, body.id)).status, 'waiting')
    assert.deepEqual(person(falcon, 'ada')?.entitlements, ['role:falcon_admin@cid'])
    assert.equal(falcon.state.users.get(admin.id)?.lastName, 'Admin')
  })

  it('waits under adopt: ask, and is a refusal under adopt: never', async (t) => {
    const asking = await startAtFalcon(t, { adopt: 'ask' })
    asking.falcon.state.addUser({ email: 'ada@example.com' })
    const asked = await asking.scim('POST', '/Users', aUser('ada'))
    assert.equal(asked.status, 201)
    assert.equal((await accountOf(asking, asked.body.id)).status, 'waiting')

    const refusing = await startAtFalcon(t, { adopt: 'never' })
    refusing.falcon.state.addUser({ email: 'ada@example.com' })
    const refused = await refusing.scim('POST', '/Users', aUser('ada'))
    assert.equal(refused.status, 400, JSON.stringify(refused.body))
    assert.match(refused.body.detail, /adopts none/)
  })

  it('is refused in clear words when another tenant of the vendor has it', async (t) => {
    const { scim, falcon } = await startAtFalcon(t)
    falcon.state.foreign.add('ada@example.com')
    const { status, body } = await scim('POST', '/Users', aUser('ada'))
    assert.equal(status, 400)
    assert.match(body.detail, /another (CID|tenant)/)
  })
})

describe('a rule that names an unknown role', () => {
  it('is a deviation with the nearest name; the rest of the person is provisioned', async (t) => {
    const gateway = await startAtFalcon(t, { default: { role: 'Event Viewers' } })
    const { scim, falcon } = gateway
    const { status, body } = await scim('POST', '/Users', aUser('ada'))
    assert.equal(status, 201)
    const account = await accountOf(gateway, body.id)
    assert.equal(account.status, 'proven')
    assert.match(account.deviations?.join() ?? '', /Event Viewers.*Nearest.*Event Viewer/)
    assert.deepEqual(writes(falcon), ['create'])
  })
})

describe('credentials', () => {
  it('that expire are renewed once, without anybody noticing', async (t) => {
    const { scim, falcon } = await startAtFalcon(t)
    await scim('POST', '/Users', aUser('ada'))
    falcon.state.tokens.clear()
    assert.equal((await scim('POST', '/Users', aUser('bob'))).status, 201)
    assert.deepEqual(person(falcon, 'bob')?.entitlements, ['role:event_viewer@cid'])
  })

  it('that the vendor refuses park the connection: joiners stay pending, leavers are 503, never 401', async (t) => {
    const { scim, falcon } = await startAtFalcon(t)
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    falcon.state.tokens.clear()
    falcon.failNext({
      path: '/oauth2/token',
      status: 401,
      body: { errors: [{ code: 401, message: 'access denied' }] },
      times: 100,
    })
    assert.equal((await scim('POST', '/Users', aUser('bob'))).status, 201)
    const left = await scim('PATCH', `/Users/${ada.id}`, deactivate)
    assert.equal(left.status, 503)
    assert.equal((await scim('GET', `/Users/${ada.id}`)).body.active, true)
    forget(falcon)
    await scim('PATCH', `/Users/${ada.id}`, deactivate)
    assert.equal(falcon.trace.at(-1)?.status, 401)
    assert.deepEqual(writes(falcon), [])
  })

  it('[R3-05] that lack a scope park the connection and name the scope', async (t) => {
    const gateway = await startAtFalcon(t)
    gateway.falcon.state.toggles.scopes = ['read']
    const { status, body } = await gateway.scim('POST', '/Users', aUser('ada'))
    assert.equal(status, 201)
    const account = await accountOf(gateway, body.id)
    assert.equal(account.status, 'pending')
    assert.match(account.failure ?? '', /User management/)
  })

  it('of another region park the connection and say where to look', async (t) => {
    const elsewhere = await startFalcon(t)
    const gateway = await startAtFalcon(t)
    gateway.falcon.state.toggles.wrongCloud = { origin: elsewhere.origin, region: 'eu-1', answer: 'redirect' }
    const { status, body } = await gateway.scim('POST', '/Users', aUser('ada'))
    assert.equal(status, 201)
    const account = await accountOf(gateway, body.id)
    assert.equal(account.status, 'pending')
    assert.match(account.failure ?? '', /eu-1|region|127\.0\.0\.1/)
    assert.equal(elsewhere.people().length, 0)
  })
})

describe('a grant that the vendor refuses for good', () => {
  it('[R3-32] leaves nobody role-less in silence: the wish stands, the failure is shown', async (t) => {
    const gateway = await startAtFalcon(t)
    const refusal = { errors: [{ code: 400, message: 'this role may not be granted here' }], resources: [] }
    gateway.falcon.failNext({ method: 'POST', path: /user-role-actions/, status: 400, body: refusal })
    const { status, body } = await gateway.scim('POST', '/Users', aUser('ada'))
    assert.equal(status, 201)
    assert.equal(gateway.falcon.people().length, 1)
    const account = await accountOf(gateway, body.id)
    assert.equal(account.status, 'failed')
    assert.match(account.failure ?? '', /may not be granted here/)
  })
})

describe('what is never written', () => {
  it('[R4-18] is the removal of the last owner: 400 that says why, and the owner stays', async (t) => {
    const { scim, sentry } = await startAtSentry(t, { adopt: 'always' })
    // The founder is an owner; adopted through a shut-out, the only way that a privileged account is.
    for (const member of sentry.state.members.values()) {
      if (member.email === 'drawbridge@acme.example') member.orgRole = 'manager'
    }
    const founder = aUser('founder', { userName: 'founder@acme.example', emails: [], active: false })
    const { status, body } = await scim('POST', '/Users', founder)
    assert.equal(status, 201)
    const left = await scim('PATCH', `/Users/${body.id}`, deactivate)
    assert.equal(left.status, 400, JSON.stringify(left.body))
    assert.match(left.body.detail, /last owner/)
    assert.ok(sentry.people().some(({ login }) => login === 'founder@acme.example'))
    assert.deepEqual(writes(sentry), [])
  })

  it('is the gateway’s own account, for profile and roles alike', async (t) => {
    const gateway = await startAtSentry(t)
    const own = aUser('drawbridge', { userName: 'drawbridge@acme.example', emails: [] })
    const { status } = await gateway.scim('POST', '/Users', own)
    assert.equal(status, 400)
    assert.deepEqual(
      writes(gateway.sentry).filter((write) => write !== 'invite'),
      [],
    )
  })

  it('[R4-13] is an account that native SCIM manages at the vendor', async (t) => {
    const { scim, sentry, until } = await startAtSentry(t)
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    const member = [...sentry.state.members.values()].find(({ email }) => email === 'ada@example.com')
    assert.ok(member)
    sentry.state.accept(member.id)
    member.flags['idp:provisioned'] = true
    const left = await scim('PATCH', `/Users/${ada.id}`, deactivate)
    assert.equal(left.status, 400, JSON.stringify(left.body))
    assert.match(left.body.detail, /managed by/)
    member.flags['idp:provisioned'] = false
    await until(
      'the next wish',
      async () => (await scim('PATCH', `/Users/${ada.id}`, deactivate)).status === 200,
    )
    assert.equal(person(sentry, 'ada'), undefined)
  })
})

describe('a linked account that somebody removed at the vendor', () => {
  it('is made again by the next change, with its roles', async (t) => {
    const { scim, falcon, until } = await startAtFalcon(t)
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    falcon.state.users.clear()
    falcon.state.grants.length = 0
    await scim('POST', '/Groups', aGroup('Analysts', ada.id))
    await until('a new account', () => person(falcon, 'ada')?.entitlements.length === 2)
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, activate)).status, 200)
  })
})

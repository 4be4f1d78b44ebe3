import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { aGroup, aUser, deactivate, startTestGateway } from '../support/gateway.ts'
import { forget, person, sentryPolicy, startSentryWithTeams, writes } from '../support/vendors.ts'
import pg from 'pg'
import type { Policy } from '../../src/model/policy.ts'

const urn = 'urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User'
const longAgo = '2026-01-01T00:00:00.000Z'

async function start(t: TestContext, reinvite: Policy['reinvite'], profile: 'current' | 'guide' = 'current') {
  const sentry = await startSentryWithTeams(t, profile)
  const connection = { name: 'sentry', simulator: sentry, profile, policy: { ...sentryPolicy, reinvite } }
  const gateway = await startTestGateway(t, { connections: [connection] })
  const { scim, databaseUrl } = gateway
  const query = async <T extends object>(text: string): Promise<T[]> => {
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    return (await client.query<T>(text).finally(() => client.end())).rows
  }
  const { body: ada } = await scim('POST', '/Users', aUser('ada'))
  const memberOf = () => [...sentry.state.members.values()].find(({ email }) => email === 'ada@example.com')
  const member = memberOf()!
  return {
    ...gateway,
    sentry,
    ada,
    member,
    memberOf,
    query,
    /** The invitation is older than its days, for the gateway and for the vendor. */
    async expire() {
      sentry.state.expire(member.id)
      Object.assign(member, { dateCreated: longAgo })
      await query(
        `UPDATE accounts SET held = jsonb_set(held, '{account,createdAt}', '"${longAgo}"'), due_at = now()`,
      )
      forget(sentry)
    },
    accountOf: async () => (await scim('GET', `/Users/${ada.id}?attributes=${urn}`)).body[urn].connections[0],
  }
}

describe('an invitation that expired', () => {
  it('[R4-11] is renewed once under reinvite: once', async (t) => {
    const { expire, until, member, sentry, query, gateway, accountOf } = await start(t, 'once')
    const [{ days } = { days: 0 }] = await query<{ days: number }>(
      'SELECT extract(epoch FROM due_at - now()) / 86400 AS days FROM accounts',
    )
    assert.ok(days > 29.9 && days < 30.1, 'looked at again when its 30 days are over')
    await expire()
    await until('the renewal', () => !member.expired)
    assert.deepEqual(writes(sentry), ['replace'])
    assert.deepEqual(person(sentry, 'ada')?.entitlements, ['group:everyone', 'role:member'])
    assert.equal(sentry.state.mails.length, 2)
    await until(
      'settled',
      async () => (await query('SELECT FROM accounts WHERE due_at IS NULL')).length === 1,
    )

    await expire()
    await until(
      'another look',
      async () => (await query('SELECT FROM accounts WHERE due_at IS NULL')).length === 1,
    )
    assert.deepEqual(writes(sentry), [])
    assert.equal(member.expired, true)
    assert.equal((await accountOf()).status, 'invited')
    assert.ok(gateway)
  })

  it('that the vendor dropped is made anew', async (t) => {
    const { expire, until, sentry, memberOf, member } = await start(t, 'once')
    await expire()
    sentry.state.prune()
    await until('a new invitation', () => memberOf() !== undefined)
    assert.notEqual(memberOf()?.id, member.id)
    assert.deepEqual(writes(sentry), ['invite'])
  })

  it('is left alone where the person accepted in time', async (t) => {
    const { expire, until, sentry, member, query } = await start(t, 'once')
    sentry.state.accept(member.id)
    await expire()
    member.expired = false
    await until(
      'settled',
      async () => (await query(`SELECT FROM accounts WHERE status = 'proven'`)).length === 1,
    )
    assert.deepEqual(writes(sentry), [])
  })

  it('is left alone under reinvite: never, and withdrawn by a shut-out', async (t) => {
    const { expire, scim, sentry, ada, member, query, until } = await start(t, 'never')
    assert.deepEqual(await query('SELECT due_at FROM accounts'), [{ due_at: null }])
    await expire()
    await scim('POST', '/Groups', aGroup('Analysts', ada.id))
    await until('the team', () => member.teams.has('analysts'))
    assert.equal(member.expired, true)
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 200)
    assert.equal(person(sentry, 'ada'), undefined)
  })

  it('[R4-11] is told where the profile has no way to renew it', async (t) => {
    const { expire, until, accountOf, member, sentry } = await start(t, 'once', 'guide')
    await expire()
    await until('the deviation', async () => /has expired/.test((await accountOf()).deviations?.join() ?? ''))
    assert.equal(member.expired, true)
    assert.deepEqual(writes(sentry), [])
  })
})

describe('the token of an integration', () => {
  it('makes people members with teams; roles above and removals are told to be impossible without a call', async (t) => {
    const sentry = await startSentryWithTeams(t)
    const scopes = [
      'org:read',
      'member:read',
      'member:write',
      'member:invite',
      'team:read',
      'team:write',
      'team:admin',
    ]
    const token = sentry.state.addToken({ kind: 'integration', scopes })
    const policy = { ...sentryPolicy, rules: [{ group: 'Leads', role: 'manager' }] }
    const connection = { name: 'sentry', simulator: sentry, credentials: { token }, policy }
    const { scim } = await startTestGateway(t, { connections: [connection] })
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    assert.deepEqual(person(sentry, 'ada')?.entitlements, ['group:everyone', 'role:member'])
    forget(sentry)
    await scim('POST', '/Groups', aGroup('Leads', ada.id))
    const { body } = await scim('PUT', `/Users/${ada.id}`, aUser('ada'))
    const shown = await scim('GET', `/Users/${body.id}?attributes=${urn}`)
    assert.match(shown.body[urn].connections[0].deviations.join(), /manager/)
    const left = await scim('PATCH', `/Users/${ada.id}`, deactivate)
    assert.equal(left.status, 400, JSON.stringify(left.body))
    assert.deepEqual(writes(sentry), [])
  })
})

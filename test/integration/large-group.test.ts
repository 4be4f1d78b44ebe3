import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import pg from 'pg'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import { aGroup, aPatch, aUser, startTestGateway, until } from '../support/gateway.ts'
import { operate } from '../support/operator.ts'

const people = 1_000

/** People whose accounts are there and proven, as pushing them one by one would have left them. */
const copied = `
  WITH copy AS (SELECT gen_random_uuid() AS id, c.* FROM unnest($2::text[], $3::text[]) c(login, account)),
  born AS (
    INSERT INTO users (id, directory_id, user_name, user_name_key, email_keys, body, active_wanted, active_shown, acknowledged_at)
    SELECT copy.id, u.directory_id, copy.login, copy.login, ARRAY[copy.login],
      u.body || jsonb_build_object('userName', copy.login, 'emails', jsonb_build_array(jsonb_build_object('value', copy.login, 'primary', true))),
      true, true, now()
    FROM copy, users u WHERE u.id = $1 RETURNING id
  ), linked AS (
    INSERT INTO accounts (id, connection_id, user_id, vendor_tenant, vendor_account_id, held, status, wanted_version, proven_version, priority)
    SELECT gen_random_uuid(), a.connection_id, copy.id, a.vendor_tenant, copy.account,
      jsonb_set(a.held, '{account}', a.held->'account' || jsonb_build_object('id', copy.account, 'login', copy.login)
        || jsonb_build_object('profile', a.held->'account'->'profile' || jsonb_build_object('email', copy.login, 'userName', copy.login))),
      'proven', 1, 1, 2
    FROM copy, accounts a WHERE a.user_id = $1
  )
  SELECT id FROM born`

describe('a group of 1,000 members that a rule maps', { timeout: 300_000 }, () => {
  it('is answered at once, settles in the background while others are served, and shows how far it is', async (t) => {
    const bi = await startSisense({})
    t.after(() => bi.close())
    const policy = {
      default: { role: 'Viewer' },
      rules: [{ group: 'Everybody', vendorGroup: 'Sales Team' }],
    }
    const settings = { requestsPerSecond: 1_000_000 }
    const { scim, databaseUrl, gateway } = await startTestGateway(t, {
      connections: [{ name: 'bi', simulator: bi, policy, settings }],
    })
    const first = (await scim('POST', '/Users', aUser('p0'))).body.id
    const copies = Array.from({ length: people - 1 }, (_, at) => {
      const email = `p${at + 1}@example.com`
      const names = { firstName: 'p0', lastName: 'Test' }
      return {
        email,
        id: bi.state.addUser({
          email,
          ...names,
          preferences: { ...bi.state.user('p0@example.com')!.preferences },
        })._id,
      }
    })
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    t.after(() => client.end())
    const { rows } = await client.query<{ id: string }>(copied, [
      first,
      copies.map(({ email }) => email),
      copies.map(({ id }) => id),
    ])
    const { body: group } = await scim('POST', '/Groups', aGroup('Everybody'))
    const sales = bi.state.group('Sales Team')._id
    const inside = (): number =>
      [...bi.state.users.values()].filter(({ groups }) => groups.includes(sales)).length

    const value = [first, ...rows.map(({ id }) => id)].map((id) => ({ value: id }))
    const startedAt = performance.now()
    const answer = await scim('PATCH', `/Groups/${group.id}`, aPatch({ op: 'add', path: 'members', value }))
    const answeredMs = performance.now() - startedAt
    assert.ok(answer.status < 300, JSON.stringify(answer.body))
    assert.ok(answeredMs < 5_000, `answered after ${answeredMs.toFixed(0)} ms`)
    assert.ok(inside() < people, 'nobody waited for the vendor')

    const pending = async (): Promise<number> =>
      (await operate(gateway.url, 'GET', '/status')).body.items[0].pending
    const seen: number[] = []
    await until(
      'something pending is shown',
      async () => {
        seen.push(await pending())
        return seen.at(-1)! > 0
      },
      10_000,
    )
    const joiner = await scim('POST', '/Users', aUser('joiner'))
    assert.equal(joiner.status, 201)
    await until(
      'everybody',
      async () => {
        seen.push(await pending())
        return inside() === people && seen.at(-1) === 0
      },
      60_000,
    )
    assert.ok(new Set(seen).size > 2, `progress was seen: ${seen.join(' ')}`)
    const sweeps = await gateway.store.sweeps.progress()
    assert.deepEqual(
      sweeps.filter(({ kind }) => kind === 'group').map(({ state, counts }) => [state, counts.looked]),
      [['done', people]],
    )
    const calls = bi.trace.filter(
      ({ method, path }) => method === 'POST' && path.endsWith(`/groups/${sales}/users`),
    )
    assert.ok(calls.length < people / 2, `${calls.length} calls for ${people} members`)
    t.diagnostic(
      `${calls.length} calls for ${people} members; answered in ${answeredMs.toFixed(0)} ms, settled in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`,
    )
  })
})

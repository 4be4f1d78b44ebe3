import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import pg from 'pg'
import { run } from '../../src/app/program.ts'
import {
  adminToken,
  aGroup,
  aUser,
  deactivate,
  removeMember,
  startTestGateway,
  until as within,
  type Answer,
  type GatewayUnderTest,
} from '../support/gateway.ts'
import { falconPolicy, startFalcon, type Falcon } from '../support/vendors.ts'
import type { Policy } from '../../src/model/policy.ts'
import { listPlans } from '../../src/operations/plans/store.ts'

const hourMs = 3_600_000
const usual = {
  protect: [],
  shutOuts: { count: 25, withinMs: hourMs },
  revokes: { count: 100, withinMs: hourMs },
}

interface Stage extends GatewayUnderTest {
  readonly falcon: Falcon
  readonly connectionId: string
}

async function start(t: TestContext, policy: Partial<Policy> = {}): Promise<Stage> {
  const falcon = await startFalcon(t)
  const connections = [
    { name: 'falcon', simulator: falcon, policy: { ...falconPolicy, guard: usual, ...policy } },
  ]
  const gateway = await startTestGateway(t, { connections })
  const { directories, connections: opened } = gateway.gateway
  const [connection] = opened.ofDirectory(directories[0]!.id)
  return { ...gateway, falcon, connectionId: connection!.id }
}

/** Sixteen at a time, as an identity provider would. */
async function each<T>(items: readonly T[], send: (item: T) => Promise<Answer>): Promise<Answer[]> {
  const answers: Answer[] = []
  const rest = [...items.entries()]
  const lane = async (): Promise<void> => {
    for (let next = rest.shift(); next; next = rest.shift()) answers[next[0]] = await send(next[1])
  }
  await Promise.all(Array.from({ length: 16 }, lane))
  return answers
}

/** People with an account each, as pushing them one by one would have left them. */
async function people({ scim, falcon, databaseUrl }: Stage, count: number): Promise<readonly string[]> {
  const { status, body } = await scim('POST', '/Users', aUser('p0'))
  assert.equal(status, 201)
  const copies = Array.from({ length: count - 1 }, (_, at) => {
    const login = `p${at + 1}@example.com`
    const { id } = falcon.state.addUser({ email: login })
    falcon.state.grant(id, 'event_viewer')
    return { login, id }
  })
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ id: string }>(copied, [
      body.id,
      copies.map(({ login }) => login),
      copies.map(({ id }) => id),
    ])
    return [body.id as string, ...rows.map(({ id }) => id)]
  } finally {
    await client.end()
  }
}

const copied = `
  WITH copy AS (
    SELECT gen_random_uuid() AS id, c.* FROM unnest($2::text[], $3::text[]) c(login, account)
  ), born AS (
    INSERT INTO users (id, directory_id, user_name, user_name_key, email_keys, body, active_wanted, active_shown, acknowledged_at)
    SELECT copy.id, u.directory_id, copy.login, copy.login, ARRAY[copy.login],
      u.body || jsonb_build_object('userName', copy.login, 'emails', jsonb_build_array(jsonb_build_object('value', copy.login, 'primary', true))),
      true, true, now()
    FROM copy, users u WHERE u.id = $1 RETURNING id
  ), linked AS (
    INSERT INTO accounts (id, connection_id, user_id, vendor_tenant, vendor_account_id, held, status, wanted_version, proven_version, priority)
    SELECT gen_random_uuid(), a.connection_id, copy.id, a.vendor_tenant, copy.account,
      jsonb_set(jsonb_set(a.held, '{account,id}', to_jsonb(copy.account)), '{account,login}', to_jsonb(copy.login)),
      'proven', 1, 1, 2
    FROM copy, accounts a WHERE a.user_id = $1
  )
  SELECT id FROM born`

const withAccess = (falcon: Falcon): number =>
  falcon.people().filter(({ entitlements }) => entitlements.length > 0).length
const inactive = async (scim: GatewayUnderTest['scim']): Promise<number> =>
  (await scim('GET', `/Users?filter=${encodeURIComponent('active eq false')}&count=1`)).body.totalResults

const metrics = async (url: string): Promise<string> => (await fetch(`${url}/metrics`)).text()

/** The one command that an operator types; gives what it prints. */
async function approve(url: string, ...options: readonly string[]): Promise<string> {
  const written = { out: '', err: '' }
  const code = await run(['approve', 'falcon', ...options, '--url', url], {
    env: { DRAWBRIDGE_ADMIN_TOKEN: adminToken },
    stdout: { write: (text: string) => (written.out += text) },
    stderr: { write: (text: string) => (written.err += text) },
  })
  assert.equal(code, 0, written.err)
  return written.out
}

describe('a wrong group filter that would shut out 40 % of 500 people', () => {
  it('lets 25 go; active stays true for the rest, who wait as one batch until one command releases them', async (t) => {
    const stage = await start(t)
    const { scim, falcon, gateway, connectionId } = stage
    const ids = await people(stage, 500)
    assert.equal(withAccess(falcon), 500)
    const answers = await each(ids.slice(0, 200), (id) => scim('PATCH', `/Users/${id}`, deactivate))
    const statuses = Map.groupBy(answers, ({ status }) => status)
    assert.deepEqual([statuses.get(200)?.length, statuses.get(503)?.length], [25, 175])
    assert.match(statuses.get(503)![0]!.body.detail, /waits until somebody approves/)
    assert.equal(withAccess(falcon), 475)
    assert.equal(await inactive(scim), 25)

    const waiting = await listPlans(gateway.store.db, connectionId, { states: ['waiting'], limit: 1_000 })
    assert.equal(waiting.length, 175)
    assert.deepEqual([...new Set(waiting.map(({ batch }) => batch))], ['guard:falcon:shut-out'])
    assert.match(waiting[0]!.words.lines[0]!, /End the access/)

    // Asking again changes nothing: what waits is not counted anew.
    const again = answers.findIndex(({ status }) => status === 503)
    assert.equal((await scim('PATCH', `/Users/${ids[again]}`, deactivate)).status, 503)
    assert.equal(withAccess(falcon), 475)

    const label = '{connection="corp/falcon",vendor="crowdstrike"}'
    const waits = [`drawbridge_plans_waiting${label} 175`, `drawbridge_shut_outs_unproven${label} 175`]
    const told = await metrics(gateway.url)
    for (const line of [...waits, 'drawbridge_notices_open{kind="guard-tripped"} 1'])
      assert.ok(told.includes(line), line)
    assert.match(told, /drawbridge_guard_trips_total\{[^}]*kind="shut-out"[^}]*\} 175/)

    const released = await approve(gateway.url, '--batch', 'guard:falcon:shut-out')
    assert.equal(released, '175 plans approved at corp/falcon\n')
    await within('the rest', () => withAccess(falcon) === 300, 90_000)
    await within('active false for all', async () => (await inactive(scim)) === 200, 90_000)
    const after = await metrics(gateway.url)
    for (const line of waits) assert.ok(after.includes(line.replace(/175$/, '0')), line)
  })
})

describe('the limits of the guard', () => {
  it('counts a person once however often the vendor fails, and a percentage of few people as five', async (t) => {
    const shutOuts = { count: 25, withinMs: hourMs, percent: 10 }
    const stage = await start(t, { guard: { ...usual, shutOuts } })
    const { scim, falcon } = stage
    const ids = await people(stage, 8)
    falcon.failNext({ status: 503, times: 2 })
    for (let tries = 0; tries < 3; tries++) await scim('PATCH', `/Users/${ids[0]}`, deactivate)
    for (const id of ids.slice(1, 5))
      assert.equal((await scim('PATCH', `/Users/${id}`, deactivate)).status, 200)
    assert.equal((await scim('PATCH', `/Users/${ids[5]}`, deactivate)).status, 503)
    assert.equal(withAccess(falcon), 3)
  })

  it('counts revokes apart from shut-outs', async (t) => {
    const revokes = { count: 2, withinMs: hourMs }
    const stage = await start(t, { guard: { ...usual, revokes } })
    const { scim, falcon, gateway, connectionId, until } = stage
    const ids = await people(stage, 4)
    const { body: group } = await scim('POST', '/Groups', aGroup('Administrators', ...ids))
    const admins = (): number =>
      falcon.people().filter((each) => each.entitlements.some((key) => key.includes('falcon_admin'))).length
    await until('four admins', () => admins() === 4)
    for (const id of ids) await scim('PATCH', `/Groups/${group.id}`, removeMember(id))
    const waiting = () =>
      listPlans(gateway.store.db, connectionId, { batch: 'guard:falcon:revoke', limit: 10 })
    await until('two wait', async () => (await waiting()).length === 2)
    assert.equal(admins(), 2)
    // A leaver is of another kind, and takes the waiting revoke along.
    const [first] = await waiting()
    const leaver = (
      await scim('GET', `/Users?filter=${encodeURIComponent(`userName eq "${first!.userName}"`)}`)
    ).body
    assert.equal((await scim('PATCH', `/Users/${leaver.Resources[0].id}`, deactivate)).status, 200)
    assert.equal(admins(), 1)
  })
})

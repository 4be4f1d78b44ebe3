import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import pg from 'pg'
import { parseMasterKeys } from '../../../src/secrets/keys.ts'
import { aUser, freshDatabase, startTestGateway, until } from '../../support/gateway.ts'
import { operate } from '../../support/operator.ts'
import { falconPolicy, startFalcon } from '../../support/vendors.ts'
import type { MasterKey } from '../../../src/model/configuration.ts'

const keyOf = (): string => randomBytes(32).toString('base64')

function keysOf(...texts: readonly string[]): readonly MasterKey[] {
  const parsed = parseMasterKeys(texts.join(','), () => '')
  assert.ok('keys' in parsed)
  return parsed.keys
}

/** Routes that take a body and change nothing. */
const reads = [
  'POST /audit/verify',
  'POST /people/:userName/explanation',
  'POST /connections/:connection/rules/effect',
  'POST /configuration/preview',
]

/** A gateway with everything that a change can be about: two connections, people, waiting plans, a list of the vendor. */
async function start(t: TestContext) {
  const [falcon, other] = [await startFalcon(t), await startFalcon(t)]
  const database = { databaseUrl: await freshDatabase(), token: `test_${randomBytes(12).toString('hex')}` }
  const connections = [
    { name: 'file', simulator: falcon, policy: { ...falconPolicy, mode: 'approve' as const } },
  ]
  const { settings, credentials } = other.connection('current')
  const draft = { vendor: 'crowdstrike', settings: { ...settings, apiProfile: 'current' }, credentials }
  const [old, next] = [keyOf(), keyOf()]
  const first = await startTestGateway(t, {
    ...database,
    connections,
    environment: { masterKeys: keysOf(old) },
  })
  const made = await operate(first.gateway.url, 'POST', '/connections', {
    body: { ...draft, directory: 'corp', name: 'made' },
  })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  await first.gateway.close()
  const environment = { masterKeys: keysOf(next, old) }
  const started = await startTestGateway(t, { ...database, connections, environment })
  const { url } = started.gateway
  const walker = await operate(url, 'POST', '/operators', { body: { name: 'walker', role: 'admin' } })
  const client = new pg.Client({ connectionString: database.databaseUrl })
  await client.connect()
  t.after(() => client.end())
  const ids = new Map<string, string>()
  for (const name of ['ada', 'bob', 'cyd', 'eve'])
    ids.set(name, (await started.scim('POST', '/Users', aUser(name))).body.id)
  const listed = (await operate(url, 'GET', '/connections')).body.items as { id: string; name: string }[]
  const connection = (name: string): string => listed.find((each) => each.name === name)!.id
  const accounts = (await operate(url, 'GET', `/accounts?connection=${connection('file')}`)).body.items
  const account = (name: string): string =>
    accounts.find((each: { userName: string }) => each.userName === `${name}@example.com`).id
  return { ...started, url, client, draft, ids, connection, account, token: walker.body.secret as string }
}

type Started = Awaited<ReturnType<typeof start>>

interface Change {
  /** The line of the route. */
  readonly route: string
  /** Where, when the line has parameters. */
  readonly path?: string
  readonly body?: unknown
  /** What the event says. */
  readonly action: string
  /** Brings about the state that it needs. */
  readonly before?: () => Promise<unknown>
  /** Under which name later paths mean what it made. */
  readonly keeps?: string
}

/** Every route that changes something, in an order in which each of them does. */
function changesOf({ client, draft, ids, connection, account }: Started): readonly Change[] {
  const [made, file] = [`/connections/${connection('made')}`, `/connections/${connection('file')}`]
  const of = (name: string): string => `/accounts/${account(name)}`
  const plans = () => client.query(`UPDATE plans SET state = 'waiting'`)
  const text = `directories: { corp: { tokens: [{ name: test, secret: another-secret-of-it }] } }`
  return [
    {
      route: 'POST /operators',
      body: { name: 'more', role: 'viewer' },
      action: 'operator.created',
      keeps: 'operator',
    },
    { route: 'DELETE /operators/:operator', path: `/operators/@operator`, action: 'operator.revoked' },
    {
      route: 'POST /directories/:directory/tokens',
      path: '/directories/corp/tokens',
      body: { name: 'okta' },
      action: 'token.created',
      keeps: 'token',
    },
    {
      route: 'POST /directories/:directory/tokens/:token/rotate',
      path: '/directories/corp/tokens/@token/rotate',
      body: {},
      action: 'token.rotated',
    },
    {
      route: 'DELETE /directories/:directory/tokens/:token',
      path: '/directories/corp/tokens/@token',
      action: 'token.revoked',
    },
    { route: 'POST /keys/rotate', action: 'connection.key-rotated' },
    {
      route: 'POST /connections',
      body: { ...draft, directory: 'corp', name: 'another' },
      action: 'connection.created',
    },
    { route: 'POST /connections/:connection/check', path: `${made}/check`, action: 'connection.checked' },
    { route: 'POST /connections/:connection/enable', path: `${made}/enable`, action: 'connection.enabled' },
    {
      route: 'PUT /connections/:connection/credentials',
      path: `${made}/credentials`,
      body: draft.credentials,
      action: 'connection.credentials-changed',
    },
    {
      route: 'PUT /connections/:connection',
      path: made,
      body: { ...draft, mode: 'shadow' },
      action: 'connection.changed',
    },
    {
      route: 'POST /connections/:connection/detach',
      path: `${made}/detach`,
      body: {},
      action: 'connection.detached',
    },
    {
      route: 'POST /connections/:connection/unpark',
      path: `${file}/unpark`,
      action: 'connection.unparked',
      before: () => client.query(`UPDATE connections SET status = 'parked' WHERE name = 'file'`),
    },
    { route: 'POST /connections/:connection/retry', path: `${file}/retry`, action: 'connection.retried' },
    {
      route: 'POST /accounts/:account/retry',
      path: `${of('ada')}/retry`,
      action: 'account.retried',
      before: plans,
    },
    {
      route: 'POST /connections/:connection/plans/reject',
      path: `${file}/plans/reject`,
      body: { all: true },
      action: 'plan.rejected',
      before: plans,
    },
    {
      route: 'POST /connections/:connection/plans/approve',
      path: `${file}/plans/approve`,
      body: { all: true },
      action: 'plan.approved',
      before: plans,
    },
    { route: 'POST /accounts/:account/ignore', path: `${of('bob')}/ignore`, action: 'account.ignored' },
    { route: 'POST /accounts/:account/manage', path: `${of('bob')}/manage`, action: 'account.managed' },
    { route: 'POST /accounts/:account/relink', path: `${of('bob')}/relink`, action: 'account.relinked' },
    {
      route: 'PUT /holds/:user',
      path: `/holds/${ids.get('cyd')}`,
      body: { reason: 'a leaver' },
      action: 'user.held',
    },
    {
      route: 'POST /accounts/:account/accept-risk',
      path: `${of('cyd')}/accept-risk`,
      body: { reason: 'the last owner' },
      action: 'account.risk-accepted',
      before: async () => {
        // Nobody works there any more, so that it stays as it is made.
        await client.query(`UPDATE connections SET status = 'parked' WHERE name = 'file'`)
        await until('no run is under way', async () => {
          const { rows } = await client.query(`SELECT id FROM accounts WHERE lease_until > clock_timestamp()`)
          return rows.length === 0
        })
        await client.query(
          `UPDATE accounts SET status = 'failed', proven_version = 0, accepted_risk = NULL WHERE id = '${account('cyd')}'`,
        )
      },
    },
    { route: 'DELETE /holds/:user', path: `/holds/${ids.get('cyd')}`, action: 'user.released' },
    {
      route: 'POST /connections/:connection/reconciliation-runs',
      path: `${file}/reconciliation-runs`,
      body: { kind: 'import' },
      action: 'survey.asked',
    },
    {
      route: 'POST /connections/:connection/surveys',
      path: `${file}/surveys`,
      body: { kind: 'import' },
      action: 'survey.asked',
    },
    {
      route: 'POST /connections/:connection/inventory/proposals',
      path: `${file}/inventory/proposals`,
      body: { dormantDays: 90 },
      action: 'shut-outs.proposed',
    },
    {
      route: 'POST /connections/:connection/undecided',
      path: `${file}/undecided`,
      body: { vendorAccountId: 'found-by-nobody', decision: 'ignore' },
      action: 'import.decided',
      before: () =>
        client.query(
          `INSERT INTO vendor_accounts (connection_id, vendor_account_id, login_key, summary, survey_id)
           SELECT id, 'found-by-nobody', 'x', '{}', gen_random_uuid() FROM connections WHERE name = 'file'`,
        ),
    },
    {
      route: 'POST /connections/:connection/recovered',
      path: `${file}/recovered`,
      action: 'connection.recovery-accepted',
    },
    { route: 'POST /audit/adopt', action: 'audit.adopted' },
    {
      route: 'POST /audit/erase',
      body: { directory: 'corp', userName: 'eve@example.com' },
      action: 'audit.erased',
    },
    {
      route: 'PUT /configuration',
      body: { text, detach: ['corp/file'], abandon: true },
      action: 'configuration.applied',
    },
  ]
}

describe('the audit of the operator API', () => {
  it('has an event with the operator and the request for every route that changes something', async (t) => {
    const started = await start(t)
    const { url, token } = started
    const changes = changesOf(started)
    const { body: document } = await operate(url, 'GET', '/openapi.json')
    const changing = Object.entries(document.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods)
        .map(
          (method) =>
            `${method.toUpperCase()} ${path.replace('/admin/api/v1', '').replaceAll(/\{(\w+)\}/g, ':$1')}`,
        )
        .filter((line) => !line.startsWith('GET ') && !reads.includes(line)),
    )
    assert.deepEqual(changes.map(({ route }) => route).toSorted(), changing.toSorted())

    const seen = new Set<string>()
    const kept = new Map<string, string>()
    for (const { route, path, body, action, before, keeps } of changes) {
      await before?.()
      const [method, line] = route.split(' ') as [string, string]
      const at = (path ?? line).replace(/@(\w+)/, (_, name: string) => kept.get(name) ?? '')
      const ask = () => operate(url, method, at, { token, ...(body === undefined ? {} : { body }) })
      let answer = await ask()
      // A run may hold the account at this moment.
      await until(`${route} finds it idle`, async () => {
        if (answer.body?.code === 'busy') answer = await ask()
        return answer.body?.code !== 'busy'
      })
      assert.ok(answer.status < 300, `${route}: ${answer.status} ${JSON.stringify(answer.body)}`)
      if (keeps) kept.set(keeps, answer.body.id)
      const query = new URLSearchParams({ actor: 'operator:walker', action, limit: '500' })
      const { items } = (await operate(url, 'GET', `/events?${query}`)).body
      const fresh = items.filter(({ requestId }: { requestId: string }) => !seen.has(requestId))
      assert.ok(fresh.length > 0, `${route} tells nothing as ${action}`)
      const requests = new Set(fresh.map(({ requestId }: { requestId: string }) => requestId))
      assert.equal(requests.size, 1, `${route}: one request`)
      for (const each of requests as Set<string>) {
        assert.match(each, /^[0-9a-f-]{36}$/, route)
        seen.add(each)
      }
    }
  })
})

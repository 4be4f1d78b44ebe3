import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startGateway } from '../../src/app/gateway.ts'
import type { Configuration } from '../../src/model/configuration.ts'
import { createLogger } from '../../src/logger.ts'
import { startEmbedded } from '../../src/store/embedded/embedded.ts'
import { startCrowdstrike } from '../../src/simulators/crowdstrike/index.ts'
import { machine } from '../scim/report.ts'

// A group that a rule maps to a role: how soon the PATCH is answered, and how long the grants take against the vendor's limit.

const { values } = parseArgs({ options: { people: { type: 'string', default: '10000' } } })
const people = Number(values.people)
const token = `bench_${randomBytes(16).toString('hex')}`
/** Requests a minute, as CrowdStrike publishes it; the gateway keeps to 90 % of it. */
const perMinute = 6_000

/** People whose accounts are there and proven. */
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
        || jsonb_build_object('profile', a.held->'account'->'profile' || jsonb_build_object('email', copy.login))),
      'proven', 1, 1, 2
    FROM copy, accounts a WHERE a.user_id = $1
  )
  SELECT id FROM born`

const falcon = await startCrowdstrike({ toggles: { rateLimit: perMinute } })
const dir = await mkdtemp(join(tmpdir(), 'drawbridge-bench-'))
// PostgreSQL never runs as root: its own user must reach its files.
await chmod(dir, 0o711)
const embedded = await startEmbedded(dir)
const databaseUrl = embedded.url('postgres')
const gateway = await startGateway({
  environment: {
    host: '127.0.0.1',
    port: 0,
    trustProxy: false,
    databaseUrl,
    dataDir: '/nonexistent',
    insecureTargets: ['127.0.0.1'],
    logLevel: 'warn',
  },
  configuration: configuration(),
  log: createLogger('error'),
})
const client = new pg.Client({ connectionString: databaseUrl })
await client.connect()
try {
  await measure()
} finally {
  await client.end()
  await gateway.close()
  await embedded.stop()
  await falcon.close()
  await rm(dir, { recursive: true, force: true })
}

async function measure(): Promise<void> {
  const { id: first } = await scim('POST', '/Users', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: 'first@corp.example',
    name: { givenName: 'Given', familyName: 'Family' },
    emails: [{ value: 'first@corp.example', primary: true }],
    active: true,
  })
  const accounts = Array.from({ length: people - 1 }, (_, at) => {
    return falcon.state.addUser({ email: `p${at}@corp.example`, firstName: 'Given', lastName: 'Family' })
  })
  const { rows } = await client.query<{ id: string }>(copied, [
    first,
    accounts.map(({ email }) => email),
    accounts.map(({ id }) => id),
  ])
  const { id: group } = await scim('POST', '/Groups', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
    displayName: 'Everybody',
  })
  const value = [first, ...rows.map(({ id }) => id)].map((id) => ({ value: id }))
  const startedAt = performance.now()
  await scim('PATCH', `/Groups/${group}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'add', path: 'members', value }],
  })
  const answeredMs = performance.now() - startedAt
  let shownAt = performance.now()
  while (falcon.state.grants.length < people) {
    await delay(250)
    if (performance.now() - shownAt < 10_000) continue
    shownAt = performance.now()
    console.log(`  ${falcon.state.grants.length} of ${people} hold the role`)
  }
  const seconds = (performance.now() - startedAt) / 1_000
  const refused = falcon.trace.filter(({ status }) => status === 429).length
  const least = (people * 60) / (perMinute * 0.9)
  console.log(`${new Date().toISOString().slice(0, 10)}, ${machine()}`)
  console.log(
    `${people} members: PATCH answered in ${answeredMs.toFixed(0)} ms; everybody has the role after ${seconds.toFixed(0)} s. At 90 % of the vendor's ${perMinute} requests a minute, a call each, it cannot be less than ${least.toFixed(0)} s beside what the first minute allows at once. Requests refused for the rate: ${refused}.`,
  )
}

async function scim(method: string, path: string, body: object): Promise<{ readonly id: string }> {
  const response = await fetch(`${gateway.url}/scim/v2${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`)
  return (text === '' ? {} : JSON.parse(text)) as { id: string }
}

function configuration(): Configuration {
  const { settings, credentials } = falcon.connection('current')
  const within = { count: 1_000_000, withinMs: 3_600_000 }
  const policy = {
    mode: 'enforce',
    people: 'assigned',
    login: 'userName',
    rules: [{ group: 'Everybody', role: 'help_desk' }],
    default: {},
    exclusive: false,
    deprovision: { inactive: ['strip'], deleted: ['remove'], graceDays: 0 },
    rename: 'keep',
    adopt: 'always',
    reinvite: 'never',
    reply: { budgetMs: 8_000, pendingShutOut: 'retry' },
    guard: { protect: [], shutOuts: within, revokes: within },
  } as const
  const connection = {
    name: 'falcon',
    vendor: 'crowdstrike',
    apiProfile: 'current',
    settings,
    credentials,
    policy,
  } as const
  const tokens = [{ name: 'bench', secret: token }]
  return { directories: [{ name: 'corp', client: 'okta', domains: [], tokens, connections: [connection] }] }
}

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { it, type TestContext } from 'node:test'
import { gunzipSync } from 'node:zlib'
import pg from 'pg'
import pino from 'pino'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { dump } from '../../src/store/backup/dump.ts'
import { startCollector } from '../support/collector.ts'
import {
  type Answer,
  aGroup,
  aPatch,
  aUser,
  deactivate,
  freshDatabase,
  startTestGateway,
  until,
} from '../support/gateway.ts'
import { startMailServer } from '../support/mail-server.ts'
import { operate } from '../support/operator.ts'
import { startSecretVendors, type SecretVendors } from '../support/secret-vendors.ts'
import { person } from '../support/vendors.ts'
import { createSecrets, learnFromTheWire, masterKeysOf, type Secrets } from '../support/secrets.ts'
import { commandLine } from '../doctor/doctor.ts'

function where() {
  const said: string[] = []
  return {
    say: (more: unknown): void => void said.push(typeof more === 'string' ? more : JSON.stringify(more)),
    get text() {
      return said.join('\n')
    },
  }
}
type Surface = ReturnType<typeof where>

it(
  '[R0-03] no secret of a run shows in answers, logs, audit, metrics, notices, traces, a backup or the store',
  { timeout: 300_000 },
  async (t) => {
    const secrets = createSecrets()
    learnFromTheWire(t, secrets)
    const vendors = await startSecretVendors(t, secrets)
    const names = [
      'log',
      'scim',
      'operator',
      'doctor',
      'audit',
      'evidence',
      'inventory',
      'metrics',
      'webhook',
      'mail',
      'traces',
      'backup',
      'store',
    ] as const
    const surfaces = Object.fromEntries(names.map((name) => [name, where()])) as Record<
      (typeof names)[number],
      Surface
    >

    const mail = await startMailServer(t, { auth: true })
    const collector = await startCollector(t)
    const hook = await startHook(t, surfaces.webhook)
    const adminToken = secrets.make('admin token')
    const metricsToken = secrets.make('metrics token')
    const mailPassword = secrets.make('mail password')
    const databaseUrl = await freshDatabase()
    const { gateway, scim } = await startTestGateway(t, {
      connections: vendors.connections,
      token: secrets.make('scim token'),
      databaseUrl,
      environment: {
        adminToken,
        metricsToken,
        masterKeys: masterKeysOf(secrets),
        noticeWebhook: { url: hook, secret: secrets.make('webhook secret') },
        auditWebhook: { url: hook, secret: secrets.make('audit secret') },
        noticeMail: {
          from: 'gate@corp.example',
          to: ['ops@corp.example'],
          smtpUrl: `smtp://gate:${mailPassword}@127.0.0.1:${mail.port}`,
        },
        tracing: {
          endpoint: collector.url,
          headers: { 'x-key': secrets.make('collector key') },
          serviceName: 'gate',
        },
      },
      log: pino(
        { level: 'trace' },
        new Writable({ write: (line, _, done) => (surfaces.log.say(String(line)), done()) }),
      ),
    })
    const push = async (...request: Parameters<typeof scim>): Promise<Answer> => {
      const answer = await scim(...request)
      surfaces.scim.say([answer.status, [...answer.headers], answer.body])
      return answer
    }
    const ask = async (method: string, path: string, body?: unknown): Promise<Answer> => {
      const answer = await operate(gateway.url, method, path, {
        token: adminToken,
        ...(body === undefined ? {} : { body }),
      })
      // What was just made is shown once, to whoever made it.
      const { secret, ...shown } =
        typeof answer.body === 'object' && !Array.isArray(answer.body)
          ? answer.body
          : { secret: undefined, whole: answer.body }
      if (typeof secret === 'string') secrets.add(`${path} secret`, secret)
      surfaces.operator.say([answer.status, [...answer.headers], shown])
      return answer
    }

    await live(vendors, secrets, push)
    await keepCredentials(ask, vendors, secrets)
    await administer(ask, vendors, secrets)
    for (const { id } of (await ask('GET', '/connections')).body.items)
      for (const query of ['?orphans=false', '?format=csv', '?live=true&roles=true'])
        surfaces.inventory.say(await raw(gateway.url, `/connections/${id}/inventory${query}`, adminToken))
    surfaces.evidence.say(await raw(gateway.url, '/directories/corp/evidence', adminToken))
    surfaces.doctor.say(await doctors(vendors))
    await until('notices are out', () => mail.received.length > 0 && surfaces.webhook.text.includes('"kind"'))
    const metrics = await fetch(`${gateway.url}/metrics`, {
      headers: { authorization: `Bearer ${metricsToken}` },
    })
    surfaces.metrics.say(await metrics.text())
    surfaces.metrics.say(
      await (await fetch(`${gateway.url}/metrics`, { headers: { authorization: 'Bearer wrong' } })).text(),
    )
    for (const line of (await raw(gateway.url, '/audit', adminToken)).split('\n')) surfaces.audit.say(line)
    const through = new PassThrough()
    const [backup] = await Promise.all([buffer(through), dump(databaseUrl, through)])
    surfaces.backup.say(gunzipSync(backup).toString('utf8'))
    await everyRow(databaseUrl, surfaces.store)
    await gateway.close()
    surfaces.traces.say(collector.spans)
    surfaces.mail.say(mail.received)
    vendors.learn()

    for (const name of names)
      assert.ok(surfaces[name].text.length > 500, `${name} has only ${surfaces[name].text.length} characters`)
    const kinds = [
      'client secret',
      'sentry token',
      'sisense password',
      'sentinelone token',
      'falcon issued',
      'sisense issued',
      'password to',
      'pushed password',
      'invite link',
      'mail password',
      'master key',
      'refused credentials',
      'forced credentials',
      'odd expiry',
    ]
    for (const kind of kinds) assert.ok(secrets.valuesOf(kind).length > 0, `the run had no ${kind}`)
    for (const value of secrets.valuesOf(''))
      assert.ok(secrets.foundIn(`{"a":"${Buffer.from(`u:${value}`).toString('base64')}"}`).length > 0)
    assert.deepEqual(
      names.flatMap((name) =>
        secrets
          .foundIn(surfaces[name].text)
          .map((secret) => `${secret} in ${name}: ${around(surfaces[name].text, secrets.valuesOf(secret))}`),
      ),
      [],
    )
  },
)

/** Joiners, a mover, failures in which vendors repeat what they were sent, leavers. */
async function live(
  vendors: SecretVendors,
  secrets: Secrets,
  push: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>,
): Promise<void> {
  const { falcon, sentry, bi, console } = vendors
  const join = (name: string) =>
    push('POST', '/Users', aUser(name, { password: secrets.make('pushed password') }))
  const isAt = (name: string) => (simulator: VendorSimulator) => person(simulator, name) !== undefined
  const [ada, grace] = [await join('ada'), await join('grace')]
  assert.deepEqual([ada.status, grace.status], [201, 201])
  for (const name of ['ada', 'grace'])
    await until(`${name} is everywhere`, () => [falcon, sentry, bi, console].every(isAt(name)))
  vendors.learn()
  const sentTo = (...names: readonly string[]) => names.flatMap((name) => secrets.valuesOf(name)).join(' ')
  const toFalcon = sentTo('client secret', 'falcon issued')
  const [toSentry, toBi] = [sentTo('sentry token'), sentTo('sisense password', 'sisense issued')]
  const toConsole = sentTo('sentinelone token')
  let late = 0
  const group = await push('POST', '/Groups', aGroup('Analysts', ada.body.id))
  const added = aPatch({ op: 'add', path: 'members', value: [{ value: grace.body.id }] })
  await push('PATCH', `/Groups/${group.body.id}`, added)

  // Each repeats the password that it was just sent.
  for (const [simulator, path, given] of [
    [bi, /users/, {}],
    [bi, /users/, { password: secrets.make('pushed password') }],
    [console, /users$/, {}],
  ] as const) {
    const heard = () => secrets.valuesOf(`password to ${simulator.origin}`)
    const before = new Set(heard())
    const hold = simulator.hold({ method: 'POST', path, when: 'before' })
    const pushed = push('POST', '/Users', aUser(`late${++late}`, given))
    await hold.arrived
    const sent = heard().find((value) => !before.has(value)) ?? Object.values(given)[0]
    assert.ok(sent, `${simulator.vendor} got a password`)
    const words = `"${sent}" is too weak, ${sent} was used before`
    const error = { code: 1, message: words }
    const errors = [{ code: 4000010, title: 'Validation Error', detail: words }]
    simulator.failNext({ method: 'POST', path, status: 400, body: { error, errors } })
    hold.release()
    await pushed
  }
  const errors = [{ code: 400, message: `near ${toFalcon}` }]
  falcon.failNext({ method: 'POST', path: /entities\/users/, status: 400, body: { errors } })
  sentry.failNext({ status: 400, body: { email: [`near ${toSentry}`], role: toSentry } })
  await join('refused')
  bi.failNext({ status: 502, body: `<html>${toBi}</html>`, times: 3 })
  console.failNext({ status: 200, body: `not json ${toConsole}`, times: 3 })
  const echo = { detail: `${toSentry} is no token` }
  sentry.failNext({ status: 401, body: echo, headers: { 'x-request-id': toSentry }, times: 4 })
  falcon.failNext({ status: 200, body: { resources: toFalcon }, times: 2 })
  await push(
    'PUT',
    `/Users/${ada.body.id}`,
    aUser('ada', { displayName: 'Ada L', password: secrets.make('pushed password') }),
  )
  await push(
    'PATCH',
    `/Users/${ada.body.id}`,
    aPatch({ op: 'replace', path: 'password', value: secrets.make('pushed password') }),
  )
  await push(
    'PATCH',
    `/Users/${ada.body.id}`,
    aPatch({ op: 'replace', path: 'active', value: `no ${secrets.make('pushed oddity')}` }),
  )
  await push('POST', '/Users', `{"password": "${secrets.make('pushed oddity')}`)
  await push('PATCH', `/Users/${grace.body.id}`, deactivate)
  for (const simulator of [falcon, sentry, bi, console]) simulator.clearFaults()
  await push('DELETE', `/Users/${grace.body.id}`)
  await push('GET', '/Users', undefined, { authorization: `Bearer wrong-${secrets.make('refused token')}` })
  await push(
    'GET',
    '/Users?attributes=userName,password,urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User',
  )
}

/** Changes and every read of the operator API. */
async function administer(
  ask: (method: string, path: string, body?: unknown) => Promise<Answer>,
  { connections, sentry }: SecretVendors,
  secrets: Secrets,
): Promise<void> {
  await ask('POST', '/operators', { name: 'eve', role: 'viewer' })
  const made = await ask('POST', '/directories/corp/tokens', { name: 'okta' })
  await ask('POST', `/directories/corp/tokens/${made.body.id}/rotate`, {})
  const variables = { A: secrets.make('applied token', 'sntryu_'), B: secrets.make('applied scim token') }
  const text = (vendor: string) =>
    `directories:\n  corp:\n    tokens: [{ name: second, secret: "\${B}" }]\n    connections:\n      sentry: { vendor: ${vendor}, settings: { organization: acme, baseUrl: "${sentry.origin}" }, credentials: { token: "\${A}" } }\n`
  for (const vendor of ['nobody', 'sentry'])
    await ask('POST', '/configuration/preview', { text: text(vendor), variables })
  await ask('PUT', '/configuration', { text: text('sentry'), variables })
  await ask('PUT', '/configuration', { text: `a: [${variables.A}`, variables })

  const { body } = await ask('GET', '/openapi.json')
  const listed = await ask('GET', '/connections')
  const accounts = await ask('GET', '/accounts')
  const reads = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
    'get' in methods ? [path.replace('/admin/api/v1', '')] : [],
  )
  assert.ok(reads.length > 20 && listed.body.items.length >= connections.length)
  // Those that are streamed as lines are asked for on their own.
  for (const path of reads.filter((each) => !/openapi|audit|evidence|inventory$|preview/.test(each))) {
    const filled = path.replace('{directory}', 'corp').replace('{userName}', 'ada@example.com')
    const addresses = filled.includes('{connection}')
      ? listed.body.items.map(({ id }: { id: string }) => filled.replace('{connection}', id))
      : filled.includes('{account}')
        ? accounts.body.items.map(({ id }: { id: string }) => filled.replace('{account}', id))
        : [filled]
    for (const address of addresses) await ask('GET', address)
  }
  for (const { id } of listed.body.items) await ask('POST', `/connections/${id}/check`)
}

/** A connection whose credentials are kept: refused ones, forced ones, those of an enabled connection. */
async function keepCredentials(
  ask: (method: string, path: string, body?: unknown) => Promise<Answer>,
  { sentry }: SecretVendors,
  secrets: Secrets,
): Promise<void> {
  const token = secrets.valuesOf('sentry token')[0]!
  const { settings } = sentry.connection('current')
  const draft = { vendor: 'sentry', mode: 'shadow', settings }
  const tokenOf = (name: string) => ({ token: secrets.make(name, 'sntryu_') })
  const made = await ask('POST', '/connections', {
    ...{ ...draft, directory: 'corp', name: 'kept' },
    credentials: { token },
  })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const path = `/connections/${made.body.id}`
  for (const step of ['check', 'enable']) assert.equal((await ask('POST', `${path}/${step}`)).status, 200)
  const refused = await ask('PUT', `${path}/credentials`, tokenOf('refused credentials'))
  assert.equal(refused.status, 409)
  const odd = { ...tokenOf('odd credentials'), expiresAt: secrets.make('odd expiry') }
  assert.equal((await ask('PUT', `${path}/credentials`, odd)).status, 400)
  const forced = await ask('PUT', `${path}/credentials?force=true`, tokenOf('forced credentials'))
  assert.equal(forced.status, 200)
  assert.equal((await ask('PUT', path, { ...draft, credentials: { token } })).status, 200)
  assert.equal((await ask('POST', '/keys/rotate')).status, 200)
  assert.equal((await ask('GET', '/keys')).status, 200)
}

async function doctors({ connections }: SecretVendors): Promise<unknown> {
  const entries = connections.map(({ name, simulator, profile = 'current', settings, credentials }) => {
    const own = simulator.connection(profile === 'auto' ? 'current' : profile)
    return [
      name,
      {
        vendor: simulator.vendor,
        settings: { ...own.settings, ...settings, apiProfile: profile },
        credentials: { ...own.credentials, ...credentials },
      },
    ]
  })
  const configuration = { directories: { corp: { connections: Object.fromEntries(entries) } } }
  const said: unknown[] = []
  for (const { name, simulator } of connections) {
    said.push(await commandLine(configuration, 'doctor', name))
    const own = JSON.stringify(configuration.directories.corp.connections[name])
    simulator.failNext({ status: 401, body: { message: own }, times: 5 })
    said.push(await commandLine(configuration, 'doctor', name, '--json'))
    simulator.clearFaults()
  }
  said.push(
    await commandLine({ directories: { corp: { ...configuration.directories.corp, odd: 1 } } }, 'check'),
  )
  return said
}

async function raw(url: string, path: string, token: string): Promise<string> {
  const answer = await fetch(`${url}/admin/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } })
  assert.equal(answer.status, 200)
  return answer.text()
}

/** Every column of every table, as text. */
async function everyRow(databaseUrl: string, surface: Surface): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')`,
  )
  assert.ok(tables.length > 20)
  for (const { name } of tables) {
    const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)
    for (const { row } of rows) surface.say(`${name} ${row}`)
  }
  await client.end()
}

async function startHook(t: TestContext, surface: Surface): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    surface.say(request.headers)
    surface.say(body)
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/${randomBytes(4).toString('hex')}`
}

function around(text: string, values: readonly string[]): string {
  const at = Math.max(...values.map((value) => text.indexOf(value)))
  return at < 0 ? 'in part or encoded' : text.slice(Math.max(0, at - 120), at + 60)
}

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import pg from 'pg'
import pino from 'pino'
import { parseMasterKeys } from '../../../src/secrets/keys.ts'
import {
  aUser,
  configurationOf,
  freshDatabase,
  type GatewaySetting,
  startTestGateway,
  until,
} from '../../support/gateway.ts'
import { operate } from '../../support/operator.ts'
import { type Falcon, falconPolicy, person, startFalcon } from '../../support/vendors.ts'
import type { MasterKey } from '../../../src/model/configuration.ts'

function keysOf(...texts: readonly string[]): readonly MasterKey[] {
  const parsed = parseMasterKeys(texts.join(','), () => '')
  assert.ok('keys' in parsed)
  return parsed.keys
}
const material = (): string => randomBytes(32).toString('base64')
const nextKey = (): readonly MasterKey[] => keysOf(material())

/** As an operator writes it. */
function written(falcon: Falcon) {
  const { settings, credentials } = falcon.connection('current')
  return {
    vendor: 'crowdstrike',
    settings: { ...settings, apiProfile: 'current' },
    credentials: credentials as Record<string, string>,
    default: { role: 'event_viewer' },
    rules: [{ group: 'Analysts', role: 'Detection Monitor' }],
  }
}

async function start(t: TestContext, setting: Partial<GatewaySetting> = {}) {
  const started = await startTestGateway(t, {
    connections: [],
    environment: { masterKeys: nextKey() },
    ...setting,
  })
  const { url } = started.gateway
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    operate(url, method, path, { ...(body === undefined ? {} : { body }), headers })
  return { ...started, call }
}

async function made(call: Awaited<ReturnType<typeof start>>['call'], falcon: Falcon, name = 'falcon') {
  const answer = await call('POST', '/connections', { directory: 'corp', name, ...written(falcon) })
  assert.equal(answer.status, 201, JSON.stringify(answer.body))
  const path = `/connections/${answer.body.id}`
  assert.equal((await call('POST', `${path}/check`)).status, 200)
  assert.equal((await call('POST', `${path}/enable`)).status, 200)
  return path
}

const proven = (call: Awaited<ReturnType<typeof start>>['call'], name: string) => async () => {
  const { body } = await call('GET', `/accounts?userName=${name}@example.com`)
  return body.items.length > 0 && body.items.every((each: { proven: boolean }) => each.proven)
}

async function dump(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query(
      `SELECT coalesce(string_agg(c::text, ' '), '') || (SELECT coalesce(string_agg(e::text, ' '), '') FROM events e) AS text FROM connections c`,
    )
    return rows[0].text as string
  } finally {
    await client.end()
  }
}

describe('a connection that an operator makes', () => {
  it('[R0-03] works once it was saved, checked and enabled, and its credentials show nowhere', async (t) => {
    const falcon = await startFalcon(t)
    const lines: string[] = []
    const heard: string[] = []
    const gateway = await start(t, {
      log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }),
    })
    const { scim, databaseUrl } = gateway
    const call: typeof gateway.call = async (...given) => {
      const answer = await gateway.call(...given)
      heard.push(JSON.stringify(answer.body ?? ''))
      return answer
    }
    assert.equal((await scim('POST', '/Users', aUser('ada'))).status, 201)
    const draft = written(falcon)
    const made = await call('POST', '/connections', { directory: 'corp', name: 'falcon', ...draft })
    assert.deepEqual([made.status, made.body.status, made.body.source], [201, 'disabled', 'console'])
    const path = `/connections/${made.body.id}`

    const early = await call('POST', `${path}/enable`)
    assert.deepEqual([early.status, early.body.code], [409, 'NOT_CHECKED'])
    const bob = await scim('POST', '/Users', aUser('bob'))
    assert.equal(bob.status, 201)
    assert.equal((await call('GET', '/accounts')).body.items.length, 0)
    assert.equal(gateway.gateway.connections.byId(made.body.id), undefined, 'nothing else works with it')
    assert.equal(falcon.trace.length, 0, 'nothing is asked of the vendor before')

    const checked = await call('POST', `${path}/check`)
    assert.equal(checked.status, 200, JSON.stringify(checked.body))
    assert.deepEqual((await call('POST', `${path}/enable`)).body, { people: 2 })
    for (const name of ['ada', 'bob']) await until(`${name} is proven`, proven(call, name))
    await scim('POST', '/Users', aUser('cyd'))
    assert.equal(person(falcon, 'cyd')?.state, 'active')

    const wrong = { ...draft.credentials, clientSecret: 'a-wrong-secret-0123456789' }
    const kept = await call('PUT', `${path}/credentials`, wrong)
    assert.deepEqual([kept.status, kept.body.code], [409, 'check-failed'], JSON.stringify(kept.body))
    await scim('POST', '/Users', aUser('cyn'))
    assert.equal(person(falcon, 'cyn')?.state, 'active', 'the old ones stay in force')
    assert.equal((await call('PUT', `${path}/credentials?force=true`, wrong)).status, 200)
    await scim('POST', '/Users', aUser('dan'))
    await until('it is parked', async () => (await call('GET', path)).body.status === 'parked')
    assert.equal((await call('PUT', `${path}/credentials`, draft.credentials)).body.status, 'ready')
    await until('dan is proven', proven(call, 'dan'))

    const { headers } = await call('GET', path)
    const { credentials: _kept, ...change } = { ...draft, mode: 'shadow' }
    assert.equal((await call('PUT', path, change, { 'if-match': '"old"' })).status, 412)
    const elsewhere = { ...change, settings: { ...draft.settings, baseUrl: 'https://other.example' } }
    assert.match((await call('PUT', path, elsewhere)).body.detail, /^Another baseUrl needs the credentials/)
    const put = await call('PUT', path, change, { 'if-match': headers.get('etag') ?? '' })
    assert.deepEqual([put.status, put.body.mode, put.body.configuration.mode], [200, 'shadow', 'shadow'])
    await scim('POST', '/Users', aUser('eve'))
    assert.equal(person(falcon, 'eve'), undefined, 'with the kept credentials it only watches')

    assert.equal((await call('POST', `${path}/detach`, {})).body.linked, 5)
    assert.equal((await call('GET', path)).status, 404)
    const events = (await call('GET', '/events?actor=operator:admin&limit=100')).body.items
    assert.deepEqual(
      events
        .map(({ action }: { action: string }) => action)
        .filter((action: string) => action !== 'people.read')
        .toReversed(),
      [
        'created',
        'checked',
        'enabled',
        'credentials-changed',
        'credentials-changed',
        'changed',
        'detached',
      ].map((action) => `connection.${action}`),
    )
    for (const secret of [...Object.values(draft.credentials), wrong.clientSecret]) {
      for (const [where, text] of [
        ['answers', heard.join()],
        ['log', lines.join()],
        ['store', await dump(databaseUrl)],
      ] as const)
        assert.ok(!text.includes(secret), where)
    }
  })

  it('is judged by the rules of the configuration file, with words that hold no value', async (t) => {
    const falcon = await startFalcon(t)
    const { call } = await start(t)
    const draft = { ...written(falcon), directory: 'corp', name: 'falcon' }
    for (const [change, words] of [
      [{ credentials: { clientId: 'some-id' } }, /credentials\.clientSecret is required/],
      [{ moed: 'shadow' }, /moed is not a known key; did you mean "mode"/],
      [{ vendor: 'crowdstrik' }, /did you mean "crowdstrike"/],
      [{ rules: [{ group: 'A' }] }, /rules\[0\]/],
      [{ settings: { baseUrl: 'http://192.168.0.1' } }, /settings\.baseUrl/],
      [{ name: 'not a name' }, /name must be/],
    ] as const) {
      const { status, body } = await call('POST', '/connections', { ...draft, ...change })
      assert.equal(status, 400, JSON.stringify(change))
      assert.match(body.detail, words)
      assert.ok(!body.detail.includes('some-id'))
    }
    assert.equal((await call('POST', '/connections', { ...draft, directory: 'other' })).status, 404)
    assert.equal((await call('POST', '/connections', draft)).status, 201)
    assert.equal((await call('POST', '/connections', draft)).body.code, 'NAME_TAKEN')
  })

  it('needs a master key', async (t) => {
    const falcon = await startFalcon(t)
    const { call } = await start(t, { environment: {} })
    const draft = { ...written(falcon), directory: 'corp', name: 'falcon' }
    assert.equal((await call('POST', '/connections', draft)).body.code, 'MASTER_KEY_MISSING')
    assert.equal((await call('GET', '/connections')).body.items.length, 0)
  })

  it('stands beside those of a file: neither touches the other', async (t) => {
    const [one, two] = [await startFalcon(t), await startFalcon(t)]
    const connections = [{ name: 'from-file', simulator: one, policy: falconPolicy }]
    const { call, gateway, scim, token } = await start(t, { connections })
    const path = await made(call, two, 'made')
    await scim('POST', '/Users', aUser('ada'))
    for (const falcon of [one, two]) assert.ok(person(falcon, 'ada'))

    const [fromFile] = (await call('GET', '/connections?name=from-file')).body.items
    for (const [method, below, body] of [
      ['PUT', '', { vendor: 'crowdstrike' }],
      ['PUT', '/credentials', { clientId: 'x' }],
      ['POST', '/enable', undefined],
      ['POST', '/detach', {}],
    ] as const) {
      const answer = await call(method, `/connections/${fromFile.id}${below}`, body)
      assert.deepEqual([answer.status, answer.body.code], [409, 'CONNECTION_FROM_FILE'], method + below)
    }
    const { store } = gateway
    assert.deepEqual((await store.applyConfiguration(configurationOf({ connections }, token))).changes, [])
    assert.equal((await call('GET', path)).status, 200)
    const clash = configurationOf({ connections: [{ name: 'made', simulator: one }, ...connections] }, token)
    await assert.rejects(store.applyConfiguration(clash), { code: 'CONNECTION_MANAGED' })
    const none = configurationOf({ connections: [] }, token)
    const by = { actor: 'operator:test', requestId: 'r' }
    await assert.rejects(store.applyConfiguration(none, by, { detach: ['corp/made'], abandon: false }), {
      code: 'CONNECTION_MANAGED',
    })
    await store.applyConfiguration(none, by, { detach: ['corp/from-file'], abandon: false })
    assert.deepEqual(
      (await call('GET', '/connections')).body.items.map(({ name }: { name: string }) => name),
      ['made'],
    )
  })
})

describe('master keys', () => {
  it('rotate while gateways run: no write fails, and the old key is needed no more', async (t) => {
    const falcon = await startFalcon(t)
    const databaseUrl = await freshDatabase()
    const token = 'token-of-both-gateways'
    const [old, next] = [material(), material()]
    const both = { databaseUrl, token, environment: { masterKeys: keysOf(next, old) } }
    const first = await start(t, { databaseUrl, token, environment: { masterKeys: keysOf(old) } })
    const path = await made(first.call, falcon)
    await first.gateway.close()

    const [one, two] = [await start(t, both), await start(t, both)]
    const [before] = (await one.call('GET', '/keys')).body.items.filter(
      ({ connections }: { connections: number }) => connections > 0,
    )
    assert.deepEqual([before.seals, before.held], [false, true])
    let loading = true
    let pushed = 0
    const push = async ({ scim }: typeof one, from: string): Promise<void> => {
      for (let n = 0; loading; n++, pushed++) {
        const { status } = await scim('POST', '/Users', aUser(`${from}${n}`))
        assert.equal(status, 201)
        if (!person(falcon, `${from}${n}`)) {
          const standing = await one.call('GET', `/accounts?userName=${from}${n}@example.com`)
          assert.fail(`not proven with the answer: ${JSON.stringify(standing.body)}`)
        }
      }
    }
    const load = Promise.all([push(one, 'one'), push(two, 'two')])
    await until('both are under load', () => pushed >= 4)
    assert.equal((await one.call('POST', '/keys/rotate')).body.connections, 1)
    assert.equal((await two.call('POST', '/keys/rotate')).body.connections, 0)
    const rotated = pushed
    await until('they go on', () => pushed >= rotated + 6)
    loading = false
    await load
    // Credentials that change are taken up by the other process, too.
    const changed = await one.call('PUT', `${path}/credentials`, written(falcon).credentials)
    assert.equal(changed.status, 200)
    await two.scim('POST', '/Users', aUser('yan'))
    await until('the other process has them', () => person(falcon, 'yan') !== undefined)
    const keys = (await two.call('GET', '/keys')).body.items
    assert.deepEqual(
      keys.map(({ connections }: { connections: number }) => connections),
      [1, 0],
    )
    assert.equal((await two.call('GET', '/events?action=connection.key-rotated')).body.items.length, 1)
    for (const { gateway } of [one, two]) await gateway.close()

    const wrong = { databaseUrl, token, environment: { masterKeys: keysOf(old) } }
    await assert.rejects(start(t, wrong), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'MASTER_KEY_MISSING')
      assert.match(error.message, /^connection corp\/falcon: credentials are sealed with the key [0-9a-f]{8}/)
      return true
    })
    const alone = await start(t, { databaseUrl, token, environment: { masterKeys: keysOf(next) } })
    assert.equal((await alone.scim('POST', '/Users', aUser('zoe'))).status, 201)
    assert.ok(person(falcon, 'zoe'))
  })
})

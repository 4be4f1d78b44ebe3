import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import pg from 'pg'
import { openOffline } from '../../../src/app/offline-api.ts'
import { parseMasterKeys } from '../../../src/secrets/keys.ts'
import { aUser, environmentFor, startTestGateway, until } from '../../support/gateway.ts'
import { operate } from '../../support/operator.ts'
import { person, startFalcon } from '../../support/vendors.ts'

/** A gateway with an enabled connection that an operator made. */
async function start(t: TestContext) {
  const falcon = await startFalcon(t)
  const parsed = parseMasterKeys(randomBytes(32).toString('base64'), () => '')
  assert.ok('keys' in parsed)
  const environment = { masterKeys: parsed.keys }
  const started = await startTestGateway(t, { connections: [], environment })
  const call = (method: string, path: string, body?: unknown) =>
    operate(started.gateway.url, method, path, body === undefined ? {} : { body })
  const { settings, credentials } = falcon.connection('current')
  const draft = { vendor: 'crowdstrike', settings: { ...settings, apiProfile: 'current' }, credentials }
  const made = await call('POST', '/connections', { ...draft, directory: 'corp', name: 'falcon' })
  const path = `/connections/${made.body.id}`
  assert.equal((await call('POST', `${path}/check`)).status, 200)
  assert.equal((await call('POST', `${path}/enable`)).status, 200)
  return { ...started, environment, falcon, draft, call, path }
}

const secret = 'a-wrong-secret-0123456789'

describe('a change of a connection that works', () => {
  it('is checked before it takes effect, and refused without a trace where the vendor does not take it', async (t) => {
    const { call, path, draft, scim, falcon } = await start(t)
    const before = (await call('GET', path)).body
    const wrong = { ...draft.credentials, clientSecret: secret }
    for (const [below, body] of [
      ['/credentials', wrong],
      ['', { ...draft, credentials: wrong }],
    ] as const) {
      const { status, body: problem } = await call('PUT', path + below, body)
      assert.deepEqual([status, problem.code], [409, 'check-failed'])
      assert.match(problem.detail, /^Nothing was changed: .*What was in force stays in force\./)
      assert.ok(!problem.detail.includes(secret))
    }
    const away = { ...draft, settings: { ...draft.settings, cid: '0'.repeat(32) } }
    assert.equal((await call('PUT', path, away)).body.code, 'check-failed', 'settings are checked as well')
    assert.deepEqual((await call('GET', path)).body, before)
    assert.equal((await scim('POST', '/Users', aUser('ada'))).status, 201)
    assert.equal(person(falcon, 'ada')?.state, 'active')
  })

  it('leads to no other tenant than the one where its accounts are', async (t) => {
    const { call, path, draft, databaseUrl } = await start(t)
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    await client.query(`UPDATE connections SET tenant_id = 'crowdstrike:another'`)
    await client.end()
    const { body } = await call('PUT', `${path}/credentials`, draft.credentials)
    assert.equal(body.code, 'check-failed')
    assert.match(
      body.detail,
      /corp\/falcon leads to tenant crowdstrike:\w+ now, and its accounts are in crowdstrike:another/,
    )
  })

  it('takes effect with what the check found: no second check, and when the credentials end', async (t) => {
    const { call, path, draft, gateway } = await start(t)
    const stated = { ...draft.credentials, expiresAt: '2031-05-01' }
    const saved = await call('PUT', `${path}/credentials`, stated)
    assert.equal(saved.status, 200, JSON.stringify(saved.body))
    assert.equal(saved.body.credentialsEndAt, '2031-05-01T00:00:00.000Z')
    assert.ok(saved.body.checkedAt)
    assert.ok(!JSON.stringify(saved.body.configuration).includes('expiresAt'))
    assert.equal((await call('POST', `${path}/check`)).body.credentialsEndAt, '2031-05-01T00:00:00.000Z')
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
    assert.match(
      metrics,
      /drawbridge_token_expires_seconds\{kind="vendor",name="corp\/falcon",hint=""\} [1-9]/,
    )
    for (const expiresAt of ['soon', '2031-13-01', 20310501]) {
      const { status, body } = await call('PUT', `${path}/credentials`, { ...draft.credentials, expiresAt })
      assert.equal(status, 400)
      assert.match(body.detail, /credentials\.expiresAt must be (a date|text)/)
    }
  })

  it('is saved unchecked when that is forced, and the audit says so', async (t) => {
    const { call, path, draft, falcon, scim } = await start(t)
    const wrong = { ...draft.credentials, clientSecret: secret }
    const forced = await call('PUT', `${path}/credentials?force=true`, wrong)
    assert.deepEqual([forced.status, forced.body.checkedAt], [200, undefined])
    await scim('POST', '/Users', aUser('ada'))
    await until('it is parked', async () => (await call('GET', path)).body.status === 'parked')
    // A parked one is checked as well: what does not work is not put in the place of what does not work.
    assert.equal((await call('PUT', `${path}/credentials`, wrong)).body.code, 'check-failed')
    assert.equal((await call('PUT', `${path}/credentials`, draft.credentials)).body.status, 'ready')
    await until('ada is there', () => person(falcon, 'ada')?.state === 'active')
    const { items } = (await call('GET', '/events?action=connection.credentials-changed')).body
    assert.deepEqual(
      items.map(({ actor, detail }: { actor: string; detail: { checked: boolean } }) => [
        actor,
        detail.checked,
      ]),
      [
        ['operator:admin', true],
        ['operator:admin', false],
      ],
    )
  })

  it('is checked also while no gateway runs', async (t) => {
    const { path, draft, gateway, databaseUrl, environment } = await start(t)
    await gateway.close()
    const alone = await openOffline({ ...environmentFor(databaseUrl), ...environment })
    t.after(() => alone.close())
    const wrong = { ...draft.credentials, clientSecret: secret }
    const put = (credentials: object) => alone.request('PUT', `${path}/credentials`, credentials)
    const refused = await put(wrong)
    assert.deepEqual([refused.status, JSON.parse(refused.text).code], [409, 'check-failed'])
    const saved = await put(draft.credentials)
    assert.equal(saved.status, 200, saved.text)
    assert.ok(JSON.parse(saved.text).checkedAt)
  })
})

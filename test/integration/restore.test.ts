import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import pg from 'pg'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import { aPatch, aUser, deactivate, freshDatabase, startTestGateway } from '../support/gateway.ts'
import type { Policy } from '../../src/model/policy.ts'
import { isRecovering } from '../../src/operations/reconciliation/store.ts'
import { gauges } from '../../src/operations/connections/gauges-store.ts'
import { listNotices } from '../../src/operations/notices/store.ts'

const urn = 'urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User'
const token = 'the-token-of-the-restored-store'

/** A copy of a database that nobody is connected to, as a backup of it would be put back. */
async function backUp(url: string): Promise<string> {
  const [server, copy] = [new URL(url), new URL(url)]
  const name = `test_${randomUUID().replaceAll('-', '')}`
  server.pathname = '/postgres'
  copy.pathname = `/${name}`
  const client = new pg.Client({ connectionString: server.href })
  await client.connect()
  await client.query(`CREATE DATABASE ${name} TEMPLATE ${new URL(url).pathname.slice(1)} STRATEGY file_copy`)
  await client.end()
  return copy.href
}

async function lookAtAll(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('UPDATE accounts SET wanted_version = wanted_version + 1, due_at = now(), attempts = 0')
  await client.end()
}

async function setting(t: TestContext) {
  const simulator = await startSentinelone({ profile: 'current' })
  t.after(() => simulator.close())
  const connection = {
    name: 'console',
    simulator,
    policy: {
      default: { role: 'Viewer' },
      deprovision: { inactive: ['remove'], deleted: ['remove'], graceDays: 0 },
      reply: { budgetMs: 30_000, pendingShutOut: 'retry' },
    } satisfies Partial<Policy>,
  }
  const start = async (databaseUrl: string) => {
    const all = await startTestGateway(t, { connections: [connection], client: 'okta', databaseUrl, token })
    const { connections, directories, store, reconciliation } = all.gateway
    const connectionId = connections.ofDirectory(directories[0]!.id)[0]!.id
    const find = async (name: string) => {
      const path = `/Users?filter=userName eq "${name}@example.com"&attributes=userName,active,${urn}`
      return (await all.scim('GET', path)).body.Resources[0]
    }
    return {
      ...all,
      store,
      reconciliation,
      connectionId,
      find,
      isRecovering: () => isRecovering(store.db, connectionId),
    }
  }
  const there = () =>
    [...simulator.state.users.values()]
      .map(({ email }) => email)
      .filter((email) => email.endsWith('@example.com'))
      .map((email) => email.split('@')[0])
      .sort()
  return { start, there, simulator }
}

describe('a store that was restored from an older backup', () => {
  it('re-creates no leaver of the gap: only shut-outs run until an operator says that it has recovered', async (t) => {
    const { start, there } = await setting(t)
    const live = await freshDatabase()
    const before = await start(live)
    for (const name of ['ada', 'bob', 'eve'])
      assert.equal((await before.scim('POST', '/Users', aUser(name))).status, 201)
    await before.gateway.close()
    const backup = await backUp(live)
    const gap = await start(live)
    const { id: ada } = await gap.find('ada')
    assert.equal((await gap.scim('PATCH', `/Users/${ada}`, deactivate)).status, 200)
    assert.deepEqual(there(), ['bob', 'eve'])
    assert.equal(await gap.isRecovering(), false, 'a restart is no restore')
    await gap.gateway.close()

    const restored = await start(backup)
    const { scim, find, reconciliation, connectionId, isRecovering, store, until } = restored
    assert.equal(await isRecovering(), true)
    const title = aPatch({ op: 'replace', path: 'name.familyName', value: 'Other' })
    assert.equal((await scim('PATCH', `/Users/${ada}`, title)).status, 200)
    assert.equal((await scim('POST', '/Users', aUser('new'))).status, 201)
    assert.equal((await find('new'))[urn].connections[0].status, 'waiting')
    const { id: bob } = await find('bob')
    assert.equal((await scim('PATCH', `/Users/${bob}`, deactivate)).status, 200)
    assert.deepEqual(there(), ['eve'])

    // Whatever has everybody looked at (a rule, a retry, a start) makes nobody either.
    await lookAtAll(backup)
    await until('everybody looked at', async () => (await gauges(store.db)).connections[0]?.due.length === 0)
    assert.deepEqual(there(), ['eve'])

    const run = await reconciliation.reconcile(connectionId)
    assert.equal(run?.progress.counts['contradictions'], 1, run?.failure)
    assert.equal(await isRecovering(), true)
    const kinds = (await listNotices(store.db, { open: true, limit: 10 })).map(({ kind }) => kind)
    assert.ok(kinds.includes('store-restored'))

    // The identity provider has pushed everybody anew by now.
    assert.equal((await scim('PATCH', `/Users/${ada}`, deactivate)).status, 200)
    await reconciliation.recovered(connectionId)
    await until('the joiner', () => there().includes('new'))
    assert.deepEqual(there(), ['eve', 'new'])
  })

  it('goes on by itself when the vendor contradicts nothing, and is not taken for restored again', async (t) => {
    const { start, there } = await setting(t)
    const live = await freshDatabase()
    const before = await start(live)
    assert.equal((await before.scim('POST', '/Users', aUser('ada'))).status, 201)
    await before.gateway.close()
    const backup = await backUp(live)

    const restored = await start(backup)
    assert.equal((await restored.scim('POST', '/Users', aUser('new'))).status, 201)
    assert.deepEqual(there(), ['ada'])
    const run = await restored.reconciliation.reconcile(restored.connectionId)
    assert.equal(run?.progress.counts['contradictions'] ?? 0, 0, run?.failure)
    await restored.until('the joiner', () => there().includes('new'))
    await restored.gateway.close()
    assert.equal(await (await start(backup)).isRecovering(), false)
  })
})

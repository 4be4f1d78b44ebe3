import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import pg from 'pg'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import { type SisenseState } from '../../src/simulators/sisense/state/state.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { aGroup, aPatch, aUser, deactivate, startTestGateway } from '../support/gateway.ts'
import { falconPolicy, person, startFalcon } from '../support/vendors.ts'
import type { Policy } from '../../src/model/policy.ts'
import { listNotices } from '../../src/operations/notices/store.ts'

const urn = 'urn:drawbridge:params:scim:schemas:extension:provisioning:2.0:User'
const rename = (userName: string) => aPatch({ op: 'replace', value: { userName } })

async function start(t: TestContext, simulator: VendorSimulator, policy: Partial<Policy>, settings = {}) {
  const connections = [{ name: 'vendor', simulator, policy, settings }]
  const all = await startTestGateway(t, { connections })
  const store = new pg.Client({ connectionString: all.databaseUrl })
  await store.connect()
  t.after(() => store.end())
  const { scim } = all
  return {
    ...all,
    sql: async (text: string) => (await store.query(text)).rows,
    join: async (name: string): Promise<string> => (await scim('POST', '/Users', aUser(name))).body.id,
    standing: async (id: string) =>
      (await scim('GET', `/Users/${id}?attributes=${urn}`)).body[urn].connections[0],
  }
}

describe('graceDays', () => {
  const deprovision = { inactive: ['disable'], deleted: ['remove'], graceDays: 30 } as const
  const begin = async (t: TestContext) => {
    const sisense = await startSisense()
    t.after(() => sisense.close())
    const { state }: { state: SisenseState } = sisense
    state.toggles.active = 'switch'
    return { ...(await start(t, sisense, { deprovision })), user: () => state.user('ada@example.com') }
  }

  it('keep a deleted person’s disabled account until they are over, without another request', async (t) => {
    const { scim, join, sql, user, until } = await begin(t)
    const ada = await join('ada')
    assert.equal((await scim('PATCH', `/Users/${ada}`, deactivate)).status, 200)
    assert.equal(user()?.active, false)
    // The access has ended, which is what the client waits for.
    assert.equal((await scim('DELETE', `/Users/${ada}`)).status, 204)
    assert.equal((await scim('GET', `/Users/${ada}`)).status, 404)
    const [due] = await sql('SELECT round(extract(epoch FROM due_at - now()) / 86400) AS days FROM accounts')
    assert.deepEqual([Number(due.days), user()?.active], [30, false])

    const aged = `jsonb_set(snapshot, '{takenAt}', to_jsonb(now() - interval '31 days'))`
    await sql(`UPDATE accounts SET snapshot = ${aged}, due_at = now()`)
    await until('the removal', () => user() === undefined)
  })

  it('are none for somebody whose access no earlier step has ended', async (t) => {
    const { scim, join, user } = await begin(t)
    const ada = await join('ada')
    assert.equal((await scim('DELETE', `/Users/${ada}`)).status, 204)
    assert.equal(user(), undefined)
  })
})

describe('a userName that changes where logins cannot', () => {
  const begin = async (t: TestContext, policy: Partial<Policy>) => {
    const falcon = await startFalcon(t)
    const all = await start(t, falcon, { ...falconPolicy, ...policy }, { readLagMs: 0 })
    const ada = await all.join('ada')
    await all.scim('POST', '/Groups', aGroup('Analysts', ada))
    const entitled = (name: string): readonly string[] | undefined => person(falcon, name)?.entitlements
    await all.until('the role', () => entitled('ada')?.length === 2)
    return { ...all, falcon, ada, entitled }
  }

  it('makes the account anew under recreate, with its grants', async (t) => {
    const { scim, ada, entitled, falcon } = await begin(t, { rename: 'recreate' })
    const before = entitled('ada')
    assert.equal((await scim('PATCH', `/Users/${ada}`, rename('eve@example.com'))).status, 200)
    assert.deepEqual([entitled('ada'), entitled('eve')], [undefined, before])
    assert.equal(falcon.people().length, 1)
  })

  it('is refused under reject, while everything else of the write is done', async (t) => {
    const { scim, ada, entitled, standing, falcon } = await begin(t, { rename: 'reject' })
    const change = aPatch({ op: 'replace', value: { userName: 'eve@example.com', 'name.familyName': 'New' } })
    await scim('PATCH', `/Users/${ada}`, change)
    const { status, failure } = await standing(ada)
    assert.equal(status, 'failed')
    assert.match(failure, /rename: reject/)
    assert.deepEqual([entitled('ada')?.length, entitled('eve')], [2, undefined])
    assert.equal([...falcon.state.users.values()][0]?.lastName, 'New')
    // Whoever leaves is found under the login that the vendor knows.
    assert.equal((await scim('PATCH', `/Users/${ada}`, deactivate)).status, 200)
    assert.deepEqual(entitled('ada'), [])
  })

  for (const [what, leaves] of [
    ['somebody who leaves', true],
    ['somebody who stays', false],
  ] as const) {
    it(`has the account of ${what} looked for under the vendor’s login once the link is lost, also in a later run`, async (t) => {
      const { scim, ada, entitled, falcon, until } = await begin(t, {})
      assert.equal((await scim('PATCH', `/Users/${ada}`, rename('eve@example.com'))).status, 200)
      // Somebody removes the account and makes it again by hand; then the look by login fails once.
      falcon.state.users.clear()
      const { id } = falcon.state.addUser({ email: 'ada@example.com' })
      falcon.state.grant(id, 'help_desk')
      falcon.failNext({ method: 'GET', path: /combined\/user-roles/, status: 503, times: 1 })
      if (leaves) await scim('PATCH', `/Users/${ada}`, deactivate)
      else
        await scim('PATCH', `/Users/${ada}`, aPatch({ op: 'replace', path: 'name.familyName', value: 'New' }))
      if (!leaves) {
        await until('the adoption', () => (entitled('ada')?.length ?? 0) > 1)
        assert.equal(entitled('eve'), undefined, 'no second account')
        return
      }
      await until('the end of it', () => entitled('ada')?.length === 0)
      await until('the proof', async () => (await scim('GET', `/Users/${ada}`)).body.active === false)
    })
  }
})

describe('an account that an operator took out of provisioning', () => {
  it('is listed and never written: no wish, no group, no shut-out, no deletion, no repair', async (t) => {
    const falcon = await startFalcon(t)
    const policy = { ...falconPolicy, reconcile: { repair: ['lacking', 'reactivated', 'missing'] } } as const
    const { scim, join, sql, standing, gateway } = await start(t, falcon, policy, { readLagMs: 0 })
    const ada = await join('ada')
    await sql('UPDATE accounts SET unmanaged = true')
    const from = falcon.trace.length
    const writes = () => falcon.trace.slice(from).filter(({ mutating }) => mutating).length
    const { body: group } = await scim('POST', '/Groups', aGroup('Analysts', ada))
    await scim('PATCH', `/Users/${ada}`, aPatch({ op: 'replace', path: 'name.familyName', value: 'New' }))
    const { status, failure } = await standing(ada)
    assert.equal(status, 'waiting')
    assert.match(failure, /out of provisioning/)
    const [{ connection_id: connectionId }] = await sql('SELECT connection_id FROM accounts')
    for (const id of falcon.state.users.keys()) falcon.state.grant(id, 'falcon_admin')
    const run = await gateway.reconciliation.reconcile(connectionId)
    assert.equal(run?.progress.counts['marked'] ?? 0, 0)
    const rows = []
    for await (const row of gateway.inventories.inventory(connectionId)) rows.push(row.login)
    assert.deepEqual(rows, ['ada@example.com'])
    assert.equal((await scim('DELETE', `/Groups/${group.id}`)).status, 204)
    // Nobody waits for a proof that does not come.
    assert.deepEqual((await scim('PATCH', `/Users/${ada}`, deactivate)).status, 200)
    assert.equal((await scim('DELETE', `/Users/${ada}`)).status, 204)
    assert.equal(writes(), 0)
  })
})

describe('a catalogue that comes back more than half smaller', () => {
  it('is refused with one notice and takes nothing away, and is believed again once it is whole', async (t) => {
    const falcon = await startFalcon(t)
    const { scim, join, gateway, until } = await start(t, falcon, falconPolicy, { readLagMs: 0 })
    const ada = await join('ada')
    const notices = async () =>
      (await listNotices(gateway.store.db, { open: true, limit: 9 })).map((n) => n.kind)
    const roles = falcon.state.roles.splice(1)
    const [connection] = gateway.connections.ofDirectory(gateway.directories[0]!.id)
    const live = await connection!.ready()
    const before = await live.catalogue()
    const fresh = () => live.catalogue({ refresh: true, maxAgeMs: 0 })
    assert.deepEqual([(await fresh()).length, await notices()], [before.length, ['catalogue-refused']])
    await fresh()
    assert.equal((await listNotices(gateway.store.db, { open: true, limit: 9 }))[0]!.count, 2)
    await scim('PATCH', `/Users/${ada}`, aPatch({ op: 'replace', path: 'name.familyName', value: 'New' }))
    assert.deepEqual(person(falcon, 'ada')?.entitlements, ['role:event_viewer@cid'])
    falcon.state.roles.push(...roles)
    await fresh()
    await until('no notice', async () => (await notices()).length === 0)
  })
})

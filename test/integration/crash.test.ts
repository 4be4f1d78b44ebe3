import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { aUser, freshDatabase, scim, until } from '../support/gateway.ts'
import { configurationFile, kill, serve } from '../support/process.ts'
import { forget, person, startFalcon, writes, type Falcon } from '../support/vendors.ts'

const token = 'crash-test-0123456789abcdef'
function configure(t: TestContext, falcon: Falcon): Promise<string> {
  const connection = {
    vendor: 'crowdstrike',
    ...falcon.connection('current'),
    default: { role: 'event_viewer' },
  }
  const corp = { tokens: [{ name: 'test', secret: token }], connections: { falcon: connection } }
  return configurationFile(t, { directories: { corp } })
}

describe('a gateway that is killed', () => {
  for (const when of ['before', 'after'] as const) {
    it(`[M-07] between CrowdStrike's create and grant (${when} the vendor saw the grant) ends, restarted, in one account with its roles`, async (t) => {
      const falcon = await startFalcon(t)
      const [file, databaseUrl] = [await configure(t, falcon), await freshDatabase()]
      const grant = falcon.hold({ method: 'POST', path: /user-role-actions/, when })
      const first = await serve(t, file, databaseUrl)
      const answer = scim(first.url, token, 'POST', '/Users', aUser('ada')).catch(() => undefined)
      await grant.arrived
      await kill(first)
      await answer
      falcon.clearFaults()
      assert.equal(writes(falcon)[0], 'create')

      await serve(t, file, databaseUrl)
      await until(
        'the role without a further request',
        () => person(falcon, 'ada')?.entitlements.length === 1,
        30_000,
      )
      assert.deepEqual(person(falcon, 'ada')?.entitlements, ['role:event_viewer@cid'])
      assert.equal(writes(falcon).filter((write) => write === 'create').length, 1)
      assert.equal(falcon.people().length, 1)
    })
  }

  it('while a removal waits for its answer ends, restarted, with the access gone and the answer true', async (t) => {
    const falcon = await startFalcon(t)
    const [file, databaseUrl] = [await configure(t, falcon), await freshDatabase()]
    const first = await serve(t, file, databaseUrl)
    const { body: ada } = await scim(first.url, token, 'POST', '/Users', aUser('ada'))
    forget(falcon)
    const removal = falcon.hold({ method: 'DELETE', path: /users/, when: 'before' })
    const answer = scim(first.url, token, 'DELETE', `/Users/${ada.id}`).catch(() => undefined)
    await removal.arrived
    await kill(first)
    await answer
    falcon.clearFaults()

    const second = await serve(t, file, databaseUrl)
    await until('the account gone', () => falcon.people().length === 0, 30_000)
    await until('404', async () => (await scim(second.url, token, 'GET', `/Users/${ada.id}`)).status === 404)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import pg from 'pg'
import { aGroup, aUser, deactivate, startTestGateway } from '../support/gateway.ts'
import { falconPolicy, person, startFalcon, writes } from '../support/vendors.ts'

const grant = { method: 'POST', path: /user-role/, when: 'before' } as const

describe('a lease that is lost during a vendor call', () => {
  it('leaves no access behind: what the late call grants to somebody who was shut out meanwhile is taken again', async (t) => {
    const falcon = await startFalcon(t)
    const connections = [
      { name: 'falcon', simulator: falcon, settings: { readLagMs: 50 }, policy: falconPolicy },
    ]
    const { scim, until, databaseUrl } = await startTestGateway(t, { connections })
    const store = new pg.Client({ connectionString: databaseUrl })
    await store.connect()
    t.after(() => store.end())
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))

    const held = falcon.hold(grant)
    assert.equal((await scim('POST', '/Groups', aGroup('Administrators', ada.id))).status, 201)
    await held.arrived
    // As if the process had slept until the lease was over, and another one had taken the account.
    await store.query(
      `UPDATE accounts SET lease_epoch = lease_epoch + 1, lease_owner = 'another', lease_until = now() - interval '1 second'`,
    )
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 200)
    const isProven = async (): Promise<boolean> =>
      (await store.query(`SELECT FROM accounts WHERE status = 'proven'`)).rowCount === 1
    await until('the proof', isProven)
    assert.deepEqual(person(falcon, 'ada')?.entitlements, [])

    const revokes = (): number => writes(falcon).filter((each) => each === 'revoke').length
    const before = revokes()
    held.release()
    await until('the revoke of what came late', () => revokes() === before + 1)
    assert.deepEqual(person(falcon, 'ada')?.entitlements, [])
    await until('the proof again', isProven)
    assert.equal((await scim('GET', `/Users/${ada.id}`)).body.active, false)
  })
})

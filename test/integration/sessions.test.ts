import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import { aUser, activate, deactivate, startTestGateway } from '../support/gateway.ts'
import { person } from '../support/vendors.ts'

const isLogout = ({ path }: { path: string }): boolean => path.endsWith('/admin/logout')

async function start(t: TestContext) {
  const sisense = await startSisense({ profile: 'current' })
  t.after(() => sisense.close())
  const gateway = await startTestGateway(t, { connections: [{ name: 'bi', simulator: sisense }] })
  return { ...gateway, sisense, logouts: () => sisense.trace.filter(isLogout).length }
}

describe('the sessions of a leaver', () => {
  it('are ended once in a shut-out, and anew in the next one', async (t) => {
    const { scim, logouts } = await start(t)
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 200)
    assert.equal(logouts(), 1)
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 200)
    assert.equal(logouts(), 1)
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, activate)).status, 200)
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 200)
    assert.equal(logouts(), 2)
  })

  it('keep the shut-out pending until the vendor has ended them; the logout is repeated alone', async (t) => {
    const { scim, sisense, logouts } = await start(t)
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    sisense.failNext({ path: /admin\/logout$/, status: 503, times: 1 })
    const pending = await scim('PATCH', `/Users/${ada.id}`, deactivate)
    assert.equal(pending.status, 503, JSON.stringify(pending.body))
    const before = sisense.trace.length
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 200)
    const writes = sisense.trace.slice(before).filter(({ mutating }) => mutating)
    assert.ok(writes.every(isLogout), JSON.stringify(writes.map(({ method, path }) => `${method} ${path}`)))
    assert.equal(logouts(), 2)
  })

  it('that fail to end once do not let a person who was switched on again stay', async (t) => {
    const { scim, sisense } = await start(t)
    sisense.state.toggles.active = 'switch'
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    sisense.failNext({ path: /admin\/logout$/, status: 503, times: 1 })
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 503)
    assert.equal(person(sisense, 'ada')?.state, 'disabled')
    const [there] = [...sisense.state.users.values()].filter(({ email }) => email === 'ada@example.com')
    there!.active = true
    assert.equal(person(sisense, 'ada')?.state, 'active')
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 200)
    assert.equal(person(sisense, 'ada')?.state, 'disabled')
  })
})

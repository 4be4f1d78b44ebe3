import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { aUser, deactivate, startTestGateway } from '../support/gateway.ts'
import { forget, person, sentryPolicy, startSentryWithTeams, writes } from '../support/vendors.ts'

const reply = { budgetMs: 30_000, pendingShutOut: 'retry' } as const
const limited = {
  method: 'POST',
  path: /\/members\/$/,
  status: 429,
  headers: { 'retry-after': '60' },
  body: JSON.stringify('You are attempting to use this endpoint too frequently.'),
} as const

describe('a rate limit', () => {
  it('pauses its path class only: joiners wait, a leaver is served at once', async (t) => {
    const sentry = await startSentryWithTeams(t)
    const connection = { name: 'sentry', simulator: sentry, policy: { ...sentryPolicy, reply } }
    const { scim } = await startTestGateway(t, { connections: [connection] })
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    sentry.failNext(limited)
    assert.equal((await scim('POST', '/Users', aUser('bob'))).status, 201)
    assert.equal(person(sentry, 'bob'), undefined)

    // Whoever joins meanwhile is not even asked for at the vendor.
    forget(sentry)
    assert.equal((await scim('POST', '/Users', aUser('eve'))).status, 201)
    assert.deepEqual(writes(sentry), [])

    assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 200)
    assert.equal(person(sentry, 'ada'), undefined)
    assert.deepEqual(writes(sentry), ['remove'])
  })

  it('that one process was told is known to the other', async (t) => {
    const sentry = await startSentryWithTeams(t)
    const connection = { name: 'sentry', simulator: sentry, policy: { ...sentryPolicy, reply } }
    const one = await startTestGateway(t, { connections: [connection] })
    const token = one.token
    const other = await startTestGateway(t, {
      connections: [connection],
      databaseUrl: one.databaseUrl,
      token,
    })
    sentry.failNext(limited)
    await one.scim('POST', '/Users', aUser('bob'))
    forget(sentry)
    await other.scim('POST', '/Users', aUser('eve'))
    assert.deepEqual(writes(sentry), [])
  })
})

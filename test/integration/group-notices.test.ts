import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { startSentry } from '../../src/simulators/sentry/index.ts'
import { aGroup, aPatch, startTestGateway } from '../support/gateway.ts'
import type { Policy } from '../../src/model/policy.ts'
import { listNotices, resolveSettled } from '../../src/operations/notices/store.ts'

async function atSentry(t: TestContext, policy: Partial<Policy> = {}) {
  const sentry = await startSentry()
  t.after(() => sentry.close())
  const rules = [{ group: '/^sentry-team-(?<team>.+)$/', team: '{team}', create: true }]
  const gateway = await startTestGateway(t, {
    connections: [{ name: 'sentry', simulator: sentry, policy: { rules, ...policy } }],
  })
  const { db } = gateway.gateway.store
  const open = async () => {
    await resolveSettled(db)
    return (await listNotices(db, { open: true, limit: 100 })).map(({ kind, text }) => ({ kind, text }))
  }
  return { ...gateway, sentry, open }
}

describe('a notice of a group', () => {
  it('tells that it was refused, and is over when the group is made', async (t) => {
    const { scim, until, sentry, open } = await atSentry(t, { adopt: 'never' })
    sentry.state.addTeam('search')
    const { body: group } = await scim('POST', '/Groups', aGroup('sentry-team-search'))
    await until('the notice', async () => (await open()).length > 0)
    const [{ kind, text }] = (await open()) as [{ kind: string; text: string }]
    assert.equal(kind, 'update-refused')
    assert.match(text, /group sentry-team-search was refused for good at sentry: .*adopt: never/)
    await scim(
      'PATCH',
      `/Groups/${group.id}`,
      aPatch({ op: 'replace', value: { displayName: 'sentry-team-find' } }),
    )
    await until('the team', () => sentry.state.teams.has('find'))
    await until('the end of the notice', async () => (await open()).length === 0)
  })

  it('tells that it waits for a decision', async (t) => {
    const { scim, until, sentry, open } = await atSentry(t, { adopt: 'ask' })
    sentry.state.addTeam('search')
    await scim('POST', '/Groups', aGroup('sentry-team-search'))
    await until('the notice', async () => (await open()).length > 0)
    const [{ kind, text }] = (await open()) as [{ kind: string; text: string }]
    assert.equal(kind, 'decision-needed')
    assert.match(text, /adopt: always/)
  })

  it('tells that its run parked the connection', async (t) => {
    const { scim, until, sentry, open } = await atSentry(t)
    sentry.failNext({ method: 'POST', path: /\/teams\/$/, status: 401, times: 100 })
    await scim('POST', '/Groups', aGroup('sentry-team-search'))
    await until('the notice', async () => (await open()).some(({ kind }) => kind === 'connection-parked'))
  })
})

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { ownerToken, type SentryState } from '../../src/simulators/sentry/state.ts'
import { startSentry } from '../../src/simulators/sentry/index.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { askDoctor, changes } from './doctor.ts'

for (const profile of ['current', 'guide'] as const) {
  describe(`doctor, Sentry in profile ${profile}`, () => {
    let sentry: VendorSimulator<SentryState>
    before(async () => {
      sentry = await startSentry({ profile })
    })
    beforeEach(() => sentry.reset())
    after(() => sentry.close())

    it('finds good credentials well and changes nothing', async () => {
      const connection = { rules: [{ group: 'Backend', team: 'backend' }], default: { role: 'member' } }
      const { code, report, page, finding } = await askDoctor(sentry, { profile, connection })
      assert.equal(code, 0, page)
      assert.deepEqual(report.profile, { configured: profile, used: profile })
      assert.match(finding('credentials'), /^ok/)
      assert.match(finding('tenant'), /^ok: 127\.0\.0\.1:\d+\/4501/)
      assert.match(finding('own identity'), /^ok: drawbridge@acme\.example/)
      assert.match(finding('catalogue'), /privileged: .*Owner/)
      assert.match(finding('rules'), /^ok: 2 grants/)
      assert.match(finding('clock'), /^ok/)
      assert.deepEqual(changes(sentry.trace), [])
      assert.match(page, /All well\./)
      assert.ok(!(page + JSON.stringify(report)).includes(ownerToken))
    })

    it('[R2-03] lists every route that is used, with its answer', async () => {
      const { report } = await askDoctor(sentry, { profile })
      const reads = report.routes.filter(({ writes }) => !writes)
      assert.ok(reads.length >= 5)
      assert.deepEqual(
        reads.filter(({ state }) => state !== 'ok'),
        [],
      )
      const writes = report.routes.filter(({ writes }) => writes)
      assert.ok(writes.every(({ state, detail }) => state === 'unknown' && detail.startsWith('not tried')))
    })

    it('[R4-02] tells an integration’s token and what it cannot do', async () => {
      const scopes = ['org:read', 'member:read', 'member:write', 'member:admin', 'team:read', 'team:admin']
      const token = sentry.state.addToken({ kind: 'integration', scopes })
      const { code, finding } = await askDoctor(sentry, { profile, credentials: { token } })
      assert.equal(code, 1)
      assert.match(
        finding('kind of token'),
        /^failed: an integration's token: .*neither change organization roles nor/,
      )
    })

    it('[R4-04] tells that a SCIM token is no API token', async () => {
      const { code, finding, report } = await askDoctor(sentry, {
        profile,
        credentials: { token: 'pasted-scim-token' },
      })
      assert.equal(code, 1)
      assert.match(finding('credentials'), /^failed: .*own SCIM \(Settings > Auth.*\) does not work here/)
      assert.equal(finding('catalogue'), 'not looked at')
      assert.ok(!JSON.stringify(report).includes('pasted-scim-token'))
    })

    it('tells a wrong region or slug', async () => {
      sentry.state.toggles.region = 'de'
      const { code, finding } = await askDoctor(sentry, { profile })
      assert.equal(code, 1)
      assert.match(finding('region'), /^failed: .*knows no organization acme.*region/)
    })

    it('[M-06] finds native SCIM active where it made members', async () => {
      sentry.state.addMember({ email: 'ada@acme.example', flags: { 'idp:provisioned': true } })
      const { report, page } = await askDoctor(sentry, { profile, settings: { plan: 'Business' } })
      assert.equal(report.nativeScim, 'active')
      assert.match(report.nativeScimReason, /1 of 3 accounts .*ada@acme\.example/)
      assert.match(page, /switch it off/)
    })

    it('[M-06] finds native SCIM locked by the plan and says what is done instead', async () => {
      const { report, page } = await askDoctor(sentry, { profile, settings: { plan: 'team' } })
      assert.equal(report.nativeScim, 'locked')
      assert.match(report.nativeScimReason, /the plan Team does not have it: Business and Enterprise/)
      assert.match(page, /the role owner cannot be given\n\s+here: .*\[PUT .*members/)
    })
  })
}

describe('doctor, Sentry', () => {
  let sentry: VendorSimulator<SentryState>
  before(async () => {
    sentry = await startSentry()
  })
  beforeEach(() => sentry.reset())
  after(() => sentry.close())

  it('[R4-03] names what lacks, scope by scope', async () => {
    const token = sentry.state.addToken({
      kind: 'user',
      memberId: [...sentry.state.members.values()].find(({ name }) => name === 'Drawbridge')!.id,
      scopes: ['org:read', 'member:read', 'team:read'],
    })
    const { code, finding } = await askDoctor(sentry, { profile: 'current', credentials: { token } })
    assert.equal(code, 1)
    assert.match(finding('credentials'), /^failed: .*lacks the scope member:admin/)
    const scopes = finding('scopes')
    assert.match(scopes, /^failed: lacks .*inviting/)
    assert.match(scopes, /member:admin \(changing roles and removing members\)/)
    assert.match(scopes, /team:write or team:admin/)
  })

  it('[R4-32] tells that the role of the token’s user is not enough', async () => {
    const member = sentry.state.addMember({ email: 'plain@acme.example' })
    const scopes = ['org:read', 'member:read', 'member:admin', 'team:read', 'team:admin']
    const token = sentry.state.addToken({ kind: 'user', memberId: member.id, scopes })
    const { code, finding } = await askDoctor(sentry, { profile: 'current', credentials: { token } })
    assert.equal(code, 1)
    assert.match(finding('role of the token’s user'), /^failed: member: .*only owners and managers/)
  })

  it('[R4-17] tells that the guide profile mails every invitation, whatever sendInvite says', async (t) => {
    const guide = await startSentry({ profile: 'guide' })
    t.after(() => guide.close())
    const { finding } = await askDoctor(guide, { profile: 'guide', settings: { sendInvite: false } })
    assert.match(finding('invitations'), /^warning: .*mails every invitation/)
  })

  it('names a rule that means nothing there, with what is near', async () => {
    const connection = { rules: [{ group: 'Backend', team: 'bakend' }] }
    const { code, finding } = await askDoctor(sentry, { connection })
    assert.equal(code, 1)
    assert.match(finding('rules'), /^failed: The vendor has no group "bakend".*"backend"/i)
  })

  it('never guesses: an unknown plan, a plan that has it, and no plan are unknown', async () => {
    for (const settings of [{ plan: 'Platinum' }, { plan: 'Enterprise' }, {}]) {
      const { report } = await askDoctor(sentry, { settings })
      assert.equal(report.nativeScim, 'unknown')
      assert.match(report.nativeScimReason, /Business and Enterprise/)
    }
  })
})

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type SentineloneSimulatorOptions, startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import { askDoctor, changes } from './doctor.ts'

async function start(t: TestContext, options: SentineloneSimulatorOptions = {}) {
  const simulator = await startSentinelone(options)
  t.after(() => simulator.close())
  return simulator
}

for (const profile of ['current', 'guide'] as const) {
  describe(`doctor, SentinelOne in profile ${profile}`, () => {
    it('tells console, account, reach of the token, its role and the quarantine role, changing nothing', async (t) => {
      const simulator = await start(t, { profile })
      const { settings } = simulator.connection(profile)
      const { code, finding, page } = await askDoctor(simulator, { profile, settings })
      assert.equal(code, 0, page)
      assert.match(finding('console'), /^ok: http:\/\/127\.0\.0\.1:\d+, account .*\d{18}/)
      assert.match(finding('scope of the token'), /^ok: roles can be given in account /)
      assert.match(finding('role of the token’s owner'), /^ok: Admin/)
      assert.match(finding('quarantine role'), /^ok: No Access exists/)
      assert.match(finding('own identity'), /^ok: drawbridge@acme\.example/)
      assert.match(finding('token expiry'), profile === 'current' ? /^ok: ends/ : /^(ok|unknown): /)
      assert.deepEqual(changes(simulator.trace), [])
    })

    it('names a quarantine role that the console does not have', async (t) => {
      const simulator = await start(t, { profile })
      const { settings } = simulator.connection(profile)
      const { code, finding } = await askDoctor(simulator, {
        profile,
        settings: { ...settings, quarantineRole: 'Nothing' },
      })
      assert.equal(code, 1)
      assert.match(finding('quarantine role'), /^failed: the console has no role "Nothing"/)
    })

    it('[R0-39] tells a scheme that was pasted with the token', async (t) => {
      const simulator = await start(t, { profile })
      const { settings } = simulator.connection(profile)
      const credentials = { apiToken: 'ApiToken something-else' }
      const { finding, page } = await askDoctor(simulator, { profile, settings, credentials })
      assert.match(finding('kind of token'), /^failed: the scheme was pasted/)
      assert.ok(!page.includes('something-else'))
    })

    it('[M-06] finds native SCIM active by the source of accounts', async (t) => {
      const simulator = await start(t, { profile })
      simulator.state.addUser({ email: 'scim@acme.example', source: 'scim' })
      const { settings } = simulator.connection(profile)
      const { report } = await askDoctor(simulator, {
        profile,
        settings: { ...settings, plan: 'Singularity Enterprise' },
      })
      assert.equal(report.nativeScim, 'active')
      assert.match(report.nativeScimReason, /1 of \d+ accounts .*scim@acme\.example/)
    })
  })
}

describe('doctor, SentinelOne', () => {
  it('[R0-04] tells that a token of a site does not reach the account', async (t) => {
    const simulator = await start(t, { profile: 'current' })
    const { state } = simulator
    const { id } = state.addUser({
      email: 'site@acme.example',
      scope: 'site',
      scopeRoles: [{ id: state.siteId('EMEA'), roleId: state.roleId('Admin') }],
    })
    const apiToken = state.giveToken(id)
    const { code, finding, page } = await askDoctor(simulator, {
      profile: 'current',
      credentials: { apiToken },
    })
    assert.equal(code, 0, page)
    assert.match(finding('scope of the token'), /^warning: .*site EMEA; a token of a site reaches nobody/)
  })

  it('[M-15] reports current of a console that speaks both profiles, and guide of one that speaks only that', async (t) => {
    const simulator = await start(t)
    assert.equal((await askDoctor(simulator)).report.profile.used, 'current')
    simulator.state.toggles.profile = 'guide'
    const { settings } = simulator.connection('guide')
    const { report, page } = await askDoctor(simulator, { settings })
    assert.deepEqual(report.profile, { configured: 'auto', used: 'guide' }, page)
  })

  it('names the permission for the switch of API tokens where the owner’s role is no Admin', async (t) => {
    const simulator = await start(t, { profile: 'current' })
    const { state } = simulator
    const { id } = state.addUser({
      email: 'soc@acme.example',
      scope: 'account',
      scopeRoles: [{ id: state.accountId('Acme'), roleId: state.roleId('SOC') }],
    })
    const credentials = { apiToken: state.giveToken(id) }
    const { finding } = await askDoctor(simulator, { profile: 'current', credentials })
    assert.match(
      finding('role of the token’s owner'),
      /^warning: SOC: .*Users\.allowGenerateApiToken for rules that set canGenerateApiToken/,
    )
  })

  it('accepts an older console that has its roles under the former path', async (t) => {
    const simulator = await start(t, { profile: 'current', toggles: { rbac: false } })
    const { code, report, page } = await askDoctor(simulator, { profile: 'current' })
    assert.equal(code, 0, page)
    const [rbac, former] = ['rbac/roles', 'user-roles'].map((end) =>
      report.routes.find(({ path }) => path.endsWith(end)),
    )
    assert.deepEqual([rbac?.state, former?.state], ['unknown', 'ok'])
  })
})

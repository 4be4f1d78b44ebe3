import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { type CrowdstrikeState } from '../../src/simulators/crowdstrike/state.ts'
import { startCrowdstrike } from '../../src/simulators/crowdstrike/index.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { askDoctor, changes, commandLine } from './doctor.ts'

for (const profile of ['current', 'guide'] as const) {
  describe(`doctor, CrowdStrike in profile ${profile}`, () => {
    let falcon: VendorSimulator<CrowdstrikeState>
    before(async () => {
      falcon = await startCrowdstrike({ profile })
    })
    beforeEach(() => {
      falcon.reset()
      falcon.state.seedUsers(3)
    })
    after(() => falcon.close())

    it('finds good credentials well and changes nothing', async () => {
      const before = JSON.stringify(falcon.people())
      const { code, report, page, finding } = await askDoctor(falcon, {
        profile,
        connection: { rules: [{ group: 'Admins', role: 'Falcon Administrator' }] },
      })
      assert.equal(code, 0, page)
      assert.equal(report.profile.used, profile)
      assert.match(finding('catalogue'), /6 × role in cid; privileged: Falcon Administrator/)
      assert.match(finding('own identity'), /^ok: the credentials belong to no account/)
      assert.match(finding('limits'), /^ok: .*x-ratelimit-limit 6000/)
      assert.equal(JSON.stringify(falcon.people()), before)
      assert.ok(
        changes(falcon.trace).every(({ status, body }) => status === 400 && JSON.stringify(body) === '{}'),
      )
      const failed = report.routes.filter(({ state, writes }) => state !== 'ok' && !writes)
      assert.deepEqual(failed, [])
    })

    it('[R3-04] names the write scope that the API client lacks', async () => {
      falcon.state.toggles.scopes = ['read']
      const { code, finding } = await askDoctor(falcon, { profile })
      assert.equal(code, 1)
      assert.match(finding('scope User management: Read'), /^ok/)
      assert.match(finding('scope User management: Write'), /^failed: .*User management: Write.*edit it/)
    })

    it('names the read scope that the API client lacks', async () => {
      falcon.state.toggles.scopes = ['write']
      const { code, finding } = await askDoctor(falcon, { profile })
      assert.equal(code, 1)
      assert.match(finding('scope User management: Read'), /^failed/)
    })

    it('tells refused credentials and asks no further', async () => {
      const { code, finding, report } = await askDoctor(falcon, {
        profile,
        credentials: { clientSecret: 'pasted-scim-token-0123456789' },
      })
      assert.equal(code, 1)
      assert.match(finding('credentials'), /^failed: .*own SCIM \(.*Falcon console\) does not work here/)
      assert.equal(finding('catalogue'), 'not looked at')
      assert.ok(!JSON.stringify(report).includes('pasted-scim-token'))
    })

    for (const [plan, nativeScim] of [
      ['Falcon Go', 'locked'],
      ['Pro', 'locked'],
      ['Enterprise', 'unknown'],
    ] as const) {
      it(`[M-06] takes native SCIM for ${nativeScim} on plan ${plan}`, async () => {
        const { report } = await askDoctor(falcon, { profile, settings: { plan } })
        assert.equal(report.nativeScim, nativeScim)
        assert.match(report.nativeScimReason, /unverified/)
        if (nativeScim === 'locked') return
        // Nothing that Falcon tells of a user could show it, so nothing is said of accounts that were looked at.
        assert.match(
          report.nativeScimReason,
          /no account shows whether SCIM made it, as .*REST API tells nothing/,
        )
        assert.doesNotMatch(report.nativeScimReason, /looked at/)
      })
    }
  })
}

describe('doctor, CrowdStrike', () => {
  let falcon: VendorSimulator<CrowdstrikeState>
  before(async () => {
    falcon = await startCrowdstrike()
  })
  beforeEach(() => {
    falcon.reset()
    falcon.state.seedUsers(1)
  })
  after(() => falcon.close())

  it('[M-15] reports current of a server that speaks every profile', async () => {
    const { report } = await askDoctor(falcon)
    assert.deepEqual(report.profile, { configured: 'auto', used: 'current' })
  })

  it('[M-15] reports guide of a server that speaks only that', async () => {
    falcon.state.toggles.routes = 'guide'
    const { report, finding, page } = await askDoctor(falcon)
    assert.equal(report.profile.used, 'guide', page)
    assert.match(finding('profile'), /^ok: guide, found by asking/)
  })

  it('[R3-07] names wrong region beside wrong secret in the guide', async () => {
    falcon.state.toggles.routes = 'guide'
    falcon.state.toggles.wrongCloud = { origin: falcon.origin, region: 'eu-1', answer: 'refusal' }
    const { code, finding } = await askDoctor(falcon, { profile: 'guide' })
    assert.equal(code, 1)
    assert.match(finding('credentials'), /wrong region, or wrong client id or secret/)
  })

  it('blames no region for a secret that is refused', async () => {
    const { finding } = await askDoctor(falcon, {
      profile: 'current',
      credentials: { clientSecret: 'wrong-secret-0123' },
    })
    assert.match(finding('credentials'), /^failed: /)
    assert.match(finding('region'), /^unknown: cannot be told: .* refused the credentials/)
  })

  it('names the region that a redirect points to', async () => {
    falcon.state.toggles.wrongCloud = { origin: falcon.origin, region: 'eu-1', answer: 'redirect' }
    const { code, finding } = await askDoctor(falcon, { profile: 'current' })
    assert.equal(code, 1)
    assert.match(finding('region'), /^failed: wrong region: .*eu-1/)
  })

  it('tells that nobody answers', async () => {
    const gone = await startCrowdstrike()
    await gone.close()
    const { code, finding, report } = await askDoctor(gone, { profile: 'current' })
    assert.equal(code, 1)
    assert.match(finding('credentials'), /could not connect/)
    assert.equal(report.ok, false)
  })

  it('ends with 2 for a connection that is not configured, naming those that are', async () => {
    const { settings, credentials } = falcon.connection('current')
    const connection = { vendor: 'crowdstrike', settings, credentials }
    const directories = { one: { connections: { it: connection } }, two: { connections: { it: connection } } }
    for (const [name, problem] of [
      ['other', /There is no connection called other.*one\/it, two\/it/],
      ['it', /More than one connection is called it.*one\/it, two\/it/],
    ] as const) {
      const { code, err } = await commandLine({ directories }, 'doctor', name)
      assert.equal(code, 2)
      assert.match(err, problem)
    }
  })

  it('ends with 2 for a configuration that cannot be used', async () => {
    const { code, err } = await commandLine({ directories: { corp: { nonsense: true } } }, 'doctor', 'it')
    assert.equal(code, 2)
    assert.match(err, /nonsense/)
  })
})

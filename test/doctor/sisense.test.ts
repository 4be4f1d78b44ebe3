import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { simulatedLogin } from '../../src/simulators/sisense/access.ts'
import { type SisenseSimulatorOptions } from '../../src/simulators/sisense/model.ts'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import { askDoctor, changes } from './doctor.ts'

async function start(t: TestContext, options: SisenseSimulatorOptions = {}) {
  const simulator = await startSisense(options)
  t.after(() => simulator.close())
  return simulator
}

/** As a JWT tells its end. */
const ending = (at: number): string => {
  const claims = Buffer.from(JSON.stringify({ exp: Math.floor(at / 1000) })).toString('base64url')
  return `simulated.${claims}.signature`
}

const dayMs = 24 * 60 * 60_000

for (const profile of ['current', 'guide'] as const) {
  describe(`doctor, Sisense in profile ${profile}`, () => {
    it('tells whose credentials they are, what they may, and the pace, changing nothing', async (t) => {
      const simulator = await start(t, { profile })
      const { credentials } = simulator.connection(profile)
      const { code, finding, page } = await askDoctor(simulator, { profile, credentials })
      assert.equal(code, 0, page)
      assert.match(
        finding('kind of credentials'),
        profile === 'guide' ? /user name and password/ : /API token/,
      )
      assert.match(finding('role of the user'), /^ok: admin: sees and changes every user/)
      assert.match(finding('off switch'), /^unknown: .*seen at the first shut-out/)
      assert.match(finding('pace'), /^ok: 50 calls a second and 4 at once.*Sisense publishes none/)
      assert.match(finding('limits'), /^unknown: the replies tell no limits/)
      assert.deepEqual(changes(simulator.trace), [])
      assert.ok(!page.includes(simulatedLogin.password))
    })

    for (const [days, expected] of [
      [90, /^ok: ends .*, in (89|90) days/],
      [3, /^warning: ends .*, in [23] days/],
    ] as const) {
      it(`tells an API token that ends in ${days} days`, async (t) => {
        const simulator = await start(t, { profile })
        const at = Date.now() + days * dayMs
        const { _id } = simulator.state.user('drawbridge')!
        const apiToken = simulator.state.addToken(_id, 'api', at, ending(at))
        const { finding, report } = await askDoctor(simulator, { profile, credentials: { apiToken } })
        assert.match(finding('token expiry'), expected)
        assert.equal(report.findings.filter(({ check }) => check === 'token expiry').length, 1)
      })
    }
  })
}

describe('doctor, Sisense', () => {
  it('[R2-17] names the role of a token whose owner sees a part of the users', async (t) => {
    const simulator = await start(t, { profile: 'current' })
    const { _id } = simulator.state.addUser({ email: 'viewer@acme.example' })
    const apiToken = simulator.state.addToken(_id, 'api', Number.POSITIVE_INFINITY)
    const { code, finding } = await askDoctor(simulator, { profile: 'current', credentials: { apiToken } })
    assert.equal(code, 1)
    assert.match(finding('role of the user'), /^failed: consumer: sees a part of the users.*role Admin/)
  })

  it('says that a bare token tells nothing of its owner in the guide', async (t) => {
    const simulator = await start(t, { profile: 'guide' })
    const { credentials } = { credentials: { apiToken: 'simulated-sisense-api-token' } }
    const { finding } = await askDoctor(simulator, { profile: 'guide', credentials })
    assert.match(finding('role of the user'), /^unknown: cannot be told from a token/)
  })

  it('[R2-02] tries /api/v1, then /api/v0.9, and shows what answers', async (t) => {
    const toggles = { base: 'api/v0.9', rolesAt: 'api/v0.9' } as never
    const simulator = await start(t, { profile: 'guide', toggles })
    const { credentials } = simulator.connection('guide')
    const { code, report, page } = await askDoctor(simulator, { credentials })
    assert.equal(code, 0, page)
    assert.equal(report.profile.used, 'guide')
    assert.deepEqual(
      report.routes.filter(({ state }) => state === 'failed'),
      [],
    )
  })

  it('[R2-02] says in clear words that neither base is there', async (t) => {
    const simulator = await start(t, { profile: 'guide' })
    simulator.failNext({ path: /\/users$/, status: 404, body: '<html>nothing here</html>', times: 99 })
    const { code, finding } = await askDoctor(simulator, { profile: 'guide' })
    assert.equal(code, 1)
    assert.match(finding('credentials'), /no users at \/api\/v1 nor at \/api\/v0\.9; check baseUrl/)
  })

  it('[R2-03] "cloud and self-hosted do not have the same endpoints": names the feature that a missing route takes away', async (t) => {
    const simulator = await start(t, { profile: 'current' })
    simulator.failNext({ path: '/api/v1/groups', status: 404, body: { error: { message: 'no' } }, times: 99 })
    const { code, report, page } = await askDoctor(simulator, { profile: 'current' })
    assert.equal(code, 1)
    assert.equal(report.routes.find(({ path }) => path === '/api/v1/groups')?.state, 'failed')
    assert.match(page, /\/api\/v1\/groups.*needed for the catalogue of groups/)
  })

  it('[M-15] reports current of an instance with v0.9 beside v1, and guide of one without', async (t) => {
    const both = await start(t)
    assert.equal((await askDoctor(both)).report.profile.used, 'current')
    const guide = await start(t, { profile: 'guide' })
    const { report } = await askDoctor(guide, { credentials: guide.connection('guide').credentials })
    assert.equal(report.profile.used, 'guide')
  })
})

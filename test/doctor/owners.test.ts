import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import { askDoctor } from './doctor.ts'

const dayMs = 24 * 60 * 60_000

async function sentinelone(t: TestContext) {
  const simulator = await startSentinelone({})
  t.after(() => simulator.close())
  return simulator
}

describe('doctor, tokens that belong to people', () => {
  it('[R0-04] names the role of a SentinelOne token’s owner that may only read', async (t) => {
    const simulator = await sentinelone(t)
    const { id } = simulator.state.addUser({ email: 'viewer@acme.example' })
    const apiToken = simulator.state.giveToken(id)
    const { code, finding } = await askDoctor(simulator, { profile: 'current', credentials: { apiToken } })
    assert.equal(code, 1)
    assert.match(finding('credentials'), /^failed: .*Viewer.*needs the role Admin/)
  })

  for (const [days, expected] of [
    [90, /^ok: ends .*, in (89|90) days/],
    [3, /^warning: ends .*, in [23] days: renew it/],
  ] as const) {
    it(`tells a SentinelOne token that ends in ${days} days`, async (t) => {
      const simulator = await sentinelone(t)
      const owner = [...simulator.state.users.values()].find(
        ({ email }) => email === 'drawbridge@acme.example',
      )
      const apiToken = simulator.state.giveToken(owner!.id, `another-token-for-${days}-days`, days * dayMs)
      const { finding } = await askDoctor(simulator, { profile: 'current', credentials: { apiToken } })
      assert.match(finding('token expiry'), expected)
    })
  }

  it('[R2-17] refuses a Sisense token whose owner is no administrator', async (t) => {
    const simulator = await startSisense({})
    t.after(() => simulator.close())
    const { _id } = simulator.state.addUser({ userName: 'viewer', email: 'viewer@acme.example' })
    const apiToken = simulator.state.addToken(_id, 'api', Number.POSITIVE_INFINITY)
    const { code, finding } = await askDoctor(simulator, { profile: 'current', credentials: { apiToken } })
    assert.equal(code, 1)
    assert.match(finding('credentials'), /^failed: /)
  })
})

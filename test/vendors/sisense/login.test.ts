import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { simulatedLogin } from '../../../src/simulators/sisense/access.ts'
import { simulatedToken } from '../../../src/simulators/sisense/state/seed.ts'
import { create, rejection, sisenseBench } from './harness.ts'

const loginPath = /\/authentication\/login$/

for (const profile of ['current', 'guide'] as const) {
  describe(`login (${profile})`, async () => {
    const { simulator, state, openWith, advance, logged } = await sisenseBench(profile)
    const login = () => openWith(simulatedLogin)
    const attempts = () => simulator.trace.filter(({ path }) => loginPath.test(path))

    it('[R2-04] is made once for many calls, and never with a token given', async () => {
      const target = login()
      await Promise.all(Array.from({ length: 20 }, () => target.catalogue()))
      assert.equal(attempts().length, 1)
      await openWith({ apiToken: simulatedToken }).catalogue()
      assert.equal(attempts().length, 1)
    })

    it('[R2-05] token lifetime is not documented: 50 parallel calls after its end make one login', async () => {
      const target = login()
      const { id } = await create(target)
      state.tokens.clear()
      const before = attempts().length
      const accounts = await Promise.all(Array.from({ length: 50 }, () => target.get(id)))
      assert.ok(accounts.every((account) => account?.id === id))
      assert.equal(attempts().length, before + 1)
    })

    it('is renewed before the end that a token tells of itself', async () => {
      Object.assign(state.toggles, { tokenSeconds: 100, tokenTellsEnd: true })
      const target = login()
      await target.catalogue()
      advance(90_000)
      await target.catalogue()
      assert.equal(attempts().length, 2)
      assert.ok(simulator.trace.every(({ status }) => status !== 401))
    })

    it('comes as a form or as JSON: the other one is tried once, and kept', async () => {
      state.toggles.loginEncoding = profile === 'current' ? 'json' : 'form'
      const target = login()
      await target.catalogue()
      state.tokens.clear()
      await target.catalogue()
      assert.deepEqual(
        attempts().map(({ status }) => status),
        [415, 200, 200],
      )
    })

    it('success: false with a 200 is a refusal', async () => {
      state.toggles.softRefusal = true
      const target = openWith({ username: 'drawbridge', password: 'wrong' })
      const error = await rejection(target.catalogue())
      assert.deepEqual([error.failure, error.certainlyNotDone], ['unauthenticated', true])
    })

    it('is not tried a third time after two refusals, so that nobody is locked out', async () => {
      const target = openWith({ username: 'drawbridge', password: 'wrong' })
      for (let call = 0; call < 6; call += 1) {
        assert.equal((await rejection(target.catalogue())).failure, 'unauthenticated')
      }
      assert.equal(attempts().length, 2)
      assert.ok((state.badLogins.get('drawbridge') ?? 0) < state.toggles.lockoutAfter)
      advance(16 * 60_000)
      await rejection(target.catalogue())
      assert.equal(attempts().length, 3)
      await login().catalogue()
    })

    it('does not count what is no refusal, and never takes a missing path for a missing user', async () => {
      const target = login()
      const { id } = await create(login())
      for (const [fault, failure] of [
        [{ status: 503, body: {} }, 'unavailable'],
        [{ status: 404, body: { error: { message: 'Not found' } } }, 'unexpected'],
        [{ status: 200, body: {} }, 'unexpected'],
        [{ drop: true }, 'unavailable'],
      ] as const) {
        simulator.failNext({ path: loginPath, ...fault, times: 2 })
        assert.equal((await rejection(target.get(id))).failure, failure, JSON.stringify(fault))
        simulator.clearFaults()
      }
      assert.equal((await target.get(id))?.id, id)
    })

    it('keeps name, password and token out of logs and errors', async () => {
      const target = login()
      await create(target)
      const [token = ''] = [...state.tokens.keys()].filter((each) => each !== simulatedToken)
      simulator.failNext({
        path: /roles$/,
        status: 400,
        body: { error: { message: `no ${token} ${simulatedLogin.password}` } },
      })
      const error = await rejection(target.catalogue())
      for (const secret of [token, simulatedLogin.password]) {
        assert.ok(!`${error.message} ${logged.join('\n')}`.includes(secret))
      }
    })
  })
}

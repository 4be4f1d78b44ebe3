import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { openClock } from '../../../src/provisioning/clock.ts'

const minute = 60_000

/** A machine whose clock is `behindMs` behind the database's; warnings are counted. */
async function machine(t: TestContext, behindMs: number, clock?: () => Promise<number>) {
  const there = Date.parse('2030-01-01T00:00:00Z')
  const warnings: object[] = []
  const log = { warn: (values: object) => void warnings.push(values), debug() {} } as never
  const store = { clock: clock ?? (() => Promise.resolve(there)) }
  const opened = await openClock(store, log, { here: () => there - behindMs, everyMs: 5 })
  t.after(() => opened.close())
  return { opened, there, warnings }
}

describe('the clock', () => {
  it('is the database’s, whatever the machine believes', async (t) => {
    for (const behind of [10 * minute, -10 * minute, 300, 0]) {
      const { opened, there } = await machine(t, behind)
      assert.equal(opened.now(), there)
    }
  })

  it('tells once that the clocks differ by much, and not of what is little', async (t) => {
    let asked = 0
    const compared = Promise.withResolvers<void>()
    const there = Date.parse('2030-01-01T00:00:00Z')
    const { warnings } = await machine(t, minute, () => {
      if (++asked === 4) compared.resolve()
      return Promise.resolve(there)
    })
    await compared.promise
    assert.deepEqual(warnings, [{ differenceMs: minute }])
    assert.deepEqual((await machine(t, 500)).warnings, [])
  })

  it('believes no answer that was long under way', async (t) => {
    let here = Date.parse('2030-01-01T00:00:00Z')
    const compared = Promise.withResolvers<void>()
    let asked = 0
    const clock = (): Promise<number> => {
      const there = here
      if (++asked === 2) here += 10_000
      if (asked === 3) compared.resolve()
      return Promise.resolve(there)
    }
    const warnings: object[] = []
    const log = { warn: (values: object) => void warnings.push(values), debug() {} } as never
    const opened = await openClock({ clock }, log, { here: () => here, everyMs: 5 })
    t.after(() => opened.close())
    await compared.promise
    assert.equal(opened.now(), here)
    assert.deepEqual(warnings, [])
  })

  it('keeps the last difference while the store is away', async (t) => {
    let asked = 0
    const compared = Promise.withResolvers<void>()
    const there = Date.parse('2030-01-01T00:00:00Z')
    const { opened } = await machine(t, minute, () => {
      if (++asked === 1) return Promise.resolve(there)
      if (asked === 4) compared.resolve()
      return Promise.reject(new Error('away'))
    })
    await compared.promise
    assert.equal(opened.now(), there)
  })
})

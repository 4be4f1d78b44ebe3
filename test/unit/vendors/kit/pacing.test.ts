import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Limit } from '../../../../src/vendors/kit/kit.ts'
import { createPacing, shareOf } from '../../../../src/vendors/kit/pacing.ts'

const limit: Limit = { key: 'a', requests: 10, perMs: 400 }
const [shutOut, live] = [0, 2]

const isTurn = (answer: (() => void) | number): answer is () => void => typeof answer === 'function'

/** Takes turns and ends them at once. */
async function taken(turns: readonly Promise<(() => void) | number>[]): Promise<number> {
  const given = (await Promise.all(turns)).filter(isTurn)
  for (const end of given) end()
  return given.length
}

describe('the share of a published limit', () => {
  for (const [given, percent, expected] of [
    [{ requests: 40, concurrent: 25 }, undefined, { requests: 36, concurrent: 22 }],
    [{ requests: 40, concurrent: 25 }, 50, { requests: 20, concurrent: 12 }],
    [{ requests: 1 }, 10, { requests: 1 }],
    [{ requests: 6000 }, 200, { requests: 12_000 }],
  ] as const) {
    it(`is ${expected.requests} of ${given.requests} at ${percent ?? 'the usual'} percent`, () => {
      assert.deepEqual(shareOf({ key: 'k', perMs: 1, ...given }, percent), {
        key: 'k',
        perMs: 1,
        ...expected,
      })
    })
  }
})

describe('pacing', () => {
  it('lets no more calls out within a window than the limit, whoever asks', async () => {
    const pacing = createPacing()
    const at: number[] = []
    await Promise.all(
      Array.from({ length: 35 }, async () => {
        const turn = await pacing.turn('read', [limit])
        assert.ok(isTurn(turn))
        at.push(performance.now())
        turn()
      }),
    )
    at.sort((a, b) => a - b)
    for (const [index, time] of at.entries()) {
      const later = at[index + limit.requests]
      // Whoever has a turn is told a moment later, on a busy machine a long one.
      assert.ok(later === undefined || later - time >= limit.perMs * 0.6, `${later} after ${time}`)
    }
  })

  it('keeps a tenth for shut-outs, and serves them first', async () => {
    let clock = 0
    const pacing = createPacing(() => clock)
    const { during } = pacing.connection()
    const ask = (priority: number) => during(priority, () => pacing.turn('read', [limit]))
    assert.equal(await taken(Array.from({ length: 9 }, () => ask(live))), 9)
    const order: string[] = []
    const late = ask(live).then(() => order.push('live'))
    assert.equal(await taken([ask(shutOut)]), 1)
    const leaver = ask(shutOut).then(() => order.push('shut-out'))
    clock = limit.perMs + 1
    await Promise.all([late, leaver])
    assert.deepEqual(order, ['shut-out', 'live'])
  })

  it('sends away with the time whoever would wait longer than a few seconds', async () => {
    let clock = 0
    const pacing = createPacing(() => clock)
    const slow: Limit = { key: 'slow', requests: 2, perMs: 60_000 }
    const { during } = pacing.connection()
    const ask = () => during(shutOut, () => pacing.turn('read', [slow]))
    assert.equal(await taken([ask(), ask()]), 2)
    clock = 20_000
    assert.equal(await ask(), 40_000)
  })

  it('keeps to the number of calls at once', async () => {
    const pacing = createPacing()
    const narrow: Limit = { key: 'narrow', requests: 100, perMs: 10, concurrent: 3 }
    const { during } = pacing.connection()
    const ask = () => during(shutOut, () => pacing.turn('read', [narrow]))
    const turns = await Promise.all([ask(), ask(), ask()])
    let isFourthOut = false
    const fourth = ask().then(() => (isFourthOut = true))
    await new Promise((resolve) => setTimeout(resolve, 30))
    assert.equal(isFourthOut, false)
    assert.ok(isTurn(turns[0]!))
    turns[0]()
    await fourth
  })

  it('holds a call to every limit that it counts against', async () => {
    const pacing = createPacing(() => 0)
    const user: Limit = { key: 'user', requests: 100, perMs: 60_000 }
    const organization: Limit = { key: 'organization', requests: 1, perMs: 60_000 }
    assert.ok(isTurn(await pacing.turn('read', [user, organization])))
    assert.equal(await pacing.turn('read', [{ ...user, key: 'other user' }, organization]), 60_000)
    assert.ok(isTurn(await pacing.turn('read', [user])))
  })

  it('pauses one path class of one connection, and no other', async () => {
    const pacing = createPacing(() => 0)
    const [one, other] = [pacing.connection(), pacing.connection()]
    await one.during(live, async () => pacing.pause('write', 30_000))
    assert.equal(await one.during(shutOut, () => pacing.turn('write', [])), 30_000)
    assert.ok(isTurn(await one.during(shutOut, () => pacing.turn('read', []))))
    assert.ok(isTurn(await other.during(live, () => pacing.turn('write', []))))
    other.pause('write', 10_000)
    assert.equal(await other.during(live, () => pacing.turn('write', [])), 10_000)
  })
})

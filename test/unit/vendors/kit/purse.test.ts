import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTokenBuckets } from '../../../../src/vendors/kit/token-bucket.ts'

const limit = { key: 'tenant', requests: 1_000, perMs: 1_000 }

/** A store that grants whatever it is asked for, for a tenth of a second. */
function generous() {
  let at = 0
  const draws: number[] = []
  const budget = {
    processes: () => 2,
    draw: async (_: unknown, most: number) => {
      draws.push(most)
      return { granted: most, holdMs: 100, nextMs: 0 }
    },
  }
  const { take } = createTokenBuckets(budget, () => at)
  return { draws, take, pass: (ms: number) => void (at += ms) }
}

test('draws ever more at once while calls follow quickly, and what went out before after that', async () => {
  const { draws, take, pass } = generous()
  for (let call = 0; call < 64; call++) {
    await take(limit, false)
    pass(4)
  }
  // 25 calls go out in the time of a draw.
  assert.deepEqual(draws.slice(0, 5), [1, 2, 4, 8, 16])
  assert.ok(draws.length <= 8, draws.join())
})

test('expects nothing after a quiet time, and nothing of the part for shut-outs', async () => {
  const { draws, take, pass } = generous()
  for (let call = 0; call < 7; call++) await take(limit, false)
  pass(1_000)
  await take(limit, false)
  assert.deepEqual(draws, [1, 2, 4, 1])
  for (let call = 0; call < 3; call++) await take(limit, true)
  assert.deepEqual(draws.slice(4), [1, 1, 1])
})

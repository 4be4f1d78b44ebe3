import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createBudget } from '../../../src/scim/budget.ts'

const busy = (): Error => new Error('busy')
const options = { total: 10, perKey: 4, mostWaiting: 2, patienceMs: 10_000, busy }

/** Whether it is settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const note = (): void => void (settled = true)
  promise.then(note, note)
  await new Promise((resolve) => setImmediate(resolve))
  return settled
}

describe('a budget', () => {
  it('keeps one key within its part, and lets others in meanwhile', async () => {
    const budget = createBudget(options)
    const first = await budget.take('a', 4)
    const second = budget.take('a', 1)
    assert.equal(await isSettled(second), false)
    await budget.take('b', 4)
    first.release()
    await second
  })

  it('is used by all together up to its total', async () => {
    const budget = createBudget(options)
    await budget.take('a', 4)
    const b = await budget.take('b', 4)
    const c = budget.take('c', 4)
    assert.equal(await isSettled(c), false)
    b.shrink(1)
    await c
  })

  it('admits in order within a key, and refuses at once who may not even wait', async () => {
    const budget = createBudget(options)
    const first = await budget.take('a', 4)
    const large = budget.take('a', 4)
    const small = budget.take('a', 1)
    await assert.rejects(budget.take('a', 1), /busy/)
    first.release()
    const admitted = await large
    assert.equal(await isSettled(small), false)
    admitted.release()
    admitted.release()
    await small
  })

  it('refuses who has waited too long, and counts them no more', async () => {
    const budget = createBudget({ ...options, patienceMs: 5 })
    const first = await budget.take('a', 4)
    await assert.rejects(budget.take('a', 4), /busy/)
    first.release()
    await budget.take('a', 4)
  })

  it('gives all of its part to what is larger than it', async () => {
    const budget = createBudget(options)
    const huge = await budget.take('a', 1_000)
    assert.equal(await isSettled(budget.take('a', 1)), false)
    huge.release()
  })
})

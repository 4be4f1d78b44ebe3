import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gathered } from '../../../src/store/sql/batch.ts'
import { StoreUnavailable } from '../../../src/store/sql/failures.ts'

test('does together what is asked for in one turn, and answers each', async () => {
  const calls: (readonly number[])[] = []
  const double = gathered<number, number>(async (asked) => {
    calls.push(asked)
    return asked.map((n) => (n === 2 ? new RangeError('two') : n * 2))
  })
  const answers = await Promise.allSettled([double(1), double(2), double(3)])
  assert.deepEqual(
    answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : answer.reason.message)),
    [2, 'two', 6],
  )
  assert.equal(await double(4), 8)
  assert.deepEqual(calls, [[1, 2, 3], [4]])
})

test('does each by itself where together they fail, so that nobody hears of another', async () => {
  const calls: (readonly number[])[] = []
  const odd = gathered<number, number>(async (asked) => {
    calls.push(asked)
    if (asked.includes(2)) throw new RangeError('two')
    return asked
  })
  const answers = await Promise.allSettled([odd(1), odd(2), odd(3)])
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(calls, [[1, 2, 3], [1], [2], [3]])
})

test('does nothing twice when the store cannot say whether it was done', async () => {
  let calls = 0
  const write = gathered<number, number>(async () => {
    calls++
    throw new StoreUnavailable('gone')
  })
  const answers = await Promise.allSettled([write(1), write(2)])
  assert.ok(answers.every(({ status }) => status === 'rejected'))
  assert.equal(calls, 1)
})

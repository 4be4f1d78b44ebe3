import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, it } from 'node:test'
import { type Batching, createBatcher } from '../../src/batch.ts'
import { mayBeDone, StoreUnavailable } from '../../src/store/sql/failures.ts'

describe('a batcher', () => {
  it('does together what is asked for in one turn, and answers each', async () => {
    const calls: (readonly number[])[] = []
    const double = createBatcher<number, number>({
      most: 32,
      async together(asked) {
        calls.push(asked)
        return asked.map((n) => (n === 2 ? new RangeError('two') : n * 2))
      },
    })
    const answers = await Promise.allSettled([double(1), double(2), double(3)])
    assert.deepEqual(
      answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : answer.reason.message)),
      [2, 'two', 6],
    )
    assert.equal(await double(4), 8)
    assert.deepEqual(calls, [[1, 2, 3], [4]])
  })

  it('puts no more into one call than it may', async () => {
    const calls: (readonly number[])[] = []
    const same = createBatcher<number, number>({
      most: 2,
      async together(asked) {
        calls.push(asked)
        return asked
      },
    })
    await Promise.all([1, 2, 3].map(same))
    assert.deepEqual(calls, [[1, 2], [3]])
  })

  it('waits for its window, and for no longer', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const calls: (readonly number[])[] = []
    const same = createBatcher<number, number>({
      most: 32,
      windowMs: 20,
      async together(asked) {
        calls.push(asked)
        return asked
      },
    })
    const one = same(1)
    await turn()
    const two = same(2)
    t.mock.timers.tick(19)
    assert.deepEqual(calls, [])
    t.mock.timers.tick(1)
    assert.deepEqual(await Promise.all([one, two]), [1, 2])
    assert.deepEqual(calls, [[1, 2]])
  })

  it('does each by itself where together they fail, so that nobody hears of another', async () => {
    const calls: (readonly number[])[] = []
    const odd = createBatcher<number, number>({
      most: 32,
      async together(asked) {
        calls.push(asked)
        if (asked.includes(2)) throw new RangeError('two')
        return asked
      },
    })
    const answers = await Promise.allSettled([odd(1), odd(2), odd(3)])
    assert.deepEqual(
      answers.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    assert.deepEqual(calls, [[1, 2, 3], [1], [2], [3]])
  })

  it('does nothing twice when the store cannot say whether it was done', async () => {
    let calls = 0
    const write = createBatcher<number, number>({
      most: 32,
      mayBeDone,
      async together() {
        calls++
        throw new StoreUnavailable('gone')
      },
    })
    const answers = await Promise.allSettled([write(1), write(2)])
    assert.ok(answers.every(({ status }) => status === 'rejected'))
    assert.equal(calls, 1)
  })
})

interface Asked {
  readonly key: string
  readonly n: number
}

const rowOf = ({ key, n }: Asked): string => `${key}${n}`
const a = (n: number): Asked => ({ key: 'a', n })
const b = (n: number): Asked => ({ key: 'b', n })

function keyed(change: Partial<Batching<Asked, string>>): Batching<Asked, string> {
  return {
    most: 32,
    atOnce: 2,
    patienceMs: 50,
    mayBeDone,
    key: ({ key }) => key,
    together: async (asked) => asked.map(rowOf),
    alone: async (asked) => rowOf(asked),
    ...change,
  }
}

describe('a batcher with keys', () => {
  it('refuses what has not begun for too long, and nothing of it is done', async (t) => {
    // The wait of others keeps no process alive.
    const alive = setInterval(() => {}, 1_000)
    t.after(() => clearInterval(alive))
    const held = Promise.withResolvers<string>()
    const began: number[] = []
    const write = createBatcher(
      keyed({
        longestWaitMs: 250,
        late: () => new StoreUnavailable('late'),
        alone: (asked) => {
          began.push(asked.n)
          return held.promise
        },
      }),
    )
    const first = write(a(1))
    await turn()
    await assert.rejects(write(a(2)), StoreUnavailable)
    held.resolve('done')
    assert.equal(await first, 'done')
    await turn()
    assert.deepEqual(began, [1])
    assert.equal(await write(a(3)), 'done')
  })

  it('does by itself what was left out together, and holds up its own key only', async () => {
    const held = Promise.withResolvers<string>()
    const alone: string[] = []
    const write = createBatcher(
      keyed({
        together: async (asked) => asked.map((each) => (each.key === 'b' ? undefined : rowOf(each))),
        alone: (asked) => {
          alone.push(rowOf(asked))
          return asked.n === 1 && asked.key === 'b' ? held.promise : Promise.resolve(rowOf(asked))
        },
      }),
    )
    const [one, other] = [write(a(1)), write(b(1))]
    assert.equal(await one, 'a1')
    const later = write(b(2))
    assert.equal(await write(a(2)), 'a2')
    assert.deepEqual(alone, ['b1', 'a2'])
    held.resolve('b1')
    assert.deepEqual(await Promise.all([other, later]), ['b1', 'b2'])
  })

  it('keeps the order of a key, and takes several of one only where the batch accepts them', async () => {
    const calls: string[] = []
    const write = createBatcher(
      keyed({
        accepts() {
          let taken = 0
          return ({ n }) => n < 3 || taken++ === 0
        },
        async together(asked) {
          calls.push(asked.map(rowOf).join(' '))
          return asked.map(rowOf)
        },
        async alone(asked) {
          calls.push(rowOf(asked))
          return rowOf(asked)
        },
      }),
    )
    await Promise.all([a(1), a(2), a(3), a(4), a(2)].map(write))
    assert.deepEqual(calls, ['a1 a2 a3', 'a4 a2'])
  })
})

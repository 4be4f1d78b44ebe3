import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { createGather, type Gathering } from '../../../src/store/directory/together/gather.ts'
import { StoreUnavailable } from '../../../src/store/sql/failures.ts'

interface Asked {
  readonly key: string
  readonly n: number
}

const rowOf = ({ key, n }: Asked): string => `${key}${n}`

function gathering(change: Partial<Gathering<Asked, string>>): Gathering<Asked, string> {
  return {
    keyOf: ({ key }) => key,
    pick(waiting, busy) {
      const firsts = new Map(waiting.toReversed().map((each) => [each.key, each]))
      return new Set([...firsts].flatMap(([key, each]) => (busy.has(key) ? [] : [each])))
    },
    together: async (asked) => new Map(asked.map((each) => [each, rowOf(each)])),
    alone: async (asked) => rowOf(asked),
    ...change,
  }
}

const a = (n: number): Asked => ({ key: 'a', n })
const b = (n: number): Asked => ({ key: 'b', n })

test('refuses what has not begun for too long, and nothing of it is written', async (t) => {
  // The wait of others keeps no process alive.
  const alive = setInterval(() => {}, 1_000)
  t.after(() => clearInterval(alive))
  const held = Promise.withResolvers<string>()
  const began: number[] = []
  const write = createGather(
    gathering({
      alone: (asked) => {
        began.push(asked.n)
        return held.promise
      },
    }),
    { longestWaitMs: 250 },
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

test('writes by itself what was left out together, and holds up its own key only', async () => {
  const held = Promise.withResolvers<string>()
  const alone: string[] = []
  const write = createGather(
    gathering({
      together: async (asked) =>
        new Map(asked.filter(({ key }) => key !== 'b').map((each) => [each, rowOf(each)])),
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

test('does nothing twice when the store cannot say whether it was done', async () => {
  const alone: string[] = []
  const write = createGather(
    gathering({
      together: () => Promise.reject(new StoreUnavailable('gone')),
      alone: async (asked) => {
        alone.push(rowOf(asked))
        return rowOf(asked)
      },
    }),
  )
  const answers = await Promise.allSettled([write(a(1)), write(b(1))])
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.deepEqual(alone, [])
  assert.equal(await write(a(2)), 'a2')
})

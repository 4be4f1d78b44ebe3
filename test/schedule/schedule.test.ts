import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, test, type TestContext } from 'node:test'
import { recurrence } from '../../src/schedule/interval.ts'
import type { Schedule } from '../../src/model/schedule.ts'
import { openSchedule } from '../../src/schedule/schedule.ts'
import { openTestStore, quiet, type TestStore } from '../support/database.ts'

let store: TestStore

before(async () => {
  store = await openTestStore()
})
after(() => store.close())

function open(t: TestContext): Schedule {
  const schedule = openSchedule({
    database: store.jobsDatabase(),
    log: quiet,
    watchSeconds: 1,
    retrySeconds: 1,
  })
  t.after(() => schedule.close())
  return schedule
}

// Each has jobs of its own names, and waits for clocks rather than for the processor.
describe('a schedule', { concurrency: true }, () => {
  test('a job runs once, with its data, soon after it was asked for by another process', async (t) => {
    const [one, other] = [open(t), open(t)]
    const ran = Promise.withResolvers<object>()
    await one.work('first', async (data) => ran.resolve(data))
    await other.enqueue('first', 'warm', { n: 0 })
    assert.deepEqual(await ran.promise, { n: 0 })
  })

  test('of jobs of one key at most one waits or runs; other keys are not held up', async (t) => {
    const [one, other] = [open(t), open(t)]
    const release = Promise.withResolvers<void>()
    const started = Promise.withResolvers<void>()
    const free = Promise.withResolvers<void>()
    let running = 0
    for (const each of [one, other]) {
      await each.work<{ key: string }>('keyed', async ({ key }) => {
        if (key !== 'a') return free.resolve()
        assert.equal(++running, 1)
        started.resolve()
        await release.promise
        running -= 1
      })
    }
    assert.equal(await one.enqueue('keyed', 'a', { key: 'a' }), true)
    await started.promise
    assert.equal(await other.enqueue('keyed', 'a', { key: 'a' }), false)
    assert.equal(await other.enqueue('keyed', 'b', { key: 'b' }), true)
    await free.promise
    release.resolve()
  })

  test('a job that rejected is run again', async (t) => {
    const schedule = open(t)
    const again = Promise.withResolvers<void>()
    let runs = 0
    await schedule.work('failing', async () => {
      runs += 1
      if (runs === 1) throw new Error('once')
      again.resolve()
    })
    await schedule.enqueue('failing', 'a', {})
    await again.promise
  })

  test('a job that was under way at a stop is signalled and goes to another process', async (t) => {
    const [stopping, other] = [open(t), open(t)]
    const started = Promise.withResolvers<void>()
    await stopping.work('long', async (_data, signal) => {
      started.resolve()
      await once(signal, 'abort')
    })
    await stopping.enqueue('long', 'a', {})
    await started.promise
    await stopping.close()
    const taken = Promise.withResolvers<void>()
    await other.work('long', async () => taken.resolve())
    await taken.promise
  })

  test('a job whose process was killed is run again', { timeout: 90_000 }, async (t) => {
    const child = fork(new URL('./killed-child.ts', import.meta.url), {
      env: { ...process.env, JOBS: JSON.stringify(store.jobsDatabase()) },
    })
    t.after(() => child.kill('SIGKILL'))
    const schedule = open(t)
    await schedule.enqueue('killed', 'a', {})
    await once(child, 'message')
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    const taken = Promise.withResolvers<void>()
    await schedule.work('killed', async () => taken.resolve())
    await taken.promise
  })

  test('an interval repeats, is replaced, and ends', async (t) => {
    const schedule = open(t)
    const twice = Promise.withResolvers<void>()
    let runs = 0
    await schedule.work<{ word: string }>('repeated', async ({ word }) => {
      if (word === 'new' && ++runs === 2) twice.resolve()
    })
    await schedule.repeat('repeated', 'corp/falcon', 3_600_000, { word: 'old' })
    await schedule.repeat('repeated', 'corp/falcon', 1_000, { word: 'new' })
    await twice.promise
    await schedule.repeat('repeated', 'corp/falcon', undefined, {})
    const [left] = await store.query<{ count: number }>('SELECT count(*)::int AS count FROM pgboss.schedule')
    assert.equal(left!.count, 0)
  })

  test('intervals of different keys begin at different instants, and always the same one', () => {
    assert.equal(recurrence('a', 21_600_000), recurrence('a', 21_600_000))
    assert.notEqual(recurrence('a', 21_600_000).split('\n')[0], recurrence('b', 21_600_000).split('\n')[0])
    assert.match(recurrence('a', 21_600_000), /RRULE:FREQ=HOURLY;INTERVAL=6$/)
    assert.match(recurrence('a', 5_400_000), /RRULE:FREQ=MINUTELY;INTERVAL=90$/)
    assert.throws(() => recurrence('a', 10), RangeError)
  })
})

import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import type { Processes, Tidings } from '../../src/model/processes.ts'
import type { Store } from '../../src/app/stores.ts'
import { createPacing } from '../../src/vendors/kit/pacing.ts'
import { openTestStore, quiet, type TestStore } from '../support/database.ts'
import { until } from '../support/gateway.ts'

let store: TestStore
let other: Store

before(async () => {
  store = await openTestStore()
  other = await store.another()
})
after(() => store.close())

async function join(t: TestContext, from: Store, heard: Tidings[] = []): Promise<Processes> {
  const joining = { hear: (what: Tidings) => void heard.push(what), log: quiet, everyMs: 100, liveMs: 400 }
  const processes = await from.joinProcesses(joining)
  t.after(() => processes.close())
  return processes
}

test('processes count each other at once, miss who leaves, and remove who died', async (t) => {
  const one = await join(t, store)
  assert.equal(one.live(), 1)
  const two = await join(t, other)
  await until('both are counted', () => one.live() === 2 && two.live() === 2)
  await two.close()
  await until('the one that left is not', () => one.live() === 1)
  await store.query(
    `INSERT INTO processes (id, release, seen_at) VALUES ('dead', '0', now()), ('long dead', '0', now() - interval '1 hour')`,
  )
  await until('the dead counts for a moment', () => one.live() === 2)
  await until('and no longer', () => one.live() === 1)
  const left = await store.query<{ id: string }>('SELECT id FROM processes')
  assert.equal(left.length, 1)
})

test('what becomes due in one process is heard by the others, once for many, and not by itself', async (t) => {
  const [mine, theirs]: [Tidings[], Tidings[]] = [[], []]
  const one = await join(t, store, mine)
  const two = await join(t, other, theirs)
  await until('both are counted', () => one.live() === 2 && two.live() === 2)
  await until('the line is up', () => mine.length === 1 && theirs.length === 1)
  for (let n = 0; n < 100; n++) one.tell('due')
  await until('it is heard', () => theirs.length > 1)
  assert.deepEqual(theirs.slice(1), ['due'])
  assert.equal(mine.length, 1)
})

test('a line that breaks is made anew, and what was missed meanwhile is looked for', async (t) => {
  const heard: Tidings[] = []
  await join(t, store, heard)
  await until('the line is up', () => heard.length === 1)
  await store.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'drawbridge line' AND datname = current_database()`)
  await until('the line is up again', () => heard.length === 2)
})

test('two processes together make no more calls in any window than the limit', async (t) => {
  const limit = { key: 'sum', requests: 40, perMs: 500 }
  const both = [store, other].map((each) => {
    const draw = each.drawTokens
    return createPacing(undefined, { processes: () => 2, draw })
  })
  const at: number[] = []
  const deadline = performance.now() + 2_000
  await Promise.all(
    both.flatMap((pacing) =>
      Array.from({ length: 20 }, async () => {
        while (performance.now() < deadline) {
          const turn = await pacing.turn('read', [limit])
          if (typeof turn === 'number') continue
          at.push(performance.now())
          turn()
        }
      }),
    ),
  )
  at.sort((a, b) => a - b)
  const most = Math.max(
    ...at.map((from, n) => at.slice(n).filter((time) => time < from + limit.perMs).length),
  )
  t.diagnostic(`${at.length} calls, at most ${most} of ${limit.requests} in a window`)
  assert.ok(most <= limit.requests, `${most} in a window`)
  assert.ok(at.length > 80, `only ${at.length}: the limit is hardly used`)
})

test('a tenth of what is shared is kept for shut-outs', async () => {
  const limit = { key: 'kept', requests: 200, perMs: 60_000 }
  let granted = 0
  for (let drawn = 1; drawn > 0; granted += drawn) drawn = (await store.drawTokens(limit, 1, false)).granted
  assert.equal(granted, 18)
  assert.equal((await other.drawTokens(limit, 5, true)).granted, 1)
})

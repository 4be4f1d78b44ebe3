import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, it, type TestContext } from 'node:test'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { until } from '../support/gateway.ts'
import { driver, mulberry, type Driver, type Figures } from './driver.ts'
import { differences, inWords, madeTwice, type Difference } from './expected.ts'
import { setStage, token, type Stage } from './stage.ts'

/** `npm run chaos` sets more; the defaults are for every run of the tests. */
const people = Number(process.env['CHAOS_PEOPLE'] ?? 16)
const rounds = Number(process.env['CHAOS_ROUNDS'] ?? 3)
const seed = Number(process.env['CHAOS_SEED'] ?? 20261121)
const isLong = process.env['CHAOS_LONG'] !== undefined
/** Pushed in a round; the long form has its many people from the start, and its rounds for what breaks. */
const changes = isLong ? 100 : people * 2
/** Requests that the identity provider has under way. */
const atOnce = isLong ? 32 : 6
const betweenKillsMs = 3_000
/** Comparing everybody takes the simulators' time: they run in this process. */
const lookEveryMs = isLong ? 1_000 : 25
const settleMs = 60_000 + people * 1_000
/** Few enough to be reached. */
const mostShutOuts = Math.max(3, Math.floor(people / 8))

const noFigures = (): Figures => ({ requests: 0, refused: 0, kills: 0, restarts: 0, faults: 0 })

describe('chaos', () => {
  it(
    'loses nothing: whatever breaks, what vendors hold ends up being what the directory wants',
    { timeout: 600_000 + people * 3_000 },
    async (t) => {
      const random = mulberry(seed)
      const stage = await setStage(t, { isLong, mostShutOuts, random })
      const figures = noFigures()
      const drive = driver(stage.url, token, random, figures, atOnce)
      await drive.seed(people)
      if (isLong) console.error(`${people} people are there`)
      for (let round = 0; round < rounds; round += 1) {
        await breakThings(stage, drive, figures, random)
        if (isLong) console.error(`round ${round + 1} of ${rounds}: ${JSON.stringify(figures)}`)
      }

      const wishes = await drive.wishes()
      const isHeldBack = ({ vendor, name, lacking }: Difference): boolean =>
        vendor === 'sentry' && lacking.length === 0 && !wishes.find((wish) => wish.name === name)!.active
      const all = (): readonly Difference[] => differences(stage.vendors, wishes)
      const settled = (): boolean => all().every(isHeldBack)
      await until('convergence up to the guard', settled, settleMs, lookEveryMs).catch(() => undefined)
      await heldBackOnly(stage)
      const removed = removals(stage.vendors.sentry)
      const before = all().filter((each) => !isHeldBack(each))

      const released = await stage.approve()
      await until('convergence', () => all().length === 0, settleMs, lookEveryMs).catch(() => undefined)
      await report(t, { figures, drive, left: [...before, ...all()], twice: madeTwice(stage.vendors) })
      const violations = Math.max(0, removed - mostShutOuts)
      t.diagnostic(
        `guard violations ${violations}: ${removed} shut out at Sentry, ${mostShutOuts} allowed, ${released} released at the end`,
      )
      assert.deepEqual([...before, ...all()].map(inWords), [])
      assert.deepEqual(madeTwice(stage.vendors), [])
      assert.equal(violations, 0)
    },
  )

  it('loses nothing while one gateway after the other is restarted', { timeout: 180_000 }, async (t) => {
    const random = mulberry(seed + 1)
    const stage = await setStage(t, { isLong: false, mostShutOuts: 1_000, random })
    const figures = noFigures()
    const drive = driver(stage.url, token, random, figures)
    await drive.seed(8)
    let restarted = false
    const pushing = (async () => {
      while (!restarted) await drive.push(8)
    })()
    await stage.restartEach().finally(() => (restarted = true))
    await pushing
    const wishes = await drive.wishes()
    const all = (): readonly Difference[] => differences(stage.vendors, wishes)
    await until('convergence', () => all().length === 0, 60_000).catch(() => undefined)
    await report(t, { figures, drive, left: all(), twice: madeTwice(stage.vendors) })
    assert.deepEqual(all().map(inWords), [])
    assert.deepEqual(madeTwice(stage.vendors), [])
    assert.equal(figures.refused, 0)
  })
})

async function breakThings(
  stage: Stage,
  drive: Driver,
  figures: Figures,
  random: () => number,
): Promise<void> {
  const vendors: readonly VendorSimulator[] = Object.values(stage.vendors)
  const { tokens } = stage.vendors.falcon.state as { readonly tokens: Map<string, unknown> }
  let pushed = false
  const pushing = drive.push(changes).finally(() => (pushed = true))
  do {
    // What is left of an earlier strike is over, or whoever comes last would meet all of it.
    for (const simulator of vendors) simulator.clearFaults()
    // One at a time in the long form, or nothing would ever get through.
    const struck = isLong ? [vendors[Math.floor(random() * vendors.length)]!] : vendors
    for (const simulator of struck) figures.faults += plant(simulator, random)
    tokens.clear()
    await delay(300)
    await stage.killOne()
    figures.kills += 1
    if (figures.kills % 3 === 2) {
      await stage.restartStore()
      figures.restarts += 1
    }
    if (isLong) await Promise.race([pushing, delay(betweenKillsMs)])
  } while (isLong && !pushed)
  await pushing
  for (const simulator of vendors) simulator.clearFaults()
}

/** What is due now, or within a lease, has been done: only what the guard holds back is left. */
async function heldBackOnly({ query }: Stage): Promise<void> {
  const busy = async (): Promise<boolean> => {
    const rows = await query(
      `SELECT 1 FROM accounts WHERE proven_version < wanted_version AND status <> 'waiting'`,
    )
    return rows.length > 0
  }
  await until('only waiting accounts', async () => !(await busy()), settleMs, lookEveryMs).catch(
    () => undefined,
  )
}

/** Members that Sentry removed, by its own account; what was asked for in vain does not count. */
function removals({ trace }: VendorSimulator): number {
  return trace.filter(
    ({ method, path, status = 0 }) =>
      method === 'DELETE' && /\/members\/[^/]+\/$/.test(path) && status >= 200 && status < 300,
  ).length
}

interface Ended {
  readonly figures: Figures
  readonly drive: Driver
  readonly left: readonly Difference[]
  readonly twice: readonly string[]
}

async function report(t: TestContext, { figures, drive, left, twice }: Ended): Promise<void> {
  const sum = (of: (each: Difference) => readonly string[]): number =>
    left.reduce((count, each) => count + of(each).length, 0)
  t.diagnostic(`seed ${seed}: ${JSON.stringify(figures)}`)
  for (const each of left) t.diagnostic(`${inWords(each)}: ${await drive.standing(each.name)}`)
  t.diagnostic(
    `accounts created twice ${twice.length}, grants lost ${sum((each) => each.lacking)}, acknowledged wishes lost ${sum((each) => each.undone)}`,
  )
}

/** Faults of every kind, for the next requests of any sort. */
function plant(simulator: VendorSimulator, random: () => number): number {
  const plans: readonly (() => void)[] = [
    () => simulator.loseAnswer({ method: 'POST', times: 3 }),
    () => simulator.loseAnswer({ method: 'DELETE', times: 2 }),
    () => simulator.failNext({ status: 503, times: 4 }),
    () => simulator.failNext({ status: 502, body: '<html>Bad gateway</html>', times: 3 }),
    () =>
      simulator.failNext({
        status: 429,
        headers: { 'retry-after': '1' },
        body: { detail: 'slow down' },
        times: 3,
      }),
    () => simulator.failNext({ drop: true, times: 3 }),
    () => simulator.slow({ method: 'POST', ms: 400 }),
    () =>
      simulator.failNext({ status: 200, body: '{"resources":', contentType: 'application/json', times: 2 }),
  ]
  const chosen = plans.filter(() => random() < 0.6)
  for (const each of chosen) each()
  return chosen.length
}

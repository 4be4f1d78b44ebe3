import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startEmbedded } from '../../src/store/embedded/embedded.ts'
import { machine } from '../scim/report.ts'
import { backfill, latency, settleRate } from './cases.ts'
import { reconciled } from './reconcile.ts'
import { withBench, type Bench } from './setting.ts'

const usage = `npm run bench:provisioning -- [options]
  --cases LIST   any of settle,share,latency,backfill,reconcile, with commas between them (all)
  --settle N     accounts for the rate of one and of two processes (4000)
  --share N      of one core, for each process of the case share (0.2)
  --posts N      creates for the added latency (500)
  --backfill N   people backfilled while leavers are shut out (50000)
  --reconcile N  accounts compared with the vendor's list (100000)`

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: 'settle,share,latency,backfill,reconcile' },
    settle: { type: 'string', default: '4000' },
    share: { type: 'string', default: '0.2' },
    posts: { type: 'string', default: '500' },
    backfill: { type: 'string', default: '50000' },
    reconcile: { type: 'string', default: '100000' },
    help: { type: 'boolean', default: false },
  },
})

type Measure = <T>(work: (bench: Bench) => Promise<T>) => Promise<T>
const memory = (rss: readonly number[]): string =>
  `resident MB first ${rss[0]}, most ${Math.max(...rss)}, last ${rss.at(-1)}`

const cases: Readonly<Record<string, (bench: Measure) => Promise<readonly string[]>>> = {
  async settle(bench) {
    const count = Number(values.settle)
    const one = await bench((each) => settleRate(each, 1, count))
    const two = await bench((each) => settleRate(each, 2, count))
    return [
      `accounts settled per second, one process: ${one.perSecond.toFixed(0)} (goal 250); ${one.spent}`,
      `two processes: ${two.perSecond.toFixed(0)}, ${(two.perSecond / one.perSecond).toFixed(2)} times one (goal 1.6 where there are cores for both); ${two.spent}`,
    ]
  },

  async share(bench) {
    const share = Number(values.share)
    const count = Math.round(Number(values.settle) / 4)
    const one = await bench((each) => settleRate(each, 1, count, share))
    const two = await bench((each) => settleRate(each, 2, count, share))
    return [
      `held to ${share * 100} % of a core each, one process: ${one.perSecond.toFixed(0)} a second; ${one.spent}`,
      `two such processes: ${two.perSecond.toFixed(0)}, ${(two.perSecond / one.perSecond).toFixed(2)} times one (goal 1.6): what is lost is what they wait for each other; ${two.spent}`,
    ]
  },

  async latency(bench) {
    const { p50, vendor, calls, spent } = await bench((each) => latency(each, Number(values.posts)))
    return [
      `POST of a User with one vendor: p50 ${p50.toFixed(1)} ms; its ${calls.toFixed(1)} vendor calls alone ${vendor.toFixed(1)} ms; added ${(p50 - vendor).toFixed(1)} ms (goal 15); ${spent}`,
    ]
  },

  async backfill(bench) {
    const people = Number(values.backfill)
    const { rate, slowest, leavers, rss } = await bench((each) => backfill(each, people))
    return [
      `${people} people backfilled at ${rate.toFixed(0)} a second; ${leavers} leavers meanwhile, the slowest proven in ${slowest.toFixed(0)} ms (goal 2000); ${memory(rss)}`,
    ]
  },

  async reconcile(bench) {
    const accounts = Number(values.reconcile)
    const { seconds, drifts, leavers, slowest, rss } = await bench((each) => reconciled(each, accounts))
    return [
      `${accounts} accounts reconciled in ${seconds.toFixed(1)} s, ${(accounts / seconds).toFixed(0)} a second, ${drifts} drifts; ${leavers} leavers meanwhile, the slowest proven in ${slowest.toFixed(0)} ms (goal 2000); ${memory(rss)}`,
    ]
  },
}

async function main(): Promise<void> {
  const chosen = values.cases.split(',').map((name) => name.trim())
  const unknown = chosen.filter((name) => !Object.hasOwn(cases, name))
  if (values.help || unknown.length > 0) {
    console.log(usage)
    process.exitCode = values.help ? 0 : 2
    return
  }
  const dir = await mkdtemp(join(tmpdir(), 'drawbridge-bench-'))
  // PostgreSQL never runs as root: its own user must reach its files.
  await chmod(dir, 0o711)
  const embedded = await startEmbedded(dir)
  const bench: Measure = (work) => withBench(embedded.url('postgres'), embedded.url, work)
  const load = (): string => loadavg()[0]!.toFixed(1)
  try {
    console.log(`${new Date().toISOString().slice(0, 10)}, ${machine()}; load before ${load()}.\n`)
    for (const name of chosen)
      for (const line of await cases[name]!(bench)) console.log(`${line}; load ${load()}`)
  } finally {
    await embedded.stop()
    await rm(dir, { recursive: true, force: true })
  }
}

await main()

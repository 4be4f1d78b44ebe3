import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { type Outcome, run } from './run.ts'
import { subjects } from './subjects.ts'

const usage = `npm run bench:vendors -- [options]
  --joiners N     people who join at each vendor (10000)
  --short         1,000 joiners, with limits that are scaled for it; under two minutes
  --vendor NAME   only this one`

const { values } = parseArgs({
  options: {
    joiners: { type: 'string' },
    short: { type: 'boolean', default: false },
    vendor: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const goals = { ofBound: 0.9, refused: 0.001, leaverMs: 2_000 } as const

function row({
  vendor,
  joiners,
  factor,
  seconds,
  boundSeconds,
  calls,
  refused,
  leaverMs,
  accounts,
}: Outcome) {
  const share = boundSeconds / seconds
  const isWell =
    share >= goals.ofBound &&
    refused <= calls * goals.refused &&
    leaverMs <= goals.leaverMs &&
    accounts === joiners - 1
  const cells = [
    vendor,
    joiners,
    `× ${factor}`,
    calls,
    seconds.toFixed(1),
    boundSeconds.toFixed(1),
    share.toFixed(2),
    `${refused} (${((refused / calls) * 100).toFixed(2)} %)`,
    Math.round(leaverMs),
    accounts,
    isWell ? 'yes' : 'no',
  ]
  return { line: `| ${cells.join(' | ')} |`, isWell }
}

const tellEveryMs = 5_000

/** Tells on stderr how far a vendor is, every five seconds; the table goes to stdout. */
function progressOf(vendor: string, joiners: number): (joined: number) => void {
  const startedAt = performance.now()
  let toldAt = startedAt
  return (joined) => {
    const now = performance.now()
    if (joined < joiners && now - toldAt < tellEveryMs) return
    toldAt = now
    const seconds = (now - startedAt) / 1000
    console.error(`${vendor}: ${joined} of ${joiners} joined, ${Math.round(joined / seconds)} a second`)
  }
}

async function main(): Promise<void> {
  if (values.help) return console.log(usage)
  const joiners = Number(values.joiners ?? (values.short ? 1_000 : 10_000))
  if (!Number.isInteger(joiners) || joiners < 100 || joiners > 100_000)
    throw new Error(`--joiners must be between 100 and 100000\n${usage}`)
  const meant = subjects.filter(({ vendor }) => values.vendor === undefined || vendor === values.vendor)
  if (meant.length === 0) throw new Error(`there is no vendor ${values.vendor}\n${usage}`)
  console.log(
    `${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, load ${loadavg()[0]?.toFixed(1)}, Node ${process.version}`,
  )
  console.log(
    'Limits of simulators and of Drawbridge’s pace are scaled alike; goals: 0.90, 0.1 %, 2000 ms.\n',
  )
  console.log(
    '| vendor | joiners | scale | calls | s | bound s | of bound | 429 | leaver ms | accounts | goals met |',
  )
  console.log('|---|---|---|---|---|---|---|---|---|---|---|')
  let isWell = true
  for (const subject of meant) {
    const factor = subject.factor[values.short ? 'short' : 'full']
    const told = row(await run(subject, joiners, factor, progressOf(subject.vendor, joiners)))
    console.log(told.line)
    isWell &&= told.isWell
  }
  process.exitCode = isWell ? 0 : 1
}

await main()

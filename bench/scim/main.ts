import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import pg from 'pg'
import { startEmbedded } from '../../src/store/embedded/embedded.ts'
import { type Case, casesFor } from './cases.ts'
import { type Calls, load, once, type Target } from './load.ts'
import { type Memory, type ServerProcess, startServer } from './process.ts'
import { keep, machine, notes, type Result, type Round, type Served, table } from './report.ts'
import { seed } from './seed.ts'

const usage = `npm run bench:scim -- [options]
  --users N        Users in the directory (100000)
  --rounds N       rounds, of which the medians are shown (5)
  --seconds N      for each case, server and round (1)
  --connections N  requests at once (16, at most 64)
  --only TEXT      only cases whose name holds this
  --minutes N      the run ends after the round in which they are over (10)
  --profile DIR    writes a CPU profile of the gateway there
  --keep           writes the table into docs/benchmarks.md`

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    connections: { type: 'string', default: '16' },
    only: { type: 'string', default: '' },
    minutes: { type: 'string', default: '10' },
    profile: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

function between(name: 'users' | 'rounds' | 'seconds' | 'connections' | 'minutes', most: number): number {
  const value = Number(values[name])
  if (value > 0 && value <= most) return value
  throw new Error(`--${name} must be a number up to ${most}\n${usage}`)
}

const settings = {
  users: between('users', 1_000_000),
  rounds: between('rounds', 50),
  seconds: between('seconds', 60),
  connections: between('connections', 64),
  minutes: between('minutes', 60),
}

interface Servers {
  readonly gateway: ServerProcess & Target
  readonly baseline: ServerProcess & Target
}

async function measureAll(servers: Servers): Promise<{ results: Result[]; heaps: Memory[] }> {
  const cases = casesFor(settings.users).filter(({ name }) => name.includes(values.only))
  const rounds = new Map<Case, Round[]>(cases.map((each) => [each, []]))
  const heaps: Memory[] = []
  for (const each of cases) await compare(each, servers)
  for (const each of cases) await round(each, servers, Math.min(1_500, settings.seconds * 1_500), false)
  const deadline = performance.now() + settings.minutes * 60_000
  for (let n = 0; n < settings.rounds && performance.now() < deadline; n++) {
    for (const each of cases) {
      rounds.get(each)!.push(await round(each, servers, settings.seconds * 1_000, n % 2 === 1))
    }
    if (n === 0 || n === settings.rounds - 1) heaps.push(await servers.gateway.collect())
    console.error(`round ${n + 1} of ${settings.rounds}`)
  }
  const results = [...rounds].map(([{ name, goal }, rounds]) => ({ name, goal, rounds }))
  return { results, heaps }
}

async function round(each: Case, servers: Servers, milliseconds: number, swapped: boolean): Promise<Round> {
  const how = { connections: Math.min(settings.connections, each.connections ?? 64), milliseconds }
  const first = swapped ? await serve(servers.baseline, each.baseline, how) : undefined
  const gateway = await serve(servers.gateway, each.gateway, how)
  const rss = await servers.gateway.rss()
  const baseline = first ?? (await serve(servers.baseline, each.baseline, how))
  const failed = [...Object.keys(gateway.statuses), ...Object.keys(baseline.statuses)].filter(
    (status) => status >= '5',
  )
  if (failed.length > 0) throw new Error(`${each.name}: answered ${failed.join(', ')}`)
  return { gateway, baseline, rss }
}

async function serve(
  server: ServerProcess & Target,
  calls: Calls,
  how: Parameters<typeof load>[2],
): Promise<Served> {
  const before = await server.cpu()
  const measure = await load(server, calls, how)
  return { ...measure, cpu: ((await server.cpu()) - before) / measure.requests }
}

/** A ratio means something only between equal answers. */
async function compare(each: Case, { gateway, baseline }: Servers): Promise<void> {
  if (each.same === false) return
  const [ours, bare] = [await once(gateway, each.gateway(0, 3)), await once(baseline, each.baseline(0, 3))]
  if (ours.status !== bare.status || !isDeepStrictEqual(ours.body, bare.body)) {
    throw new Error(
      `${each.name}: the answers differ\n${JSON.stringify(ours)}\n${JSON.stringify(bare)}`.slice(0, 4_000),
    )
  }
}

async function createDatabase(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  await client.query('CREATE DATABASE bench')
  await client.end()
}

async function run(dir: string): Promise<void> {
  const embedded = await startEmbedded(dir)
  const open: ServerProcess[] = []
  try {
    await createDatabase(embedded.url('postgres'))
    const start = {
      databaseUrl: embedded.url('bench'),
      token: `bench_${randomBytes(16).toString('hex')}`,
      publicUrl: 'https://scim.corp.example',
    }
    const profiling = values.profile ? ['--cpu-prof', '--cpu-prof-dir', values.profile] : []
    const gateway = await startServer('./gateway.ts', start, profiling)
    open.push(gateway)
    const startedAt = performance.now()
    await seed(start.databaseUrl, settings.users)
    console.error(
      `seeded ${settings.users} Users in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`,
    )
    const baseline = await startServer('./baseline.ts', start)
    open.push(baseline)
    const { token } = start
    const { results, heaps } = await measureAll({
      gateway: { ...gateway, token },
      baseline: { ...baseline, token },
    })
    const text = `${summary(results)}\n\n${table(results)}\n\n${notes(results, heaps)}`
    console.log(text)
    if (values.keep) await keep(new URL('../../docs/benchmarks.md', import.meta.url), text)
  } finally {
    await Promise.all(open.map((server) => server.stop()))
    await embedded.stop()
  }
}

function summary(results: readonly Result[]): string {
  const { users, seconds, connections } = settings
  const done = results[0]?.rounds.length ?? 0
  return [
    `${new Date().toISOString().slice(0, 10)}, ${machine()}.`,
    `Command: \`npm run bench:scim\`; ${users.toLocaleString('en')} Users, ${connections} requests at once, medians of ${done} interleaved rounds of ${seconds} s.`,
  ].join('\n')
}

if (values.help) console.log(usage)
else {
  const dir = await mkdtemp(join(tmpdir(), 'drawbridge-bench-'))
  // PostgreSQL never runs as root: its own user must reach its files.
  await chmod(dir, 0o711)
  try {
    await run(dir)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

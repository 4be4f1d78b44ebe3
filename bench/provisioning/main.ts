import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import type { Configuration } from '../../src/config/model.ts'
import { startEmbedded } from '../../src/store/embedded/embedded.ts'
import { startSisense } from '../../src/vendors/sisense/simulator/index.ts'
import { machine, median } from '../scim/report.ts'
import { addPeople, provenCount } from './people.ts'
import { startBenchGateway, type BenchGateway } from './server.ts'

const usage = `npm run bench:provisioning -- [options]
  --settle N    accounts for the rate of one and of two processes (3000)
  --posts N     creates for the added latency (200)
  --backfill N  people backfilled while leavers are shut out (50000)`

const { values } = parseArgs({
  options: {
    settle: { type: 'string', default: '3000' },
    posts: { type: 'string', default: '200' },
    backfill: { type: 'string', default: '50000' },
    help: { type: 'boolean', default: false },
  },
})

const token = `bench_${randomBytes(16).toString('hex')}`
const publicUrl = 'https://scim.corp.example'

type Sisense = Awaited<ReturnType<typeof startSisense>>

interface Bench {
  readonly client: pg.Client
  readonly vendor: Sisense
  readonly start: () => Promise<BenchGateway>
}

/** A database and a vendor of their own for one measurement. */
async function withBench<T>(
  admin: string,
  url: (database: string) => string,
  work: (bench: Bench) => Promise<T>,
): Promise<T> {
  const name = `bench_${randomBytes(6).toString('hex')}`
  const root = new pg.Client({ connectionString: admin })
  await root.connect()
  await root.query(`CREATE DATABASE ${name}`)
  await root.end()
  const vendor = await startSisense({})
  const client = new pg.Client({ connectionString: url(name) })
  await client.connect()
  const gateways: BenchGateway[] = []
  const start = async (): Promise<BenchGateway> => {
    const gateway = await startBenchGateway(
      { databaseUrl: url(name), token, publicUrl },
      configuration(vendor),
    )
    gateways.push(gateway)
    return gateway
  }
  try {
    return await work({ client, vendor, start })
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.stop()))
    await client.end()
    await vendor.close()
  }
}

function configuration(vendor: Sisense): Configuration {
  const { settings, credentials } = vendor.connection('current')
  return {
    directories: [
      {
        name: 'corp',
        client: 'okta',
        domains: [],
        tokens: [{ name: 'bench', secret: token }],
        connections: [
          {
            name: 'sisense',
            vendor: 'sisense',
            apiProfile: 'current',
            // The vendor is not what is measured.
            settings: { ...settings, requestsPerSecond: 1_000_000 },
            credentials,
            policy: {
              mode: 'enforce',
              people: 'assigned',
              login: 'userName',
              rules: [],
              default: { role: 'Viewer' },
              exclusive: false,
              deprovision: { inactive: ['disable', 'strip'], deleted: ['remove'], graceDays: 0 },
              rename: 'keep',
              adopt: 'always',
              reinvite: 'never',
              reply: { budgetMs: 8_000, pendingShutOut: 'retry' },
              guard: {
                protect: [],
                shutOuts: { count: 1_000_000, withinMs: 3_600_000 },
                revokes: { count: 1_000_000, withinMs: 3_600_000 },
              },
            },
          },
        ],
      },
    ],
  }
}

/** Accounts settled in a second, from the first to the last. */
async function settleRate({ client, start }: Bench, processes: number, count: number): Promise<number> {
  for (let n = 0; n < processes; n++) await start()
  // Until each process knows of the other, and jobs have been opened.
  await delay(6_000)
  await addPeople(client, 1, 200)
  while ((await provenCount(client)) < 200) await delay(50)
  await addPeople(client, 201, count)
  const startedAt = performance.now()
  while ((await provenCount(client)) < count + 200) await delay(100)
  return (count * 1_000) / (performance.now() - startedAt)
}

interface Answered {
  readonly status: number
  readonly ms: number
  readonly body: { readonly id?: string } | undefined
}

async function scim(port: number, method: string, path: string, body?: object): Promise<Answered> {
  const startedAt = performance.now()
  const response = await fetch(`http://127.0.0.1:${port}/scim/v2${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    ms: performance.now() - startedAt,
    body: text ? JSON.parse(text) : undefined,
  }
}

const user = (name: string): object => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  userName: `${name}@corp.example`,
  externalId: name,
  name: { givenName: 'Given', familyName: name },
  emails: [{ value: `${name}@corp.example`, type: 'work', primary: true }],
  active: true,
})

const inactive = {
  schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
  Operations: [{ op: 'replace', value: { active: false } }],
}

/** Milliseconds: a create by SCIM, its vendor calls alone, and how many those are. */
async function latency(
  { vendor, start }: Bench,
  posts: number,
): Promise<{ p50: number; vendor: number; calls: number }> {
  const gateway = await start()
  for (let n = 0; n < 30; n++) await scim(gateway.port, 'POST', '/Users', user(`warm-${n}`))
  const before = vendor.trace.length
  const taken: number[] = []
  for (let n = 0; n < posts; n++) {
    const { status, ms } = await scim(gateway.port, 'POST', '/Users', user(`post-${n}`))
    if (status !== 201) throw new Error(`POST answered ${status}`)
    taken.push(ms)
  }
  const entries = vendor.trace.slice(before)
  const calls = entries.length / posts
  const { credentials } = vendor.connection('current')
  const bare: number[] = []
  for (let n = 0; n < posts; n++) {
    const startedAt = performance.now()
    for (let call = 0; call < Math.round(calls); call++) {
      const path = entries[call % entries.length]
      // Reads cost the simulator about what its writes do, and leave it as it is.
      const response = await fetch(`${vendor.origin}/api/v1/users?limit=1`, {
        headers: { authorization: `Bearer ${credentials['apiToken']}` },
      })
      await response.text()
      if (!path) break
    }
    bare.push(performance.now() - startedAt)
  }
  return { p50: median(taken), vendor: median(bare), calls }
}

/** A backlog of people while, one after the other, leavers are shut out by SCIM. */
async function backfill(
  { client, start }: Bench,
  people: number,
): Promise<{ rate: number; slowest: number; leavers: number; rss: number[] }> {
  const gateway = await start()
  const ids: string[] = []
  for (let n = 0; n < 40; n++)
    ids.push((await scim(gateway.port, 'POST', '/Users', user(`leaver-${n}`))).body!.id!)
  for (let from = 1; from <= people; from += 10_000)
    await addPeople(client, from, Math.min(10_000, people - from + 1))
  const startedAt = performance.now()
  const [taken, rss]: [number[], number[]] = [[], []]
  const total = people + ids.length
  while ((await provenCount(client)) < total) {
    rss.push(Math.round((await gateway.rss()) / 2 ** 20))
    const id = ids.pop()
    if (id !== undefined) {
      const { status, ms } = await scim(gateway.port, 'PATCH', `/Users/${id}`, inactive)
      taken.push(status === 200 ? ms : Number.POSITIVE_INFINITY)
    }
    await delay(2_000)
  }
  const rate = (people * 1_000) / (performance.now() - startedAt)
  return { rate, slowest: Math.max(...taken), leavers: taken.length, rss }
}

if (values.help) {
  console.log(usage)
  process.exit(0)
}
const dir = await mkdtemp(join(tmpdir(), 'drawbridge-bench-'))
// PostgreSQL never runs as root: its own user must reach its files.
await chmod(dir, 0o711)
const embedded = await startEmbedded(dir)
const admin = embedded.url('postgres')
const bench = <T>(work: (bench: Bench) => Promise<T>): Promise<T> => withBench(admin, embedded.url, work)
const load = (): string => loadavg()[0]!.toFixed(1)
try {
  console.log(`${new Date().toISOString().slice(0, 10)}, ${machine()}; load before ${load()}.\n`)
  const count = Number(values.settle)
  if (count > 0) {
    const one = await bench((each) => settleRate(each, 1, count))
    console.log(`accounts settled per second, one process: ${one.toFixed(0)} (goal 250); load ${load()}`)
    const two = await bench((each) => settleRate(each, 2, count))
    console.log(
      `two processes: ${two.toFixed(0)}, ${(two / one).toFixed(2)} times one (goal 1.6); load ${load()}`,
    )
  }
  if (Number(values.posts) > 0) {
    const { p50, vendor, calls } = await bench((each) => latency(each, Number(values.posts)))
    console.log(
      `POST of a User with one vendor: p50 ${p50.toFixed(1)} ms; its ${calls.toFixed(1)} vendor calls alone ${vendor.toFixed(1)} ms; added ${(p50 - vendor).toFixed(1)} ms (goal 15); load ${load()}`,
    )
  }
  const people = Number(values.backfill)
  if (people > 0) {
    const { rate, slowest, leavers, rss } = await bench((each) => backfill(each, people))
    console.log(
      `${people} people backfilled at ${rate.toFixed(0)} a second; ${leavers} leavers meanwhile, the slowest proven in ${slowest.toFixed(0)} ms (goal 2000); resident MB first ${rss[0]}, most ${Math.max(...rss)}, last ${rss.at(-1)}; load ${load()}`,
    )
  }
} finally {
  await embedded.stop()
  await rm(dir, { recursive: true, force: true })
}

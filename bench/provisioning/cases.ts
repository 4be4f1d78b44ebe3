import { setTimeout as delay } from 'node:timers/promises'
import { median } from '../scim/report.ts'
import { withLeavers } from './leavers.ts'
import { addPeople, provenCount } from './people.ts'
import { holdTo, type BenchGateway } from './server.ts'
import { scim, user, type Bench } from './setting.ts'
import { spentBy, spentEach } from './spent.ts'

/** In each process, until what runs with each account is compiled. */
const warmUps = 300
/** Until what runs with each request is compiled and no longer gets faster: a gateway runs for weeks. */
const warmUpPosts = 1_500

export interface Settled {
  readonly perSecond: number
  /** What one account took of each, in words. */
  readonly spent: string
}

/** Accounts settled in a second, from the first to the last; `share` of a core is what each process may use, if given. */
export async function settleRate(
  { client, start }: Bench,
  processes: number,
  count: number,
  share?: number,
): Promise<Settled> {
  const gateways: BenchGateway[] = []
  for (let n = 0; n < processes; n++) gateways.push(await start())
  // Until each process knows of the other, and jobs have been opened.
  await delay(6_000)
  const first = warmUps * processes
  await addPeople(client, 1, first)
  while ((await provenCount(client)) < first) await delay(50)
  const release = share === undefined ? undefined : holdTo(share, gateways)
  try {
    await addPeople(client, first + 1, count)
    const before = await spentBy(client, gateways)
    const startedAt = performance.now()
    while ((await provenCount(client)) < count + first) await delay(100)
    const perSecond = (count * 1_000) / (performance.now() - startedAt)
    return { perSecond, spent: spentEach(before, await spentBy(client, gateways), count) }
  } finally {
    await release?.()
  }
}

export interface Latency {
  /** Milliseconds: medians of a create by SCIM, and of its vendor calls alone. */
  readonly p50: number
  readonly vendor: number
  readonly calls: number
  /** What one create took of each, in words. */
  readonly spent: string
}

/** Creates by SCIM, one after the other, and then their vendor calls alone. */
export async function latency({ client, vendor, start }: Bench, posts: number): Promise<Latency> {
  const gateway = await start()
  for (let n = 0; n < warmUpPosts; n++) await scim(gateway.port, 'POST', '/Users', user(`warm-${n}`))
  const from = vendor.trace.length
  const before = await spentBy(client, [gateway])
  const taken: number[] = []
  for (let n = 0; n < posts; n++) {
    const { status, ms } = await scim(gateway.port, 'POST', '/Users', user(`post-${n}`))
    if (status !== 201) throw new Error(`POST answered ${status}`)
    taken.push(ms)
  }
  const spent = spentEach(before, await spentBy(client, [gateway]), posts)
  const entries = vendor.trace.slice(from)
  const bare = await bareCalls(vendor, entries)
  const calls = entries.length / posts
  return { p50: median(taken), vendor: median(bare) * calls, calls, spent }
}

/** Milliseconds of each: the calls that the gateway made, by the same connections kept open, about other people. */
async function bareCalls(vendor: Bench['vendor'], entries: Bench['vendor']['trace']): Promise<number[]> {
  const { credentials } = vendor.connection('current')
  const headers = {
    authorization: `Bearer ${credentials['apiToken']}`,
    'content-type': 'application/json',
  }
  const taken: number[] = []
  for (const { method, path, body } of entries) {
    const payload = body === undefined ? null : JSON.stringify(body).replaceAll('post-', 'bare-')
    const startedAt = performance.now()
    const response = await fetch(`${vendor.origin}${path}`, { method, headers, body: payload })
    await response.text()
    taken.push(performance.now() - startedAt)
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`)
  }
  return taken
}

/** A backlog of people while, one after the other, leavers are shut out by SCIM. */
export async function backfill(
  { client, start }: Bench,
  people: number,
): Promise<{ rate: number; slowest: number; leavers: number; rss: number[] }> {
  const gateway = await start()
  const leaving = await withLeavers(gateway, 40)
  for (let from = 1; from <= people; from += 10_000)
    await addPeople(client, from, Math.min(10_000, people - from + 1))
  const startedAt = performance.now()
  const rss: number[] = []
  while ((await provenCount(client)) < people + leaving.count) {
    rss.push(Math.round((await gateway.rss()) / 2 ** 20))
    await leaving.leave()
    await delay(2_000)
  }
  const rate = (people * 1_000) / (performance.now() - startedAt)
  return { rate, ...leaving.figures(), rss }
}

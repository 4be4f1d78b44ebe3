import { setTimeout as delay } from 'node:timers/promises'
import { median } from '../scim/report.ts'
import { addPeople, provenCount } from './people.ts'
import { inactive, scim, user, type Bench } from './setting.ts'

/** Accounts settled in a second, from the first to the last. */
export async function settleRate(
  { client, start }: Bench,
  processes: number,
  count: number,
): Promise<number> {
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

/** Milliseconds: a create by SCIM, its vendor calls alone, and how many those are. */
export async function latency(
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
export async function backfill(
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

import type { BenchGateway } from './server.ts'
import { inactive, scim, user } from './setting.ts'

/** People who leave one after the other while the gateway is busy with something else. */
export interface Leavers {
  readonly count: number
  /** The next of them leaves; nothing once all have left. */
  leave(): Promise<void>
  /** How many have left, and the milliseconds that the slowest waited for the proof; infinite if one was not proven with the answer. */
  figures(): { readonly leavers: number; readonly slowest: number }
}

export async function withLeavers({ port }: BenchGateway, count: number): Promise<Leavers> {
  const ids: string[] = []
  for (let n = 0; n < count; n++)
    ids.push((await scim(port, 'POST', '/Users', user(`leaver-${n}`))).body!.id!)
  const taken: number[] = []
  return {
    count,
    async leave() {
      const id = ids.pop()
      if (id === undefined) return
      const { status, ms } = await scim(port, 'PATCH', `/Users/${id}`, inactive)
      taken.push(status === 200 ? ms : Number.POSITIVE_INFINITY)
    },
    figures: () => ({ leavers: taken.length, slowest: Math.max(...taken) }),
  }
}

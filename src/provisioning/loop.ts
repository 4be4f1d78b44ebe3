import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { within } from './with-timeout.ts'
import type { Lease } from '../model/work.ts'

export interface Worker {
  /** Something became due: look at once. */
  wake(): void
  /** True while the loop turns and the store answers it. */
  alive(): boolean
  /** Takes no more work and waits for what runs. */
  close(): Promise<void>
}

export interface Pace {
  /** Longest time between two looks at the queue. */
  readonly pollMs: number
  /** How long a few free places wait for more: one claim for each run that ends costs more than the run. 0: not at all. */
  readonly gatherMs: number
  /** How long `close` waits for runs that are under way; their leases run out by themselves afterwards. */
  readonly drainMs: number
}

export interface Leased {
  readonly lease: Pick<Lease, 'accountId'>
}

export interface Looping<C extends Leased> extends Pace {
  /** What is worked on, for the log. */
  readonly what: 'account' | 'group'
  readonly log: Pick<Logger, 'error'>
  /** Runs at once, at this moment. */
  places(): number
  claim(most: number): Promise<readonly C[]>
  run(claimed: C): Promise<unknown>
}

/** Takes up what is due, as far as there are places, until it is closed. */
export function startLoop<C extends Leased>(by: Looping<C>): Worker {
  const { what, log, pollMs, gatherMs, drainMs } = by
  const running = new Set<Promise<void>>()
  let wakeUp = Promise.withResolvers<void>()
  let closing = false
  let healthy = true

  const start = (claimed: C): void => {
    const run = by
      .run(claimed)
      .then(() => {})
      .catch((err: unknown) => log.error({ err, [what]: claimed.lease.accountId }, `${what} run broke off`))
      .finally(() => {
        running.delete(run)
        wakeUp.resolve()
      })
    running.add(run)
  }

  const turn = async (): Promise<void> => {
    const places = by.places()
    if (gatherMs > 0 && running.size > places / 2) await pause(gatherMs, undefined, { ref: false })
    const free = places - running.size
    const claimed = free > 0 ? await by.claim(free) : []
    claimed.forEach(start)
    if (claimed.length > 0 && claimed.length === free) return
    await rest()
  }

  // A wake counts once: one that stayed would have a store that is away asked without a pause.
  const rest = async (): Promise<void> => {
    await within(pollMs, wakeUp.promise)
    wakeUp = Promise.withResolvers()
  }

  const loop = (async () => {
    while (!closing) {
      try {
        await turn()
        healthy = true
      } catch (err) {
        healthy = false
        log.error({ err }, `${what}s that are due cannot be read`)
        await rest()
      }
    }
  })()

  return {
    wake: () => wakeUp.resolve(),
    alive: () => healthy && !closing,
    async close() {
      closing = true
      wakeUp.resolve()
      await loop
      await within(drainMs, Promise.allSettled(running))
    },
  }
}

import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'

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
  /** Shortest time between two looks at the queue that wake-ups bring about. Default 0. */
  readonly restMs?: number
  /** How long `close` waits for runs that are under way; their leases run out by themselves afterwards. */
  readonly drainMs: number
}

export interface Looping<C> extends Pace {
  /** What is worked on, for the log. */
  readonly what: 'account' | 'group' | 'sweep'
  readonly log: Pick<Logger, 'error'>
  /** Runs at once, at this moment. */
  places(): number
  claim(most: number): Promise<readonly C[]>
  /** Its id, for the log. */
  idOf(claimed: C): string
  run(claimed: C): Promise<unknown>
}

/** Takes up what is due, as far as there are places, until it is closed. */
export function startLoop<C>(deps: Looping<C>): Worker {
  const { what, log, pollMs, gatherMs, restMs = 0, drainMs } = deps
  const running = new Set<Promise<void>>()
  let wakeUp = Promise.withResolvers<void>()
  let closing = false
  let healthy = true

  const start = (claimed: C): void => {
    const run = deps
      .run(claimed)
      .then(() => {})
      .catch((err: unknown) => log.error({ err, [what]: deps.idOf(claimed) }, `${what} run broke off`))
      .finally(() => {
        running.delete(run)
        wakeUp.resolve()
      })
    running.add(run)
  }

  const turn = async (): Promise<void> => {
    const places = deps.places()
    if (gatherMs > 0 && running.size > places / 2) await pause(gatherMs, undefined, { ref: false })
    const free = places - running.size
    const claimed = free > 0 ? await deps.claim(free) : []
    claimed.forEach(start)
    if (claimed.length > 0 && claimed.length === free) return
    await rest()
  }

  // A wake counts once: one that stayed would have a store that is away asked without a pause.
  const rest = async (): Promise<void> => {
    await within(pollMs, wakeUp.promise)
    if (restMs > 0 && !closing) await pause(restMs, undefined, { ref: false })
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

/** What the work gives, or undefined when it takes longer. Leaves no timer behind: this is done often. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T | undefined> {
  const over = Promise.withResolvers<undefined>()
  const timer = setTimeout(over.resolve, Math.max(0, ms), undefined).unref()
  try {
    return await Promise.race([work, over.promise])
  } finally {
    clearTimeout(timer)
  }
}

import { setTimeout as delay } from 'node:timers/promises'
import { type Sweeping, walk } from './walk.ts'

export interface SweeperOptions {
  /** Longest time between two looks for sweeps. */
  readonly pollMs: number
  /** Shortest time between two looks that a wake-up brings about: every write is one. */
  readonly restMs: number
  /** People in one transaction. */
  readonly pageSize: number
}

export const sweeperDefaults: SweeperOptions = { pollMs: 5_000, restMs: 100, pageSize: 500 }

export interface Sweeper {
  wake(): void
  /** Stops between two steps; what is left goes on elsewhere, or at the next start. */
  close(): Promise<void>
}

/** Pause before a sweep that failed is taken up again, here or elsewhere. */
const againMs = 10_000

/** Walks the changes that touch many, one after the other. */
export function startSweeper(by: Sweeping, options: SweeperOptions = sweeperDefaults): Sweeper {
  const stop = new AbortController()
  let wakeUp = Promise.withResolvers<void>()

  /** Whether there was something to do. */
  const turn = async (): Promise<boolean> => {
    const sweep = await by.sweeps.claim()
    if (!sweep) return false
    const log = by.log.child({ sweep: sweep.id, kind: sweep.kind })
    try {
      await walk({ ...by, log }, sweep, options.pageSize, stop.signal)
    } catch (err) {
      if (!stop.signal.aborted) log.warn({ err }, 'sweep broke off; it goes on later')
      await by.sweeps.release(sweep, stop.signal.aborted ? 0 : againMs)
    }
    return true
  }

  const loop = (async () => {
    while (!stop.signal.aborted) {
      let more = false
      try {
        more = await turn()
      } catch (err) {
        by.log.error({ err }, 'sweeps cannot be read')
      }
      if (more || stop.signal.aborted) continue
      const wait = new AbortController()
      await Promise.race([
        wakeUp.promise,
        delay(options.pollMs, undefined, { ref: false, signal: wait.signal }).catch(() => {}),
      ])
      wait.abort()
      if (!stop.signal.aborted) await delay(options.restMs, undefined, { ref: false })
      wakeUp = Promise.withResolvers()
    }
  })()

  return {
    wake: () => wakeUp.resolve(),
    async close() {
      stop.abort(new Error('the gateway stops'))
      wakeUp.resolve()
      await loop
    },
  }
}

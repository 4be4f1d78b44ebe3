import { startLoop, type Worker } from '../engine/loop.ts'
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

/** Pause before a sweep that failed is taken up again, here or elsewhere. */
const againMs = 10_000

/**
 * Walks the changes that touch many, one after the other. `close` stops between two steps; what is left goes on elsewhere,
 * or at the next start.
 */
export function startSweeper(deps: Sweeping, options: SweeperOptions = sweeperDefaults): Worker {
  const { pollMs, restMs, pageSize } = options
  const stop = new AbortController()
  const worker = startLoop({
    ...{ pollMs, restMs, gatherMs: 0, drainMs: 30_000 },
    what: 'sweep',
    log: deps.log,
    places: () => 1,
    async claim() {
      const sweep = await deps.sweeps.claim()
      return sweep ? [sweep] : []
    },
    idOf: ({ id }) => id,
    async run(sweep) {
      const log = deps.log.child({ sweep: sweep.id, kind: sweep.kind })
      try {
        await walk({ ...deps, log }, sweep, pageSize, stop.signal)
      } catch (err) {
        if (!stop.signal.aborted) log.warn({ err }, 'sweep broke off; it goes on later')
        await deps.sweeps.release(sweep, stop.signal.aborted ? 0 : againMs)
      }
    },
  })
  return {
    ...worker,
    close() {
      stop.abort(new Error('the gateway stops'))
      return worker.close()
    },
  }
}

import { provision } from './account/provision.ts'
import type { Provisioner } from './account/run.ts'
import { startLoop, type Pace, type Worker } from './engine/loop.ts'

export interface WorkerOptions extends Pace {
  /** Accounts at once in this process. */
  readonly concurrency: number
  /** Processes that work on the same accounts: `concurrency` is of them all. */
  readonly processes?: () => number
}

export const workerDefaults: WorkerOptions = {
  concurrency: 32,
  pollMs: 1_000,
  gatherMs: 5,
  drainMs: 10_000,
}

/** Takes up accounts that are due, by priority, until it is closed. */
export function startWorker(deps: Provisioner, options: WorkerOptions = workerDefaults): Worker {
  const { concurrency, processes = () => 1, ...pace } = options
  return startLoop({
    ...pace,
    what: 'account',
    log: deps.log,
    places: () => Math.max(1, Math.floor(concurrency / processes())),
    claim: (most) => deps.queue.claimDue(most),
    idOf: ({ lease }) => lease.id,
    run: (claimed) => provision(deps, claimed),
  })
}

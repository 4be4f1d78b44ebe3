import { setTimeout as delay } from 'node:timers/promises'
import { provision } from './account/provision.ts'
import type { Provisioner } from './account/run.ts'

export interface Worker {
  /** Something became due: look at once. */
  wake(): void
  /** True while the loop turns and the store answers it. */
  alive(): boolean
  /** Takes no more work and waits for what runs. */
  close(): Promise<void>
}

export interface WorkerOptions {
  /** Accounts at once in this process. */
  readonly concurrency: number
  /** Longest time between two looks at the queue. */
  readonly pollMs: number
  /** Processes that work on the same accounts: `concurrency` is of them all. */
  readonly processes?: () => number
  /** How long a few free places wait for more: one claim for each account that ends costs more than the account. */
  readonly gatherMs: number
  /** How long `close` waits for runs that are under way; their leases run out by themselves afterwards. */
  readonly drainMs: number
}

export const workerDefaults: WorkerOptions = {
  concurrency: 32,
  pollMs: 1_000,
  gatherMs: 5,
  drainMs: 10_000,
}

/** Takes up what is due, by priority, until it is closed. */
export function startWorker(by: Provisioner, options: WorkerOptions = workerDefaults): Worker {
  const { concurrency, pollMs, gatherMs, drainMs, processes = () => 1 } = options
  const running = new Set<Promise<void>>()
  let wakeUp = Promise.withResolvers<void>()
  let closing = false
  let healthy = true

  const start = (claimed: Parameters<typeof provision>[1]): void => {
    const run = provision(by, claimed)
      .catch((err: unknown) => by.log.error({ err, account: claimed.lease.accountId }, 'run broke off'))
      .finally(() => {
        running.delete(run)
        wakeUp.resolve()
      })
    running.add(run)
  }

  const turn = async (): Promise<void> => {
    const places = Math.max(1, Math.floor(concurrency / processes()))
    if (running.size > places / 2) await delay(gatherMs, undefined, { ref: false })
    const free = places - running.size
    const claimed = free > 0 ? await by.queue.claimDue(free) : []
    claimed.forEach(start)
    if (claimed.length > 0 && claimed.length === free) return
    await Promise.race([wakeUp.promise, delay(pollMs, undefined, { ref: false })])
    wakeUp = Promise.withResolvers()
  }

  const loop = (async () => {
    while (!closing) {
      try {
        await turn()
        healthy = true
      } catch (err) {
        healthy = false
        by.log.error({ err }, 'the queue cannot be read')
        await Promise.race([wakeUp.promise, delay(pollMs, undefined, { ref: false })])
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
      await Promise.race([Promise.allSettled(running), delay(drainMs, undefined, { ref: false })])
    },
  }
}

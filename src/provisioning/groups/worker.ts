import { setTimeout as delay } from 'node:timers/promises'
import { failures, GatewayError, VendorError } from '../../errors.ts'
import { backoffMs } from '../backoff.ts'
import type { LiveConnection, OpenConnection } from '../connections.ts'
import { LeaseLost, priorities } from '../ports.ts'
import type { ClaimedGroup, GroupWork } from './ports.ts'
import { look } from './keep.ts'
import { failureOf, type GroupEnding, type GroupKeeper, type GroupRun } from './run.ts'

export interface GroupWorker {
  /** A group became due: look at once. */
  wake(): void
  /** Takes no more work and waits for what runs. */
  close(): Promise<void>
}

const concurrency = 4
const pollMs = 1_000
const drainMs = 10_000

/** Takes up the groups that are due, until it is closed. */
export function startGroupWorker(by: GroupKeeper): GroupWorker {
  const running = new Set<Promise<void>>()
  let wakeUp = Promise.withResolvers<void>()
  let closing = false

  const start = (claimed: ClaimedGroup): void => {
    const run = keepGroup(by, claimed)
      .catch((err: unknown) => by.log.error({ err, group: claimed.lease.accountId }, 'group run broke off'))
      .finally(() => {
        running.delete(run)
        wakeUp.resolve()
      })
    running.add(run)
  }

  const turn = async (): Promise<void> => {
    const free = concurrency - running.size
    const claimed = free > 0 ? await by.links.claimDue(free) : []
    claimed.forEach(start)
    if (claimed.length > 0 && claimed.length === free) return
    await Promise.race([wakeUp.promise, delay(pollMs, undefined, { ref: false })])
    wakeUp = Promise.withResolvers()
  }

  const loop = (async () => {
    while (!closing) {
      await turn().catch(async (err: unknown) => {
        by.log.error({ err }, 'the groups that are due cannot be read')
        await Promise.race([wakeUp.promise, delay(pollMs, undefined, { ref: false })])
      })
    }
  })()

  return {
    wake: () => wakeUp.resolve(),
    async close() {
      closing = true
      wakeUp.resolve()
      await loop
      await Promise.race([Promise.allSettled(running), delay(drainMs, undefined, { ref: false })])
    },
  }
}

/** One look at one group, settled. Holds nothing of the store across a vendor call; never rejects because of a vendor. */
export async function keepGroup(by: GroupKeeper, claimed: ClaimedGroup): Promise<void> {
  const opened = by.connections.byId(claimed.connectionId)
  if (!opened) return
  const lease = by.leases.hold(claimed)
  const log = by.log.child({ connection: opened.name, group: claimed.lease.accountId })
  try {
    const work = await by.links.read(lease.current())
    const start = { by, lease, work, log, linked: work.linked, changed: false }
    const ending = await opened.during(priorities.live, work.pauses, () => endingAt(opened, start))
    const { wantedVersion } = work
    if (ending === 'forgotten') await by.links.drop(lease.current(), wantedVersion)
    else await by.links.settle(lease.current(), { ...ending, wantedVersion })
    log.info({ status: ending === 'forgotten' ? ending : ending.status }, 'group settled')
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error
    log.warn('lease lost, run given up')
  } finally {
    lease.release()
  }
}

async function endingAt(opened: OpenConnection, start: Omit<GroupRun, 'connection'>): Promise<GroupEnding> {
  try {
    const connection: LiveConnection = await opened.ready()
    return await look({ ...start, connection })
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'ACCOUNT_LINKED') {
      return {
        status: 'failed',
        failure: failureOf(start, 'conflict', error.message),
        attempts: 0,
        tell: true,
      }
    }
    if (!(error instanceof VendorError)) throw error
    return afterFailure(start, opened.id, error)
  }
}

/** The failure table, as for accounts. */
async function afterFailure(
  { by, work, log }: { readonly by: GroupKeeper; readonly work: GroupWork; readonly log: GroupKeeper['log'] },
  connectionId: string,
  error: VendorError,
): Promise<GroupEnding> {
  const failure = failureOf({ by }, error.failure, error.detail)
  const ending = { status: 'pending', failure, attempts: work.attempts, tell: false } as const
  const again = backoffMs(work.attempts + 1)
  log.warn({ operation: error.operation, failure: error.failure, status: error.status }, 'vendor call failed')
  switch (failures[error.failure].next) {
    case 'when-told': {
      const dueInMs = error.retryAfterMs ?? again
      if (error.pathClass !== undefined) await by.store.pause(connectionId, error.pathClass, dueInMs)
      return { ...ending, dueInMs }
    }
    case 'park':
      if (await by.store.park(connectionId, failure, by.connections.byId(connectionId)?.revision)) {
        log.error({ failure: error.failure }, 'connection parked: its credentials need attention')
      }
      return { ...ending, dueInMs: 0 }
    case 'give-up':
    case 'correlate':
      return { ...ending, status: 'failed', attempts: 0, tell: true }
    case 'backoff':
    case 'relink':
      return { ...ending, attempts: work.attempts + 1, dueInMs: again }
  }
}

import { failures, GatewayError, VendorError } from '../../model/errors.ts'
import { backoffMs } from '../backoff.ts'
import type { LiveConnection, OpenConnection } from '../connections.ts'
import { startLoop, type Worker } from '../loop.ts'
import { noticeOfGroup, parkedNotice } from '../notices.ts'
import { LeaseLost, priorities } from '../../model/work.ts'
import type { ClaimedGroup, GroupWork } from '../../model/group-work.ts'
import { look } from './keep.ts'
import { failureOf, type GroupEnding, type GroupKeeper, type GroupRun } from './run.ts'

const places = 4
const pace = { pollMs: 1_000, gatherMs: 0, drainMs: 10_000 }

/** Takes up groups that are due, until it is closed. */
export function startGroupWorker(by: GroupKeeper): Worker {
  return startLoop({
    ...pace,
    what: 'group',
    log: by.log,
    places: () => places,
    claim: (most) => by.links.claimDue(most),
    run: (claimed) => keepGroup(by, claimed),
  })
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
    const look = () => opened.during(priorities.live, work.pauses, () => endingAt(opened, start))
    const ending = await traced(by, opened, claimed, look)
    const { wantedVersion } = work
    const settled =
      ending === 'forgotten'
        ? await by.links.drop(lease.current(), wantedVersion)
        : await by.links.settle(lease.current(), { ...ending, wantedVersion })
    log.info({ status: statusOf(ending) }, 'group settled')
    const notice = settled === 'settled' && noticeOfGroup({ connection: opened, claimed, work, ending })
    if (notice) await by.notices?.raise(notice)
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error
    log.warn('lease lost, run given up')
  } finally {
    lease.release()
  }
}

const statusOf = (ending: GroupEnding): string => (ending === 'forgotten' ? ending : ending.status)

function traced(
  { tracing }: GroupKeeper,
  { name, vendor }: OpenConnection,
  { lease: { accountId: id } }: ClaimedGroup,
  look: () => Promise<GroupEnding>,
): Promise<GroupEnding> {
  if (!tracing) return look()
  const about = { what: 'group', id, connection: name, vendor, priority: priorities.live } as const
  return tracing.run(about, async (ended) => {
    const ending = await look()
    ended({ status: statusOf(ending), failure: ending === 'forgotten' ? undefined : ending.failure?.kind })
    return ending
  })
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
    return afterFailure(start, opened, error)
  }
}

/** The failure table, as for accounts. */
async function afterFailure(
  { by, work, log }: { readonly by: GroupKeeper; readonly work: GroupWork; readonly log: GroupKeeper['log'] },
  { id: connectionId, name, revision }: OpenConnection,
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
      if (await by.store.park(connectionId, failure, revision)) {
        log.error({ failure: error.failure }, 'connection parked: its credentials need attention')
        await by.notices?.raise(parkedNotice({ id: connectionId, name }, failure))
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

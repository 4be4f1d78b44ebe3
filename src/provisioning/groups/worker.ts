import { GatewayError, VendorError } from '../../model/errors.ts'
import { afterVendorFailure, failureOf, lookUnderLease, startLoop, type Worker } from '../engine.ts'
import type { LiveConnection, OpenConnection } from '../connections.ts'
import { noticeOfGroup } from '../notices.ts'
import { priorities } from '../../model/work.ts'
import type { ClaimedGroup, GroupWork } from '../../model/group-work.ts'
import { look } from './keep.ts'
import { type GroupEnding, type GroupKeeper, type GroupRun } from './run.ts'
import type { TracedEnding } from '../../model/trace.ts'
import { backoffMs } from '../backoff.ts'

const places = 8
const pace = { pollMs: 1_000, gatherMs: 0, drainMs: 10_000 }

/** Takes up groups that are due, until it is closed. */
export function startGroupWorker(deps: GroupKeeper): Worker {
  return startLoop({
    ...pace,
    what: 'group',
    log: deps.log,
    places: () => places,
    claim: (most, shares) => deps.links.claimDue(most, shares),
    idOf: ({ lease }) => lease.id,
    run: (claimed) => keepGroup(deps, claimed),
  })
}

/** One look at one group, settled; never rejects because of a vendor. */
async function keepGroup(deps: GroupKeeper, claimed: ClaimedGroup): Promise<void> {
  const { links } = deps
  await lookUnderLease<GroupWork, GroupEnding, void>(deps, claimed, {
    what: 'group',
    priority: priorities.live,
    read: (lease) => links.read(lease),
    look: (opened, { lease, work, log }) =>
      endingAt(opened, { deps, lease, work, log, linked: work.linked, changed: false }),
    shown,
    async settle(connection, { lease, work, log }, ending) {
      const { wantedVersion } = work
      const settled =
        ending === 'forgotten'
          ? await links.drop(lease.current(), wantedVersion)
          : await links.settle(lease.current(), { ...ending, wantedVersion })
      log.info({ status: shown(ending).status }, 'group settled')
      const notice = settled === 'settled' && noticeOfGroup({ connection, claimed, work, ending })
      if (notice) await deps.notices?.raise(notice)
    },
  })
}

const shown = (ending: GroupEnding): TracedEnding =>
  ending === 'forgotten' ? { status: ending } : { status: ending.status, failure: ending.failure?.kind }

async function endingAt(opened: OpenConnection, start: Omit<GroupRun, 'connection'>): Promise<GroupEnding> {
  try {
    const connection: LiveConnection = await opened.ready()
    return await look({ ...start, connection })
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'ACCOUNT_LINKED')
      return {
        status: 'failed',
        failure: failureOf(start, 'conflict', error.message),
        attempts: 0,
        tell: true,
      }
    if (!(error instanceof VendorError)) throw error
    return afterFailure(start, opened, error)
  }
}

async function afterFailure(
  start: Omit<GroupRun, 'connection'>,
  opened: OpenConnection,
  error: VendorError,
): Promise<GroupEnding> {
  const consequence = await afterVendorFailure(start, opened, error)
  const { failure } = consequence
  const { attempts } = start.work
  switch (consequence.next) {
    case 'later':
      return { status: 'pending', failure, attempts, tell: false, dueInMs: consequence.dueInMs }
    case 'refused-here':
    case 'give-up':
    case 'correlate':
      return { status: 'failed', failure, attempts: 0, tell: true }
    case 'try-again':
      return {
        status: 'pending',
        failure,
        attempts: attempts + 1,
        tell: false,
        dueInMs: backoffMs(attempts + 1),
      }
  }
}

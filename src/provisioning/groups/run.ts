import type { Logger } from 'pino'
import { VendorError } from '../../model/errors.ts'
import type { LiveConnection } from '../connections.ts'
import { type Engine, failureOf, type HeldLease } from '../engine.ts'
import type { AccountFailure } from '../../model/work.ts'
import type {
  GroupLinks,
  GroupOperation,
  GroupSettlement,
  GroupWork,
  LinkedGroup,
} from '../../model/group-work.ts'

/** What looking at groups of vendors needs; its leases are of links. */
export interface GroupKeeper extends Engine {
  readonly links: GroupLinks
}

/** One look at one group, under its lease. */
export interface GroupRun {
  readonly deps: GroupKeeper
  readonly lease: HeldLease
  readonly connection: LiveConnection
  readonly work: GroupWork
  readonly log: Logger
  linked: LinkedGroup | undefined
  /** What is linked has changed in this run. */
  changed: boolean
}

export type GroupEnding = Omit<GroupSettlement, 'wantedVersion'> | 'forgotten'

export const provenGroup = ({ changed }: GroupRun): GroupEnding => ({
  status: 'proven',
  failure: null,
  attempts: 0,
  tell: changed,
})

export function refusedGroup(run: GroupRun, kind: AccountFailure['kind'], detail: string): GroupEnding {
  return { status: 'failed', failure: failureOf(run, kind, detail), attempts: 0, tell: true }
}

export function waitingGroup(
  run: GroupRun,
  kind: AccountFailure['kind'],
  detail: string,
  dueInMs: number,
): GroupEnding {
  const attempts = run.work.attempts + 1
  return { status: 'waiting', failure: failureOf(run, kind, detail), attempts, dueInMs, tell: false }
}

/** Keeps in the store, and in the run, what is linked now; `null`: nothing; `gone`: the vendor has it no more. */
export async function keepLinked(run: GroupRun, linked: LinkedGroup | null | 'gone'): Promise<void> {
  await run.deps.links.close(run.lease.current(), linked)
  run.linked = linked === null || linked === 'gone' ? undefined : linked
  run.changed = true
}

/**
 * One vendor write: its mark is committed before the call and taken away with what the write brought. A failure that may have
 * reached the vendor leaves the mark: the next look reads before it writes again.
 */
export async function marked<T>(
  run: GroupRun,
  operation: GroupOperation,
  write: () => Promise<{ readonly linked?: LinkedGroup | null; readonly brought: T }>,
): Promise<T> {
  const { links } = run.deps
  await links.open(run.lease.current(), operation)
  try {
    const { linked, brought } = await write()
    if (linked === undefined) await links.close(run.lease.current())
    else await keepLinked(run, linked)
    run.log.info({ operation: operation.op }, 'group operation done')
    return brought
  } catch (error) {
    if (error instanceof VendorError && error.certainlyNotDone) await links.close(run.lease.current())
    throw error
  }
}

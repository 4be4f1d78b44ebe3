import type { Logger } from 'pino'
import { failures, type VendorError } from '../../model/errors.ts'
import type { NoticeDraft, Notices } from '../../model/notice.ts'
import type { RunTracing, TracedEnding } from '../../model/trace.ts'
import { type AccountFailure, type ConnectionStore, type Lease, LeaseLost } from '../../model/work.ts'
import type { Connections, OpenConnection } from '../connections.ts'
import { backoffMs } from './backoff.ts'
import type { HeldLease, LeaseKeeper } from './leases.ts'

/** What looking at anything leased needs, be it an account or a group of a vendor. */
export interface Engine {
  readonly store: ConnectionStore
  readonly connections: Connections
  readonly leases: LeaseKeeper
  readonly log: Logger
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Absent: looks are not traced. */
  readonly tracing?: RunTracing
  /** Absent: nobody is told. */
  readonly notices?: Notices
}

/** One look under its lease. */
export interface Look<Work> {
  readonly lease: HeldLease
  readonly work: Work
  readonly log: Logger
}

/** How something leased is looked at. */
export interface Kind<Work, Ending, Settled> {
  readonly what: 'account' | 'group'
  readonly priority: number
  read(lease: Lease): Promise<Work>
  /** Asks and changes the vendor; never rejects because of it. */
  look(connection: OpenConnection, look: Look<Work>): Promise<Ending>
  /** For the trace. */
  shown(ending: Ending): TracedEnding
  /** Keeps how it ended, and gives the lease back. */
  settle(connection: OpenConnection, look: Look<Work>, ending: Ending): Promise<Settled>
  /** The lease was lost: another process has it by now. */
  lost?(): Promise<void>
}

/**
 * One look at something leased: read, looked at with the vendor, settled. Holds no transaction, lock or store connection
 * across a vendor call. Undefined when this process does not know the connection, or has lost the lease.
 */
export async function lookUnderLease<
  Work extends { readonly pauses?: Readonly<Record<string, number>> },
  Ending,
  Settled,
>(
  deps: Engine,
  claimed: { readonly lease: Lease; readonly connectionId: string },
  kind: Kind<Work, Ending, Settled>,
): Promise<Settled | undefined> {
  const connection = deps.connections.byId(claimed.connectionId)
  if (!connection) return undefined
  const { what, priority } = kind
  const { id } = claimed.lease
  const lease = deps.leases.hold(claimed)
  const log = deps.log.child({ connection: connection.name, [what]: id })
  try {
    const look = { lease, log, work: await kind.read(lease.current()) }
    const looking = (): Promise<Ending> =>
      connection.during(priority, look.work.pauses ?? {}, () => kind.look(connection, look))
    const about = { what, id, connection: connection.name, vendor: connection.vendor, priority }
    const ending = deps.tracing
      ? await deps.tracing.run(about, async (ended) => {
          const how = await looking()
          ended(kind.shown(how))
          return how
        })
      : await looking()
    return await kind.settle(connection, look, ending)
  } catch (error) {
    if (!(error instanceof LeaseLost)) throw error
    log.warn('lease lost, run given up')
    await kind.lost?.()
    return undefined
  } finally {
    lease.release()
  }
}

export const iso = (ms: number): string => new Date(ms).toISOString()

export function failureOf(
  { deps }: { readonly deps: Pick<Engine, 'now'> },
  kind: AccountFailure['kind'],
  detail: string,
): AccountFailure {
  return { kind, detail, at: iso(deps.now()) }
}

export const failureFrom = (
  run: { readonly deps: Pick<Engine, 'now'> },
  error: VendorError,
): AccountFailure => failureOf(run, error.failure, error.detail)

/** What follows from a failure of the vendor. `later`: tried again after so many milliseconds. */
export type Consequence = { readonly failure: AccountFailure } & (
  | { readonly next: 'later'; readonly dueInMs: number }
  | { readonly next: 'give-up' | 'correlate' | 'try-again' }
)

/** The failure table (docs/architecture.md): pauses a path class, parks a connection, and says what follows. */
export async function afterVendorFailure(
  run: {
    readonly deps: Pick<Engine, 'store' | 'notices' | 'now'>
    readonly log: Logger
    readonly work: { readonly attempts: number }
  },
  { id, name, revision }: Pick<OpenConnection, 'id' | 'name' | 'revision'>,
  error: VendorError,
): Promise<Consequence> {
  const { deps, log, work } = run
  const failure = failureFrom(run, error)
  log.warn({ operation: error.operation, failure: error.failure, status: error.status }, 'vendor call failed')
  switch (failures[error.failure].next) {
    case 'when-told': {
      const dueInMs = error.retryAfterMs ?? backoffMs(work.attempts + 1)
      if (error.pathClass !== undefined) await deps.store.pause(id, error.pathClass, dueInMs)
      return { failure, next: 'later', dueInMs }
    }
    case 'park':
      if (await deps.store.park(id, failure, revision)) {
        log.error({ failure: error.failure }, 'connection parked: its credentials need attention')
        await deps.notices?.raise(parkedNotice({ id, name }, failure))
      }
      return { failure, next: 'later', dueInMs: 0 }
    case 'give-up':
      return { failure, next: 'give-up' }
    case 'correlate':
      return { failure, next: 'correlate' }
    case 'backoff':
    case 'relink':
      return { failure, next: 'try-again' }
  }
}

/** Nothing is done at the connection until its credentials work. */
export function parkedNotice(
  { id, name }: { readonly id: string; readonly name: string },
  { detail }: AccountFailure,
): NoticeDraft {
  const text = `${name} is parked, nothing is done there: ${detail}. Correct the credentials.`
  return { kind: 'connection-parked', connectionId: id, text }
}

import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { failures, VendorError } from '../model/errors.ts'
import type { NoticeDraft, Notices } from '../model/notice.ts'
import type { RunTracing, TracedEnding } from '../model/trace.ts'
import {
  type AccountFailure,
  type AccountQueue,
  type Claimed,
  type ConnectionStore,
  type Lease,
  LeaseLost,
  type Shares,
} from '../model/work.ts'
import type { Connections, OpenConnection } from './connections.ts'
import { missesRoute } from './api-profile.ts'
import { backoffMs } from './backoff.ts'
import { createPlaces } from './places.ts'

const renewEveryMs = 5_000

/** A lease that this process holds and keeps renewing until `release`. */
export interface HeldLease {
  /** The lease as last renewed. Throws `LeaseLost` when another process may have it. */
  current(): Lease
  /** Stops renewing; what the store has is ended by `settle` or runs out. */
  release(): void
}

export interface LeaseKeeper {
  hold(claimed: Pick<Claimed, 'lease'>): HeldLease
  close(): void
}

/** Renews all leases of this process together, every 5 s. */
export function createLeaseKeeper(
  queue: Pick<AccountQueue, 'renew'>,
  log: Logger,
  everyMs = renewEveryMs,
): LeaseKeeper {
  const held = new Map<string, Lease>()

  const renew = async (): Promise<void> => {
    if (held.size === 0) return
    const asked = [...held.values()]
    const kept = await queue.renew(asked)
    const keptIds = new Set(kept.map(({ id: accountId }) => accountId))
    for (const lease of kept) {
      if (held.get(lease.id)?.epoch === lease.epoch) held.set(lease.id, lease)
    }
    for (const { id: accountId, epoch } of asked) {
      if (!keptIds.has(accountId) && held.get(accountId)?.epoch === epoch) held.delete(accountId)
    }
  }

  const timer = setInterval(() => {
    // A store that is away for a moment costs nothing: the leases run out by themselves if it stays away.
    renew().catch((err: unknown) => log.warn({ err }, 'leases not renewed'))
  }, everyMs)
  timer.unref()

  return {
    hold({ lease }) {
      held.set(lease.id, lease)
      const mine = (): Lease | undefined => {
        const now = held.get(lease.id)
        return now?.epoch === lease.epoch ? now : undefined
      }
      return {
        current() {
          const now = mine()
          if (!now || now.until <= Date.now()) throw new LeaseLost(`lease of account ${lease.id} is lost`)
          return now
        },
        release() {
          if (mine()) held.delete(lease.id)
        },
      }
    },
    close: () => clearInterval(timer),
  }
}

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
  claim(most: number, shares: Shares): Promise<readonly C[]>
  /** Its id, for the log. */
  idOf(claimed: C): string
  run(claimed: C): Promise<unknown>
}

/** Takes up what is due, as far as there are places, until it is closed. */
export function startLoop<C extends { readonly connectionId?: string }>(deps: Looping<C>): Worker {
  const { what, log, pollMs, gatherMs, restMs = 0, drainMs } = deps
  const running = new Set<Promise<void>>()
  const places = createPlaces(deps.places)
  let wakeUp = Promise.withResolvers<void>()
  let closing = false
  let healthy = true

  const start = (claimed: C): void => {
    const leave = places.take(claimed.connectionId ?? '')
    const run = deps
      .run(claimed)
      .then(() => {})
      .catch((err: unknown) => log.error({ err, [what]: deps.idOf(claimed) }, `${what} run broke off`))
      .finally(() => {
        running.delete(run)
        leave()
        wakeUp.resolve()
      })
    running.add(run)
  }

  const turn = async (): Promise<void> => {
    if (gatherMs > 0 && running.size > deps.places() / 2) await pause(gatherMs, undefined, { ref: false })
    const free = places.free()
    const claimed = free > 0 ? await deps.claim(free, places.shares()) : []
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
interface Look<Work> {
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
  /** `refused-here`: this object only; everybody else goes on. */
  | { readonly next: 'give-up' | 'correlate' | 'try-again' | 'refused-here' }
)

/** Calls about one account or group: a refusal may be about that one alone. */
const aboutOne: ReadonlySet<string> = new Set([
  ...['get', 'create', 'update', 'changeEntitlements', 'setActive', 'remove', 'endSessions'],
  ...['renewInvitation', 'renameGroup', 'removeGroup'],
])

/** So many accounts or groups in a row, and no write that works: then it is not about them. */
const mostRefusedInARow = 5

type Judged = Pick<OpenConnection, 'id' | 'name' | 'revision' | 'writes' | 'doubtProfile'> & {
  /** Absent while the connection is not ready. */
  readonly tenant?: (maxAgeMs: number) => Promise<string>
}

/**
 * Whose a refusal with 403 is: the object's, unless a read of a neutral object, the tenant, is refused with the same credentials
 * too. Undefined: it cannot be told.
 */
async function whoseRefusal(
  { status, operation }: VendorError,
  { tenant }: Judged,
): Promise<'object' | 'connection' | undefined> {
  if (status !== 403 || !tenant || !aboutOne.has(operation)) return undefined
  const control = await tenant(0).catch((error: unknown) => {
    if (error instanceof VendorError) return error
    throw error
  })
  if (control instanceof VendorError)
    return control.status === 403 || control.failure === 'unauthenticated' ? 'connection' : undefined
  return 'object'
}

/** The vendor speaks of a permission that is lacking, and nothing shows that the credentials have it. */
function isLacking({ operation }: VendorError, { writes }: Judged, subject: string): boolean {
  const isFirst = operation === 'create' && !writes.haveWorked()
  return isFirst || writes.refused(subject) >= mostRefusedInARow
}

/** What follows where it depends on whose the refusal is. Undefined: the failure table decides. */
async function judgeRefusal(
  error: VendorError,
  connection: Judged,
  subject: string,
): Promise<'refused-here' | 'try-again' | undefined> {
  const { next } = failures[error.failure]
  if (next !== 'park' && next !== 'give-up') return undefined
  const whose = await whoseRefusal(error, connection)
  if (next === 'park')
    return whose === 'object' && !isLacking(error, connection, subject) ? 'refused-here' : undefined
  // Words that speak of one object, from a vendor that refuses everything: an address that is not allowed, perhaps.
  return whose === 'connection' ? 'try-again' : undefined
}

/** The failure table (docs/architecture.md): pauses a path class, parks a connection, and says what follows. */
export async function afterVendorFailure(
  run: {
    readonly deps: Pick<Engine, 'store' | 'notices' | 'now'>
    readonly log: Logger
    readonly work: { readonly attempts: number }
    readonly lease: HeldLease
  },
  connection: Judged,
  error: VendorError,
): Promise<Consequence> {
  const { id, name, revision } = connection
  const { deps, log, work } = run
  const failure = failureFrom(run, error)
  log.warn({ operation: error.operation, failure: error.failure, status: error.status }, 'vendor call failed')
  if (missesRoute(error)) connection.doubtProfile()
  const { next } = failures[error.failure]
  const judged = await judgeRefusal(error, connection, run.lease.current().id)
  if (judged) return { failure, next: judged }
  switch (next) {
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
    case 'later':
      return { failure, next: 'refused-here' }
    case 'correlate':
      return { failure, next: 'correlate' }
    case 'backoff':
    case 'relink':
      return { failure, next: 'try-again' }
  }
}

/** Nothing is done at the connection until its credentials work. */
function parkedNotice(
  { id, name }: { readonly id: string; readonly name: string },
  { detail }: AccountFailure,
): NoticeDraft {
  const text = `${name} is parked, nothing is done there: ${detail}. Correct the credentials.`
  return { kind: 'connection-parked', connectionId: id, text }
}

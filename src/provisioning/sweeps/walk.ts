import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { VendorError } from '../../model/errors.ts'
import type { Notices } from '../../model/notice.ts'
import type { Admitted, ClaimedSweep, Marks, SweepCounts, SweepPage, SweepStore } from '../../model/sweep.ts'
import type { AccountWork } from '../../model/work.ts'
import type { Connections } from '../connections.ts'
import { startLoop, within, type Worker } from '../engine.ts'
import { batchOf, type Correlated, correlatePage, list, mostUnasked, plansOf } from './admission.ts'
import { judge, type Judgement, type Surroundings } from './judge.ts'

export interface SweeperOptions {
  /** Longest time between two looks for sweeps. */
  readonly pollMs: number
  /** Shortest time between two looks that a wake-up brings about: every write is one. */
  readonly restMs: number
  /** People in one transaction. */
  readonly pageSize: number
}

export const sweeperDefaults: SweeperOptions = { pollMs: 5_000, restMs: 100, pageSize: 500 }

/** Vendors whose accounts are listed for a new connection at once. */
const mostListings = 4
/** A vendor that takes longer to say what it offers is left out of a page; its accounts get runs of their own. */
const longestAskMs = 5_000

/** Pause before a sweep that failed is taken up again, here or elsewhere. */
const againMs = 10_000

/**
 * Walks the changes that touch many, one after the other; those of new connections beside them. `close` stops between two steps; what is left goes on elsewhere,
 * or at the next start.
 */
export function startSweeper(deps: Sweeping, options: SweeperOptions = sweeperDefaults): Worker {
  const { pollMs, restMs, pageSize } = options
  const stop = new AbortController()
  // What begins with a list of a vendor takes as long as that vendor does: changes of rules and groups do not wait for it.
  const workers = Object.entries({ walk: 1, listing: mostListings }).map(([kind, places]) =>
    startLoop<ClaimedSweep>({
      ...{ pollMs, restMs, gatherMs: 0, drainMs: 30_000 },
      what: 'sweep',
      log: deps.log,
      places: () => places,
      async claim() {
        const sweep = await deps.sweeps.claim(kind as 'walk' | 'listing')
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
    }),
  )
  return {
    wake: () => workers.forEach((worker) => worker.wake()),
    alive: () => workers.every((worker) => worker.alive()),
    async close() {
      stop.abort(new Error('the gateway stops'))
      await Promise.all(workers.map((worker) => worker.close()))
    },
  }
}

const nothing: SweepCounts = { looked: 0, differing: 0, doubtful: 0, shutOuts: 0, revokes: 0, creates: 0 }

/** From where the sweep stands to its end. Ends early when another process has taken it. */
export async function walk(
  deps: Sweeping,
  claimed: ClaimedSweep,
  pageSize: number,
  signal: AbortSignal,
): Promise<void> {
  let sweep = claimed
  if (sweep.kind === 'connection' && sweep.phase === 'counting' && sweep.position === undefined) {
    if (!(await listFirst(deps, sweep, signal))) return
  }
  for (;;) {
    signal.throwIfAborted()
    const startedAt = performance.now()
    const page = await deps.sweeps.page(sweep, pageSize)
    if (page.last === undefined) {
      if (sweep.phase === 'marking') return finish(deps, sweep)
      deps.log.info({ ...sweep.counts }, 'sweep counted')
      if (!(await deps.sweeps.nextPhase(sweep, sweep.counts))) return
      const { position: _position, ...next } = sweep
      sweep = { ...next, phase: 'marking', counted: sweep.counts, counts: nothing }
      continue
    }
    const { counts, marks, admitted } = await stepOf(deps, sweep, page)
    const isMarking = sweep.phase === 'marking'
    const done = await deps.sweeps.advance(
      sweep,
      page.last,
      counts,
      isMarking ? marks : none,
      isMarking ? admitted : undefined,
    )
    if (!done) return
    sweep = { ...sweep, position: page.last, counts }
    if (isMarking && marks.revoke.length + marks.backlog.length > 0) deps.wake()
    // Half of the time is left to requests and runs.
    await delay(Math.min(1_000, performance.now() - startedAt), undefined, { ref: false })
  }
}

const none: Marks = { revoke: [], backlog: [] }

async function finish(deps: Sweeping, sweep: ClaimedSweep): Promise<void> {
  if (!(await deps.sweeps.finish(sweep, sweep.counts))) return
  deps.log.info({ ...sweep.counts }, 'sweep done')
  const connection = deps.connections.byId(sweep.connectionId ?? '')
  const creates = sweep.counted?.creates ?? 0
  if (sweep.kind !== 'connection' || !connection || creates <= mostUnasked) return
  await deps.notices?.raise({
    kind: 'decision-needed',
    connectionId: connection.id,
    subject: 'admission',
    text: `${creates} people of the directory have no account at ${connection.name} yet. Look at the plans of batch ${batchOf(connection)}, then approve or reject them.`,
    detail: { creates },
  })
}

/** The connection may not be ready yet: then the sweep is taken up again later. */
async function listFirst(deps: Sweeping, sweep: ClaimedSweep, signal: AbortSignal): Promise<boolean> {
  const opened = deps.connections.byId(sweep.connectionId ?? '')
  if (!opened) throw new Error('a sweep of a connection that this process does not know')
  return list(deps.sweeps, sweep, await opened.ready(), signal)
}

interface Step {
  readonly counts: SweepCounts
  readonly marks: Marks
  readonly admitted: Admitted | undefined
}

async function stepOf(deps: Sweeping, sweep: ClaimedSweep, page: SweepPage): Promise<Step> {
  const surroundings = await surroundingsOf(deps, page.works)
  const added = sweep.kind === 'connection' ? surroundings.get(sweep.connectionId ?? '') : undefined
  // Left to their own runs, people would be made without anybody having been asked.
  if (sweep.kind === 'connection' && !added && page.works.length > 0)
    throw new Error('the connection does not answer')
  const correlated = added && (await correlatePage(deps.sweeps, sweep, page.works, added))
  const judged = page.works.map((work): readonly [AccountWork, Judgement] => {
    const at = surroundings.get(work.connectionId)
    return [work, !at || page.doubtful.has(work.accountId) ? { kind: 'doubtful' } : judge(work, at)]
  })
  const linked = new Set(correlated?.links.map(({ accountId }) => accountId))
  const asks = (sweep.counted?.creates ?? 0) > mostUnasked
  const waiting = new Set(asks ? correlated?.creates.keys() : [])
  const marked = judged.filter(([{ accountId }, { kind }]) => kind !== 'same' && !waiting.has(accountId))
  const isUrgent = (judgement: Judgement): boolean =>
    judgement.kind === 'differs' && (judgement.as === 'shut-out' || judgement.as === 'revoke')
  return {
    counts: countsOf(sweep.counts, judged, linked),
    marks: {
      revoke: marked.filter(([, each]) => isUrgent(each)).map(([{ accountId }]) => accountId),
      backlog: marked.filter(([, each]) => !isUrgent(each)).map(([{ accountId }]) => accountId),
    },
    admitted: correlated && added && admittedOf(correlated, added, asks),
  }
}

function admittedOf(correlated: Correlated, added: Surroundings, asks: boolean): Admitted {
  return { links: correlated.links, plans: asks ? plansOf(correlated.creates, added) : [] }
}

function countsOf(
  before: SweepCounts,
  judged: readonly (readonly [AccountWork, Judgement])[],
  linked: ReadonlySet<string>,
): SweepCounts {
  const as = (sort: string): number =>
    judged.filter(
      ([{ accountId }, each]) => each.kind === 'differs' && each.as === sort && !linked.has(accountId),
    ).length
  const of = (kind: Judgement['kind']): number => judged.filter(([, each]) => each.kind === kind).length
  return {
    looked: before.looked + judged.length,
    differing: before.differing + of('differs'),
    doubtful: before.doubtful + of('doubtful'),
    shutOuts: before.shutOuts + as('shut-out'),
    revokes: before.revokes + as('revoke'),
    creates: before.creates + as('create'),
  }
}

/** What is needed to judge at each connection of a page; a connection that does not answer is left out. */
async function surroundingsOf(
  { connections, now }: { readonly connections: Connections; readonly now: () => number },
  works: readonly AccountWork[],
): Promise<ReadonlyMap<string, Surroundings>> {
  const ids = [...new Set(works.map(({ connectionId }) => connectionId))]
  const each = ids.map(async (id): Promise<readonly (readonly [string, Surroundings])[]> => {
    try {
      const connection = await within(longestAskMs, Promise.resolve(connections.byId(id)?.ready()))
      const catalogue = await within(longestAskMs, Promise.resolve(connection?.catalogue()))
      if (!connection || !catalogue) return []
      return [[id, { connection, catalogue, now: new Date(now()).toISOString() }]]
    } catch (error) {
      if (error instanceof VendorError) return []
      throw error
    }
  })
  return new Map((await Promise.all(each)).flat())
}

export interface Sweeping {
  readonly sweeps: SweepStore
  readonly connections: Connections
  readonly log: Logger
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly notices?: Notices
  /** Accounts were marked: workers are to look. */
  readonly wake: () => void
}

import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { matching } from '../../config/rules/matching.ts'
import { VendorError } from '../../model/errors.ts'
import type { Operation, Wanted } from '../../model/plan.ts'
import type { Admitted, ClaimedSweep, Marks, SweepCounts, SweepPage } from '../../model/sweep.ts'
import type { AccountWork } from '../../model/work.ts'
import { grantedAfter } from '../../translators/granted.ts'
import { countedAs } from '../../translators/guarded.ts'
import { differencesOf, plan } from '../../translators/plan.ts'
import { wantedOf } from '../../translators/wanted.ts'
import type { Connections, LiveConnection } from '../connections.ts'
import { batchOf, type Correlated, correlatePage, list, mostUnasked, plansOf } from './admission.ts'
import type { Sweeping } from './sweeper.ts'
import type { Entitlement } from '../../model/account.ts'

/** What a sweep found out about an account without asking the vendor. */
export type Judgement =
  | { readonly kind: 'same' }
  /** Something that the store alone cannot tell: its own run has to look. */
  | { readonly kind: 'doubtful' }
  | {
      readonly kind: 'differs'
      readonly as: 'shut-out' | 'revoke' | 'create' | 'other'
      readonly operations: readonly Operation[]
      readonly wanted: Wanted
    }

export interface Surroundings {
  readonly connection: LiveConnection
  readonly catalogue: readonly Entitlement[]
  /** ISO 8601 instant. */
  readonly now: string
}

const doubtful: Judgement = { kind: 'doubtful' }

/**
 * Plans an account from what is held and what is wanted. Whatever is not settled, or cannot be told for certain, is doubtful:
 * one look too many costs little, one too few leaves somebody with what they must not have.
 */
export function judge(work: AccountWork, { connection, catalogue, now }: Surroundings): Judgement {
  const { can, policy } = connection
  const { held, user, groups } = work
  const unsettled =
    work.openOperations.length > 0 ||
    work.verification !== undefined ||
    work.predecessor !== undefined ||
    work.uncertain ||
    work.snapshot
  if (unsettled && user.active && !user.deleted) return doubtful
  const wanted = wantedOf({
    resource: user.resource,
    active: user.active,
    deleted: user.deleted,
    groups,
    policy,
    catalogue,
    capabilities: can,
    connection: connection.name,
    matching,
    now,
    ...(held ? { granted: held.granted } : {}),
  })
  if (wanted.kind === 'refused') return doubtful
  const { operations, deviations } = plan(wanted, held, can, policy, undefined, now)
  const { tried = [] } = work.snapshot ?? {}
  const leaves = wanted.kind !== 'present' && held !== undefined
  if (leaves && differencesOf(wanted, held, { can, policy, now, tried }).intents.length > operations.length)
    return doubtful
  if (operations.length > 0) return { kind: 'differs', as: sortOf(operations, work, can), operations, wanted }
  if (deviations.length > 0 || work.provenVersion < work.wantedVersion) return doubtful
  return isSettled(wanted, work, can) ? { kind: 'same' } : doubtful
}

function sortOf(
  operations: readonly Operation[],
  { held }: AccountWork,
  can: LiveConnection['can'],
): 'shut-out' | 'revoke' | 'create' | 'other' {
  if (operations.some(({ op }) => op === 'create')) return 'create'
  return countedAs(operations, held, can) ?? 'other'
}

/** Nothing is to be written at the vendor, nor to be remembered here. */
function isSettled(wanted: Wanted, { held }: AccountWork, can: LiveConnection['can']): boolean {
  if (wanted.kind !== 'present') return true
  if (wanted.frozen.length > 0 || wanted.deviations.length > 0) return false
  if (!held) return true
  return isDeepStrictEqual(grantedAfter(held.granted, wanted.entitlements, [], can), held.granted)
}

const nothing: SweepCounts = { looked: 0, differing: 0, doubtful: 0, shutOuts: 0, revokes: 0, creates: 0 }

/** From where the sweep stands to its end. Ends early when another process has taken it. */
export async function walk(
  by: Sweeping,
  claimed: ClaimedSweep,
  pageSize: number,
  signal: AbortSignal,
): Promise<void> {
  let sweep = claimed
  if (sweep.kind === 'connection' && sweep.phase === 'counting' && sweep.position === undefined) {
    if (!(await listFirst(by, sweep, signal))) return
  }
  for (;;) {
    signal.throwIfAborted()
    const startedAt = performance.now()
    const page = await by.sweeps.page(sweep, pageSize)
    if (page.last === undefined) {
      if (sweep.phase === 'marking') return finish(by, sweep)
      by.log.info({ ...sweep.counts }, 'sweep counted')
      if (!(await by.sweeps.nextPhase(sweep, sweep.counts))) return
      const { position: _position, ...next } = sweep
      sweep = { ...next, phase: 'marking', counted: sweep.counts, counts: nothing }
      continue
    }
    const { counts, marks, admitted } = await stepOf(by, sweep, page)
    const isMarking = sweep.phase === 'marking'
    const done = await by.sweeps.advance(
      sweep,
      page.last,
      counts,
      isMarking ? marks : none,
      isMarking ? admitted : undefined,
    )
    if (!done) return
    sweep = { ...sweep, position: page.last, counts }
    if (isMarking && marks.revoke.length + marks.backlog.length > 0) by.wake()
    // Half of the time is left to requests and runs.
    await delay(Math.min(1_000, performance.now() - startedAt), undefined, { ref: false })
  }
}

const none: Marks = { revoke: [], backlog: [] }

async function finish(by: Sweeping, sweep: ClaimedSweep): Promise<void> {
  if (!(await by.sweeps.finish(sweep, sweep.counts))) return
  by.log.info({ ...sweep.counts }, 'sweep done')
  const connection = by.connections.byId(sweep.connectionId ?? '')
  const creates = sweep.counted?.creates ?? 0
  if (sweep.kind !== 'connection' || !connection || creates <= mostUnasked) return
  await by.notices?.raise({
    kind: 'decision-needed',
    connectionId: connection.id,
    subject: 'admission',
    text: `${creates} people of the directory have no account at ${connection.name} yet. Look at the plans of batch ${batchOf(connection)}, then approve or reject them.`,
    detail: { creates },
  })
}

/** The connection may not be ready yet: then the sweep is taken up again later. */
async function listFirst(by: Sweeping, sweep: ClaimedSweep, signal: AbortSignal): Promise<boolean> {
  const opened = by.connections.byId(sweep.connectionId ?? '')
  if (!opened) throw new Error('a sweep of a connection that this process does not know')
  return list(by.sweeps, sweep, await opened.ready(), signal)
}

interface Step {
  readonly counts: SweepCounts
  readonly marks: Marks
  readonly admitted: Admitted | undefined
}

async function stepOf(by: Sweeping, sweep: ClaimedSweep, page: SweepPage): Promise<Step> {
  const surroundings = await surroundingsOf(by, page.works)
  const added = sweep.kind === 'connection' ? surroundings.get(sweep.connectionId ?? '') : undefined
  // Left to their own runs, people would be made without anybody having been asked.
  if (sweep.kind === 'connection' && !added && page.works.length > 0)
    throw new Error('the connection does not answer')
  const correlated = added && (await correlatePage(by.sweeps, sweep, page.works, added))
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
      const connection = await connections.byId(id)?.ready()
      if (!connection) return []
      return [
        [id, { connection, catalogue: await connection.catalogue(), now: new Date(now()).toISOString() }],
      ]
    } catch (error) {
      if (error instanceof VendorError) return []
      throw error
    }
  })
  return new Map((await Promise.all(each)).flat())
}

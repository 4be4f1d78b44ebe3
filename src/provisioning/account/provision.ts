import {
  type Account,
  type CreationSecret,
  type EntitlementChange,
  entitlementKey,
} from '../../model/account.ts'
import type { AccountSettings } from '../../model/capabilities.ts'
import { GatewayError, VendorError } from '../../model/errors.ts'
import type { Deviation, Snapshot } from '../../model/plan.ts'
import type { KnownPlan } from '../../model/recorded-plan.ts'
import type {
  AccountFailure,
  AccountStatus,
  AccountWork,
  Claimed,
  Hold,
  OpenOperation,
} from '../../model/work.ts'
import { grantedAfterSettings } from '../../translators/entitlements/difference.ts'
import { grantedAfter, settingKey } from '../../translators/granted.ts'
import { loginOf } from '../../translators/person.ts'
import { graceOf, signInLeft } from '../../translators/shut-out.ts'
import { namesFrom } from '../../translators/words.ts'
import type { LiveConnection, OpenConnection } from '../connections.ts'
import {
  afterVendorFailure,
  failureOf,
  iso,
  lookUnderLease,
  type Pace,
  startLoop,
  type Worker,
} from '../engine.ts'
import { noticeOf } from '../notices.ts'
import { adopt, dropLink, findAccount } from './correlate.ts'
import { refresh } from './execute.ts'
import { clearDoubt, provide, relink, wantedBy } from './present.ts'
import { type Ending, keep, learn, proven, type Provisioner, type Run } from './run.ts'
import { shutOut, verify } from './shut-out.ts'
import { backoffMs, shutOutRetryMs, triesAfter } from '../backoff.ts'

/**
 * An open journal row is a write that may or may not have reached the vendor: the vendor is read, by id or by
 * correlation, and what it shows becomes held, before anything is written again.
 */
async function recover(run: Run): Promise<Ending | undefined> {
  for (const row of run.work.openOperations) {
    run.log.info({ operation: row.operation.op, openedAt: row.openedAt }, 'reading after an uncertain write')
    const ending = run.link === undefined ? await afterCreate(run, row) : await afterWrite(run, row)
    if (ending) return ending
    await run.deps.queue.close(run.lease.current(), row.id, {
      outcome: 'settled',
      after: run.held?.account ?? null,
    })
  }
  return undefined
}

async function afterCreate(run: Run, row: OpenOperation): Promise<Ending | undefined> {
  const draft = row.operation.op === 'create' ? row.operation.draft : undefined
  const login = draft?.login ?? loginOf(run.work.user.resource, run.connection.policy.login)
  if (login === undefined) return undefined
  const found = await findAccount(run, {
    login,
    shutOut: !run.work.user.active,
    ...(draft ? { ownOpenCreateAt: row.openedAt } : {}),
  })
  const adopted = await adopt(run, found)
  if (adopted === 'none') return undefined
  if (adopted !== 'linked') return adopted
  if (draft) await claimGrants(run, { assign: draft.entitlements, revoke: [] })
  if (draft?.settings) await claimSettings(run, draft.settings)
  return undefined
}

async function afterWrite(run: Run, { operation }: OpenOperation): Promise<undefined> {
  const account = await refresh(run)
  if (!account) {
    const { active, deleted } = run.work.user
    // A shut-out proves the absence itself, and needs the login that the vendor knew.
    if (active && !deleted) await dropLink(run)
    return undefined
  }
  await keep(run, account)
  if (operation.op === 'renew-invitation' && account.facts.invitation !== 'expired') {
    await learn(run, { held: { ...run.held!, reinvitedAt: iso(run.deps.now()) } })
  }
  if (operation.op === 'change-entitlements') await claimGrants(run, operation.change)
  if (operation.op === 'update' && operation.settings) await claimSettings(run, operation.settings)
  return undefined
}

/**
 * What our own uncertain write asked for and the account now holds, Drawbridge granted: unless it was giving back, on a
 * return, what somebody had granted by hand. Unclaimed grants would never be revoked.
 */
async function claimGrants(run: Run, change: EntitlementChange): Promise<void> {
  const { held, snapshot } = run
  if (!held) return
  const holds = keysOf(held.account)
  const byHand = new Set(snapshot?.entitlements.map(entitlementKey))
  for (const { key } of snapshot?.granted ?? []) byHand.delete(key)
  const assign = change.assign.filter((ref) => holds.has(entitlementKey(ref)))
  const revoke = change.revoke.filter((ref) => !holds.has(entitlementKey(ref)))
  const ours = assign
    .filter((ref) => !byHand.has(entitlementKey(ref)))
    .map((ref) => ({ ref, name: ref.id, reasons: [], requests: [] }))
  const granted = grantedAfter(held.granted, ours, { assign, revoke }, run.connection.can)
  await learn(run, { held: { ...held, granted } })
}

/** Likewise for settings; what was switched off is nobody's any more. */
async function claimSettings(run: Run, settings: AccountSettings): Promise<void> {
  const { held, snapshot, connection } = run
  if (!held) return
  const shown = Object.entries(settings).filter(([name, value]) => held.account.settings?.[name] === value)
  const isOurs = ([name, value]: readonly [string, unknown]): boolean =>
    connection.can.settings?.[name]?.off !== value && !isByHand(snapshot, name, value)
  const ours = Object.fromEntries(shown.filter(isOurs))
  const granted = grantedAfterSettings(held.granted, ours, Object.fromEntries(shown))
  await learn(run, { held: { ...held, granted } })
}

function isByHand(snapshot: Snapshot | undefined, name: string, value: unknown): boolean {
  return (
    snapshot?.settings?.[name] === value && !snapshot?.granted.some(({ key }) => key === settingKey(name))
  )
}

function keysOf({ entitlements }: Account): ReadonlySet<string> {
  return new Set(entitlements.filter(({ inherited }) => !inherited).map(entitlementKey))
}

/**
 * A userName came back while the removal of its predecessor is not proven: with the same externalId the removal is
 * cancelled and the account moves over; otherwise the removal runs now and this account waits for it.
 */
async function yieldToPredecessor(run: Run): Promise<Ending | undefined> {
  const { predecessor } = run.work
  if (!predecessor) return undefined
  // Where nothing is written the removal never comes: what would be done for this person is recorded all the same.
  if (run.connection.policy.mode === 'shadow' && !predecessor.sameExternalId) return undefined
  const { queue, leases } = run.deps
  const claimed = await queue.claim(predecessor.accountId)
  if (claimed === 'gone') return undefined
  if (typeof claimed === 'string') return waiting(run)
  if (!predecessor.sameExternalId) {
    await run.provisionOther(claimed)
    return waiting(run)
  }
  const lease = leases.hold(claimed)
  try {
    await queue.inherit(run.lease.current(), lease.current())
  } finally {
    lease.release()
  }
  // The account is this row's now: look again with what it brought.
  return { ...proven(), status: 'pending', attempts: run.work.attempts, dueInMs: 0 }
}

/** Soon, then ever more seldom: a removal may wait for somebody's approval. */
function waiting(run: Run): Ending {
  const attempts = run.work.attempts + 1
  const detail = `The login was that of a User who was deleted, and whose removal at ${run.connection.name} is not proven yet: it comes first.`
  const failure = failureOf(run, 'predecessor', detail)
  return { ...proven(), status: 'waiting', failure, attempts, dueInMs: backoffMs(attempts) }
}

export interface Given {
  /** Came with the request that runs this. */
  readonly secret?: CreationSecret
  /** What was read under this very lease. */
  readonly read?: AccountWork
}

/**
 * One look at one account: what is wanted, what is held, what differs, one vendor call after the other, settled. Never
 * rejects because of a vendor. Gives how the account was settled; undefined when it was not, or something was wished
 * meanwhile.
 */
export function provision(
  deps: Provisioner,
  claimed: Claimed,
  { secret = {}, read }: Given = {},
): Promise<AccountStatus | undefined> {
  const last: Run['last'] = {}
  let startedAt = 0
  return lookUnderLease<AccountWork, Ending, AccountStatus | undefined>(deps, claimed, {
    what: 'account',
    priority: claimed.priority,
    async read(lease) {
      const work = read ?? (await deps.queue.read(lease))
      startedAt = deps.now()
      return work
    },
    look(connection, { lease, work, log }) {
      const { vendorAccountId: link, held, snapshot } = work
      const provisionOther = async (other: Claimed): Promise<void> => void (await provision(deps, other))
      return endingAt(connection, {
        deps,
        lease,
        work,
        log,
        provisionOther,
        link,
        held,
        snapshot,
        last,
        secret,
      })
    },
    shown: ({ status, failure }) => ({ status, failure: failure?.kind }),
    async settle(connection, { lease, work, log }, ending) {
      if (work.plan && isOver(work.plan, ending)) await deps.plans.discard(lease.current())
      const settled = await settle({ deps, lease, work, last }, ending)
      const { status, failure } = ending
      log.info({ status, ...(failure ? { failure: failure.kind } : {}) }, 'account settled')
      if (settled !== 'settled') return undefined
      await tellOf(deps, connection, work, ending, deps.now() - startedAt)
      return status
    },
    // Whatever was uncertain is in its journal.
    async lost() {
      if (last.begun) await deps.queue.doubt(claimed.lease.id)
    },
  })
}

/** Whoever else is linked to the account of the last write is found out with it. */
async function settle(
  start: Pick<Run, 'deps' | 'lease' | 'work' | 'last'>,
  ending: Ending,
): Promise<'settled' | 'again'> {
  const { deps, lease, work, last } = start
  const leaves = !work.user.active || work.user.deleted
  const settlementOf = ({ deviations = [], ...rest }: Ending) => ({
    ...rest,
    deviations,
    wantedVersion: work.wantedVersion,
    frees: leaves ? work.vendorAccountId : undefined,
  })
  try {
    return await deps.queue.settle(lease.current(), settlementOf(ending), last.unclosed)
  } catch (error) {
    const isTaken = error instanceof GatewayError && error.code === 'ACCOUNT_LINKED'
    if (!last.unclosed || !isTaken) throw error
    return deps.queue.settle(lease.current(), settlementOf(linkedElsewhere(start, error)))
  }
}

/** A recorded plan ends with what it proposed, or with what made it pointless. */
function isOver({ state }: KnownPlan, { status, failure }: Ending): boolean {
  if (status === 'proven' || status === 'invited') return true
  const stays = status === 'pending' || status === 'waiting' || failure?.kind === 'rejected'
  return !stays && state !== 'approved'
}

async function tellOf(
  deps: Provisioner,
  connection: OpenConnection,
  work: AccountWork,
  ending: Ending,
  ranMs: number,
): Promise<void> {
  if (ending.status === 'proven' && work.shutOutAskedMsAgo !== undefined)
    deps.shutOutProven?.(connection.id, work.shutOutAskedMsAgo + ranMs)
  const notice = deps.notices && noticeOf({ connection, work, ending })
  if (notice) await deps.notices?.raise(notice)
}

async function endingAt(opened: OpenConnection, start: Omit<Run, 'connection'>): Promise<Ending> {
  let connection: LiveConnection
  try {
    connection = await opened.ready()
  } catch (error) {
    if (!(error instanceof VendorError)) throw error
    return afterFailure({ ...start, connection: opened }, error)
  }
  return endingOf({ ...start, connection })
}

async function endingOf(run: Run): Promise<Ending> {
  try {
    return await dueAgain(run, await look(run))
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'ACCOUNT_LINKED') return linkedElsewhere(run, error)
    if (!(error instanceof VendorError)) throw error
    if (error.failure === 'not-found' && run.link !== undefined) return lookAgain(run, error)
    return afterFailure(run, error)
  }
}

/** Another User's account was linked to this one at the same moment: somebody has to decide whose it is. */
function linkedElsewhere(run: Pick<Run, 'deps' | 'work'>, { message }: GatewayError): Ending {
  return {
    status: 'waiting',
    failure: failureOf(run, 'ambiguous', message),
    attempts: run.work.attempts,
    dueInMs: shutOutRetryMs,
  }
}

/** Once: confirm the tenant, drop the link, correlate again. */
async function lookAgain(run: Run, first: VendorError): Promise<Ending> {
  run.log.warn({ operation: first.operation }, 'linked account not found, correlating again')
  try {
    await relink(run)
    return await dueAgain(run, await look(run))
  } catch (error) {
    if (!(error instanceof VendorError)) throw error
    return afterFailure(run, error)
  }
}

/** What time alone changes: an operator's hold ends, or the days of grace of somebody who left are over. */
async function dueAgain(run: Run, ending: Ending): Promise<Ending> {
  const { user } = run.work
  const { hold } = user
  const until = [hold?.until, ending.status === 'proven' ? graceUntil(run) : undefined]
  const waits = until.flatMap((at) =>
    at === undefined ? [] : [Math.max(Date.parse(at) - run.deps.now(), 0)],
  )
  const dueInMs = Math.min(...waits, ending.dueInMs ?? Number.POSITIVE_INFINITY)
  const held: readonly Deviation[] = hold && !user.deleted ? [heldBy(hold)] : []
  const more = [...held, ...(await leftOf(run, ending))]
  return {
    ...ending,
    ...(Number.isFinite(dueInMs) ? { dueInMs } : {}),
    ...(more.length > 0 ? { deviations: [...(ending.deviations ?? []), ...more] } : {}),
  }
}

/** What is left to somebody whose access has ended: told wherever the proof is told. */
async function leftOf(
  { work: { user }, held, connection, deps }: Run,
  { status }: Ending,
): Promise<readonly Deviation[]> {
  const hasLeft = !user.active || user.deleted
  if (!hasLeft || !held || (status !== 'proven' && status !== 'verifying')) return []
  // As it was last read: a name is not worth a call.
  const catalogue =
    held.account.entitlements.length > 0 ? await deps.store.catalogue(connection.id) : undefined
  const left = signInLeft(held.account, namesFrom(catalogue?.entries ?? []))
  return left ? [left] : []
}

function graceUntil({
  deps,
  work: { user },
  held,
  snapshot,
  connection: { can, policy },
}: Run): string | undefined {
  if (!held || (user.active && !user.deleted)) return undefined
  const because = user.deleted ? 'deleted' : 'inactive'
  const grace = graceOf(because, held.account, snapshot, { can, policy, now: iso(deps.now()) })
  return grace.kind === 'delayed' ? grace.until : undefined
}

function heldBy({ by, reason, until }: Hold): Deviation {
  const end = until === undefined ? '' : ` until ${until}`
  return {
    code: 'held',
    detail: `${by} holds this person shut out${end}, whatever the directory wants: ${reason}`,
  }
}

async function look(run: Run): Promise<Ending> {
  const { work } = run
  if (work.unmanaged) return ignored(run)
  const doubt = await clearDoubt(run)
  if (doubt) return doubt
  const waits = await yieldToPredecessor(run)
  if (waits) return waits
  const recovered = await recover(run)
  if (recovered) return recovered
  if (work.verification && work.wantedVersion === work.provenVersion) return verify(run)
  const wanted = await wantedBy(run)
  if ('status' in wanted) return wanted
  if (wanted.kind === 'present') return provide(run, wanted)
  if (wanted.kind === 'nothing' && !run.held)
    return { status: 'proven', failure: null, verification: null, attempts: 0 }
  return shutOut(run, wanted)
}

function ignored(run: Run): Ending {
  const detail = `An operator took this account out of provisioning at ${run.connection.name}; nothing is written there.`
  return { ...proven(), status: 'waiting', failure: failureOf(run, 'unmanaged', detail) }
}

/** What a failure is judged by; the connection need not be ready. */
type Failing = Pick<Run, 'deps' | 'work' | 'log' | 'lease'> & {
  readonly connection: Parameters<typeof afterVendorFailure>[1]
}

async function afterFailure(run: Failing, error: VendorError): Promise<Ending> {
  const { work } = run
  const consequence = await afterVendorFailure(run, run.connection, error)
  const { failure } = consequence
  switch (consequence.next) {
    case 'later':
      return { status: 'pending', failure, attempts: work.attempts, dueInMs: consequence.dueInMs }
    case 'give-up':
      return giveUp(run, failure)
    case 'refused-here':
      return { status: 'failed', failure, attempts: work.attempts, dueInMs: shutOutRetryMs }
    case 'try-again':
    case 'correlate': {
      const attempts = triesAfter(work)
      return { status: 'pending', failure, attempts, dueInMs: backoffMs(attempts) }
    }
  }
}

/** Failed for good; a shut-out is tried again hourly all the same, because access that survives is never forgotten. */
function giveUp({ work: { user, attempts } }: Failing, failure: AccountFailure): Ending {
  const mustEnd = !user.active || user.deleted
  return {
    status: 'failed',
    failure,
    attempts,
    ...(mustEnd ? { dueInMs: shutOutRetryMs } : {}),
  }
}

export interface WorkerOptions extends Pace {
  /** Accounts at once in this process. */
  readonly concurrency: number
  /** Processes that work on the same accounts: `concurrency` is of them all. */
  readonly processes?: () => number
}

export const workerDefaults: WorkerOptions = {
  concurrency: 96,
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
    claim: (most, shares) => deps.queue.claimDue(most, shares),
    idOf: ({ lease }) => lease.id,
    run: (claimed) => provision(deps, claimed),
  })
}

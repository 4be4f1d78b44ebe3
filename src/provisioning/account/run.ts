import type { Logger } from 'pino'
import {
  type Account,
  type CreationSecret,
  type EntitlementChange,
  entitlementKey,
} from '../../model/account.ts'
import type { VendorError } from '../../model/errors.ts'
import type { Held, JournalOperation, RecentChange, Snapshot } from '../../model/plan.ts'
import type {
  AccountQueue,
  AccountUpdate,
  AccountWork,
  Claimed,
  OperationClosing,
  Settlement,
  Unclosed,
} from '../../model/work.ts'
import type { PlanStore } from '../../store/plans.ts'
import type { LiveConnection } from '../connections.ts'
import { type Engine, failureFrom, type HeldLease } from '../engine.ts'

/**
 * Where reads lag, a read can show what was just revoked and hide what was just assigned. For as long as the lag our own
 * confirmed changes count instead: a role that we revoked must not be taken for one that somebody granted by hand.
 */
export function noteChange(
  recent: Held['recent'],
  { assign, revoke }: EntitlementChange,
  at: { readonly now: number; readonly lagMs: number | undefined },
): readonly RecentChange[] | undefined {
  if (!at.lagMs) return undefined
  const instant = new Date(at.now).toISOString()
  const noted = [
    ...revoke.map((ref) => ({ ref, what: 'revoked', at: instant }) as const),
    ...assign.map((ref) => ({ ref, what: 'assigned', at: instant }) as const),
  ]
  const keys = new Set(noted.map(({ ref }) => entitlementKey(ref)))
  return [...current(recent, at).filter(({ ref }) => !keys.has(entitlementKey(ref))), ...noted]
}

/** What a read shows, corrected by our changes that it may not show yet. */
export function seenThrough(
  account: Account,
  recent: Held['recent'],
  at: { readonly now: number; readonly lagMs: number | undefined },
): Account {
  const changes = current(recent, at)
  if (changes.length === 0) return account
  const touched = new Set(changes.map(({ ref }) => entitlementKey(ref)))
  return {
    ...account,
    entitlements: [
      ...account.entitlements.filter((each) => each.inherited || !touched.has(entitlementKey(each))),
      ...changes.filter(({ what }) => what === 'assigned').map(({ ref }) => ref),
    ],
  }
}

function current(
  recent: Held['recent'],
  { now, lagMs = 0 }: { readonly now: number; readonly lagMs: number | undefined },
): readonly RecentChange[] {
  return (recent ?? []).filter(({ at }) => now - Date.parse(at) < lagMs)
}

/** What looking at accounts needs. */
export interface Provisioner extends Engine {
  readonly queue: AccountQueue
  readonly plans: PlanStore
  /** The leaver's clock: milliseconds from the request to the proof. */
  readonly shutOutProven?: (connectionId: string, milliseconds: number) => void
  /** A limit of the guard held a write back. */
  readonly guardTripped?: (connectionId: string, kind: 'shut-out' | 'revoke') => void
}

/** One look at one account, under its lease. What is known changes as the run learns and writes. */
export interface Run {
  readonly deps: Provisioner
  readonly lease: HeldLease
  readonly connection: LiveConnection
  readonly work: AccountWork
  readonly log: Logger
  /** Another account's run, for a predecessor that must be settled first. */
  readonly provisionOther: (claimed: Claimed) => Promise<void>
  /** The last write of the run so far. */
  readonly last: {
    /** Its journal row is closed with what follows. */
    unclosed?: Unclosed | undefined
    /** A write began whose end is not in the store: it may have reached the vendor. */
    begun?: boolean
  }
  /** Of the request that runs this; in no draft, and so in no journal. */
  readonly secret: CreationSecret
  link: string | undefined
  held: Held | undefined
  snapshot: Snapshot | undefined
  /** The read of this run lacked what we granted and never took back. */
  unshown?: boolean
  /** The vendor's login of the account whose link was just dropped. */
  formerLogin?: string
  /** ISO 8601 instant: the account that is made next stands for an invitation that expired. */
  reinvitedAt?: string
}

/** Keeps in the store, and in the run, what was learnt; after a write that is closed late, together with what that one changed. */
export async function learn(run: Run, update: AccountUpdate): Promise<void> {
  const { unclosed } = run.last
  if (unclosed) run.last.unclosed = { ...unclosed, update: { ...unclosed.update, ...update } }
  else await run.deps.queue.save(run.lease.current(), update)
  remember(run, update)
}

function remember(run: Run, { vendorAccountId, held, snapshot }: AccountUpdate): void {
  if (vendorAccountId !== undefined) run.link = vendorAccountId ?? undefined
  if (held !== undefined) run.held = held ?? undefined
  if (snapshot !== undefined) run.snapshot = snapshot ?? undefined
}

/** Keeps what a read showed as held; `granted` is left as it was unless given. */
export function keep(run: Run, account: Account, granted = run.held?.granted ?? []): Promise<void> {
  const { recent, reinvitedAt } = run.held ?? {}
  return learn(run, { held: { account, granted, recent, reinvitedAt } })
}

/** Links the account that was found or made. */
export async function linkTo(run: Run, account: Account, granted: Held['granted'] = []): Promise<void> {
  await learn(run, {
    vendorAccountId: account.id,
    vendorTenant: await run.connection.tenant(),
    held: { account, granted },
  })
}

export const unlink: AccountUpdate = { vendorAccountId: null, vendorTenant: null, held: null }

/** When the journal row of a write that was done is closed. */
export type Close = 'at once' | 'late'

export interface Written {
  readonly closing: OperationClosing
  readonly update?: AccountUpdate
}

/**
 * One vendor write: a journal row is committed open before the call and closed, with what it changed, after it. A
 * failure that may have reached the vendor leaves the row open: the next run reads before it writes again. `late`: no vendor
 * call follows but one that is journaled too, so that the next row, or the settlement, closes the row of a write that was done.
 */
export async function journaled(
  run: Run,
  operation: JournalOperation,
  write: () => Promise<Written>,
  close: Close = 'at once',
): Promise<void> {
  const { queue } = run.deps
  const id = await queue.open(run.lease.current(), operation, run.held?.account ?? null, run.last.unclosed)
  run.last.unclosed = undefined
  const startedAt = run.deps.now()
  const durationMs = (): number => run.deps.now() - startedAt
  let written: Written
  run.last.begun = true
  try {
    written = await write()
  } catch (error) {
    await closeRefused(run, id, error, durationMs())
    throw error
  }
  const closing = { durationMs: durationMs(), ...written.closing }
  const { update = {} } = written
  if (close === 'late' && closing.outcome === 'done') run.last.unclosed = { operationId: id, closing, update }
  else {
    await queue.close(run.lease.current(), id, closing, update)
    run.last.begun = false
  }
  remember(run, update)
  run.log.debug({ operation: operation.op, durationMs: durationMs() }, 'operation done')
}

async function closeRefused(run: Run, id: string, error: unknown, durationMs: number): Promise<void> {
  const refused = error as Partial<VendorError>
  if (refused.name !== 'VendorError' || !refused.certainlyNotDone) return
  await run.deps.queue.close(run.lease.current(), id, {
    outcome: 'refused',
    failure: failureFrom(run, error as VendorError),
    durationMs,
    ...(refused.requestId === undefined ? {} : { vendorRequestId: refused.requestId }),
  })
  run.last.begun = false
}

/** What a run ends in. */
export type Ending = Omit<Settlement, 'wantedVersion' | 'deviations'> &
  Partial<Pick<Settlement, 'deviations'>>

export const proven = (status: 'proven' | 'invited' = 'proven'): Ending => ({
  status,
  failure: null,
  verification: null,
  attempts: 0,
})

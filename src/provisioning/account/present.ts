import { isDeepStrictEqual } from 'node:util'
import type { Account, Entitlement, EntitlementChange } from '../../model/account.ts'
import { VendorError } from '../../model/errors.ts'
import type { Deviation, Plan, Wanted } from '../../model/plan.ts'
import type { AccountFailure } from '../../model/work.ts'
import { grantedAfter, withoutEnded } from '../../translators/granted.ts'
import { plan } from '../../translators/plan.ts'
import { wantedOf } from '../../translators/wanted.ts'
import { failureFrom, failureOf, iso } from '../engine.ts'
import { givenBack, gate, needsFreshRead, objectionTo } from '../guard.ts'
import { wantedInput } from '../wanted-input.ts'
import { adopt, dropLink, findAccount, judge } from './correlate.ts'
import { execute, type Executed, linked, refresh, write } from './execute.ts'
import { type Ending, keep, learn, proven, type Run, unlink } from './run.ts'
import { isRefusal, keepSnapshot, removeForGood } from './shut-out.ts'

const dayMs = 24 * 60 * 60_000
/** An invitation is looked at this long after its end, so that the vendor's clock decides. */
const graceMs = 60 * 60_000

/**
 * Renews an invitation that nobody accepted in time, once, where the policy wants it. The account is read when the days
 * that the vendor gives are over; one that the vendor has dropped by then is invited anew by the plan that follows. The
 * ending, where it has to wait.
 */
async function renewExpired(run: Run): Promise<Ending | undefined> {
  const { target } = run.connection
  if (!mayRenew(run) || run.deps.now() < endOf(run)) return undefined
  if (!isExpired(run.held?.account)) {
    const account = await refresh(run)
    if (!account) return dropped(run)
    await keep(run, account)
    if (!isExpired(account)) return undefined
  }
  const { renewInvitation } = target
  if (!renewInvitation) return undefined
  const waits = await gate(run, [{ op: 'renew-invitation' }])
  if (waits) return waits
  await write(
    run,
    { op: 'renew-invitation' },
    () => renewInvitation(linked(run)),
    (held) => ({
      ...held,
      account: { ...held.account, facts: { ...held.account.facts, invitation: 'pending' } },
      reinvitedAt: iso(run.deps.now()),
    }),
  )
  return undefined
}

/** What an account that still waits for its person adds to the end of a run: when to look again, and what is amiss. */
function awaitingPerson(run: Run): Pick<Ending, 'dueInMs'> & { readonly amiss: readonly Deviation[] } {
  const { account } = run.held ?? {}
  if (account?.state !== 'invited') return { amiss: [] }
  if (isExpired(account)) return { amiss: [expired(run, account)] }
  return mayRenew(run)
    ? { dueInMs: Math.max(endOf(run) - run.deps.now(), 0) + graceMs, amiss: [] }
    : { amiss: [] }
}

function mayRenew({ held, connection: { policy, can } }: Run): boolean {
  const isDue = held?.account.state === 'invited' && held.reinvitedAt === undefined
  return isDue && policy.reinvite === 'once' && can.account.invitationDays !== undefined
}

/** Milliseconds since the epoch; at once for an invitation that is known to have ended. */
function endOf({ held, deps, connection: { can } }: Run): number {
  if (isExpired(held?.account)) return deps.now()
  const since = held?.account.createdAt === undefined ? deps.now() : Date.parse(held.account.createdAt)
  return since + (can.account.invitationDays ?? 0) * dayMs
}

function isExpired(account: Account | undefined): boolean {
  return account?.facts.invitation === 'expired'
}

async function dropped(run: Run): Promise<undefined> {
  await run.connection.tenant(0)
  await learn(run, unlink)
  run.reinvitedAt = iso(run.deps.now())
  run.log.info('expired invitation is gone at the vendor, inviting anew')
}

function expired({ connection: { name } }: Run, { login }: Account): Deviation {
  const detail = `The invitation of ${login} at ${name} has expired and nobody accepted it. Renew it there, or set reinvite: once.`
  return { code: 'invitation-expired', detail }
}

async function readAnew(run: Run): Promise<void> {
  const { vendor } = run.connection
  const account = run.link === undefined ? undefined : await refresh(run)
  if (run.link !== undefined && !account)
    throw new VendorError('not-found', 'the linked account is gone', { vendor, operation: 'get' })
  const { granted = [], recent, reinvitedAt } = run.held ?? {}
  await learn(run, {
    ...(account ? { held: { account, granted, recent, reinvitedAt } } : {}),
    uncertain: false,
  })
}

function waitsForRecovery(run: Run): Ending {
  const detail = `The store was restored from a backup: at ${run.connection.name} only shut-outs run until a reconciliation finds nothing that contradicts the store, or an operator runs "drawbridge recovered".`
  return { ...proven(), status: 'waiting', failure: failureOf(run, 'restored', detail) }
}

export type Present = Extract<Wanted, { kind: 'present' }>

/** What the directory wants of this account; names are looked up again once when the catalogue does not know them. */
export async function wantedBy(run: Run): Promise<Wanted | Ending> {
  const first = resolve(run, await catalogueFor(run, false))
  if (first.kind !== 'present' || first.frozen.length === 0) return ended(run, first)
  return ended(run, resolve(run, await catalogueFor(run, true)))
}

const resolve = (run: Run, catalogue: readonly Entitlement[]): ReturnType<typeof wantedOf> =>
  wantedOf(wantedInput({ ...run.work, held: run.held }, run.connection, catalogue, iso(run.deps.now())))

/** A person who is to be shut out, and one whom no rule can concern, need no catalogue. */
async function catalogueFor({ work, connection }: Run, refresh: boolean): Promise<readonly Entitlement[]> {
  const { rules, default: byDefault } = connection.policy
  const grantsByDefault = Object.keys(byDefault).length > 0
  if (!work.user.active || work.user.deleted) return []
  const mayMatch = rules.some(({ group }) => group === undefined || work.groups.length > 0)
  if (!grantsByDefault && !mayMatch) return []
  return connection.catalogue({ refresh })
}

function ended(run: Run, wanted: ReturnType<typeof wantedOf>): Wanted | Ending {
  if (wanted.kind !== 'refused') return wanted
  return { ...proven(), status: 'failed', failure: failureOf(run, wanted.failure, wanted.detail) }
}

/** Makes what is wanted true: create, link, profile, grants, then revokes. */
export async function provide(run: Run, wanted: Present, isReleased = false): Promise<Ending> {
  // Whoever is not there yet comes with the group; whoever is, is looked after meanwhile: nothing is taken away late.
  if (wanted.awaited && !run.held) return waiting(run, wanted)
  await readUnknown(run)
  const renewing = await renewExpired(run)
  if (renewing) return renewing
  const first = planFor(run, wanted)
  const found = await lookFirst(run, wanted, first)
  if (found !== 'none') return found === 'linked' ? provide(run, wanted) : found
  const told = (ending: Ending): Ending => ({
    ...ending,
    deviations: [...wanted.deviations, ...first.deviations],
  })
  const objection = await guard(run, first)
  if (objection) return told(objection)
  const back = isReleased ? [] : givenBack(first.operations, run.snapshot)
  if (back.length > 0 && back.length < first.operations.length) {
    // The release of a hold is a decision about what the hold took, and about nothing else of the plan.
    await executeAll(run, { ...first, operations: back }, wanted, { deviations: [] })
    return provide(run, wanted, true)
  }
  const waits = await gate(run, first.operations, first.deviations, wanted)
  return waits ? told(waits) : carryOut(run, wanted, first)
}

/** Executes a plan that nothing stands against, and tells how the account then stands. */
async function carryOut(run: Run, wanted: Present, first: Plan): Promise<Ending> {
  const refusals: Refusals = { deviations: [] }
  const outcome = await executeAll(run, first, wanted, refusals)
  if (outcome === 'removed') return provide(run, wanted)
  if (outcome !== 'done') return (await adoptExisting(run, wanted, outcome.exists)) ?? provide(run, wanted)
  await refreshGranted(run, wanted)
  const left = planFor(run, wanted).deviations
  if (!left.some(({ code }) => code === 'entitlement-deferred')) await forgetSnapshot(run)
  const { amiss, dueInMs } = awaitingPerson(run)
  const due = soonest(dueInMs, changesInMs(run, wanted))
  if (wanted.awaited) return waiting(run, wanted, [...left, ...amiss])
  const refused = refusals.first ? failureFrom(run, refusals.first) : renameRefused(run, left)
  const failed = refused ? ({ status: 'failed', failure: refused } as const) : {}
  return {
    ...proven(run.held?.account.state === 'invited' ? 'invited' : 'proven'),
    ...due,
    ...failed,
    deviations: [...wanted.deviations, ...left, ...amiss, ...refusals.deviations],
  }
}

/** Under `rename: reject` everything else is done, and the rename is refused. */
function renameRefused(run: Run, deviations: readonly Deviation[]): AccountFailure | undefined {
  const renamed = deviations.find(({ code }) => code === 'login-immutable')
  if (run.connection.policy.rename !== 'reject' || !renamed) return undefined
  return failureOf(
    run,
    'rename-refused',
    `${renamed.detail} This connection refuses renames (rename: reject).`,
  )
}

/** An account that is linked, and of which nothing is known any more. */
async function readUnknown(run: Run): Promise<void> {
  if (run.link === undefined || run.held) return
  const account = await refresh(run)
  if (!account) throw notFound(run)
  await keep(run, account)
}

/**
 * Looks for the account before a creation: where the link was just dropped, under the login that the vendor knew; where a
 * plan is only recorded, so that it tells of an adoption what it is.
 */
async function lookFirst(
  run: Run,
  { person }: Present,
  { operations }: Plan,
): Promise<Ending | 'linked' | 'none'> {
  if (!operations.some(({ op }) => op === 'create') || run.held) return 'none'
  const former = run.formerLogin ?? run.snapshot?.login
  if (former !== undefined && former.toLowerCase() !== person.login) {
    const adopted = await adopt(run, await findAccount(run, { login: former, shutOut: false }))
    if (adopted !== 'none') return adopted
  }
  if (run.connection.policy.mode === 'enforce') return 'none'
  return adopt(run, await findAccount(run, { login: person.login, shutOut: false }))
}

/** Its proof has the members looked at again; this is for a proof that nobody told of. */
const groupLookMs = 60_000

function waiting(run: Run, { awaited = [], deviations }: Present, more: readonly Deviation[] = []): Ending {
  const failure = failureOf(run, 'waiting-group', awaited.join(' '))
  return {
    ...proven(),
    status: 'waiting',
    failure,
    dueInMs: groupLookMs,
    deviations: [...deviations, ...more],
  }
}

const longestWaitMs = 30 * 24 * 60 * 60_000

/** When time alone changes what the rules mean; looked at again after a month at the latest. */
function changesInMs({ deps }: Run, { changesAt }: Present): number | undefined {
  if (changesAt === undefined) return undefined
  return Math.min(Math.max(Date.parse(changesAt) - deps.now(), 0), longestWaitMs)
}

function soonest(...waits: readonly (number | undefined)[]): Pick<Ending, 'dueInMs'> {
  const known = waits.filter((wait) => wait !== undefined)
  return known.length === 0 ? {} : { dueInMs: Math.min(...known) }
}

function planFor(run: Run, wanted: Present): Plan {
  const { can, policy } = run.connection
  return plan({ wanted, held: run.held, can, policy, snapshot: run.snapshot, now: iso(run.deps.now()) })
}

async function guard(run: Run, { operations }: Plan): Promise<Ending | undefined> {
  if (!run.held) return undefined
  let { account } = run.held
  if (needsFreshRead(account, operations)) {
    const fresh = await refresh(run)
    // Gone in the meantime: the write would say so too, and the failure table links anew.
    if (!fresh) throw notFound(run)
    account = fresh
    await keep(run, account)
  }
  const failure = await objectionTo(run, account, operations)
  return failure && { ...proven(), status: 'failed', failure }
}

function notFound({ connection: { vendor } }: Run): VendorError {
  return new VendorError('not-found', 'the linked account is gone', { vendor, operation: 'get' })
}

/** Parts of a plan that the vendor refused for good, each with its reason; the rest was done. */
interface Refusals {
  readonly deviations: Deviation[]
  first?: VendorError
}

function note(refusals: Refusals, error: VendorError): void {
  refusals.first ??= error
  refusals.deviations.push({ code: 'entitlement-refused', detail: error.detail })
}

/** Refused for what it asks, and certainly not done. Whoever is refused everything is told apart by a control read. */
const isRefusedPart = (error: unknown): error is VendorError =>
  error instanceof VendorError && error.certainlyNotDone && isRefusal(error) && error.status !== 403

/** Each entitlement by itself, where the vendor takes them one by one: what can be done is done. */
async function changeOneByOne(
  run: Run,
  { assign, revoke }: EntitlementChange,
  wanted: Present,
  refusals: Refusals,
): Promise<void> {
  const singles = [
    ...assign.map((ref) => ({ assign: [ref], revoke: [] })),
    ...revoke.map((ref) => ({ assign: [], revoke: [ref] })),
  ]
  for (const change of singles) {
    try {
      await execute(run, { op: 'change-entitlements', change }, wanted)
    } catch (error) {
      if (!isRefusedPart(error)) throw error
      note(refusals, error)
    }
  }
}

/** `removed`: the account that stood in the way of a new one is gone. */
async function executeAll(
  run: Run,
  { operations }: Plan,
  wanted: Present,
  refusals: Refusals,
): Promise<Executed | 'removed'> {
  const { can } = run.connection
  for (const [at, operation] of operations.entries()) {
    if (operation.op === 'end-sessions') throw new Error('a plan for a present person ends no sessions')
    if (operation.op === 'shut-out') {
      await removeForGood(run)
      return 'removed'
    }
    const close = operations[at + 1]?.op === 'shut-out' ? 'at once' : 'late'
    try {
      const executed = await execute(run, operation, wanted, close)
      if (executed !== 'done') return executed
    } catch (error) {
      if (operation.op !== 'change-entitlements' || !isRefusedPart(error)) throw error
      const { change } = operation
      const refs = [...change.assign, ...change.revoke]
      const isDelta = refs.every(({ kind }) => can.entitlements[kind]?.write === 'delta')
      if (refs.length > 1 && isDelta && !change.settings) await changeOneByOne(run, change, wanted, refusals)
      else note(refusals, error)
    }
  }
  return 'done'
}

/** The vendor said that the login is taken: whose account it is decides the policy. */
async function adoptExisting(
  run: Run,
  { person }: Present,
  shown: Account | undefined,
): Promise<Ending | undefined> {
  const circumstances = { login: person.login, shutOut: false }
  const found = shown ? await judge(run, [shown], circumstances) : await findAccount(run, circumstances)
  const adopted = await adopt(run, found)
  if (adopted === 'linked') return undefined
  if (adopted !== 'none') return adopted
  const detail = `${run.connection.name} says that ${person.login} exists, yet shows no such account: it belongs to another tenant or is blocked there.`
  return { ...proven(), status: 'failed', failure: failureOf(run, 'conflict', detail) }
}

/** Which rules ask for what was granted earlier: a right side that stops resolving must still freeze it; less what has ended. */
async function refreshGranted(run: Run, { entitlements }: Present): Promise<void> {
  const { held } = run
  if (!held || held.granted.length === 0) return
  const ours = withoutEnded(held.granted, iso(run.deps.now()))
  const granted = grantedAfter(ours, entitlements, [], run.connection.can)
  if (isDeepStrictEqual(granted, held.granted)) return
  await learn(run, { held: { ...held, granted } })
}

/** What was kept for the return has been given back. */
async function forgetSnapshot(run: Run): Promise<void> {
  if (run.snapshot) await learn(run, { snapshot: null })
}

/**
 * The linked account is gone at the vendor: the link is dropped, once, and correlation starts anew, by the login that the
 * vendor knew. Of somebody who leaves the grants are kept with it.
 */
export async function relink(run: Run): Promise<void> {
  await run.connection.tenant(0)
  const { user } = run.work
  if (!user.active || user.deleted) await keepSnapshot(run)
  await dropLink(run)
}

/**
 * What comes before any plan. A User that an import made is nobody's wish yet. After a restore of the store only shut-outs
 * run: what the gap held is not known, and somebody who left in it must not be made again. An account in doubt is read.
 */
export async function clearDoubt(run: Run): Promise<Ending | undefined> {
  const { user, recovering, uncertain } = run.work
  if (user.unclaimed) return { ...proven(), status: 'waiting' }
  const leaves = !user.active || user.deleted
  if (recovering && !leaves) return waitsForRecovery(run)
  if (!uncertain) return undefined
  // A shut-out reads the account first in any case.
  if (leaves) await learn(run, { uncertain: false })
  else await readAnew(run)
  return undefined
}

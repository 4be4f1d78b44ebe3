import { VendorError } from '../../model/errors.ts'
import type { JournalOperation, Plan, Wanted } from '../../model/plan.ts'
import type { AccountFailure } from '../../model/work.ts'
import { becauseOf, plan, stepsFor } from '../../translators/plan.ts'
import { graceOf, holds, isEnded, snapshotOf, usableSteps, withUnshown } from '../../translators/shut-out.ts'
import { failureFrom, failureOf, iso } from '../engine.ts'
import { gate, objectionTo } from '../guard.ts'
import { adopt, findAccount, loginAtVendor } from './correlate.ts'
import { changeEntitlements, linked, refresh, setActive, stripChanges, write } from './execute.ts'
import { type Ending, keep, learn, linkTo, proven, type Run, unlink } from './run.ts'
import type { Account } from '../../model/account.ts'
import { shutOutRetryMs } from '../backoff.ts'
import type { ShutOutStep } from '../../model/policy.ts'

/** Whether something is left to end that the vendor has not confirmed in this shut-out. */
function hasOpenSessions({ connection, link, snapshot }: Run): boolean {
  return connection.target.endSessions !== undefined && link !== undefined && !snapshot?.sessionsEnded
}

/**
 * Ends what is open already: API tokens, signed-in sessions. It belongs to every step of a shut-out that leaves the account
 * there, and is repeated alone until the vendor has confirmed it once.
 */
async function endSessions(run: Run): Promise<void> {
  const end = run.connection.target.endSessions
  const { snapshot } = run
  if (!end || !snapshot || snapshot.sessionsEnded || run.link === undefined) return
  try {
    await write(
      run,
      { op: 'end-sessions' },
      () => end(linked(run)),
      (held) => held,
    )
  } catch (error) {
    // A version that cannot do it will not be able to in an hour either; everything else is tried again.
    if (!(error instanceof VendorError) || error.failure !== 'unsupported') throw error
    run.log.warn({ detail: error.detail }, 'sessions cannot be ended at this vendor')
  }
  await learn(run, { snapshot: { ...snapshot, sessionsEnded: true } })
}

const tenantAgeMs = 5 * 60_000
const firstVerificationMs = 5_000

type ShutOut = Exclude<Wanted, { kind: 'present' }>

/**
 * Ends a person's access: reads the account, keeps a snapshot of its grants, takes the first usable step, reads back,
 * and falls through to the next while the step does not hold. Never ends as proven without proof.
 */
export async function shutOut(run: Run, wanted: ShutOut): Promise<Ending> {
  const account = await presentAccount(run)
  if (account === 'absent') return proven()
  if ('status' in account) return account
  return takeSteps(run, wanted, account)
}

/** The account whose access must end: the linked one as the vendor shows it now, or the one found by login. */
async function presentAccount(run: Run): Promise<Account | Ending | 'absent'> {
  if (run.link !== undefined) {
    const shown = await refresh(run, 'access')
    if (shown) {
      const account = withUnshown(shown, run.held, run.connection.can)
      run.unshown = account !== shown
      await keep(run, account)
      return account
    }
  }
  // Not found by id, or never linked: only a look by login, at the tenant we know, can prove that nobody is there.
  const login = loginAtVendor(run)
  if (run.link !== undefined) await keepSnapshot(run)
  const absent = async (): Promise<'absent'> => {
    if (run.link !== undefined) await learn(run, unlink)
    return 'absent'
  }
  if (login === undefined) return absent()
  // A link that leads nowhere although nobody here removed it: the same credentials must still show the tenant at this moment.
  await run.connection.tenant(run.work.vendorAccountId !== undefined ? 0 : tenantAgeMs)
  // The link stays until then: an entry that cannot be read may be this very account.
  const found = await findAccount(run, { login, shutOut: true })
  // It is another User's by now, and ends with that one: this User has none.
  if (found.kind === 'elsewhere') return absent()
  const adopted = await adopt(run, found)
  if (adopted === 'none') return absent()
  if (adopted !== 'linked')
    return adopted.status === 'failed' ? { ...adopted, dueInMs: shutOutRetryMs } : adopted
  return run.held!.account
}

async function takeSteps(run: Run, wanted: ShutOut, account: Account): Promise<Ending> {
  const { can } = run.connection
  const { operations, deviations } = await planned(run, wanted, account)
  const [operation] = operations
  if (operation?.op !== 'shut-out') {
    const [impossible] = deviations
    if (impossible) return refused(failureOf(run, 'no-step', impossible.detail))
    const left: readonly JournalOperation[] = hasOpenSessions(run) ? [{ op: 'end-sessions' }] : []
    const stopped = await stoppedBy(run, wanted, account, left)
    if (stopped) return stopped
    if (run.connection.policy.mode !== 'shadow' || run.work.user.hold) await keepSnapshot(run)
    await endSessions(run)
    // Nothing to take is what this read shows; where reads lag, only a later one can prove it.
    return can.readLagMs ? verifying(run, 'strip') : proven()
  }
  const stopped = await stoppedBy(run, wanted, account, operations)
  if (stopped) return stopped
  await keepSnapshot(run)
  return fallThrough(run, operation.steps.slice(firstStepLeft(run, operation.steps)))
}

/** What has to be done to end the access, and after the days of grace to remove the account. */
async function planned(run: Run, wanted: ShutOut, account: Account): Promise<Plan> {
  const { policy, can } = run.connection
  const now = iso(run.deps.now())
  const grace = graceOf(becauseOf(wanted), account, run.snapshot, { can, policy, now })
  if (grace.kind === 'none') {
    const steps = usableSteps(stepsFor(becauseOf(wanted), policy), can)
    const isDone = steps.length === 0 || isEnded(account, steps, run.snapshot?.tried ?? [], can)
    return isDone
      ? plan({ wanted, held: run.held, can, policy, now })
      : { operations: [{ op: 'shut-out', steps }], deviations: [] }
  }
  const isOver = grace.kind === 'over' && !(await isSomebodyElses(run))
  return { operations: isOver ? [{ op: 'shut-out', steps: ['remove'] }] : [], deviations: [] }
}

/** Somebody who came back under a new User has the account by now. */
async function isSomebodyElses(run: Run): Promise<boolean> {
  const id = linked(run)
  const { accountId } = run.work
  const holders = await run.deps.queue.holders(accountId, await run.connection.tenant(), [id])
  return holders.length > 0
}

/** What must never be written, then what may not be written now. */
async function stoppedBy(
  run: Run,
  wanted: ShutOut,
  account: Account,
  operations: readonly JournalOperation[],
): Promise<Ending | undefined> {
  const objection = await objectionTo(run, account, operations)
  return objection ? refused(objection) : gate(run, operations, [], wanted)
}

/** Two reads further apart than the lag must show that a step did not hold before the next one is taken. */
function firstStepLeft({ work, connection }: Run, steps: readonly ShutOutStep[]): number {
  const { step, mismatches = [] } = work.verification ?? {}
  const [first, last] = [mismatches[0], mismatches.at(-1)]
  if (step === undefined || first === undefined || last === undefined) return 0
  if (Date.parse(last) - Date.parse(first) < (connection.can.readLagMs ?? 0)) return 0
  return mismatches.length < 2 ? 0 : Math.min(steps.indexOf(step) + 1, steps.length - 1)
}

async function fallThrough(run: Run, steps: readonly ShutOutStep[]): Promise<Ending> {
  let last: AccountFailure | undefined
  for (const step of steps) {
    try {
      // Whatever is held was read in this run, before the first step.
      await takeStep(run, step, run.held?.account)
    } catch (error) {
      if (!(error instanceof VendorError) || !isRefusal(error)) throw error
      last = failureFrom(run, error)
      run.log.warn({ step, failure: error.failure }, 'shut-out step refused')
      await noteTried(run, step)
      continue
    }
    await endSessionsAfter(run, step)
    if (run.connection.can.readLagMs) return verifying(run, step)
    const after = await readBack(run, step)
    if (holds(step, after, run.connection.can)) return proven()
    last = failureOf(
      run,
      'no-step',
      `${step} was taken at ${run.connection.name}, yet access is still there${inheritedPart(after)}.`,
    )
    run.log.error({ step }, 'shut-out step did not hold')
    await noteTried(run, step)
  }
  return refused(last ?? failureOf(run, 'no-step', `no step ended the access at ${run.connection.name}`))
}

async function endSessionsAfter(run: Run, step: ShutOutStep): Promise<void> {
  try {
    await endSessions(run)
  } catch (error) {
    // A step that never shows would be taken anew with each logout; where reads lag only later ones can tell.
    const isSeenNow = step !== 'remove' && !run.connection.can.readLagMs
    if (isSeenNow && !holds(step, await readBack(run, step), run.connection.can)) await noteTried(run, step)
    throw error
  }
}

async function noteTried(run: Run, step: ShutOutStep): Promise<void> {
  const { snapshot } = run
  if (!snapshot || snapshot.tried?.includes(step)) return
  await learn(run, { snapshot: { ...snapshot, tried: [...(snapshot.tried ?? []), step] } })
}

function inheritedPart(account: Account | undefined): string {
  const inherited = account?.entitlements.filter((held) => held.inherited).map(({ id }) => id) ?? []
  return inherited.length > 0 ? `, inherited through a vendor group: ${inherited.join(', ')}` : ''
}

/** The vendor's state after a step; a removed account must be absent by id and by login, at the tenant that we know. */
async function readBack(run: Run, step: ShutOutStep): Promise<Account | undefined> {
  if (step !== 'remove') {
    const account = await refresh(run, 'access')
    await (account ? keep(run, account, []) : learn(run, unlink))
    return account
  }
  // Still there, or there again under another id: that account must go too.
  const found = await findByLogin(run)
  if (found) await linkTo(run, found)
  return found
}

/** An account under the login that the vendor knew, at the tenant that we know. */
async function findByLogin(run: Run): Promise<Account | undefined> {
  const { target, can } = run.connection
  const login = loginAtVendor(run)
  const tenant = await run.connection.tenant(tenantAgeMs)
  const former = run.link ?? run.work.vendorAccountId
  const found = login === undefined ? [] : await target.find(can.correlateBy[0], login, former)
  if (found.length === 0) return undefined
  const ids = found.map(({ id }) => id)
  const holders = await run.deps.queue.holders(run.work.accountId, tenant, ids)
  // What another User has by now is not this one's access.
  return found.find(({ id }) => holders.every(({ vendorAccountId }) => vendorAccountId !== id))
}

/** Removes the account of somebody who gets another one. Rejects while the vendor still shows it. */
export async function removeForGood(run: Run): Promise<void> {
  await keepSnapshot(run)
  await takeStep(run, 'remove')
  if (!(await readBack(run, 'remove'))) return
  const { vendor } = run.connection
  throw new VendorError('unexpected', 'the removed account is still there', { vendor, operation: 'remove' })
}

/** Grants as they are before the first step; once for each shut-out. */
export async function keepSnapshot(run: Run): Promise<void> {
  if (run.snapshot || !run.held) return
  const hold = run.work.user.hold ? ({ hold: true } as const) : {}
  await learn(run, { snapshot: { ...snapshotOf(run.held, iso(run.deps.now())), ...hold } })
}

function verifying(run: Run, step: ShutOutStep): Ending {
  const { verification } = run.work
  const mismatches = verification?.step === step ? (verification.mismatches ?? []) : []
  return {
    status: 'verifying',
    failure: null,
    attempts: 0,
    verification: { since: iso(run.deps.now()), reads: 0, step, mismatches },
    dueInMs: Math.min(firstVerificationMs, run.connection.can.readLagMs ?? firstVerificationMs),
  }
}

/** Refused for good, and yet tried again: access that survives is never forgotten. */
function refused(failure: AccountFailure): Ending {
  return { status: 'failed', failure, verification: null, attempts: 0, dueInMs: shutOutRetryMs }
}

/** Whether the vendor will not take the step however often it is asked. */
export function isRefusal({ failure }: VendorError): boolean {
  return failure === 'forbidden' || failure === 'invalid' || failure === 'unsupported'
}

/** Takes one step at the vendor; `known` as this run has just read it. */
async function takeStep(run: Run, step: ShutOutStep, known?: Account): Promise<void> {
  const { target, can, vendor } = run.connection
  const id = linked(run)
  switch (step) {
    case 'disable':
      return write(
        run,
        { op: 'shut-out', steps: [step] },
        () => setActive(run, id, false),
        (held) => ({
          ...held,
          account: { ...held.account, state: 'disabled' },
        }),
      )
    case 'strip':
      return strip(run)
    case 'remove': {
      const { remove } = target
      if (!remove)
        throw new VendorError('unsupported', 'accounts cannot be removed', { vendor, operation: 'remove' })
      if (can.account.stripFirst) await stripBefore(run)
      // From the vendor's yes on nothing is held: a return that comes before the read-back must not find it so.
      return write(
        run,
        { op: 'shut-out', steps: [step] },
        () => remove(id, known),
        () => null,
      )
    }
  }
}

async function strip(run: Run): Promise<void> {
  const { can } = run.connection
  try {
    await stripOf(run, run.held!.account)
  } catch (error) {
    const mayBeGone =
      error instanceof VendorError &&
      (run.unshown
        ? isRefusal(error) || error.certainlyNotDone
        : can.readLagMs && error.failure === 'invalid')
    if (!mayBeGone) throw error
    // A vendor that refuses to revoke what is not assigned refuses the whole call: what it shows now decides.
    const account = await refresh(run)
    if (!account) return
    await keep(run, account)
    await stripOf(run, account)
  }
}

/** Takes away what a read of this run showed, or is held by our grant. */
async function stripOf(run: Run, account: Account): Promise<void> {
  const [only, ...more] = stripChanges(account, run.connection.can)
  // After a first change the account is no more as it was read.
  if (only) await changeEntitlements(run, only, [], undefined, account)
  for (const change of more) await changeEntitlements(run, change, [])
}

/** For the vendor's own history only: what it refuses must not keep a removal back. */
async function stripBefore(run: Run): Promise<void> {
  try {
    await strip(run)
  } catch (error) {
    if (!(error instanceof VendorError) || !isRefusal(error)) throw error
    run.log.warn({ failure: error.failure }, 'roles not revoked before the removal')
  }
}

/** Reads where a write was believed although reads lag: at 5, 15, 45 s and after the lag. */
export async function verify(run: Run): Promise<Ending> {
  const { can, name } = run.connection
  const pending = run.work.verification!
  const account = await readNow(run)
  const elapsed = run.deps.now() - Date.parse(pending.since)
  const lag = can.readLagMs ?? 0
  if (elapsed < lag) {
    const next = [5_000, 15_000, 45_000].map((ms) => Math.min(ms, lag)).find((ms) => ms > elapsed) ?? lag
    return {
      status: 'verifying',
      failure: null,
      attempts: 0,
      verification: { ...pending, reads: pending.reads + 1 },
      dueInMs: next - elapsed,
    }
  }
  if (holds(pending.step, account, can)) {
    await (account ? keep(run, account, []) : learn(run, unlink))
    return proven()
  }
  run.log.error({ step: pending.step }, 'shut-out taken back: the vendor still shows access')
  const detail = `${name} confirmed ${pending.step}, yet its reads still show access${inheritedPart(account)}.`
  return {
    status: 'pending',
    failure: failureOf(run, 'no-step', detail),
    attempts: run.work.attempts,
    verification: { ...pending, mismatches: [...(pending.mismatches ?? []), iso(run.deps.now())] },
    dueInMs: 0,
  }
}

async function readNow(run: Run): Promise<Account | undefined> {
  const account = run.link === undefined ? undefined : await refresh(run, 'access')
  return account ?? findByLogin(run)
}

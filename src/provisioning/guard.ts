import { hash } from 'node:crypto'
import { failures, VendorError } from '../model/errors.ts'
import type { Deviation, JournalOperation, Snapshot, Wanted } from '../model/plan.ts'
import type { KnownPlan, PlanReason } from '../model/recorded-plan.ts'
import type { AccountFailure } from '../model/work.ts'
import { countedAs, isProtected, takesAway } from '../translators/plan.ts'
import { loginOf } from '../translators/person.ts'
import { inWords, namesFrom } from '../translators/words.ts'
import { loginAtVendor } from './account/correlate.ts'
import { type Ending, proven, type Run } from './account/run.ts'
import { type Account, entitlementKey, type EntitlementRef } from '../model/account.ts'
import type { Policy } from '../model/policy.ts'
import { failureOf } from './engine.ts'

/** Hex SHA-256 of the operations in canonical JSON: keys in order, absent ones left out. */
export function planHash(operations: readonly JournalOperation[]): string {
  return hash('sha256', canonical(operations))
}

/** Whether what is left to do is part of what was decided on: a plan that broke off needs no second decision. */
function isPartOf(operations: readonly JournalOperation[], whole: readonly JournalOperation[]): boolean {
  const known = new Set(whole.map(canonical))
  return operations.every((operation) => known.has(canonical(operation)))
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  )
}

/**
 * What must never be written, whoever wants it: changes to a protected account or to the gateway's own identity, taking access
 * from the last owner or super user, writes to accounts that somebody else manages. Undefined: go on.
 */
export async function objectionTo(
  run: Run,
  account: Account,
  operations: readonly JournalOperation[],
): Promise<AccountFailure | undefined> {
  if (operations.length === 0) return undefined
  const { name } = run.connection
  if (protects(run, account)) return protectedFailure(run, account.login)
  if ((await run.connection.self()) === account.id) {
    return failureOf(
      run,
      'own-identity',
      `${account.login} is the account that Drawbridge itself uses at ${name}; it is never changed. Use other credentials for the connection first.`,
    )
  }
  if (account.facts.kind === 'service') {
    return failureOf(
      run,
      'service-account',
      `${account.login} is a service account at ${name}; service accounts are never changed. Give the person another login.`,
    )
  }
  if (account.facts.managedBy !== undefined) {
    return failureOf(
      run,
      'managed-elsewhere',
      `${account.login} is managed by ${account.facts.managedBy} at ${name}, which refuses our writes. Switch that off there first.`,
    )
  }
  if (account.facts.lastOwner && operations.some(takesAway)) {
    return failureOf(
      run,
      'last-owner',
      `${account.login} is the last owner or super user at ${name}; make somebody else one first.`,
    )
  }
  return undefined
}

/** Whether `guard.protect` names the account, or the person as the directory knows them. */
function protects({ connection: { policy }, work }: Run, account: Account): boolean {
  const { resource } = work.user
  const { userName } = resource as { readonly userName?: unknown }
  const logins = [account.login, account.profile.email, loginOf(resource, policy.login)]
  return isProtected([...logins, typeof userName === 'string' ? userName : undefined], policy.guard.protect)
}

function protectedFailure(run: Run, login: string): AccountFailure {
  const detail = `${login} is protected at ${run.connection.name} (guard.protect) and never changed. Take it off that list first, or change the account there by hand.`
  return failureOf(run, 'protected', detail)
}

/** Only a fresh read can tell whether an owner is the last one. */
export function needsFreshRead(account: Account, operations: readonly JournalOperation[]): boolean {
  return account.privileged && operations.some(takesAway)
}

export interface Question {
  readonly mode: Policy['mode']
  readonly operations: readonly JournalOperation[]
  /** What was recorded for the account before, and what was decided about it. */
  readonly known: KnownPlan | undefined
  /** What the limits count it as. */
  readonly counted: 'shut-out' | 'revoke' | undefined
}

/** `count`: goes on if the ledger of the limits admits it. `record`: is written down, and the run stops. */
export type Verdict =
  | { readonly kind: 'go' }
  | { readonly kind: 'count'; readonly as: 'shut-out' | 'revoke' }
  | { readonly kind: 'record'; readonly reason: PlanReason }
  | { readonly kind: 'rejected' }

/** Whether a plan may be carried out now. Pure: every cause of waiting is decided here. */
export function verdictOf({ mode, operations, known, counted }: Question): Verdict {
  if (operations.length === 0) return { kind: 'go' }
  if (mode === 'shadow') return { kind: 'record', reason: 'shadow' }
  if (known?.state === 'approved' && isPartOf(operations, known.operations)) return { kind: 'go' }
  const stands = known !== undefined && binds(known, mode) && known.hash === planHash(operations)
  if (stands && known.state === 'rejected') return { kind: 'rejected' }
  if (mode === 'approve') return { kind: 'record', reason: 'approve' }
  if (stands && known.state === 'waiting') return { kind: 'record', reason: known.reason }
  return counted === undefined ? { kind: 'go' } : { kind: 'count', as: counted }
}

/** A plan that was recorded because of a mode says nothing once the mode has changed. */
function binds({ reason }: KnownPlan, mode: Policy['mode']): boolean {
  return reason === 'approve' || reason === 'shadow' ? reason === mode : true
}

/** What of a plan gives back what an operator's hold took. */
export function givenBack<O extends JournalOperation>(
  operations: readonly O[],
  snapshot: Snapshot | undefined,
): readonly O[] {
  if (!snapshot?.hold) return []
  const taken = new Set(snapshot.entitlements.map(entitlementKey))
  const wasTaken = (refs: readonly EntitlementRef[]): boolean =>
    refs.every((ref) => taken.has(entitlementKey(ref)))
  return operations.filter((operation) => {
    if (operation.op === 'create') return wasTaken(operation.draft.entitlements)
    if (operation.op !== 'change-entitlements') return operation.op === 'activate'
    return operation.change.revoke.length === 0 && wasTaken(operation.change.assign)
  })
}

/**
 * The one place between a plan and the first write at the vendor. Undefined: go on. Otherwise the plan has been recorded, or
 * was rejected, and the run ends so.
 */
export async function gate(
  run: Run,
  operations: readonly JournalOperation[],
  deviations: readonly Deviation[] = [],
  wanted?: Wanted,
): Promise<Ending | undefined> {
  const { connection, work } = run
  const { mode, guard } = connection.policy
  // An operator holds the person shut out, or has released them: that is the decision, whatever the mode.
  if (work.user.hold || givenBack(operations, run.snapshot).length === operations.length) return undefined
  const counted = countedAs(operations, run.held, connection.can)
  const verdict = verdictOf({ mode, operations, known: work.plan, counted })
  switch (verdict.kind) {
    case 'go':
      return undefined
    case 'rejected':
      return { ...proven(), status: 'failed', failure: rejected(run) }
    case 'record':
      return wait(run, verdict.reason, operations, deviations, wanted)
    case 'count': {
      const limit = verdict.as === 'shut-out' ? guard.shutOuts : guard.revokes
      const { lease, deps } = run
      const admission = await deps.plans.admit(lease.current(), verdict.as, work.wantedVersion, limit)
      if (admission.kind === 'admitted') return undefined
      await tripped(run, verdict.as, admission.limit)
      return wait(run, 'guard', operations, deviations, wanted)
    }
  }
}

async function wait(
  run: Run,
  reason: PlanReason,
  operations: readonly JournalOperation[],
  deviations: readonly Deviation[],
  wanted: Wanted | undefined,
): Promise<Ending> {
  const batch = batchOf(run, reason, operations)
  const login = loginAtVendor(run) ?? run.work.user.id
  const hash = planHash(operations)
  const { plan: known } = run.work
  // What stands already keeps its words: neither they nor the vendor's judgement are needed again.
  const stands = known?.hash === hash && known.reason === reason
  const lines = stands ? [] : await linesOf(run, operations, deviations, wanted)
  await run.deps.plans.record(run.lease.current(), {
    reason,
    ...(batch === undefined ? {} : { batch }),
    hash,
    operations,
    words: { login, lines },
  })
  if (reason === 'approve') await askForDecision(run)
  return { ...proven(), status: 'waiting', failure: waiting(run, reason, batch) }
}

async function linesOf(
  run: Run,
  operations: readonly JournalOperation[],
  deviations: readonly Deviation[],
  wanted: Wanted | undefined,
): Promise<readonly string[]> {
  const own = inWords(operations, await nameOf(run), deviations, wanted)
  return [...own, ...(await rehearsed(run, operations))]
}

/** What the vendor itself says of a creation that waits, where it can be asked without making anything. */
async function rehearsed(
  { connection }: Run,
  operations: readonly JournalOperation[],
): Promise<readonly string[]> {
  const creation = operations.find((operation) => operation.op === 'create')
  if (!creation || !connection.target.rehearse) return []
  try {
    await connection.target.rehearse(creation.draft)
    return []
  } catch (error) {
    if (!(error instanceof VendorError)) throw error
    // Only the vendor's judgement counts: that it could not be asked now says nothing of the plan.
    if (failures[error.failure].next !== 'give-up' && error.failure !== 'conflict') return []
    return [`${connection.name} would refuse this: ${error.detail}`]
  }
}

/** One batch for each connection and kind: what one command releases. */
function batchOf(
  { connection, held }: Run,
  reason: PlanReason,
  operations: readonly JournalOperation[],
): string | undefined {
  if (reason !== 'guard') return undefined
  return `guard:${connection.name}:${countedAs(operations, held, connection.can) ?? 'revoke'}`
}

/** Names for people; without them the ids have to do: a plan is never kept back by its wording. */
async function nameOf({ connection }: Run): Promise<ReturnType<typeof namesFrom>> {
  try {
    return namesFrom(await connection.catalogue())
  } catch (error) {
    if (!(error instanceof VendorError)) throw error
    return namesFrom([])
  }
}

function waiting(run: Run, reason: PlanReason, batch: string | undefined): AccountFailure {
  const { name } = run.connection
  switch (reason) {
    case 'shadow':
      return failureOf(
        run,
        'shadow',
        `${name} only watches (mode: shadow); what it would do is recorded, nothing is written there.`,
      )
    case 'guard':
      return failureOf(
        run,
        'mass-change',
        `Too much would be taken away at ${name} within a short time; the rest waits until somebody approves it${batch === undefined ? '' : ` (batch ${batch})`}.`,
      )
    case 'approve':
    case 'admission':
    case 'hold':
      return failureOf(run, 'approval', `What is planned at ${name} waits until somebody approves it.`)
  }
}

function rejected(run: Run): AccountFailure {
  return failureOf(
    run,
    'rejected',
    `An operator rejected what is planned at ${run.connection.name}; it is not done unless the plan changes.`,
  )
}

async function tripped(run: Run, kind: 'shut-out' | 'revoke', limit: number): Promise<void> {
  const { name, id } = run.connection
  const what = kind === 'shut-out' ? 'people would be shut out' : 'people would lose something'
  run.log.error({ kind, limit }, 'guard tripped: the rest waits for approval')
  run.deps.guardTripped?.(id, kind)
  await run.deps.notices?.raise({
    kind: 'guard-tripped',
    connectionId: id,
    subject: kind,
    text: `More than ${limit} ${what} at ${name} within a short time. The rest waits: look at the plans of batch guard:${name}:${kind}, then approve or reject them.`,
    detail: { kind, limit },
  })
}

async function askForDecision({ deps, connection: { id, name } }: Run): Promise<void> {
  await deps.notices?.raise({
    kind: 'decision-needed',
    connectionId: id,
    subject: 'plans',
    text: `Plans at ${name} wait for approval (mode: approve).`,
  })
}

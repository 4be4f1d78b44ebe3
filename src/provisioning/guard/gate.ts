import { failures, VendorError } from '../../model/errors.ts'
import { countedAs } from '../../translators/guarded.ts'
import { inWords, namesFrom } from '../../translators/words.ts'
import type { Deviation, JournalOperation } from '../../model/plan.ts'
import { failureOf, proven, type Ending, type Run } from '../account/run.ts'
import { loginAtVendor } from '../account/correlate.ts'
import type { AccountFailure } from '../../model/work.ts'
import type { PlanReason } from '../../model/recorded-plan.ts'
import { planHash } from './hash.ts'
import { verdictOf } from './verdict.ts'

/**
 * The one place between a plan and the first write at the vendor. Undefined: go on. Otherwise the plan has been recorded, or
 * was rejected, and the run ends so.
 */
export async function gate(
  run: Run,
  operations: readonly JournalOperation[],
  deviations: readonly Deviation[] = [],
): Promise<Ending | undefined> {
  const { connection, work } = run
  const { mode, guard } = connection.policy
  // What an operator asked for by hand is no mass change.
  const counted = work.user.hold ? undefined : countedAs(operations, run.held, connection.can)
  const verdict = verdictOf({ mode, operations, known: work.plan, counted })
  switch (verdict.kind) {
    case 'go':
      return undefined
    case 'rejected':
      return { ...proven(), status: 'failed', failure: rejected(run) }
    case 'record':
      return wait(run, verdict.reason, operations, deviations)
    case 'count': {
      const limit = verdict.as === 'shut-out' ? guard.shutOuts : guard.revokes
      const { lease, by } = run
      const admission = await by.plans.admit(lease.current(), verdict.as, work.wantedVersion, limit)
      if (admission.kind === 'admitted') return undefined
      await tripped(run, verdict.as, admission.limit)
      return wait(run, 'guard', operations, deviations)
    }
  }
}

async function wait(
  run: Run,
  reason: PlanReason,
  operations: readonly JournalOperation[],
  deviations: readonly Deviation[],
): Promise<Ending> {
  const batch = batchOf(run, reason, operations)
  const login = loginAtVendor(run) ?? run.work.user.id
  const hash = planHash(operations)
  const { plan: known } = run.work
  // What stands already keeps its words: neither they nor the vendor's judgement are needed again.
  const stands = known?.hash === hash && known.reason === reason
  const lines = stands ? [] : await linesOf(run, operations, deviations)
  await run.by.plans.record(run.lease.current(), {
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
): Promise<readonly string[]> {
  const own = inWords(operations, await nameOf(run), deviations)
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
  run.by.guardTripped?.(id, kind)
  await run.by.notices?.raise({
    kind: 'guard-tripped',
    connectionId: id,
    subject: kind,
    text: `More than ${limit} ${what} at ${name} within a short time. The rest waits: look at the plans of batch guard:${name}:${kind}, then approve or reject them.`,
    detail: { kind, limit },
  })
}

async function askForDecision({ by, connection: { id, name } }: Run): Promise<void> {
  await by.notices?.raise({
    kind: 'decision-needed',
    connectionId: id,
    subject: 'plans',
    text: `Plans at ${name} wait for approval (mode: approve).`,
  })
}

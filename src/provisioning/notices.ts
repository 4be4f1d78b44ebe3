import type { AccountWork } from '../model/work.ts'
import type { Ending } from './account/run.ts'
import type { ClaimedGroup, GroupWork } from '../model/group-work.ts'
import type { GroupEnding } from './groups/run.ts'
import type { NoticeDraft } from '../model/notice.ts'
import type { Deviation } from '../model/plan.ts'

/** A shut-out that is still not done after so many tries is told of. */
const tellAfterAttempts = 10

const manyAtOnce: ReadonlySet<string | undefined> = new Set([
  'shadow',
  'approval',
  'mass-change',
  'unmanaged',
])

interface Ended {
  readonly connection: { readonly id: string; readonly name: string }
  readonly work: Pick<AccountWork, 'accountId' | 'user' | 'verification'>
  readonly ending: Pick<Ending, 'status' | 'failure' | 'attempts' | 'verification' | 'deviations'>
}

/** What people should hear of how a run ended; undefined when it is nobody's business. */
export function noticeOf(ended: Ended): NoticeDraft | undefined {
  const { user } = ended.work
  if (user.unclaimed) return undefined
  return user.active && !user.deleted ? ofPresent(ended) : ofLeaver(ended)
}

function mismatchesOf(verification: Ended['ending']['verification']): number {
  return verification?.mismatches?.length ?? 0
}

function ofLeaver(ended: Ended): NoticeDraft | undefined {
  const { work, ending, connection } = ended
  const left =
    ending.status === 'proven' && ending.deviations?.find(({ code }) => code === 'can-still-sign-in')
  if (left) return ofSignIn(ended, left)
  const why = ending.failure ? ` ${ending.failure.detail}` : ''
  if (ending.status === 'pending' && mismatchesOf(ending.verification) > mismatchesOf(work.verification)) {
    return draft(
      ended,
      'shut-out-withdrawn',
      `A shut-out at ${connection.name} was taken for done, and reads show access again: it is taken back and tried anew.${why}`,
    )
  }
  if (ending.status === 'failed') {
    return draft(
      ended,
      'shut-out-failed',
      `A shut-out at ${connection.name} failed and is tried again hourly; end the access there by hand if it is urgent.${why}`,
    )
  }
  const lasts = ending.status === 'pending' && ending.attempts >= tellAfterAttempts
  // What waits for a decision on many, or is only watched, is told of once for all.
  const isOneOfMany = ending.failure !== null && manyAtOnce.has(ending.failure?.kind)
  if ((ending.status === 'waiting' && !isOneOfMany) || lasts) {
    return draft(ended, 'shut-out-waiting', `A shut-out at ${connection.name} waits.${why}`)
  }
  return undefined
}

/** Once for the connection, and not for each: it is its policy, or its vendor, that leaves the accounts there. */
function ofSignIn({ connection, work }: Ended, { detail }: Deviation): NoticeDraft {
  return {
    kind: 'leaver-can-sign-in',
    connectionId: connection.id,
    text: `Somebody who left can still sign in at ${connection.name}: ${detail}`,
    detail: { accountId: work.accountId, userId: work.user.id },
  }
}

function ofPresent(ended: Ended): NoticeDraft | undefined {
  const { ending, connection } = ended
  const { failure } = ending
  if (!failure) return undefined
  if (ending.status === 'failed') {
    return draft(
      ended,
      'update-refused',
      `What the directory wants at ${connection.name} was refused for good: ${failure.detail}`,
    )
  }
  if (ending.status === 'waiting' && failure.kind === 'ambiguous') {
    return draft(ended, 'decision-needed', `Somebody has to decide at ${connection.name}: ${failure.detail}`)
  }
  return undefined
}

function draft({ connection, work, ending }: Ended, kind: NoticeDraft['kind'], text: string): NoticeDraft {
  const { accountId, user } = work
  const failure = ending.failure ? { failure: ending.failure.kind } : {}
  return {
    kind,
    connectionId: connection.id,
    subject: accountId,
    text,
    detail: { accountId, userId: user.id, ...failure },
  }
}

interface EndedGroup {
  readonly connection: { readonly id: string; readonly name: string }
  readonly claimed: Pick<ClaimedGroup, 'lease'>
  readonly work: Pick<GroupWork, 'group'>
  readonly ending: GroupEnding
}

/** What people should hear of how a look at a group ended; its members tell of themselves. */
export function noticeOfGroup({ connection, claimed, work, ending }: EndedGroup): NoticeDraft | undefined {
  if (ending === 'forgotten' || !ending.failure) return undefined
  const { kind, detail } = ending.failure
  const named = work.group ? `The group ${work.group.displayName}` : 'A group that was deleted'
  const about = {
    connectionId: connection.id,
    subject: claimed.lease.id,
    detail: { groupLinkId: claimed.lease.id, failure: kind },
  }
  if (ending.status === 'failed') {
    return {
      kind: 'update-refused',
      text: `${named} was refused for good at ${connection.name}: ${detail}`,
      ...about,
    }
  }
  if (ending.status === 'waiting' && (kind === 'ambiguous' || kind === 'approval')) {
    return { kind: 'decision-needed', text: `${named} waits at ${connection.name}: ${detail}`, ...about }
  }
  return undefined
}

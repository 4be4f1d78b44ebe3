import { backoffMs } from '../backoff.ts'
import { failureOf, proven, type Ending, type Run } from './run.ts'

/**
 * A userName came back while the removal of its predecessor is not proven: with the same externalId the removal is
 * cancelled and the account moves over; otherwise the removal runs now and this account waits for it.
 */
export async function yieldToPredecessor(run: Run): Promise<Ending | undefined> {
  const { predecessor } = run.work
  if (!predecessor) return undefined
  // Where nothing is written the removal never comes: what would be done for this person is recorded all the same.
  if (run.connection.policy.mode === 'shadow' && !predecessor.sameExternalId) return undefined
  const { queue, leases } = run.by
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

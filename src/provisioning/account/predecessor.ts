import { proven, type Ending, type Run } from './run.ts'

const lookAgainMs = 1_000

/**
 * A userName came back while the removal of its predecessor is not proven: with the same externalId the removal is
 * cancelled and the account moves over; otherwise the removal runs now and this account waits for it.
 */
export async function yieldToPredecessor(run: Run): Promise<Ending | undefined> {
  const { predecessor } = run.work
  if (!predecessor) return undefined
  const { queue, leases } = run.by
  const claimed = await queue.claim(predecessor.accountId)
  if (claimed === 'gone') return undefined
  if (typeof claimed === 'string') return waiting()
  if (!predecessor.sameExternalId) {
    await run.provisionOther(claimed)
    return waiting()
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

function waiting(): Ending {
  return { ...proven(), status: 'waiting', dueInMs: lookAgainMs }
}

import { VendorError } from '../../../model/errors.ts'
import { linked, write } from '../execute.ts'
import { learn, type Run } from '../run.ts'

/** Whether something is left to end that the vendor has not confirmed in this shut-out. */
export function hasOpenSessions({ connection, link, snapshot }: Run): boolean {
  return connection.target.endSessions !== undefined && link !== undefined && !snapshot?.sessionsEnded
}

/**
 * Ends what is open already: API tokens, signed-in sessions. It belongs to every step of a shut-out that leaves the account
 * there, and is repeated alone until the vendor has confirmed it once.
 */
export async function endSessions(run: Run): Promise<void> {
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

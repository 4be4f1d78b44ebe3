import { VendorError } from '../../model/errors.ts'
import { refresh } from './execute.ts'
import { failureOf, learn, proven, type Ending, type Run } from './run.ts'

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
  const detail = `The store was restored from a backup: at ${run.connection.name} only shut-outs run until a reconciliation finds nothing that contradicts the store, or an operator says that it has recovered.`
  return { ...proven(), status: 'waiting', failure: failureOf(run, 'restored', detail) }
}

import { VendorError } from '../../../model/errors.ts'
import type { Account, ShutOutStep } from '../../../vendors/contract.ts'
import { stripChanges } from '../effects.ts'
import { changeEntitlements, linked, refresh, setActive, write } from '../execute.ts'
import { keep, type Run } from '../run.ts'

/** Whether the vendor will not take the step however often it is asked. */
export function isRefusal({ failure }: VendorError): boolean {
  return failure === 'forbidden' || failure === 'invalid' || failure === 'unsupported'
}

/** Takes one step at the vendor; `known` as this run has just read it. */
export async function takeStep(run: Run, step: ShutOutStep, known?: Account): Promise<void> {
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
    if (!can.readLagMs || !(error instanceof VendorError) || error.failure !== 'invalid') throw error
    // A vendor that refuses to revoke what is not assigned refuses the whole call: what it shows now decides.
    const account = await refresh(run)
    if (!account) return
    await keep(run, account)
    await stripOf(run, account)
  }
}

/** Takes away what a read of this run showed. */
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

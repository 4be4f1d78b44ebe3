import type { Deviation } from '../../model/plan.ts'
import { gate } from '../guard.ts'
import { linked, refresh, write } from './execute.ts'
import { keep, learn, unlink, type Ending, type Run } from './run.ts'
import type { Account } from '../../model/account.ts'
import { iso } from '../engine/look.ts'

const dayMs = 24 * 60 * 60_000
/** An invitation is looked at this long after its end, so that the vendor's clock decides. */
const graceMs = 60 * 60_000

/**
 * Renews an invitation that nobody accepted in time, once, where the policy wants it. The account is read when the days
 * that the vendor gives are over; one that the vendor has dropped by then is invited anew by the plan that follows. The
 * ending, where it has to wait.
 */
export async function renewExpired(run: Run): Promise<Ending | undefined> {
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
export function awaitingPerson(run: Run): Pick<Ending, 'dueInMs'> & { readonly amiss: readonly Deviation[] } {
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

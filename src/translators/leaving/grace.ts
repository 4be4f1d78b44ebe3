import type { Account, Capabilities, ShutOutStep } from '../../vendors/contract.ts'
import { isEnded, usableSteps } from './holds.ts'
import type { Policy, Snapshot } from '../../model/plan.ts'

export type Grace =
  /** The steps are taken as the policy lists them. */
  | { readonly kind: 'none' }
  /** Access has ended by an earlier step; the account is removed at this instant (ISO 8601). */
  | { readonly kind: 'delayed'; readonly until: string }
  | { readonly kind: 'over' }

const dayMs = 24 * 60 * 60_000

/**
 * `graceDays` delays only `remove`, and only while an earlier step holds: one that the policy lists before it, or, for
 * somebody who leaves after having been inactive, one of the steps for `inactive`. Without proof of one nothing is delayed.
 */
export function graceOf(
  because: 'inactive' | 'deleted',
  account: Account,
  snapshot: Snapshot | undefined,
  { can, policy, now }: { readonly can: Capabilities; readonly policy: Policy; readonly now: string },
): Grace {
  const { graceDays } = policy.deprovision
  const steps = usableSteps(policy.deprovision[because], can)
  const at = steps.indexOf('remove')
  if (graceDays === 0 || at < 0) return { kind: 'none' }
  const inactive = because === 'deleted' ? usableSteps(policy.deprovision.inactive, can) : []
  const hasEnded = (earlier: readonly ShutOutStep[]): boolean =>
    isEnded(account, earlier, snapshot?.tried ?? [], can)
  if (!hasEnded(steps.slice(0, at)) && !hasEnded(inactive.filter((step) => step !== 'remove')))
    return { kind: 'none' }
  const since = snapshot ? Date.parse(snapshot.takenAt) : Date.parse(now)
  const until = since + graceDays * dayMs
  return until <= Date.parse(now)
    ? { kind: 'over' }
    : { kind: 'delayed', until: new Date(until).toISOString() }
}

import type { Deviation, Held, Snapshot } from '../model/plan.ts'
import type { NameOf } from './words.ts'
import type { Capabilities } from '../model/capabilities.ts'
import { powersOf } from './entitlements/difference.ts'
import { type Account, entitlementKey } from '../model/account.ts'
import { slotOf } from './granted.ts'
import type { Policy, ShutOutStep } from '../model/policy.ts'

export type Grace =
  /** The steps are taken as the policy lists them. */
  | { readonly kind: 'none' }
  /** Access has ended by an earlier step; the account is removed at this instant (ISO 8601). */
  | { readonly kind: 'delayed'; readonly until: string }
  | { readonly kind: 'over' }

const dayMs = 24 * 60 * 60_000

/**
 * `graceDays` delays only `remove`, and only while an earlier step holds: one that the policy lists before it, or, for
 * a person who leaves after having been inactive, one of the steps for `inactive`. Without proof of one nothing is delayed.
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

/**
 * Whether a step of a shut-out is done, by what the vendor shows: the flag is off; only floor entitlements are left,
 * inherited ones included, and settings that give power are off; the account is absent. One function for verification, planning and drift.
 */
export function holds(step: ShutOutStep, account: Account | undefined, can: Capabilities): boolean {
  if (!account) return true
  switch (step) {
    case 'disable':
      return account.state === 'disabled'
    case 'strip':
      return (
        account.entitlements.every(({ kind, id }) => can.entitlements[kind]?.floor?.includes(id) ?? false) &&
        powersOf(account, can).length === 0
      )
    case 'remove':
      return false
  }
}

/**
 * An account as a read shows it, and with it what Drawbridge granted and never took back: a vendor that leaves a role out of
 * one answer has not revoked it. Where somebody has, the revoke that follows finds nothing to do.
 */
export function withUnshown(shown: Account, held: Held | undefined, can: Capabilities): Account {
  if (!held || held.account.id !== shown.id) return shown
  const granted = new Set(held.granted.map(({ key }) => key))
  const known = new Set(shown.entitlements.map(entitlementKey))
  const slots = new Set(shown.entitlements.map(slotOf))
  const unshown = held.account.entitlements.filter((each) => {
    const isReplaced = can.entitlements[each.kind]?.perAccount === 'one' && slots.has(slotOf(each))
    const key = entitlementKey(each)
    return !each.inherited && granted.has(key) && !known.has(key) && !isReplaced
  })
  return unshown.length === 0 ? shown : { ...shown, entitlements: [...shown.entitlements, ...unshown] }
}

/**
 * Whether a shut-out is done: the first step holds, or a later one in the place of those before it, which were tried. That an
 * account has the lowest role anyway ends no access as long as it was not switched off.
 */
export function isEnded(
  account: Account,
  steps: readonly ShutOutStep[],
  tried: readonly ShutOutStep[],
  can: Capabilities,
): boolean {
  return steps.some((step, at) => {
    const isTheirTurn = steps.slice(0, at).every((earlier) => tried.includes(earlier))
    return isTheirTurn && holds(step, account, can)
  })
}

/** What a shut-out leaves that is no access and yet lets a person in: the account itself. Undefined: nothing. */
export function signInLeft(account: Account | undefined, nameOf: NameOf): Deviation | undefined {
  if (!account || account.state === 'disabled') return undefined
  const left = account.entitlements.map((each) => nameOf(each).replace(/^role /, '')).join(' and ')
  const how =
    account.state === 'invited' ? 'can still accept the invitation and sign in' : 'can still sign in'
  return {
    code: 'can-still-sign-in',
    detail: `${account.login} ${how}${left ? ` as ${left}` : ', without a role'}.`,
  }
}

/** The steps that a vendor can take, in the order given. */
export function usableSteps(steps: readonly ShutOutStep[], can: Capabilities): readonly ShutOutStep[] {
  const possible: Record<ShutOutStep, boolean> = {
    disable: can.account.disable,
    strip: Object.keys(can.entitlements).length > 0,
    remove: can.account.remove,
  }
  return steps.filter((step) => possible[step])
}

/** What an account holds before the first step of a shut-out, inherited grants left out. */
export function snapshotOf({ account, granted }: Held, now: string): Snapshot {
  const { login, settings } = account
  const entitlements = account.entitlements.filter(({ inherited }) => !inherited)
  return { takenAt: now, login, entitlements, granted, ...(settings ? { settings } : {}) }
}

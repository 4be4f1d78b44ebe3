import type { Account, Capabilities, ShutOutStep } from '../../vendors/contract.ts'
import { powersOf } from '../entitlements/settings.ts'

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

/** The steps that a vendor can take, in the order given. */
export function usableSteps(steps: readonly ShutOutStep[], can: Capabilities): readonly ShutOutStep[] {
  const possible: Record<ShutOutStep, boolean> = {
    disable: can.account.disable,
    strip: Object.keys(can.entitlements).length > 0,
    remove: can.account.remove,
  }
  return steps.filter((step) => possible[step])
}

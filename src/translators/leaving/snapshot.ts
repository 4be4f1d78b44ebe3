import type { Held, Snapshot } from '../../model/plan.ts'

/** What an account holds before the first step of a shut-out, inherited grants left out. */
export function snapshotOf({ account, granted }: Held, now: string): Snapshot {
  const { login, settings } = account
  const entitlements = account.entitlements.filter(({ inherited }) => !inherited)
  return { takenAt: now, login, entitlements, granted, ...(settings ? { settings } : {}) }
}

import { entitlementKey, type EntitlementRef, type HeldEntitlement } from '../../vendors/contract.ts'
import type { Snapshot } from '../../model/plan.ts'

const longestMs = 30 * 24 * 60 * 60_000

/** Whether a grant counts at an instant (ISO 8601); without one, it does. */
export function isLive({ until }: Pick<EntitlementRef, 'until'>, now: string | undefined): boolean {
  return until === undefined || now === undefined || Date.parse(until) > Date.parse(now)
}

/**
 * The grants of a snapshot that Drawbridge had not made, unexpired, while the snapshot is at most 30 days old; the
 * rules decide about all others anew.
 */
export function handMade(snapshot: Snapshot | undefined, now: string | undefined): readonly EntitlementRef[] {
  if (!snapshot || !isRecent(snapshot, now)) return []
  const ours = new Set(
    snapshot.granted.filter((each) => isLive(each, snapshot.takenAt)).map(({ key }) => key),
  )
  return snapshot.entitlements
    .filter((ref: HeldEntitlement) => !ref.inherited && isLive(ref, now) && !ours.has(entitlementKey(ref)))
    .map(({ kind, id, scope, until }) => ({
      kind,
      id,
      ...(scope ? { scope } : {}),
      ...(until === undefined ? {} : { until }),
    }))
}

/** What a snapshot kept is given back within 30 days. */
export function isRecent(snapshot: Snapshot | undefined, now: string | undefined): boolean {
  if (!snapshot || now === undefined) return false
  return Date.parse(now) - Date.parse(snapshot.takenAt) <= longestMs
}

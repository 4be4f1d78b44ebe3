import type { Held, RecentChange } from '../../model/plan.ts'
import { type Account, type EntitlementChange, entitlementKey } from '../../model/account.ts'

/**
 * Where reads lag, a read can show what was just revoked and hide what was just assigned. For as long as the lag our own
 * confirmed changes count instead: a role that we revoked must not be taken for one that somebody granted by hand.
 */
export function noteChange(
  recent: Held['recent'],
  { assign, revoke }: EntitlementChange,
  at: { readonly now: number; readonly lagMs: number | undefined },
): readonly RecentChange[] | undefined {
  if (!at.lagMs) return undefined
  const instant = new Date(at.now).toISOString()
  const noted = [
    ...revoke.map((ref) => ({ ref, what: 'revoked', at: instant }) as const),
    ...assign.map((ref) => ({ ref, what: 'assigned', at: instant }) as const),
  ]
  const keys = new Set(noted.map(({ ref }) => entitlementKey(ref)))
  return [...current(recent, at).filter(({ ref }) => !keys.has(entitlementKey(ref))), ...noted]
}

/** What a read shows, corrected by our changes that it may not show yet. */
export function seenThrough(
  account: Account,
  recent: Held['recent'],
  at: { readonly now: number; readonly lagMs: number | undefined },
): Account {
  const changes = current(recent, at)
  if (changes.length === 0) return account
  const touched = new Set(changes.map(({ ref }) => entitlementKey(ref)))
  return {
    ...account,
    entitlements: [
      ...account.entitlements.filter((each) => each.inherited || !touched.has(entitlementKey(each))),
      ...changes.filter(({ what }) => what === 'assigned').map(({ ref }) => ref),
    ],
  }
}

export function current(
  recent: Held['recent'],
  { now, lagMs = 0 }: { readonly now: number; readonly lagMs: number | undefined },
): readonly RecentChange[] {
  return (recent ?? []).filter(({ at }) => now - Date.parse(at) < lagMs)
}

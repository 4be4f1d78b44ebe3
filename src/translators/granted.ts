import {
  type Account,
  type EntitlementChange,
  entitlementKey,
  type EntitlementRef,
  type HeldEntitlement,
  type Scope,
} from '../model/account.ts'
import type { Capabilities, EntitlementKind } from '../model/capabilities.ts'
import type { Granted, Snapshot, WantedEntitlement } from '../model/plan.ts'

const longestMs = 30 * 24 * 60 * 60_000

/** Whether a grant counts at an instant (ISO 8601). */
export function isLive({ until }: Pick<EntitlementRef, 'until'>, now: string): boolean {
  return until === undefined || Date.parse(until) > Date.parse(now)
}

/**
 * The grants of a snapshot that Drawbridge had not made, unexpired, while the snapshot is at most 30 days old; the
 * rules decide about all others again.
 */
export function handMade(snapshot: Snapshot | undefined, now: string): readonly EntitlementRef[] {
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
export function isRecent(snapshot: Snapshot | undefined, now: string): boolean {
  if (!snapshot) return false
  return Date.parse(now) - Date.parse(snapshot.takenAt) <= longestMs
}

/**
 * What Drawbridge has granted after a change that the vendor confirmed, or after a creation with its list. Only what
 * was assigned because a rule wants it is claimed: not what was there already, nor what a return gave back, nor a floor.
 * With the capabilities, what an assignment replaced is dropped too.
 */
export function grantedAfter(
  before: readonly Granted[],
  wanted: readonly WantedEntitlement[],
  change: EntitlementChange | readonly EntitlementRef[],
  can?: Capabilities,
): readonly Granted[] {
  const { assign, revoke } = 'assign' in change ? change : { assign: change, revoke: [] }
  const requests = new Map(wanted.map((each) => [entitlementKey(each.ref), each.requests]))
  const replaced = replacedBy(assign, can)
  const switched = 'assign' in change ? Object.keys(change.settings ?? {}).map(settingKey) : []
  const gone = new Set([...keysOf(revoke), ...switched])
  const added = keysOf(assign)

  const kept = before.filter(({ key }) => !gone.has(key) && (added.has(key) || !replaced(key)))
  const known = new Map(kept.map((each) => [each.key, refreshed(each, requests.get(each.key))]))
  for (const ref of assign) {
    const key = entitlementKey(ref)
    const wishes = known.get(key)?.wishes ?? requests.get(key)
    if (wishes) known.set(key, { key, wishes, ...(ref.until === undefined ? {} : { until: ref.until }) })
  }
  return [...known.values()]
}

/** Without what the vendor has ended by itself: a grant that is there later under the same key is not ours. */
export function withoutEnded(granted: readonly Granted[], now: string): readonly Granted[] {
  return granted.filter((each) => isLive(each, now))
}

// Earlier requests stay: should the newer ones go while an earlier one does not resolve, it must still freeze the grant.
function refreshed(granted: Granted, requests: readonly string[] = []): Granted {
  return { ...granted, wishes: [...new Set([...granted.wishes, ...requests])] }
}

/** Tells of a key whether one of the assigned entitlements took its place. */
function replacedBy(
  assign: readonly EntitlementRef[],
  can: Capabilities | undefined,
): (key: string) => boolean {
  const slots = new Set(
    assign.filter(({ kind }) => can?.entitlements[kind]?.perAccount === 'one').map(slotOf),
  )
  return (key) => slots.has(slotOfKey(key))
}

/** A role in a team needs the membership. */
export function isTeamRole<R extends EntitlementRef>(ref: R): ref is R & { readonly scope: Scope } {
  return ref.kind === 'role' && ref.scope?.level === 'team'
}

/** Where an entitlement of a kind that an account holds once sits: its kind and scope. */
export function slotOf({ kind, scope }: { readonly kind: EntitlementKind; readonly scope?: Scope }): string {
  return scope ? `${kind}@${scope.level}:${scope.id}` : `${kind}@`
}

/** The slot of a stored key; ids that hold an `@` themselves are read as scoped and match no slot. */
export function slotOfKey(key: string): string {
  const [kind] = key.split(':', 1)
  const at = key.indexOf('@')
  return `${kind}@${at < 0 ? '' : key.slice(at + 1)}`
}

export function keysOf(refs: readonly EntitlementRef[]): ReadonlySet<string> {
  return new Set(refs.map(entitlementKey))
}

/** How `granted` names a setting that Drawbridge set. */
export const settingKey = (name: string): string => `set:${name}`

/** The account after it was switched off and on again: without the kinds that the vendor takes away by it. */
export function afterSwitch(account: Account, { account: { switchLoses = [] } }: Capabilities): Account {
  const entitlements = account.entitlements.filter(
    ({ kind, inherited }) => inherited || !switchLoses.includes(kind),
  )
  return { ...account, entitlements }
}

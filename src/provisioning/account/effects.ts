import { changesInOrder } from '../../translators/entitlements/changes.ts'
import { powersOff } from '../../translators/entitlements/settings.ts'
import { slotOf } from '../../translators/entitlements/slot.ts'
import {
  entitlementKey,
  type Account,
  type AccountSettings,
  type Capabilities,
  type EntitlementChange,
  type ProfileChange,
} from '../../vendors/contract.ts'

/** The account as it is after a change of entitlements that the vendor confirmed. */
export function afterChange(account: Account, change: EntitlementChange, can: Capabilities): Account {
  const gone = new Set(change.revoke.map(entitlementKey))
  const slots = new Set(
    change.assign.filter(({ kind }) => can.entitlements[kind]?.perAccount === 'one').map(slotOf),
  )
  const assigned = new Set(change.assign.map(entitlementKey))
  const kept = account.entitlements.filter((held) => {
    if (held.inherited) return true
    const key = entitlementKey(held)
    return !gone.has(key) && !assigned.has(key) && !slots.has(slotOf(held))
  })
  return { ...withSettings(account, change.settings), entitlements: [...kept, ...change.assign] }
}

function withSettings(account: Account, settings: AccountSettings | undefined): Account {
  return settings ? { ...account, settings: { ...account.settings, ...settings } } : account
}

/** The account as it is after a change of profile that the vendor confirmed. */
export function afterUpdate(
  account: Account,
  change: ProfileChange,
  { correlateBy: [loginAttribute] }: Capabilities,
  settings?: AccountSettings,
): Account {
  const profile = Object.fromEntries(
    Object.entries({ ...account.profile, ...change }).filter(
      (entry): entry is [string, string] => entry[1] != null,
    ),
  )
  return { ...withSettings(account, settings), profile, login: change[loginAttribute] ?? account.login }
}

/**
 * The changes that take away everything an account holds directly, down to the vendor's floor, as many calls as the
 * vendor needs. Empty when nothing is left to take. What is inherited cannot be taken here.
 */
export function stripChanges(account: Account, can: Capabilities): readonly EntitlementChange[] {
  const excess = account.entitlements.filter(
    (held) => !held.inherited && !can.entitlements[held.kind]?.floor?.includes(held.id),
  )
  // A kind of which one must be held falls to its lowest; scoped roles simply go.
  const assign = excess.flatMap(({ kind, scope }) => {
    const [lowest] = can.entitlements[kind]?.floor ?? []
    return lowest === undefined || scope ? [] : [{ kind, id: lowest }]
  })
  const replaced = new Set(assign.map(slotOf))
  const revoke = excess.filter(
    (held) => can.entitlements[held.kind]?.perAccount !== 'one' || !replaced.has(slotOf(held)),
  )
  const changes = changesInOrder({ assign, revoke }, can)
  const settings = powersOff(account, can)
  if (!settings) return changes
  const [first = { assign: [], revoke: [] }, ...rest] = changes
  return [{ ...first, settings }, ...rest]
}

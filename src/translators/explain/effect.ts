import {
  entitlementKey,
  type Capabilities,
  type Entitlement,
  type EntitlementRef,
} from '../../vendors/contract.ts'
import { slotOf } from '../entitlements/slot.ts'
import { differencesOf } from '../intents.ts'
import type { Held, Intent, Policy, Wanted } from '../../model/plan.ts'
import { wantedOf, type WantedInput } from '../wanted.ts'
import type { Effect, Named } from './model.ts'
import { nameOf } from './names.ts'

export interface EffectInput extends Omit<WantedInput, 'policy' | 'granted'> {
  readonly policy: Policy
  readonly held?: Held | undefined
}

/**
 * What becomes of a person under a change that does not become of them without it: both sides are planned against what is
 * held, carried out on paper, and compared. Snapshots of a shut-out are left aside.
 */
export function effectOf(before: EffectInput, after: EffectInput): Effect {
  const [old, changed] = [outcomeOf(before), outcomeOf(after)]
  const isNew = ({ key }: Named, than: readonly Named[]): boolean => than.every((each) => each.key !== key)
  const account = changed.account === old.account ? undefined : changed.account
  return {
    ...(account === undefined ? {} : { account }),
    gains: changed.holds.filter((each) => isNew(each, old.holds)),
    loses: old.holds.filter((each) => isNew(each, changed.holds)),
    deviations: changed.deviations,
  }
}

interface Outcome {
  readonly holds: readonly Named[]
  readonly account: Effect['account']
  readonly deviations: Effect['deviations']
}

function outcomeOf(input: EffectInput): Outcome {
  const { held, capabilities: can, policy, now, catalogue } = input
  const wanted = wantedOf({ ...input, ...(held ? { granted: held.granted } : {}) })
  if (wanted.kind === 'refused')
    return { holds: named(heldBy(held), catalogue), account: undefined, deviations: [] }
  const { intents } = differencesOf(wanted, held, { can, policy, now })
  const account = accountAfter(intents)
  return {
    holds: isGone(wanted, account) ? [] : named(carriedOut(heldBy(held), intents, can), catalogue),
    account,
    deviations: wanted.kind === 'present' ? wanted.deviations : [],
  }
}

function isGone(wanted: Wanted, account: Effect['account']): boolean {
  return account === 'leaves' || wanted.kind !== 'present'
}

function accountAfter(intents: readonly Intent[]): Effect['account'] {
  const kinds = intents.map(({ kind }) => kind)
  if (kinds.includes('shut-out')) return 'leaves'
  if (kinds.includes('provision')) return 'enters'
  return kinds.includes('activate') ? 'returns' : undefined
}

function heldBy(held: Held | undefined): readonly EntitlementRef[] {
  return held?.account.entitlements ?? []
}

function carriedOut(
  held: readonly EntitlementRef[],
  intents: readonly Intent[],
  can: Capabilities,
): readonly EntitlementRef[] {
  const assigned = intents.flatMap((intent) => (intent.kind === 'assign' ? [intent.entitlement] : []))
  const revoked = intents.flatMap((intent) => (intent.kind === 'revoke' ? [intent.entitlement] : []))
  const gone = new Set([...revoked, ...assigned].map(entitlementKey))
  const isOne = ({ kind }: EntitlementRef): boolean => can.entitlements[kind]?.perAccount === 'one'
  const filled = new Set(assigned.filter(isOne).map(slotOf))
  const kept = held.filter(
    (each: EntitlementRef & { readonly inherited?: boolean }) =>
      each.inherited === true ||
      !(gone.has(entitlementKey(each)) || (isOne(each) && filled.has(slotOf(each)))),
  )
  return [...kept, ...assigned]
}

function named(refs: readonly EntitlementRef[], catalogue: readonly Entitlement[]): readonly Named[] {
  const once = new Map(refs.map((ref) => [entitlementKey(ref), ref]))
  return [...once].map(([key, ref]) => ({ key, name: nameOf(ref, catalogue) }))
}

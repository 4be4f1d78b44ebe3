import { entitlementKey, type Capabilities, type Entitlement, type Scope } from '../vendors/contract.ts'
import { resolve, type Wish } from './entitlements/catalogue.ts'
import { isTeamRole } from './entitlements/changes.ts'
import { ofOneLevel } from './entitlements/levels.ts'
import { slotOf } from './entitlements/slot.ts'
import { deviationOf } from './entitlements/unresolved.ts'
import { keyOfWish, slotAsked, wishesOf } from './entitlements/wishes.ts'
import type { DefaultGrant, Deviation, GroupRef, Person, Policy, Reason, WantedEntitlement } from './model.ts'

export interface Grants {
  readonly entitlements: readonly WantedEntitlement[]
  /** Right sides that do not resolve now, as `wishKey` writes them. */
  readonly frozen: readonly string[]
  readonly deviations: readonly Deviation[]
  /** Some rule, not the default, grants something. */
  readonly matched: boolean
}

/** Writes a right side as one stable text: `role:soc@site:emea`, `group:core` for a team or a vendor's group. */
export function wishKey(right: DefaultGrant): string {
  return wishesOf(right).map(keyOfWish).join('+')
}

/**
 * What the rules grant a person. Kinds that an account holds many of are united; of a kind that it holds one of, per
 * scope, the first match in order counts. The default is the last rule.
 */
export function entitlementsFor(
  person: Pick<Person, 'groups'>,
  policy: Pick<Policy, 'rules' | 'default'>,
  catalogue: readonly Entitlement[],
  can: Capabilities,
  scopes: { readonly defaultScope?: Scope },
): Grants {
  const granted = new Map<string, WantedEntitlement>()
  const slots = new Map<string, string>()
  const frozen = new Set<string>()
  const deviations = new Map<string, Deviation>()

  for (const { wish, reason } of wishesFor(person.groups, policy)) {
    const key = keyOfWish(wish)
    const support = can.entitlements[wish.kind]
    const resolution = support ? resolve(wish, catalogue, scopes.defaultScope) : undefined
    if (resolution?.kind !== 'found') {
      deviations.set(key, deviationOf(wish, reason, resolution))
      // A slot that an earlier rule fills is decided, whatever this one may come to mean.
      const isDecided = support?.perAccount === 'one' && slots.has(slotAsked(wish, scopes.defaultScope))
      if (!isDecided) frozen.add(key)
      continue
    }
    for (const entitlement of [resolution.entitlement, ...resolution.further]) {
      const own = entitlementKey(entitlement)
      if (support?.perAccount === 'one') {
        const slot = slotOf(entitlement)
        if ((slots.get(slot) ?? own) !== own) continue
        slots.set(slot, own)
      }
      for (const each of withMembership(entitlement, catalogue, can)) {
        const eachKey = entitlementKey(each)
        granted.set(eachKey, merged(granted.get(eachKey), each, reason, key))
      }
    }
  }

  const levelled = ofOneLevel([...granted.values()], can)
  const matched = levelled.entitlements.some(({ reasons }) => reasons.some(({ rule }) => rule !== 'default'))
  return {
    entitlements: levelled.entitlements,
    frozen: [...new Set([...frozen, ...levelled.frozen])],
    deviations: [...deviations.values(), ...levelled.deviations],
    matched,
  }
}

interface Asked {
  readonly wish: Wish
  readonly reason: Reason
}

function wishesFor(groups: readonly GroupRef[], policy: Pick<Policy, 'rules' | 'default'>): readonly Asked[] {
  const byRules = policy.rules.flatMap((rule, index) => {
    const group = groups.find((each) => isMeant(rule.group, each))
    if (!group) return []
    const line = rule.line === undefined ? {} : { line: rule.line }
    return asked(rule, { group: group.displayName, rule: index, ...line })
  })
  return [...byRules, ...asked(policy.default, { rule: 'default' })]
}

function asked(right: DefaultGrant, reason: Reason): readonly Asked[] {
  return wishesOf(right).map((wish) => ({ wish, reason }))
}

const byExternalId = 'externalId:'

function isMeant(left: string, { displayName, externalId }: GroupRef): boolean {
  return left.startsWith(byExternalId)
    ? externalId === left.slice(byExternalId.length)
    : displayName.toLowerCase() === left.toLowerCase()
}

/** Whoever is to have a role in a team must be in it, and leaves it when the rule no longer applies. */
function withMembership(
  entitlement: Entitlement,
  catalogue: readonly Entitlement[],
  can: Capabilities,
): readonly Entitlement[] {
  if (!isTeamRole(entitlement) || !can.entitlements.group) return [entitlement]
  const team = resolve({ kind: 'group', name: entitlement.scope.id }, catalogue)
  return team.kind === 'found' ? [team.entitlement, entitlement] : [entitlement]
}

function merged(
  known: WantedEntitlement | undefined,
  { kind, id, scope, until, name }: Entitlement,
  reason: Reason,
  wish: string,
): WantedEntitlement {
  if (known) {
    return { ...known, reasons: [...known.reasons, reason], wishes: [...new Set([...known.wishes, wish])] }
  }
  const ref = { kind, id, ...(scope ? { scope } : {}), ...(until === undefined ? {} : { until }) }
  return { ref, name, reasons: [reason], wishes: [wish] }
}

import type { Deviation, Reason, WantedEntitlement } from '../../model/plan.ts'
import { type AccountSettings, type Capabilities, type EntitlementKind } from '../../model/capabilities.ts'
import {
  deviationOf,
  groupAwaited,
  keyOfWish,
  ofOneLevel,
  type Resolution,
  resolve,
  slotAsked,
  type Wish,
  wishesOf,
} from '../entitlements/catalogue.ts'
import { type Match, type Reading, readRule, type Subject } from './left-side.ts'
import { type Asked, filledIn, hasRightSide } from './right-side.ts'
import { madeFor, type MadeResolution, resolveMade } from './vendor-groups.ts'
import { type Entitlement, entitlementKey, type Scope } from '../../model/account.ts'
import type { DefaultGrant, Policy, Rule } from '../../model/policy.ts'
import { isTeamRole, slotOf } from '../granted.ts'
import type { MadeGroups } from '../../model/work.ts'

export interface AskedFor {
  readonly asked: readonly Asked[]
  readonly settings: AccountSettings
  /** ISO 8601 instant at which the first of them ends. */
  readonly changesAt?: string
}

/** Everything that the rules ask for, in their order, the default last. */
export function askedFor(
  subject: Subject,
  policy: Pick<Policy, 'rules' | 'default'>,
  reading: Reading,
): AskedFor {
  const matches = policy.rules.flatMap((rule, index) =>
    readRule(rule, subject, reading).matches.map((match) => ({ rule, index, match })),
  )
  const byRules = matches.flatMap(({ rule, index, match }) =>
    askedBy(rule, index, match).map((each) => madeFor(each, { rule, match }, policy, reading)),
  )
  const byDefault = wishesOf(policy.default).map((wish) => ({ wish, reason: { rule: 'default' } }) as const)
  const sets = [...matches.map(({ rule, match }) => filledIn(rule, match.captures).set), policy.default.set]
  const ends = matches.flatMap(({ match }) => match.until ?? []).toSorted()
  return {
    asked: [...byRules, ...byDefault],
    settings: sets.reduceRight<AccountSettings>((later, set) => ({ ...later, ...set }), {}),
    ...(ends[0] === undefined ? {} : { changesAt: ends[0] }),
  }
}

/** What one rule asks for because of one match. */
export function askedBy(rule: Rule, index: number, match: Match): readonly Asked[] {
  const { group, value, until } = match
  const reason: Reason = {
    ...(group ? { group: group.displayName } : {}),
    ...(value ? { value: value.name } : {}),
    rule: index,
    ...(rule.line === undefined ? {} : { line: rule.line }),
  }
  const rest = { reason, ...(until === undefined ? {} : { until }) }
  if (value && !hasRightSide(rule)) {
    const { name, kind = 'role', scope } = value
    const wish: Wish = { kind, name, ...(scope ? { scope } : {}) }
    return [{ wish, ...rest, ...(value.kind ? {} : { anyKind: true as const }) }]
  }
  return wishesOf(filledIn(rule, match.captures))
    .filter(({ name }) => name.trim() !== '')
    .map((wish) => ({ wish, ...rest }))
}

export interface Grants {
  readonly entitlements: readonly WantedEntitlement[]
  /** Right sides that do not resolve now, as `wishKey` writes them. */
  readonly frozen: readonly string[]
  /** Those of them that come from the User's own values, which may be meant for another vendor. */
  readonly doubtful: readonly string[]
  readonly deviations: readonly Deviation[]
  /** Some rule, not the default, grants something. */
  readonly matched: boolean
  readonly settings?: AccountSettings
  readonly changesAt?: string
  /** Groups that are still to be made, in words. */
  readonly awaited?: readonly string[]
}

/** What is needed beside the person, the rules, the catalogue and the table. */
export interface Terms extends Reading {
  readonly defaultScope?: Scope | undefined
  /** The vendor's groups that are made for SCIM Groups. Absent: nobody knows, and the catalogue decides by name. */
  readonly made?: MadeGroups | undefined
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
  subject: Subject,
  policy: Pick<Policy, 'rules' | 'default'>,
  catalogue: readonly Entitlement[],
  can: Capabilities,
  terms: Terms,
): Grants {
  const granted = new Map<string, WantedEntitlement>()
  const slots = new Map<string, string>()
  const frozen = new Set<string>()
  const doubtful = new Set<string>()
  const deviations = new Map<string, Deviation>()
  const { asked, settings, changesAt } = askedFor(subject, policy, terms)

  const awaited: string[] = []
  for (const each of asked) {
    const { meant, resolution, others } = resolved(each, catalogue, can, terms)
    const key = keyOfWish(meant.wish)
    const support = can.entitlements[meant.wish.kind]
    if (resolution?.kind === 'awaited') {
      const deviation = groupAwaited(meant.wish, resolution.refusal)
      deviations.set(key, deviation)
      frozen.add(key)
      if (resolution.refusal === undefined) awaited.push(deviation.detail)
      continue
    }
    if (resolution?.kind !== 'found') {
      deviations.set(key, deviationOf(meant.wish, meant.reason, resolution))
      // A slot that an earlier rule fills is decided, whatever this one may come to mean.
      const isDecided = support?.perAccount === 'one' && slots.has(slotAsked(meant.wish, terms.defaultScope))
      const unclear = [...(isDecided ? [] : [key]), ...others]
      for (const wish of unclear) frozen.add(wish)
      if (each.anyKind) for (const wish of unclear) doubtful.add(wish)
      continue
    }
    for (const entitlement of [resolution.entitlement, ...resolution.further]) {
      const own = entitlementKey(entitlement)
      if (support?.perAccount === 'one') {
        const slot = slotOf(entitlement)
        if ((slots.get(slot) ?? own) !== own) continue
        slots.set(slot, own)
      }
      for (const one of withMembership(entitlement, catalogue, can)) {
        const oneKey = entitlementKey(one)
        granted.set(oneKey, merged(granted.get(oneKey), one, meant, key))
      }
    }
  }

  const levelled = ofOneLevel([...granted.values()], can)
  const matched = levelled.entitlements.some(({ reasons }) => reasons.some(({ rule }) => rule !== 'default'))
  return {
    entitlements: levelled.entitlements,
    frozen: [...new Set([...frozen, ...levelled.frozen])],
    doubtful: [...doubtful],
    deviations: [...deviations.values(), ...levelled.deviations],
    matched,
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
    ...(changesAt === undefined ? {} : { changesAt }),
    ...(awaited.length === 0 ? {} : { awaited }),
  }
}

interface Resolved {
  /** With the kind in which it was found. */
  readonly meant: Asked
  /** Absent: the vendor has nothing of that kind. */
  readonly resolution: Resolution | MadeResolution | undefined
  /** The same wish in kinds that it might have meant as well. */
  readonly others: readonly string[]
}

function resolved(
  asked: Asked,
  catalogue: readonly Entitlement[],
  can: Capabilities,
  { defaultScope, made }: Terms,
): Resolved {
  if (asked.madeFor !== undefined && made && can.entitlements.group) {
    return { meant: asked, resolution: resolveMade(asked, made[asked.madeFor]), others: [] }
  }
  const find = ({ wish }: Asked): Resolution | undefined =>
    can.entitlements[wish.kind] ? resolve(wish, catalogue, defaultScope) : undefined
  if (!asked.anyKind) return { meant: asked, resolution: find(asked), others: [] }
  const kinds: readonly EntitlementKind[] = ['role', 'group']
  const readings = kinds
    .map((kind): Asked => ({ ...asked, wish: { ...asked.wish, kind } }))
    .map((meant) => ({ meant, resolution: find(meant), others: [] }))
    .filter(({ resolution }) => resolution !== undefined)
  const best =
    readings.find(({ resolution }) => resolution?.kind === 'found') ??
    readings.find(({ resolution }) => resolution?.kind === 'ambiguous') ??
    readings[0]
  if (!best) return { meant: asked, resolution: undefined, others: [] }
  if (best.resolution?.kind === 'found') return best
  const others = readings.filter((each) => each !== best).map(({ meant }) => keyOfWish(meant.wish))
  return { ...best, others }
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
  { kind, id, scope, name }: Entitlement,
  { reason, until }: Asked,
  wish: string,
): WantedEntitlement {
  const ref = { kind, id, ...(scope ? { scope } : {}) }
  if (!known) return { ref: withEnd(ref, until), name, reasons: [reason], wishes: [wish] }
  return {
    ...known,
    ref: withEnd(ref, later(known.ref.until, until)),
    reasons: [...known.reasons, reason],
    wishes: [...new Set([...known.wishes, wish])],
  }
}

function withEnd<R extends object>(ref: R, until: string | undefined): R & { readonly until?: string } {
  return until === undefined ? ref : { ...ref, until }
}

/** The longest of several rules counts; no end is longest. */
function later(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return undefined
  return Date.parse(one) >= Date.parse(other) ? one : other
}

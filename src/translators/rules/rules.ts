import type { Deviation, Reason, WantedEntitlement } from '../../model/plan.ts'
import type { AccountSettings, Capabilities, EntitlementKind } from '../../model/capabilities.ts'
import {
  deviationOf,
  type EntitlementRequest,
  requestKey,
  type Resolution,
  resolve,
  slotOfRequest,
} from '../entitlements/catalogue.ts'
import { type Match, type Reading, readRule, type Subject } from './left-side.ts'
import { filledIn, hasRightSide, requestsOf, type RuleRequest } from './right-side.ts'
import { groupAwaited, madeFor, type MadeResolution, resolveMade } from './vendor-groups.ts'
import { type Entitlement, entitlementKey, type Scope } from '../../model/account.ts'
import type { Policy, Rule } from '../../model/policy.ts'
import { isTeamRole, slotOf } from '../granted.ts'
import type { MadeGroups } from '../../model/work.ts'

/** What rules are read with, for one person at one connection. */
export interface RulesInput extends Reading {
  readonly subject: Subject
  readonly policy: Pick<Policy, 'rules' | 'default'>
  readonly catalogue: readonly Entitlement[]
  readonly can: Capabilities
  readonly defaultScope?: Scope | undefined
  /** The vendor's groups that are made for SCIM Groups. Absent: not known, and the catalogue decides by name. */
  readonly made?: MadeGroups | undefined
}

interface Requested {
  readonly requests: readonly RuleRequest[]
  readonly settings: AccountSettings
  /** ISO 8601 instant at which the first of them ends. */
  readonly changesAt?: string
}

/** Everything that the rules ask for, in their order, the default last. */
function requestsFor(input: RulesInput): Requested {
  const { subject, policy } = input
  const matches = policy.rules.flatMap((rule, index) =>
    readRule(rule, subject, input).matches.map((match) => ({ rule, index, match })),
  )
  const byRules = matches.flatMap(({ rule, index, match }) =>
    requestsBy(rule, index, match).map((each) => madeFor(each, { rule, match }, policy, input)),
  )
  const byDefault = requestsOf(policy.default).map(
    (request) => ({ request, reason: { rule: 'default' } }) as const,
  )
  const sets = [...matches.map(({ rule, match }) => filledIn(rule, match.captures).set), policy.default.set]
  const ends = matches.flatMap(({ match }) => match.until ?? []).toSorted()
  return {
    requests: [...byRules, ...byDefault],
    settings: sets.reduceRight<AccountSettings>((later, set) => ({ ...later, ...set }), {}),
    ...(ends[0] === undefined ? {} : { changesAt: ends[0] }),
  }
}

/** What one rule asks for because of one match. */
export function requestsBy(rule: Rule, index: number, match: Match): readonly RuleRequest[] {
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
    const request: EntitlementRequest = { kind, name, ...(scope ? { scope } : {}) }
    return [{ request, ...rest, ...(value.kind ? {} : { anyKind: true as const }) }]
  }
  return requestsOf(filledIn(rule, match.captures))
    .filter(({ name }) => name.trim() !== '')
    .map((request) => ({ request, ...rest }))
}

export interface Grants {
  readonly entitlements: readonly WantedEntitlement[]
  /** Requests that do not resolve now, as `requestKey` writes them. */
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

/**
 * What the rules grant a person. Kinds that an account holds many of are united; of a kind that it holds one of, per
 * scope, the first match in order counts. The default is the last rule.
 */
export function entitlementsFor(input: RulesInput): Grants {
  const { catalogue, can, defaultScope } = input
  const { requests, settings, changesAt } = requestsFor(input)
  const granted = new Map<string, WantedEntitlement>()
  const slots = new Map<string, string>()
  const frozen = new Set<string>()
  const doubtful = new Set<string>()
  const awaited: string[] = []
  const deviations = new Map<string, Deviation>()
  const isOne = (kind: EntitlementKind): boolean => can.entitlements[kind]?.perAccount === 'one'

  for (const asked of requests) {
    const { meant, resolution, others } = resolved(asked, input)
    const key = requestKey(meant.request)
    if (resolution?.kind === 'found') {
      for (const entitlement of [resolution.entitlement, ...resolution.further])
        if (takesSlot(entitlement)) grant(entitlement, meant, key)
    } else if (resolution?.kind === 'awaited') {
      const deviation = groupAwaited(meant.request, resolution.refusal)
      deviations.set(key, deviation)
      frozen.add(key)
      if (resolution.refusal === undefined) awaited.push(deviation.detail)
    } else {
      deviations.set(key, deviationOf(meant.request, meant.reason, resolution))
      freeze([...(isDecided(meant.request) ? [] : [key]), ...others], asked.anyKind === true)
    }
  }

  /** False: an earlier rule fills the slot with something else. */
  function takesSlot(entitlement: Entitlement): boolean {
    if (!isOne(entitlement.kind)) return true
    const slot = slotOf(entitlement)
    const key = entitlementKey(entitlement)
    if ((slots.get(slot) ?? key) !== key) return false
    slots.set(slot, key)
    return true
  }

  function grant(entitlement: Entitlement, meant: RuleRequest, request: string): void {
    for (const each of withMembership(entitlement, catalogue, can)) {
      const key = entitlementKey(each)
      granted.set(key, merged(granted.get(key), each, meant, request))
    }
  }

  /** A slot that an earlier rule fills is decided, whatever this request may come to mean. */
  function isDecided(request: EntitlementRequest): boolean {
    return isOne(request.kind) && slots.has(slotOfRequest(request, defaultScope))
  }

  function freeze(unclear: readonly string[], isDoubtful: boolean): void {
    for (const request of unclear) {
      frozen.add(request)
      if (isDoubtful) doubtful.add(request)
    }
  }

  const levelled = ofOneLevel([...granted.values()], can)
  return {
    entitlements: levelled.entitlements,
    frozen: [...new Set([...frozen, ...levelled.frozen])],
    doubtful: [...doubtful],
    deviations: [...deviations.values(), ...levelled.deviations],
    matched: levelled.entitlements.some(isByRule),
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
    ...(changesAt === undefined ? {} : { changesAt }),
    ...(awaited.length === 0 ? {} : { awaited }),
  }
}

interface Resolved {
  /** With the kind in which it was found. */
  readonly meant: RuleRequest
  /** Absent: the vendor has nothing of that kind. */
  readonly resolution: Resolution | MadeResolution | undefined
  /** The same request in kinds that it might have meant as well. */
  readonly others: readonly string[]
}

function resolved(asked: RuleRequest, { catalogue, can, defaultScope, made }: RulesInput): Resolved {
  if (asked.madeFor !== undefined && made && can.entitlements.group) {
    return { meant: asked, resolution: resolveMade(asked, made[asked.madeFor]), others: [] }
  }
  const find = ({ request }: RuleRequest): Resolution | undefined =>
    can.entitlements[request.kind] ? resolve(request, catalogue, defaultScope, can.scopes) : undefined
  if (!asked.anyKind) return { meant: asked, resolution: find(asked), others: [] }
  const kinds: readonly EntitlementKind[] = ['role', 'group']
  const readings = kinds
    .map((kind): RuleRequest => ({ ...asked, request: { ...asked.request, kind } }))
    .map((meant) => ({ meant, resolution: find(meant), others: [] }))
    .filter(({ resolution }) => resolution !== undefined)
  const best =
    readings.find(({ resolution }) => resolution?.kind === 'found') ??
    readings.find(({ resolution }) => resolution?.kind === 'ambiguous') ??
    readings[0]
  if (!best) return { meant: asked, resolution: undefined, others: [] }
  if (best.resolution?.kind === 'found') return best
  const others = readings.filter((each) => each !== best).map(({ meant }) => requestKey(meant.request))
  return { ...best, others }
}

/** A role in a team needs membership of the team, which ends when the rule no longer applies. */
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
  { reason, until }: RuleRequest,
  request: string,
): WantedEntitlement {
  const ref = { kind, id, ...(scope ? { scope } : {}) }
  if (!known) return { ref: withEnd(ref, until), name, reasons: [reason], requests: [request] }
  return {
    ...known,
    ref: withEnd(ref, later(known.ref.until, until)),
    reasons: [...known.reasons, reason],
    requests: [...new Set([...known.requests, request])],
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

interface Levelled {
  readonly entitlements: readonly WantedEntitlement[]
  /** Requests that conflict: what they granted stays as it is. */
  readonly frozen: readonly string[]
  readonly deviations: readonly Deviation[]
}

/**
 * Some vendors know an account at one scope level only. Rules that ask for several levels cancel each other, and the
 * account stays as it is; the default gives way to any rule.
 */
export function ofOneLevel(wanted: readonly WantedEntitlement[], can: Capabilities): Levelled {
  const concerned = wanted.filter(({ ref }) => ref.scope && can.entitlements[ref.kind]?.scopeLevels === 'one')
  const levels = new Set(concerned.filter(isByRule).map(levelOf))
  if (levels.size === 0) return { entitlements: wanted, frozen: [], deviations: [] }
  if (levels.size === 1) {
    const overridden = new Set(concerned.filter((each) => !levels.has(levelOf(each))))
    return { entitlements: wanted.filter((each) => !overridden.has(each)), frozen: [], deviations: [] }
  }
  return {
    entitlements: wanted.filter((each) => !concerned.includes(each)),
    frozen: concerned.flatMap(({ requests }) => requests),
    deviations: concerned.filter(isByRule).map((each) => conflictOf(each, [...levels])),
  }
}

function isByRule({ reasons }: WantedEntitlement): boolean {
  return reasons.some(({ rule }) => rule !== 'default')
}

function levelOf({ ref }: WantedEntitlement): string | undefined {
  return ref.scope?.level
}

function conflictOf({ ref, name }: WantedEntitlement, levels: readonly (string | undefined)[]): Deviation {
  const detail = `Role "${name}" in ${ref.scope?.level} ${ref.scope?.id} conflicts with other rules: the vendor keeps an account at one scope level, and the rules name ${levels.join(' and ')}. Name one level; until then nothing is granted or revoked for it.`
  return { code: 'entitlement-scope-conflict', detail }
}

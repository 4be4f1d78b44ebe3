import type { Held, Intent, Reason, Wanted, WantedEntitlement } from '../../model/plan.ts'
import { type Capabilities } from '../../model/capabilities.ts'
import { requestKey, resolve } from '../entitlements/catalogue.ts'
import { intentsFor } from '../plan.ts'
import { type Match, readRule } from '../rules/left-side.ts'
import { grantWords, hasRightSide, requestsOf, type RuleRequest, ruleWords } from '../rules/right-side.ts'
import { requestsBy, type Grants } from '../rules/rules.ts'
import { subjectOf, type WantedInput, wantedOf } from '../wanted.ts'
import { ruleName } from '../words.ts'
import { nameOf } from './words.ts'
import { type Entitlement, entitlementKey, type EntitlementRef } from '../../model/account.ts'
import type { Policy, Rule } from '../../model/policy.ts'
import { slotOf } from '../granted.ts'
import type { Effect, ExplainedRule, ExplainInput, Named } from './model.ts'

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
  const { held, can, policy, now, catalogue } = input
  const wanted = wantedOf({ ...input, ...(held ? { granted: held.granted } : {}) })
  if (wanted.kind === 'refused')
    return { holds: named(heldBy(held), catalogue), account: undefined, deviations: [] }
  const { intents } = intentsFor({ wanted, held, can, policy, now })
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

/** What each rule of the connection means for the person, the default last. */
export function explainRules(input: ExplainInput, grants: Grants): readonly ExplainedRule[] {
  const rules = input.policy.rules.map((rule, index) => explainRule(rule, index, input, grants))
  const byDefault = explainDefault(input.policy, input, grants)
  return byDefault ? [...rules, byDefault] : rules
}

function explainRule(rule: Rule, index: number, input: ExplainInput, grants: Grants): ExplainedRule {
  const about = {
    rule: index,
    ...(rule.line === undefined ? {} : { line: rule.line }),
    words: ruleWords(rule),
  }
  const { matches, ended, exceptedBy } = readRule(rule, subjectOf(input), input)
  if (exceptedBy !== undefined)
    return { ...about, outcome: 'excepted', detail: `excluded as a member of "${exceptedBy}"` }
  if (matches.length === 0 && ended.length > 0)
    return { ...about, outcome: 'ended', detail: ended.map(endWords).join('; ') }
  if (matches.length === 0) return { ...about, outcome: 'no-match', detail: missWords(rule) }
  const asked = matches.flatMap((match) => requestsBy(rule, index, match))
  const through = [...new Set(matches.map(matchWords))].join(', ')
  if (asked.length === 0) {
    const outcome = rule.set ? 'grants' : 'nothing'
    return { ...about, outcome, detail: rule.set ? `${grantWords({ set: rule.set })} (${through})` : through }
  }
  return { ...about, ...judged(asked, index, through, input, grants) }
}

function explainDefault(policy: Policy, input: ExplainInput, grants: Grants): ExplainedRule | undefined {
  if (!hasRightSide(policy.default)) return undefined
  const asked = requestsOf(policy.default).map((request): RuleRequest => ({
    request,
    reason: { rule: 'default' },
  }))
  const about = { rule: 'default', words: `default grants ${grantWords(policy.default)}` } as const
  if (asked.length === 0)
    return { ...about, outcome: 'grants', detail: `${grantWords(policy.default)} (everybody)` }
  return { ...about, ...judged(asked, 'default', 'everybody', input, grants) }
}

function judged(
  asked: readonly RuleRequest[],
  rule: Reason['rule'],
  through: string,
  { catalogue, defaultScope, can }: ExplainInput,
  { entitlements, deviations, frozen }: Grants,
): Pick<ExplainedRule, 'outcome' | 'detail'> {
  const granted = entitlements.filter(({ reasons }) => reasons.some((reason) => reason.rule === rule))
  if (granted.length > 0) {
    const names = granted.map(({ ref, name }) => nameOf(ref, [...catalogue, { ...ref, name }]))
    return { outcome: 'grants', detail: `${names.join(', ')} (${through})` }
  }
  const unclear = asked.find(({ request }) => frozen.includes(requestKey(request)))
  const found = asked.flatMap(({ request }) => {
    const resolution = can.entitlements[request.kind]
      ? resolve(request, catalogue, defaultScope, can.scopes)
      : undefined
    return resolution?.kind === 'found' ? [resolution.entitlement] : []
  })
  const winner = found.flatMap((ref) => inSlot(ref, entitlements))[0]
  if (winner) {
    const where = winner.reasons[0]
    const why = `overridden by ${ruleName(where)}, which grants ${nameOf(winner.ref, catalogue)}`
    return { outcome: 'beaten', detail: rule === 'default' ? why : `${through}, but ${why}` }
  }
  const why = deviations.find(({ detail }) => unclear && detail.includes(`"${unclear.request.name}"`))
  const detail = why?.detail ?? deviations[0]?.detail ?? 'the vendor has nothing of this name'
  return { outcome: 'unresolved', detail: `${through}: ${detail}` }
}

function inSlot(
  ref: EntitlementRef,
  entitlements: readonly WantedEntitlement[],
): readonly WantedEntitlement[] {
  return entitlements.filter((each) => slotOf(each.ref) === slotOf(ref))
}

function matchWords({ group, value, until }: Match): string {
  const by = group
    ? `member of "${group.displayName}"`
    : value
      ? `has the value "${value.name}"`
      : 'matches the filter'
  return until === undefined ? by : `${by} until ${until}`
}

function endWords({ group, until }: Match): string {
  const who = group ? `membership of "${group.displayName}"` : 'the rule'
  return until === undefined
    ? `the name of "${group?.displayName ?? ''}" does not end in a duration such as -24h`
    : `${who} counted until ${until}`
}

function missWords({ group, attribute }: Rule): string {
  if (group !== undefined)
    return `not a member of ${group.startsWith('/') ? `a group that matches ${group}` : group}`
  return attribute === undefined ? 'the User has no such value' : 'the User does not match the filter'
}

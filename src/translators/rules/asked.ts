import type { AccountSettings } from '../../vendors/contract.ts'
import type { Wish } from '../entitlements/catalogue.ts'
import { wishesOf } from '../entitlements/wishes.ts'
import type { Policy, Reason, Rule } from '../../model/plan.ts'
import { readRule, type Match } from './left-side.ts'
import { filledIn, hasRightSide } from './right-side.ts'
import type { Reading, Subject } from './subject.ts'
import { madeFor } from './vendor-groups.ts'

/** One entitlement that a rule asks for, for one person. */
export interface Asked {
  readonly wish: Wish
  readonly reason: Reason
  /** ISO 8601 instant at which the rule stops asking. */
  readonly until?: string
  /** Named by a value of the User: a role if there is one of that name, else a group. */
  readonly anyKind?: true
  /** Id of the SCIM Group that the vendor's group is made for (`create: true`). */
  readonly madeFor?: string
}

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

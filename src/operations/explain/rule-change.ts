import { effectOf, type EffectInput } from '../../translators/explain/rules.ts'
import type { Deviation } from '../../model/plan.ts'
import { wantedAt } from './explain.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { type ConnectionFacts, connectionFacts, everybody, type PersonAt } from './store.ts'
import type { Policy } from '../../model/policy.ts'
import type { Effect, Named } from '../../translators/explain/model.ts'

/** The part of a policy that `plan --rules` changes. */
type RuleChange = Partial<Pick<Policy, 'rules' | 'default' | 'exclusive' | 'people'>>

interface EntitlementCount extends Named {
  readonly gains: number
  readonly loses: number
}

export interface RuleChangeEffect {
  readonly connection: string
  /** Everybody who was looked at. */
  readonly people: number
  /** How many something changes for. */
  readonly changed: number
  readonly enters: number
  readonly leaves: number
  readonly entitlements: readonly EntitlementCount[]
  /** Who gains and loses what; the first 10,000, in the order of the store. */
  readonly changes: readonly (Effect & { readonly userName: string })[]
  /** What does not resolve under the new rules, each once, with how many people it concerns. */
  readonly unresolved: readonly (Deviation & { readonly people: number })[]
}

const mostChanges = 10_000
const unresolvedCodes: ReadonlySet<Deviation['code']> = new Set([
  'entitlement-unknown',
  'entitlement-refused',
  'entitlement-ambiguous',
  'entitlement-scope-conflict',
  'entitlement-kind-missing',
])

/**
 * What changed rules would do to everybody of a connection, read as a stream. Nothing is written, no vendor is asked.
 * Undefined: there is no such connection.
 */
export async function effectOfRules(
  db: Sql,
  connectionId: string,
  change: RuleChange,
): Promise<RuleChangeEffect | undefined> {
  const facts = (await connectionFacts(db)).find((each) => each.connectionId === connectionId)
  if (!facts) return undefined
  const tally = createTally()
  const at = new Date().toISOString()
  const changes: (Effect & { readonly userName: string })[] = []
  let people = 0
  let changed = 0
  for await (const person of everybody(db, connectionId)) {
    people += 1
    const before = inputOf(person, facts, at)
    const effect = effectOf(before, { ...before, policy: { ...facts.policy, ...change } })
    tally.add(effect)
    if (!isChange(effect)) continue
    changed += 1
    if (changes.length < mostChanges) changes.push({ userName: person.userName, ...effect })
  }
  return { connection: facts.connection, people, changed, ...tally.totals(), changes }
}

function isChange({ account, gains, loses }: Effect): boolean {
  return account !== undefined || gains.length + loses.length > 0
}

function inputOf(person: PersonAt, facts: ConnectionFacts, now: string): EffectInput {
  return { ...wantedAt(person, facts, now), held: person.held }
}

function createTally() {
  const counts = new Map<string, { name: string; gains: number; loses: number }>()
  const unresolved = new Map<string, Deviation & { people: number }>()
  const accounts = { enters: 0, leaves: 0 }
  const count = ({ key, name }: Named): { gains: number; loses: number } => {
    const known = counts.get(key) ?? { name, gains: 0, loses: 0 }
    counts.set(key, known)
    return known
  }
  return {
    add({ account, gains, loses, deviations }: Effect) {
      if (account === 'enters') accounts.enters += 1
      if (account === 'leaves') accounts.leaves += 1
      for (const each of gains) count(each).gains += 1
      for (const each of loses) count(each).loses += 1
      for (const each of deviations.filter(({ code }) => unresolvedCodes.has(code))) {
        const known = unresolved.get(each.detail) ?? { ...each, people: 0 }
        known.people += 1
        unresolved.set(each.detail, known)
      }
    },
    totals: () => ({
      ...accounts,
      entitlements: [...counts].map(([key, each]) => ({ key, ...each })),
      unresolved: [...unresolved.values()],
    }),
  }
}

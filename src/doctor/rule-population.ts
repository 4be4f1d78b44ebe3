import { matching } from '../config/rules/matching.ts'
import type { ConnectionFacts, ExplainStore } from '../operations/explain/store.ts'
import { plan } from '../translators/plan.ts'
import { namedValues } from '../translators/rules/right-side.ts'
import { subjectOf, wantedOf } from '../translators/wanted.ts'
import type { Capabilities } from '../model/capabilities.ts'
import type { AccountDraft, Entitlement } from '../model/account.ts'
import type { GroupRef } from '../model/person.ts'
import type { Policy, Rule } from '../model/policy.ts'

/** What rules can meet in a directory. */
export interface Population {
  readonly groups: readonly GroupRef[]
  /** Filters of rules, and whether somebody satisfies them. */
  readonly filters: ReadonlyMap<string, boolean>
  /** Whether somebody has this value under roles or entitlements; `*`: any. */
  readonly hasValue: (value: string) => boolean
  /** What would be sent for whom the connection would make an account, as far as the store knows. */
  readonly joiners: (offer: Offer) => AsyncGenerator<AccountDraft>
}

/** What a vendor has to offer, under the rules that are looked at. */
export interface Offer {
  readonly catalogue: readonly Entitlement[]
  readonly can: Capabilities
  readonly policy: Policy
}

/** Reads a directory once for all rules of a connection. Undefined where the store does not know the connection. */
export async function populationOf(
  store: ExplainStore,
  directory: string,
  connection: string,
  rules: readonly Rule[],
): Promise<Population | undefined> {
  const facts = (await store.connections(directory)).find((each) => each.connection === connection)
  if (!facts) return undefined
  const groups: GroupRef[] = []
  for await (const group of store.groups(facts.directoryId)) groups.push(group)

  const filters = new Map(
    rules.flatMap(({ attribute }) => (attribute === undefined ? [] : [[attribute, false]])),
  )
  const values = new Set<string>()
  const readsPeople = filters.size > 0 || rules.some(({ roles }) => roles !== undefined)
  for await (const person of readsPeople ? store.everybody(facts.connectionId) : []) {
    if (!person.active || person.deleted) continue
    const { resource = {} } = subjectOf(person)
    for (const [filter, isMet] of filters) {
      if (!isMet && matching.satisfies(filter, resource)) filters.set(filter, true)
    }
    for (const { name } of namedValues(resource, connection)) values.add(name.toLowerCase())
  }
  const hasValue = (value: string): boolean =>
    value === '*' ? values.size > 0 : values.has(value.trim().toLowerCase())
  return { groups, filters, hasValue, joiners: (offer) => joinersOf(store, facts, offer) }
}

async function* joinersOf(
  store: ExplainStore,
  { connectionId, connection, made }: ConnectionFacts,
  { catalogue, can, policy }: Offer,
): AsyncGenerator<AccountDraft> {
  const now = new Date().toISOString()
  const setting = { policy, catalogue, capabilities: can, connection, made, matching, now }
  for await (const { held, ...person } of store.everybody(connectionId)) {
    if (held) continue
    const wanted = wantedOf({ ...person, ...setting })
    if (wanted.kind !== 'present') continue
    const [first] = plan(wanted, undefined, can, policy, undefined, now).operations
    if (first?.op === 'create') yield first.draft
  }
}

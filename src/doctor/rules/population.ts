import { matching } from '../../config/rules/matching.ts'
import type { ExplainStore } from '../../provisioning/explain/ports.ts'
import type { GroupRef, Rule } from '../../translators/model.ts'
import { namedValues } from '../../translators/rules/values.ts'
import { subjectOf } from '../../translators/wanted.ts'

/** What rules can meet in a directory. */
export interface Population {
  readonly groups: readonly GroupRef[]
  /** Filters of rules, and whether somebody satisfies them. */
  readonly filters: ReadonlyMap<string, boolean>
  /** Whether somebody has this value under roles or entitlements; `*`: any. */
  readonly hasValue: (value: string) => boolean
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
  return { groups, filters, hasValue }
}

import { withKit } from '../kit.ts'
import { loadEnvironment } from '../../config/environment.ts'
import type { DirectoryConfig, Environment } from '../../model/configuration.ts'
import { liveHints, type RuleHint } from '../../doctor/rules.ts'
import type { Offer, Population } from '../../doctor/rehearse.ts'
import { type ConnectionFacts, connectionFacts, everybody, groupsOf } from '../../operations/explain/store.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { openDatabase } from '../../store/open.ts'
import type { Kit } from '../../vendors/kit/kit.ts'
import { vendorOf } from '../../vendors/registry.ts'
import type { Io } from '../../cli/output.ts'
import type { Rule } from '../../model/policy.ts'
import type { GroupRef } from '../../model/person.ts'
import { subjectOf, wantedOf } from '../../translators/wanted.ts'
import { matching } from '../../config/matching.ts'
import type { AccountDraft } from '../../model/account.ts'
import { plan } from '../../translators/plan.ts'
import { namedValues } from '../../translators/rules/left-side.ts'
import { wantedInput } from '../../provisioning/wanted-input.ts'

/**
 * Compares every connection's rules with its vendor's catalogue, and with the directory where DATABASE_URL names a store
 * (the database of a gateway that runs its own is open already). Writes nothing at any vendor.
 */
export async function checkLive(
  directories: readonly DirectoryConfig[],
  { env }: Pick<Io, 'env'>,
): Promise<readonly RuleHint[]> {
  const environment = loadEnvironment(env)
  if (!environment.ok)
    return environment.problems.map(({ name, message }) => ({
      directory: '',
      state: 'failed',
      detail: `environment: ${name} ${message}`,
    }))
  return withKit(environment.environment, (kit) => compare(directories, environment.environment, kit))
}

async function compare(
  directories: readonly DirectoryConfig[],
  { databaseUrl, dataDir }: Environment,
  kit: Kit,
): Promise<readonly RuleHint[]> {
  const store =
    databaseUrl === undefined
      ? undefined
      : await openDatabase({ databaseUrl, dataDir, log: kit.log }).catch(() => undefined)
  try {
    const found: RuleHint[] = []
    if (databaseUrl !== undefined && !store)
      found.push({ directory: '', state: 'unknown', detail: 'the store of DATABASE_URL could not be read' })
    for (const { name: directory, connections, domains } of directories) {
      for (const connection of connections) {
        const vendor = vendorOf(connection.vendor)
        if (!vendor) continue
        const { rules } = connection.policy
        const population = store && (await populationOf(store.db, directory, connection.name, rules))
        found.push(...(await liveHints({ directory, connection, vendor, population, domains }, kit)))
      }
    }
    return found
  } finally {
    await store?.close()
  }
}

/** Reads a directory once for all rules of a connection. Undefined where the store does not know the connection. */
async function populationOf(
  db: Sql,
  directory: string,
  connection: string,
  rules: readonly Rule[],
): Promise<Population | undefined> {
  const facts = (await connectionFacts(db, directory)).find((each) => each.connection === connection)
  if (!facts) return undefined
  const groups: GroupRef[] = []
  for await (const group of groupsOf(db, facts.directoryId)) groups.push(group)

  const filters = new Map(
    rules.flatMap(({ attribute }) => (attribute === undefined ? [] : [[attribute, false]])),
  )
  const values = new Set<string>()
  const readsPeople = filters.size > 0 || rules.some(({ roles }) => roles !== undefined)
  for await (const person of readsPeople ? everybody(db, facts.connectionId) : []) {
    if (!person.active || person.deleted) continue
    const { resource = {} } = subjectOf(person)
    for (const [filter, isMet] of filters) {
      if (!isMet && matching.satisfies(filter, resource)) filters.set(filter, true)
    }
    for (const { name } of namedValues(resource, connection)) values.add(name.toLowerCase())
  }
  const hasValue = (value: string): boolean =>
    value === '*' ? values.size > 0 : values.has(value.trim().toLowerCase())
  return { groups, filters, hasValue, joiners: (offer) => joinersOf(db, facts, offer) }
}

async function* joinersOf(
  db: Sql,
  { connectionId, connection, made }: ConnectionFacts,
  { catalogue, can, policy }: Offer,
): AsyncGenerator<AccountDraft> {
  const now = new Date().toISOString()
  const at = { name: connection, policy, can }
  for await (const { held, ...person } of everybody(db, connectionId)) {
    if (held) continue
    const wanted = wantedOf(wantedInput({ user: person, groups: person.groups, made }, at, catalogue, now))
    if (wanted.kind !== 'present') continue
    const [first] = plan({ wanted, held: undefined, can, policy, now }).operations
    if (first?.op === 'create') yield first.draft
  }
}

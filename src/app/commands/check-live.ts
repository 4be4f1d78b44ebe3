import { withKit } from '../kit.ts'
import { loadEnvironment } from '../../config/environment.ts'
import type { DirectoryConfig, Environment } from '../../model/configuration.ts'
import { liveHints, type RuleHint } from '../../doctor/rules.ts'
import { populationOf, type Population } from '../../doctor/rule-population.ts'
import type { ExplainStore } from '../../operations/explain/store.ts'
import { openStore } from '../../store/open.ts'
import type { Kit } from '../../vendors/kit/kit.ts'
import { vendorOf } from '../../vendors/registry.ts'
import type { Surroundings } from '../../cli/output.ts'

/**
 * Compares every connection's rules with its vendor's catalogue, and with the directory where DATABASE_URL names a store
 * (the database of a gateway that runs its own is open already). Writes nothing at any vendor.
 */
export async function checkLive(
  directories: readonly DirectoryConfig[],
  { env }: Pick<Surroundings, 'env'>,
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
      : await openStore({ databaseUrl, dataDir, log: kit.log }).catch(() => undefined)
  try {
    const found: RuleHint[] = []
    if (databaseUrl !== undefined && !store)
      found.push({ directory: '', state: 'unknown', detail: 'the store of DATABASE_URL could not be read' })
    for (const { name: directory, connections, domains } of directories) {
      for (const connection of connections) {
        const vendor = vendorOf(connection.vendor)
        if (!vendor) continue
        const population = await readPopulation(
          store?.explain,
          directory,
          connection.name,
          connection.policy.rules,
        )
        found.push(...(await liveHints({ directory, connection, vendor, population, domains }, kit)))
      }
    }
    return found
  } finally {
    await store?.close()
  }
}

async function readPopulation(
  store: ExplainStore | undefined,
  ...of: readonly [string, string, Parameters<typeof populationOf>[3]]
): Promise<Population | undefined> {
  return store && populationOf(store, ...of)
}

import type { Configuration } from '../model/configuration.ts'
import type { Change } from '../model/operator.ts'
import { applyTo } from '../operations/apply/apply.ts'
import type { Detaching } from '../operations/apply/store.ts'
import type { Applied } from '../store/connections/configuration.ts'
import { type Database, openDatabase, type StoreOptions } from '../store/open.ts'

/** The database, and what applies a configuration to it. */
export interface Store extends Database {
  /** `actor`: who applies it; the file itself, where nobody is named. */
  applyConfiguration(configuration: Configuration, actor?: Change, detaching?: Detaching): Promise<Applied>
}

/** Opens the store with all migrations applied. Rejects with a `GatewayError`, or `StoreUnavailable`. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const database = await openDatabase(options)
  return { ...database, applyConfiguration: (...given) => applyTo(database, ...given) }
}

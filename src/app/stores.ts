import type { Configuration } from '../model/configuration.ts'
import type { Change } from '../model/operator.ts'
import { applyDetaching, type Detaching, previewConfiguration } from '../operations/apply/store.ts'
import { createAuditStore } from '../operations/audit/store.ts'
import { createExpiryStore } from '../operations/expiry/store.ts'
import { createConsoleStore } from '../operations/managed-connections/store.ts'
import { createNoticeStore } from '../operations/notices/store.ts'
import { type Applied, applyConfiguration } from '../store/connections/configuration.ts'
import { enlistRest } from '../store/connections/enlist.ts'
import { type Database, openDatabase, type StoreOptions } from '../store/open.ts'
import { createOperatorStore } from './operator-store.ts'
import { gauges } from '../operations/connections/gauges-store.ts'

/** The database, and stores of features that are more than functions of it. */
export type Store = Database & ReturnType<typeof featuresOf>

/** Opens the store with all migrations applied. Rejects with a `GatewayError`, or `StoreUnavailable`. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const database = await openDatabase(options)
  return { ...database, ...featuresOf(database) }
}

function featuresOf({ db, forgetTokens }: Database) {
  return {
    consoleConnections: createConsoleStore(db),
    notices: createNoticeStore(db),
    expiries: createExpiryStore(db),
    audit: createAuditStore(db),
    operate: createOperatorStore(db, forgetTokens),
    /** What waits, for metrics. */
    gauges: () => gauges(db),
    /** `by`: who applies it; the file itself, where nobody is named. */
    async applyConfiguration(
      configuration: Configuration,
      by?: Change,
      detaching?: Detaching,
    ): Promise<Applied> {
      const applied = await (by && detaching
        ? applyDetaching(db, configuration, by, detaching)
        : applyConfiguration(db, configuration, by))
      // A token that was taken away is refused from now on, whatever becomes of the rest.
      forgetTokens()
      for (const id of applied.added) await enlistRest(db, id)
      return applied
    },
    /** What applying it would change, in words; nothing is changed. */
    previewConfiguration: (configuration: Configuration, detaching: Detaching) =>
      previewConfiguration(db, configuration, detaching),
  }
}

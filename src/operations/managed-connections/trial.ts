import { Problem } from '../../admin/problem.ts'
import type { ConnectionConfig } from '../../model/configuration.ts'
import { GatewayError, VendorError } from '../../model/errors.ts'
import { openConnection } from '../../provisioning/connections.ts'
import type { ConnectionStore } from '../../model/work.ts'
import { isFormerName, tenantChanged } from '../../store/connections/connections.ts'
import type { ConsoleConnection } from './sealed-store.ts'
import type { Tried } from './store.ts'
import { vendorOf } from '../../vendors/registry.ts'
import type { Kit } from '../../vendors/kit/kit.ts'
import { lookAt } from './look.ts'

/** Asks the vendor as a check does, with what is not saved yet; keeps nothing. Rejects with a `Problem` that says why not. */
export type Trial = (row: ConsoleConnection, wanted: ConnectionConfig) => Promise<Tried>

/** With the kit that it is lent for each. */
export const trialWith =
  (lend: <T>(work: (kit: Kit) => Promise<T>) => Promise<T>): Trial =>
  async (row, wanted) => {
    const vendor = vendorOf(wanted.vendor)
    if (!vendor) throw new GatewayError('NO_VENDOR', `this release has no vendor ${wanted.vendor}`)
    const { id, directoryId, revision } = row
    try {
      const { credentialsEndAt } = await lend(async (kit) =>
        lookAt(await openConnection({ ...wanted, id, directoryId, vendor }, forgetful(row), kit).ready()),
      )
      return { revision, ...(credentialsEndAt === undefined ? {} : { credentialsEndAt }) }
    } catch (error) {
      if (!(error instanceof VendorError)) throw error
      throw new Problem(
        409,
        'check-failed',
        `Nothing is changed: with this the vendor does not let it work (${error.message}). What was in force stays so. Correct it, or save it unchecked with force.`,
      )
    }
  }

/** Knows the tenant that the accounts are in, and keeps nothing. */
function forgetful({ directory, name, tenantId }: ConsoleConnection): ConnectionStore {
  return {
    park: async () => false,
    pause: async () => {},
    async keepTenant(_id, tenant) {
      if (tenantId !== null && tenantId !== tenant && !isFormerName(tenantId, tenant))
        throw tenantChanged(`${directory}/${name}`, tenantId, tenant)
    },
    profile: async () => undefined,
    keepProfile: async () => {},
    catalogue: async () => undefined,
    keepCatalogue: async () => {},
  }
}

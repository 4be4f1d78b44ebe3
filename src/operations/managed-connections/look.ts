import type { ConnectionCheck } from '../connections/route.ts'
import type { LiveConnection } from '../../provisioning/connections.ts'
import { credentialsEnd } from '../expiry/expiry.ts'

/** Whether a connection works, as its vendor says: credentials, tenant, own identity, catalogue. Reads only. Rejects with `VendorError`. */
export async function lookAt(live: LiveConnection): Promise<ConnectionCheck> {
  await live.target.test()
  const [tenant, ownAccountId, catalogue, credentialsEndAt] = await Promise.all([
    live.tenant(0),
    live.self(),
    live.catalogue({ refresh: true }),
    credentialsEnd(live),
  ])
  return {
    tenant,
    ...(ownAccountId === undefined ? {} : { ownAccountId }),
    ...(credentialsEndAt === undefined ? {} : { credentialsEndAt }),
    catalogue: catalogue.length,
  }
}

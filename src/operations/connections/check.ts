import { GatewayError } from '../../model/errors.ts'
import type { Change } from '../../model/operator.ts'
import type { LiveConnection, LiveConnections } from '../../provisioning/connections.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { credentialsEnd } from '../expiry/expiry.ts'
import { keepCredentialsEnd } from '../expiry/store.ts'
import { markChecked } from '../managed-connections/store.ts'

export interface ConnectionCheck {
  readonly profile?: string
  readonly tenant: string
  readonly ownAccountId?: string
  readonly catalogue: number
  readonly credentialsEndAt?: string
}

/** Asks the vendor, and keeps what it told. Undefined when there is no such connection; rejects with `VendorError`. */
export async function checkConnection(
  db: Sql,
  connections: Pick<LiveConnections, 'toCheck'>,
  id: string,
  actor: Change,
): Promise<ConnectionCheck | undefined> {
  const live = await connections.toCheck(id)?.ready()
  if (!live) return undefined
  const found = await askVendor(live)
  await keepCredentialsEnd(db, id, found.credentialsEndAt)
  if (live.revision !== undefined && !(await markChecked(db, id, live.revision, actor)))
    throw new GatewayError('CHANGED_MEANWHILE', 'the connection has been changed meanwhile: check it again')
  return found
}

/** Whether a connection works, as its vendor says: credentials, tenant, own identity, catalogue. Reads only. Rejects with `VendorError`. */
export async function askVendor(live: LiveConnection): Promise<ConnectionCheck> {
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

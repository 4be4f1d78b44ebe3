import type { FastifyInstance } from 'fastify'
import { adminPlugin } from '../admin/plugin.ts'
import { type AdminParts, routesOf } from './routes.ts'
import type { ConnectionEditing } from '../operations/managed-connections/route.ts'
import type { ConnectionActions } from '../operations/connections/route.ts'
import type { ConfigurationActions } from '../operations/apply/route.ts'
import type { Environment } from '../model/configuration.ts'
import { credentialsSchema, settingsSchema } from '../config/vendor-settings.ts'
import { GatewayError } from '../model/errors.ts'
import type { Inventories } from '../operations/inventory/inventory.ts'
import type { LiveConnections } from '../provisioning/connections.ts'
import type { Reconciliation } from '../operations/reconciliation/runs.ts'
import type { Notices } from '../model/notice.ts'
import type { Store } from './stores.ts'
import { lookAt } from '../operations/managed-connections/look.ts'
import { vendors } from '../vendors/registry.ts'
import { release } from './release.ts'

export const operatorBase = '/admin/api/v1'

export interface OperatorApiParts {
  readonly environment: Environment
  readonly store: Store
  /** Secret of the admin on this machine. */
  readonly localToken?: string
  readonly workers: () => boolean | undefined
  readonly wake: () => void
  /** Absent where the store is opened alone. */
  readonly connections?: LiveConnections
  readonly configuration: ConfigurationActions
  readonly editing: ConnectionEditing
  readonly reconciliation?: Pick<Reconciliation, 'request' | 'recovered'>
  readonly inventories?: Inventories
  readonly notices?: Notices
}

export async function registerOperatorApi(app: FastifyInstance, parts: OperatorApiParts): Promise<void> {
  const { environment, store, localToken, connections } = parts
  const { adminToken } = environment
  const table: AdminParts = {
    db: store.db,
    store: store.operate,
    release: release(),
    wake: parts.wake,
    health: { store: () => store.ping(), workers: parts.workers },
    configuration: parts.configuration,
    editing: parts.editing,
    notices: parts.notices,
    noticesKept: store.notices,
    audit: store.audit,
    open: connections,
    reconciliation: parts.reconciliation,
    inventories: parts.inventories,
    ...(connections ? { connections: connectionActions(store, connections) } : {}),
  }
  await app.register(adminPlugin, {
    prefix: operatorBase,
    routes: routesOf(table),
    release: release(),
    verifyOperator: (secret) => store.operate.verifyOperator(secret),
    builtIn: [
      ...(adminToken === undefined ? [] : [{ name: 'admin', secret: adminToken }]),
      ...(localToken === undefined ? [] : [{ name: 'local', secret: localToken }]),
    ],
  })
}

function connectionActions(store: Store, connections: LiveConnections): ConnectionActions {
  return {
    vendors: vendors.map((vendor) => ({
      id: vendor.id,
      name: vendor.name,
      profiles: vendor.profiles,
      scopes: vendor.scopes,
      settings: settingsSchema(vendor),
      credentials: credentialsSchema(vendor),
    })),
    async check(connectionId, by) {
      const live = await connections.toCheck(connectionId)?.ready()
      if (!live) return undefined
      const found = await lookAt(live)
      await store.expiries.keepCredentialsEnd(connectionId, found.credentialsEndAt)
      if (
        live.revision !== undefined &&
        !(await store.consoleConnections.markChecked(connectionId, live.revision, by))
      )
        throw new GatewayError('CHANGED_MEANWHILE', 'the connection was changed meanwhile: check it again')
      return found
    },
  }
}

import type { FastifyInstance } from 'fastify'
import { healthRoutes } from '../admin/health.ts'
import { adminPlugin } from '../admin/plugin.ts'
import type { Configuration, Environment } from '../model/configuration.ts'
import type { Notices } from '../model/notice.ts'
import { accountRoutes, peopleRoutes } from '../operations/accounts/route.ts'
import { configurationRoutes } from '../operations/apply/route.ts'
import { createAuditKeys } from '../operations/audit/keys.ts'
import { auditRoutes } from '../operations/audit/route.ts'
import { connectionRoutes, directoryRoutes } from '../operations/connections/route.ts'
import { evidenceRoutes } from '../operations/evidence/route.ts'
import { explainRoutes } from '../operations/explain/route.ts'
import { holdRoutes } from '../operations/holds/route.ts'
import { importRoutes } from '../operations/import/route.ts'
import type { Inventories } from '../operations/inventory/inventory.ts'
import { inventoryRoutes } from '../operations/inventory/route.ts'
import { keyRoutes } from '../operations/keys/route.ts'
import type { EditingDeps } from '../operations/managed-connections/editing.ts'
import { managedConnectionRoutes } from '../operations/managed-connections/route.ts'
import { noticeRoutes } from '../operations/notices/route.ts'
import { operatorRoutes } from '../operations/operators/route.ts'
import { createReadNotes, directoryOf, verifyOperator } from '../operations/operators/store.ts'
import { planRoutes, previewRoutes } from '../operations/plans/route.ts'
import { reconciliationRoutes } from '../operations/reconciliation/route.ts'
import type { Reconciliation } from '../operations/reconciliation/runs.ts'
import { tokenRoutes } from '../operations/tokens/route.ts'
import type { LiveConnections } from '../provisioning/connections.ts'
import { createKeyring } from '../secrets/keyring.ts'
import type { Applied } from '../store/connections/configuration.ts'
import type { Database } from '../store/open.ts'
import { release } from './release.ts'

export const operatorBase = '/admin/api/v1'

/** What is optional is absent where the store is opened alone, without vendors: then so are its routes. */
export interface OperatorApiDeps extends Pick<EditingDeps, 'lendKit' | 'changed'> {
  readonly environment: Environment
  readonly store: Database
  /** Secret of the admin on this machine. */
  readonly localToken: string
  /** Whether workers are at work; undefined where none should be. */
  readonly workers: () => boolean | undefined
  /** Accounts became due. */
  readonly wake: () => void
  /** A configuration was applied: this process works with it from now on. */
  readonly follow: (configuration: Configuration, applied: Applied) => void
  readonly connections?: LiveConnections
  readonly reconciliation?: Pick<Reconciliation, 'request' | 'recovered'>
  readonly inventories?: Inventories
  readonly notices?: Notices
}

export async function registerOperatorApi(app: FastifyInstance, deps: OperatorApiDeps): Promise<void> {
  const { environment, store, localToken } = deps
  const { adminToken } = environment
  await app.register(adminPlugin, {
    prefix: operatorBase,
    routes: routesOf(deps),
    release: release(),
    verifyOperator: (secret) => verifyOperator(store.db, secret),
    directoryOf: (kind, id) => directoryOf(store.db, kind, id),
    noteRead: createReadNotes(store.db),
    builtIn: [
      ...(adminToken === undefined ? [] : [{ name: 'admin', secret: adminToken }]),
      { name: 'local', secret: localToken },
    ],
  })
}

function routesOf({
  environment,
  store,
  workers,
  connections,
  reconciliation,
  inventories,
  ...deps
}: OperatorApiDeps) {
  const { db, forgetTokens } = store
  const { wake, notices } = deps
  const { insecureTargets } = environment
  const keyring = createKeyring(environment.masterKeys ?? [])
  const auditKeys = createAuditKeys(environment.masterKeys ?? [])
  return [
    ...healthRoutes({ health: { store: () => store.ping(), workers }, release: release() }),
    ...directoryRoutes(db),
    ...tokenRoutes({ db, forgetTokens }),
    ...operatorRoutes(db),
    ...connectionRoutes({ db, wake, connections }),
    ...managedConnectionRoutes({ ...deps, db, keyring, insecureTargets }),
    ...keyRoutes({ db, keyring, auditKeys }),
    ...accountRoutes({ db, wake }),
    ...peopleRoutes(db),
    ...auditRoutes(db, auditKeys),
    ...planRoutes({ db, wake, notices }),
    ...(connections ? previewRoutes({ db, connections }) : []),
    ...holdRoutes({ db, wake }),
    ...explainRoutes(db),
    ...noticeRoutes(db),
    ...(reconciliation ? reconciliationRoutes({ db, reconciliation }) : []),
    ...importRoutes(db),
    ...(inventories ? inventoryRoutes({ db, inventories }) : []),
    ...evidenceRoutes(db),
    ...configurationRoutes({ db, forgetTokens, insecureTargets, follow: deps.follow }),
  ]
}

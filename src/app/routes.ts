import type { AuditStore } from '../model/audit.ts'
import type { Notices, NoticeStore } from '../model/notice.ts'
import { auditRoutes, eventRoutes } from '../operations/audit/route.ts'
import { evidenceRoutes } from '../operations/evidence/route.ts'
import { explainRoutes } from '../operations/explain/route.ts'
import { importRoutes } from '../operations/import/route.ts'
import type { Inventories } from '../operations/inventory/inventory.ts'
import { inventoryRoutes } from '../operations/inventory/route.ts'
import { noticeRoutes } from '../operations/notices/route.ts'
import { planRoutes, previewRoutes } from '../operations/plans/route.ts'
import { reconciliationRoutes } from '../operations/reconciliation/route.ts'
import type { Reconciliation } from '../operations/reconciliation/runs.ts'
import type { Connections } from '../provisioning/connections.ts'
import type { Sql } from '../store/sql/statement.ts'
import type { OperatorStore } from '../model/operator.ts'
import type { Route } from '../admin/route.ts'
import { accountRoutes, peopleRoutes } from '../operations/accounts/route.ts'
import { configurationRoutes, type ConfigurationActions } from '../operations/apply/route.ts'
import { type ConnectionEditing, editingRoutes } from '../operations/managed-connections/route.ts'
import { type ConnectionActions, connectionRoutes, directoryRoutes } from '../operations/connections/route.ts'
import { healthRoutes, type HealthActions } from '../admin/health.ts'
import { holdRoutes } from '../operations/holds/route.ts'
import { operatorRoutes } from '../operations/operators/route.ts'
import { tokenRoutes } from '../operations/tokens/route.ts'

/** What the routes are made of. A part that is absent leaves its routes out: a store that is opened alone has no vendors. */
export interface AdminParts {
  readonly db: Sql
  readonly store: OperatorStore
  readonly release: string
  /** Something became due. */
  readonly wake: () => void
  readonly health: HealthActions
  readonly connections?: ConnectionActions
  readonly editing?: ConnectionEditing
  readonly configuration?: ConfigurationActions
  readonly noticesKept?: Pick<NoticeStore, 'list'>
  readonly notices?: Notices | undefined
  /** As they are open; for what reads vendors. */
  readonly open?: Connections | undefined
  readonly reconciliation?: Pick<Reconciliation, 'request' | 'recovered'> | undefined
  readonly inventories?: Inventories | undefined
  readonly audit?: AuditStore
}

/** The table of the operator API. */
export function routesOf(parts: AdminParts): readonly Route[] {
  const { db, noticesKept, open, reconciliation, inventories, editing } = parts
  return [
    ...healthRoutes(parts),
    ...directoryRoutes(parts.store),
    ...tokenRoutes(parts.store),
    ...operatorRoutes(parts.store),
    ...connectionRoutes(parts),
    ...(editing ? editingRoutes({ ...parts, editing }) : []),
    ...accountRoutes(parts),
    ...peopleRoutes(parts.store),
    ...eventRoutes(parts.store),
    ...(parts.audit ? auditRoutes(parts.audit) : []),
    ...planRoutes(parts),
    ...(open ? previewRoutes({ db, connections: open }) : []),
    ...holdRoutes(parts),
    ...explainRoutes(db),
    ...(noticesKept ? noticeRoutes(noticesKept) : []),
    ...(reconciliation ? reconciliationRoutes({ db, reconciliation }) : []),
    ...importRoutes(db),
    ...(inventories ? inventoryRoutes({ db, inventories }) : []),
    ...evidenceRoutes(db),
    ...(parts.configuration ? configurationRoutes(parts.configuration) : []),
  ]
}

import type { AuditStore } from '../model/audit.ts'
import type { Interventions } from '../operations/holds/store.ts'
import type { NoticeStore } from '../model/notice.ts'
import { auditRoutes, eventRoutes } from '../operations/audit/route.ts'
import { evidenceRoutes, type ExportEvidence } from '../operations/evidence/route.ts'
import { explainRoutes, type ExplainActions } from '../operations/explain/route.ts'
import { type InventoryActions, inventoryRoutes } from '../operations/inventory/route.ts'
import { noticeRoutes } from '../operations/notices/route.ts'
import { planRoutes, type PreviewActions, previewRoutes } from '../operations/plans/route.ts'
import { surveyRoutes, type SurveyActions } from '../operations/reconciliation/route.ts'
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
import type { PlanStore } from '../store/plans.ts'

/** What the routes are made of. A part that is absent leaves its routes out: a store that is opened alone has no vendors. */
export interface AdminParts {
  readonly store: OperatorStore
  readonly release: string
  /** Something became due. */
  readonly wake: () => void
  readonly health: HealthActions
  readonly connections?: ConnectionActions
  readonly editing?: ConnectionEditing
  readonly configuration?: ConfigurationActions
  readonly plans?: Pick<PlanStore, 'list' | 'decide'>
  readonly interventions?: Interventions
  readonly explain?: ExplainActions
  readonly notices?: Pick<NoticeStore, 'list'>
  readonly surveys?: SurveyActions
  readonly inventories?: InventoryActions
  readonly previews?: PreviewActions
  readonly evidence?: ExportEvidence
  readonly audit?: AuditStore
}

/** The table of the operator API. */
export function routesOf(parts: AdminParts): readonly Route[] {
  const { plans, interventions, explain, notices, surveys, inventories, previews, evidence, editing } = parts
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
    ...(plans ? planRoutes({ ...parts, plans }) : []),
    ...(interventions ? holdRoutes({ ...parts, interventions }) : []),
    ...(explain ? explainRoutes(explain) : []),
    ...(notices ? noticeRoutes(notices) : []),
    ...(surveys ? surveyRoutes({ ...parts, surveys }) : []),
    ...(inventories ? inventoryRoutes({ ...parts, inventories }) : []),
    ...(previews ? previewRoutes({ ...parts, previews }) : []),
    ...(evidence ? evidenceRoutes(parts.store, evidence) : []),
    ...(parts.configuration ? configurationRoutes(parts.configuration) : []),
  ]
}

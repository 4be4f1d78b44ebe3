import type { AuditStore } from '../audit/ports.ts'
import type { Interventions } from '../provisioning/interventions/ports.ts'
import type { NoticeStore } from '../provisioning/notices/ports.ts'
import type { PlanStore } from '../provisioning/plans/ports.ts'
import { auditRoutes } from './findings/audit.ts'
import { evidenceRoutes, type ExportEvidence } from './findings/evidence.ts'
import { explainRoutes, type ExplainActions } from './findings/explain.ts'
import { type InventoryActions, inventoryRoutes } from './findings/inventory.ts'
import { noticeRoutes } from './findings/notices.ts'
import { type PreviewActions, previewRoutes } from './findings/preview.ts'
import { surveyRoutes, type SurveyActions } from './findings/surveys.ts'
import type { OperatorStore } from './ports.ts'
import type { Route } from './route.ts'
import { accountRoutes } from './routes/accounts.ts'
import { configurationRoutes, type ConfigurationActions } from './routes/configuration.ts'
import { type ConnectionEditing, editingRoutes } from './routes/connection-editing.ts'
import { connectionRoutes, type ConnectionActions } from './routes/connections.ts'
import { directoryRoutes } from './routes/directories.ts'
import { eventRoutes } from './routes/events.ts'
import { healthRoutes, type HealthActions } from './routes/health.ts'
import { holdRoutes } from './routes/holds.ts'
import { operatorRoutes } from './routes/operators.ts'
import { peopleRoutes } from './routes/people.ts'
import { planRoutes } from './routes/plans.ts'
import { tokenRoutes } from './routes/tokens.ts'

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

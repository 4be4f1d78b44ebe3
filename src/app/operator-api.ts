import type { FastifyInstance } from 'fastify'
import { adminPlugin, type AdminOptions } from '../admin/plugin.ts'
import type { ExplainActions } from '../admin/findings/explain.ts'
import type { InventoryActions } from '../admin/findings/inventory.ts'
import type { PreviewActions } from '../admin/findings/preview.ts'
import type { SurveyActions } from '../admin/findings/surveys.ts'
import type { ConnectionEditing } from '../admin/routes/connection-editing.ts'
import type { ConnectionActions } from '../admin/routes/connections.ts'
import type { ConfigurationActions } from '../admin/routes/configuration.ts'
import type { Environment } from '../config/model.ts'
import { credentialsSchema, settingsSchema } from '../config/vendor-settings.ts'
import { GatewayError } from '../errors.ts'
import type { Connections } from '../provisioning/connections.ts'
import { explainPerson } from '../provisioning/explain/explain.ts'
import { effectOfRules, type RuleChange } from '../provisioning/explain/rule-change.ts'
import type { InventoryRow } from '../provisioning/inventory/columns.ts'
import { previewLines } from '../provisioning/plans/preview-lines.ts'
import { csvHeader, csvLine } from '../provisioning/inventory/csv.ts'
import type { Inventories } from '../provisioning/inventory/inventory.ts'
import type { Surveys } from '../provisioning/reconciliation/surveys.ts'
import type { Notices } from '../provisioning/notices/ports.ts'
import { decisionsOn } from '../provisioning/plans/decide.ts'
import type { Store } from '../store/open.ts'
import { lookAt } from './connections/look.ts'
import type { LiveConnections } from './live-connections.ts'
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
  readonly surveys?: Pick<Surveys, 'request' | 'recovered'>
  readonly inventories?: Inventories
  readonly notices?: Notices
}

export async function registerOperatorApi(app: FastifyInstance, parts: OperatorApiParts): Promise<void> {
  const { environment, store, localToken, connections, surveys, inventories, notices } = parts
  const { adminToken } = environment
  const options: AdminOptions = {
    store: store.operate,
    release: release(),
    builtIn: [
      ...(adminToken === undefined ? [] : [{ name: 'admin', secret: adminToken }]),
      ...(localToken === undefined ? [] : [{ name: 'local', secret: localToken }]),
    ],
    wake: parts.wake,
    health: { store: () => store.ping(), workers: parts.workers },
    configuration: parts.configuration,
    editing: parts.editing,
    plans: notices ? decisionsOn(store.plans, notices) : store.plans,
    interventions: store.interventions,
    notices: store.notices,
    audit: store.audit,
    explain: explainActions(store),
    evidence: (query) => store.evidence(query),
    ...(inventories ? { inventories: inventoryActions(store, inventories) } : {}),
    ...(surveys ? { surveys: surveyActions(store, surveys) } : {}),
    ...(connections
      ? { connections: connectionActions(store, connections), previews: previewActions(store, connections) }
      : {}),
  }
  await app.register(adminPlugin, { prefix: operatorBase, ...options })
}

function surveyActions(
  { surveys: kept }: Store,
  running: Pick<Surveys, 'request' | 'recovered'>,
): SurveyActions {
  return {
    surveys: (connectionId, kind) => kept.surveys(connectionId, kind),
    drifts: (connectionId, query) => kept.drifts(connectionId, query),
    start: (connectionId, kind) => running.request(kind, connectionId),
    recovered: (connectionId) => running.recovered(connectionId),
  }
}

function inventoryActions({ imports }: Store, running: Inventories): InventoryActions {
  return {
    inventory: (connectionId, options) => running.inventory(connectionId, options),
    csv: (row) => (row ? csvLine(row as InventoryRow) : csvHeader),
    propose: (connectionId, days) => running.propose(connectionId, days),
    undecided: (connectionId, limit) => imports.undecided(connectionId, limit),
  }
}

function previewActions({ lookAt }: Store, connections: Connections): PreviewActions {
  return {
    preview: (connectionId, options) =>
      previewLines({ connections, lookAt, now: Date.now }, connectionId, options),
  }
}

function explainActions({ explain: facts }: Store): ExplainActions {
  return {
    explain: (request) => explainPerson(facts, request, Date.now),
    async effectOf(connectionId, change) {
      const known = (await facts.connections()).find((each) => each.connectionId === connectionId)
      return known && effectOfRules(facts, known, change as RuleChange, Date.now)
    },
  }
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
      await store.endings.keepCredentialsEnd(connectionId, found.credentialsEndAt)
      if (
        live.revision !== undefined &&
        !(await store.consoleConnections.markChecked(connectionId, live.revision, by))
      )
        throw new GatewayError('CHANGED_MEANWHILE', 'the connection was changed meanwhile: check it again')
      return found
    },
  }
}

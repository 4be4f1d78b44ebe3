import type { FastifyInstance } from 'fastify'
import { adminPlugin } from '../admin/plugin.ts'
import { type AdminParts, routesOf } from './routes.ts'
import type { ExplainActions } from '../operations/explain/route.ts'
import type { InventoryActions } from '../operations/inventory/route.ts'
import type { PreviewActions } from '../operations/plans/route.ts'
import type { SurveyActions } from '../operations/reconciliation/route.ts'
import type { ConnectionEditing } from '../operations/managed-connections/route.ts'
import type { ConnectionActions } from '../operations/connections/route.ts'
import type { ConfigurationActions } from '../operations/apply/route.ts'
import type { Environment } from '../model/configuration.ts'
import { credentialsSchema, settingsSchema } from '../config/vendor-settings.ts'
import { GatewayError } from '../model/errors.ts'
import type { Connections, LiveConnections } from '../provisioning/connections.ts'
import { explainPerson } from '../operations/explain/explain.ts'
import { effectOfRules, type RuleChange } from '../operations/explain/rule-change.ts'
import { csvHeader, csvLine, type Inventories, type InventoryRow } from '../operations/inventory/inventory.ts'
import { previewLines } from '../operations/plans/preview.ts'
import type { Surveys } from '../operations/reconciliation/runs.ts'
import type { Notices } from '../model/notice.ts'
import { decisionsOn } from '../operations/plans/plans.ts'
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
  readonly surveys?: Pick<Surveys, 'request' | 'recovered'>
  readonly inventories?: Inventories
  readonly notices?: Notices
}

export async function registerOperatorApi(app: FastifyInstance, parts: OperatorApiParts): Promise<void> {
  const { environment, store, localToken, connections, surveys, inventories, notices } = parts
  const { adminToken } = environment
  const table: AdminParts = {
    store: store.operate,
    release: release(),
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

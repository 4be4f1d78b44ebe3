import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { ConnectionEditing } from '../operations/managed-connections/route.ts'
import { openAudit } from './audit.ts'
import { configurationActions } from '../operations/apply/apply.ts'
import { openMade } from './managed-connections.ts'
import { knownRevisions } from './revisions.ts'
import { localOperator } from '../admin/gateway-file.ts'
import { openKit } from './kit.ts'
import {
  type Connections,
  type LiveConnections,
  liveConnections,
  type OpenConnection,
  openConnections,
} from '../provisioning/connections.ts'
import { openNotices } from './notices.ts'
import { createOpened, type Opened } from './resources.ts'
import { registerOperatorApi } from './operator-api.ts'
import { createServer } from './server.ts'
import { connectionsOf, pathsOf, specsOf } from './specs.ts'
import { startWork, type Work, type Working } from './work.ts'
import type { Configuration, Environment } from '../model/configuration.ts'
import { registerErrorPage } from '../dictionary/route.ts'
import { registerHealth } from '../health.ts'
import { createMetrics, type Metrics } from '../metrics/metrics.ts'
import { registerMetrics, scimPrefix } from '../metrics/routes.ts'
import type { Provisioner } from '../provisioning/account/run.ts'
import { openClock } from '../provisioning/clock.ts'
import { createProvisioning } from '../provisioning/request-runs.ts'
import { createLeaseKeeper } from '../provisioning/engine.ts'
import { scimPlugin, type ScimOptions } from '../scim/http/plugin.ts'
import { wrongBaseUrlPlugin } from '../scim/http/wrong-base-url.ts'
import type { Applied } from '../store/connections/configuration.ts'
import { openStore, type Store } from './stores.ts'
import { openTracing } from '../telemetry/tracing.ts'
import type { DirectoryRef } from '../model/directory.ts'
import type { Tracing } from '../telemetry/spans.ts'

/** Longest wait for one reply of a vendor, in milliseconds. */
const vendorTimeoutMs = 30_000

export interface GatewayParts {
  readonly environment: Environment
  readonly configuration: Configuration
  readonly log: Logger
  /** For tests: how long a vendor may take. */
  readonly timeoutMs?: number
  /** For tests: resource types beside User and Group. */
  readonly resourceTypes?: ScimOptions['resourceTypes']
}

export interface Gateway extends Pick<Work, 'schedule' | 'reconciliation' | 'inventories'> {
  /** Where it listens, without a path. */
  readonly url: string
  readonly store: Store
  readonly connections: Connections
  readonly directories: readonly DirectoryRef[]
  /** Takes no more requests, lets what runs end, and closes everything it opened. */
  close(): Promise<void>
}

/** Opens the store, applies the configuration, and serves SCIM until `close`. */
export async function startGateway(parts: GatewayParts): Promise<Gateway> {
  const opened = createOpened()
  try {
    return await start(parts, opened)
  } catch (error) {
    await opened.close()
    throw error
  }
}

async function start(parts: GatewayParts, opened: Opened): Promise<Gateway> {
  const { environment, configuration, log } = parts
  const { databaseUrl, dataDir } = environment
  const store = opened.keep(
    await openStore({ ...(databaseUrl === undefined ? {} : { databaseUrl }), dataDir, log }),
  )
  const applied = await store.applyConfiguration(configuration)
  const wakes = { due: (): void => {}, connections: (): void => {} }
  const keyIds = (environment.masterKeys ?? []).map(({ id }) => id)
  const processes = opened.keep(await store.joinProcesses({ hear: (what) => wakes[what](), log, keyIds }))
  const metrics = createMetrics(() => store.gauges())
  const tracing = opened.keep(await openTracing(environment.tracing, log))
  const timeoutMs = parts.timeoutMs ?? vendorTimeoutMs
  const { kit } = opened.keep(
    openKit({ environment, log, store, processes, metrics, traceCall: tracing.call, timeoutMs }),
  )
  const notices = opened.keep(openNotices({ environment, log, store }, kit))
  const open = (wanted: Configuration, now: Applied): Connections =>
    openConnections(specsOf(wanted, now), store.connections, kit, notices)
  const connections = liveConnections(open(configuration, applied))
  const leases = opened.keep(createLeaseKeeper(store.queue, log))
  const clock = opened.keep(await openClock(store, log))
  const told = measured(metrics, pathsOf(connections, applied))
  const by: Working = {
    ...{ queue: store.queue, store: store.connections, plans: store.plans },
    ...{ connections, leases, log, notices, now: clock.now },
    ...told,
    ...(tracing.runs && { tracing: tracing.runs }),
  }
  const revisions = knownRevisions(store)
  revisions.file(applied)
  opened.keep(openAudit(environment, store, kit.dispatcher, log))
  const work = startWork(by, store, processes, opened)
  wakes.due = work.wakeHere
  void work.reconciliation.follow(connectionsOf(connections, applied))
  let current = applied
  const fromFile = (): readonly OpenConnection[] => connectionsOf(connections, current)
  const made = await openMade(
    { environment, store, log, kit, notices, processes, work, live: connections, revisions, fromFile },
    opened,
  )
  wakes.connections = made.follow
  const follow = (wanted: Configuration, now: Applied): void => {
    current = now
    connections.replace(open(wanted, now))
    revisions.file(now)
    work.wake()
    void work.reconciliation.follow(connectionsOf(connections, now))
  }
  const url = await listen(
    parts,
    { store, metrics, tracing, by, work, connections, editing: made.editing, follow },
    opened,
  )
  const directories = configuration.directories.map(({ name, client, domains }) => {
    return { id: applied.directoryIds.get(name)!, name, client, domains }
  })
  const { schedule, reconciliation, inventories } = work
  return { url, store, connections, schedule, reconciliation, inventories, directories, close: opened.close }
}

function measured(
  metrics: Metrics,
  pathOf: (connectionId: string) => string,
): Required<Pick<Provisioner, 'shutOutProven' | 'guardTripped'>> {
  return {
    shutOutProven: (id, ms) => metrics.shutOutProven(pathOf(id), ms / 1_000),
    guardTripped: (id, kind) => metrics.guardTripped(pathOf(id), kind),
  }
}

interface Served {
  readonly store: Store
  readonly metrics: Metrics
  readonly tracing: Tracing
  readonly by: Provisioner
  readonly work: Work
  readonly connections: LiveConnections
  readonly editing: ConnectionEditing
  /** A configuration was applied: this process works with it. */
  readonly follow: (wanted: Configuration, now: Applied) => void
}

async function listen(parts: GatewayParts, served: Served, opened: Opened): Promise<string> {
  const { environment, log } = parts
  const { store, metrics, by, work } = served
  const app: FastifyInstance = opened.keep(createServer(environment, log))
  registerMetrics(app, metrics, environment.metricsToken)
  served.tracing.register(app)
  registerErrorPage(app)
  registerHealth(app, { store: () => store.ping(), workers: work.alive })
  const { publicUrl } = environment
  await app.register(wrongBaseUrlPlugin, { base: scimPrefix, publicUrl, seen: metrics.wrongBaseUrl })
  await app.register(scimPlugin, {
    prefix: scimPrefix,
    verifyToken: store.verifyToken,
    directory: store.directory,
    provisioning: createProvisioning(by, work.wake),
    publicUrl,
    cursorSecret: await store.cursorSecret(),
    resourceTypes: parts.resourceTypes,
  })
  const local = opened.keep(localOperator(environment))
  await registerOperatorApi(app, {
    environment,
    store,
    connections: served.connections,
    editing: served.editing,
    localToken: local.token,
    workers: work.alive,
    wake: work.wake,
    reconciliation: work.reconciliation,
    inventories: work.inventories,
    ...(by.notices ? { notices: by.notices } : {}),
    configuration: configurationActions(store, environment.insecureTargets, served.follow),
  })
  const url = await app.listen({ host: environment.host, port: environment.port })
  local.announce(url)
  return url
}

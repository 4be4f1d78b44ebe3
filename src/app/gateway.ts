import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { localOperator } from '../admin/gateway-file.ts'
import { registerErrorPage } from '../dictionary/route.ts'
import { registerHealth } from '../health.ts'
import { createMetrics, type Metrics } from '../metrics/metrics.ts'
import { registerMetrics, scimPrefix } from '../metrics/routes.ts'
import type { Configuration, Environment } from '../model/configuration.ts'
import type { DirectoryRef } from '../model/directory.ts'
import type { Processes } from '../model/processes.ts'
import { startAuditKeeper } from '../operations/audit/audit.ts'
import { createAuditKeys } from '../operations/audit/keys.ts'
import { type FromFile, followApplied } from '../operations/apply/follow.ts'
import { gauges } from '../operations/connections/gauges-store.ts'
import { watchUnserved } from '../operations/connections/unserved.ts'
import { scheduleExpiryChecks } from '../operations/expiry/expiry.ts'
import { createExpiryStore } from '../operations/expiry/store.ts'
import { followManaged } from '../operations/managed-connections/follow.ts'
import { createNotices } from '../operations/notices/notices.ts'
import { listNotices } from '../operations/notices/store.ts'
import type { Provisioner } from '../provisioning/account/run.ts'
import { openClock } from '../provisioning/clock.ts'
import {
  type Connections,
  type LiveConnections,
  liveConnections,
  openConnection,
  type OpenConnection,
  openConnections,
} from '../provisioning/connections.ts'
import { createLeaseKeeper } from '../provisioning/engine.ts'
import { createProvisioning } from '../provisioning/request-runs.ts'
import { scimPlugin, type ScimOptions } from '../scim/http/plugin.ts'
import { wrongBaseUrlPlugin } from '../scim/http/wrong-base-url.ts'
import { createKeyring } from '../secrets/keyring.ts'
import type { Applied } from '../store/connections/configuration.ts'
import type { Tracing } from '../telemetry/spans.ts'
import { openTracing } from '../telemetry/tracing.ts'
import type { Kit } from '../vendors/kit/kit.ts'
import { connectionsOf, createRevisions, fromFile, pathsOf } from './connections.ts'
import { auditReceivers, noticeChannels } from './deliveries.ts'
import { openKit } from './kit.ts'
import { registerOperatorApi } from './operator-api.ts'
import { createResources, type Resources } from './resources.ts'
import { createServer, listenAt } from './server.ts'
import { openStore, type Store } from './stores.ts'
import { startWork, type Work } from './work.ts'

/** Longest wait for one reply of a vendor, in milliseconds. */
const vendorTimeoutMs = 30_000

export interface GatewayOptions {
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
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const resources = createResources()
  try {
    return await start(options, resources)
  } catch (error) {
    await resources.close()
    throw error
  }
}

async function start(options: GatewayOptions, resources: Resources): Promise<Gateway> {
  const { environment, configuration, log, timeoutMs = vendorTimeoutMs } = options
  const { databaseUrl, dataDir, masterKeys = [], auditRetentionDays, directoryQuotaMb } = environment
  const store = resources.keep(
    await openStore({
      ...(databaseUrl === undefined ? {} : { databaseUrl }),
      ...(directoryQuotaMb === undefined ? {} : { quotaBytes: directoryQuotaMb * 1024 ** 2 }),
      dataDir,
      log,
    }),
  )
  const { db } = store
  let applied = await store.applyConfiguration(configuration)

  const heard = { due: (): void => {}, connections: (): void => {} }
  const keyIds = masterKeys.map(({ id }) => id)
  const processes = resources.keep(await store.joinProcesses({ hear: (what) => heard[what](), log, keyIds }))
  const metrics = createMetrics(() => gauges(db))
  const tracing = resources.keep(await openTracing(environment.tracing, log))
  const kit = resources.keep(
    openKit({ environment, log, store, processes, metrics, traceCall: tracing.call, timeoutMs }),
  )
  const notices = resources.keep(createNotices({ db, log, channels: noticeChannels(environment, kit) }))
  const openAll = ({ specs }: FromFile): Connections =>
    openConnections(specs, store.connections, kit, notices)
  let ofFile = fromFile(configuration, applied)
  const connections = liveConnections(openAll(ofFile))
  const leases = resources.keep(createLeaseKeeper(store.queue, log))
  const clock = resources.keep(await openClock(store, log))
  const pathOf = pathsOf(connections, applied)
  const provisioner = {
    queue: store.queue,
    store: store.connections,
    plans: store.plans,
    connections,
    leases,
    log,
    notices,
    now: clock.now,
    shutOutProven: (id, ms) => metrics.shutOutProven(pathOf(id), ms / 1_000),
    guardTripped: (id, kind) => metrics.guardTripped(pathOf(id), kind),
    ...(tracing.runs && { tracing: tracing.runs }),
  } satisfies Provisioner
  const revisions = createRevisions(store)
  revisions.file(ofFile.revisions)
  resources.keep(
    startAuditKeeper({
      db,
      log,
      receivers: auditReceivers(environment, kit),
      retentionDays: auditRetentionDays,
      keys: createAuditKeys(masterKeys),
    }),
  )
  const work = startWork(provisioner, store, processes, resources)
  heard.due = work.wakeHere
  void work.reconciliation.follow(connectionsOf(connections, applied))

  let enabled: readonly OpenConnection[] = []
  const managed = resources.keep(
    await followManaged({
      db,
      keyring: createKeyring(masterKeys),
      log,
      live: connections,
      open: (spec) => openConnection(spec, store.connections, kit, notices),
      followed(known, now) {
        enabled = now
        revisions.managed(known)
        work.wake()
        void work.reconciliation.follow(now)
      },
    }),
  )
  const useFile = (next: FromFile): void => {
    ofFile = next
    connections.replace(openAll(next))
    revisions.file(next.revisions)
    work.wake()
    void work.reconciliation.follow(connectionsOf(connections, applied))
  }
  const file = resources.keep(followApplied({ db, log, notices, now: () => ofFile, use: useFile }))
  heard.connections = () => void Promise.all([managed.follow(), file.follow()])
  const unserved = resources.keep(watchUnserved(db, notices, log))
  const everyConnection = (): readonly OpenConnection[] => [
    ...new Map([...connectionsOf(connections, applied), ...enabled].map((each) => [each.id, each])).values(),
  ]
  const kept = { list: (query: Parameters<typeof listNotices>[1]) => listNotices(db, query) }
  const expiry = { expiries: createExpiryStore(db), notices, kept, now: Date.now, log }
  void scheduleExpiryChecks(expiry, work.schedule, everyConnection)

  const directories = configuration.directories.map(({ name, client, domains }) => {
    return { id: applied.directoryIds.get(name)!, name, client, domains }
  })
  const url = await listen(options, resources, {
    ...{ store, processes, kit, metrics, tracing, provisioner, work, connections },
    followManaged: managed.follow,
    unserved: unserved.count,
    follow(wanted, now) {
      applied = now
      useFile(fromFile(wanted, now))
      processes.tell('connections')
    },
  })
  const { schedule, reconciliation, inventories } = work
  return {
    url,
    store,
    connections,
    schedule,
    reconciliation,
    inventories,
    directories,
    close: resources.close,
  }
}

interface Served {
  readonly store: Store
  readonly processes: Processes
  readonly kit: Kit
  readonly metrics: Metrics
  readonly tracing: Tracing
  readonly provisioner: Provisioner
  readonly work: Work
  readonly connections: LiveConnections
  /** Takes up the connections that operators changed. */
  readonly followManaged: () => Promise<void>
  /** Accounts that nobody works although they are due. */
  readonly unserved: () => number
  /** A configuration was applied: this process works with it. */
  readonly follow: (wanted: Configuration, now: Applied) => void
}

/** Serves SCIM, the operator API, metrics, health and the page about errors. Gives where it listens. */
async function listen(
  { environment, log, resourceTypes }: GatewayOptions,
  resources: Resources,
  { store, processes, kit, metrics, tracing, provisioner, work, connections, ...served }: Served,
): Promise<string> {
  const { host, port, publicUrl, metricsToken, scimRequestsPerSecond } = environment
  const app: FastifyInstance = resources.keep(createServer(environment, log))
  registerMetrics(app, metrics, metricsToken)
  tracing.register(app)
  registerErrorPage(app)
  registerHealth(app, { store: () => store.ping(), workers: work.alive, unserved: served.unserved })
  await app.register(wrongBaseUrlPlugin, { base: scimPrefix, publicUrl, seen: metrics.wrongBaseUrl })
  await app.register(scimPlugin, {
    prefix: scimPrefix,
    verifyToken: store.verifyToken,
    directory: store.directory,
    provisioning: createProvisioning(provisioner, work.wake),
    publicUrl,
    cursorSecret: await store.cursorSecret(),
    ...(scimRequestsPerSecond === undefined ? {} : { limits: { requestsPerSecond: scimRequestsPerSecond } }),
    resourceTypes,
  })
  const local = resources.keep(localOperator(environment))
  await registerOperatorApi(app, {
    ...{ environment, store, connections },
    ...(provisioner.notices && { notices: provisioner.notices }),
    localToken: local.token,
    workers: work.alive,
    wake: work.wake,
    reconciliation: work.reconciliation,
    inventories: work.inventories,
    follow: served.follow,
    lendKit: (use) => use(kit),
    async changed() {
      await served.followManaged()
      processes.tell('connections')
    },
  })
  const url = await listenAt(app, host, port)
  local.announce(url)
  return url
}

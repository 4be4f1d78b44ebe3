import Fastify, { LogController, type FastifyInstance } from 'fastify'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import type { Configuration, Environment } from './config/model.ts'
import { createDispatcher, post } from './egress.ts'
import {
  openConnections,
  type Connections,
  type OpenConnection,
  type ConnectionSpec,
} from './provisioning/connections.ts'
import { startGroupWorker } from './provisioning/groups/worker.ts'
import { createProvisioning } from './provisioning/inline.ts'
import { createLeaseKeeper } from './provisioning/leases.ts'
import { createNotices, type RunningNotices } from './provisioning/notices/notices.ts'
import { createInventories, type Inventories } from './provisioning/inventory/inventory.ts'
import { createSurveys, type Surveys } from './provisioning/reconciliation/surveys.ts'
import type { Processes } from './provisioning/processes/ports.ts'
import { startSweeper } from './provisioning/sweeps/sweeper.ts'
import { startWorker, workerDefaults } from './provisioning/worker.ts'
import type { Schedule } from './schedule/ports.ts'
import { openSchedule } from './schedule/schedule.ts'
import { openAudit } from './app/audit.ts'
import { configurationActions } from './app/configuration.ts'
import { localOperator } from './app/gateway-file.ts'
import { liveConnections } from './app/live-connections.ts'
import { registerOperatorApi } from './app/operator-api.ts'
import { registerHealth } from './health.ts'
import { createMetrics, type Metrics } from './metrics/metrics.ts'
import { registerMetrics } from './metrics/routes.ts'
import type { DirectoryRef } from './scim/ports.ts'
import { scimPlugin, type ScimOptions } from './scim/http/plugin.ts'
import { answerClientError } from './scim/http/reply/client-errors.ts'
import { answerFrameworkError } from './scim/http/reply/error-answers.ts'
import { serverLimits } from './scim/http/server-limits.ts'
import type { Applied } from './store/connections/configuration.ts'
import { openStore, type Store } from './store/open.ts'
import { vendorOf } from './vendors/registry.ts'
import type { Kit } from './vendors/kit/kit.ts'
import { createPacing } from './vendors/kit/pacing.ts'

/** Longest wait for one reply of a vendor, in milliseconds. */
const vendorTimeoutMs = 30_000
/** Jobs can wait for the start to be over. */
const jobsAfterMs = 1_000

export interface GatewayParts {
  readonly environment: Environment
  readonly configuration: Configuration
  readonly log: Logger
  /** For tests: how long a vendor may take. */
  readonly timeoutMs?: number
  /** For tests: resource types beside User and Group. */
  readonly resourceTypes?: ScimOptions['resourceTypes']
}

export interface Gateway {
  /** Where it listens, without a path. */
  readonly url: string
  readonly store: Store
  readonly connections: Connections
  /** Schedules and long jobs. */
  readonly schedule: Schedule
  /** Reconciliation, import, recovery after a restore. */
  readonly surveys: Surveys
  /** Who has what at a connection. */
  readonly inventories: Inventories
  readonly directories: readonly DirectoryRef[]
  /** Takes no more requests, lets what runs end, and closes everything it opened. */
  close(): Promise<void>
}

/** Opens the store, applies the configuration, and serves SCIM until `close`. */
export async function startGateway(parts: GatewayParts): Promise<Gateway> {
  const { environment, configuration, log } = parts
  const { databaseUrl, dataDir } = environment
  const store = await openStore({ ...(databaseUrl === undefined ? {} : { databaseUrl }), dataDir, log })
  const opened: { close(): Promise<unknown> }[] = [store]
  const closeAll = async (): Promise<void> => {
    for (const each of opened.toReversed()) await each.close()
  }
  try {
    const applied = await store.applyConfiguration(configuration)
    const wakes = { due: (): void => {} }
    const processes = await store.joinProcesses({ hear: (what) => wakes[what](), log })
    opened.push(processes)
    const metrics = createMetrics(() => store.gauges())
    const { kit, close: closeKit } = createKit(parts, store, processes, metrics)
    opened.push({ close: closeKit })
    const directoryNames = new Map([...applied.directoryIds].map(([name, id]) => [id, name]))
    const pathOf = (id: string): string => {
      const { name = id, directoryId = '' } = connections.byId(id) ?? {}
      return `${directoryNames.get(directoryId) ?? directoryId}/${name}`
    }
    const notices = openNotices(parts, store, kit)
    opened.push(notices)
    const open = (wanted: Configuration, { connectionIds }: Applied): Connections =>
      openConnections(specsOf(wanted, connectionIds), store.connections, kit, notices)
    const connections = liveConnections(open(configuration, applied))
    const leases = createLeaseKeeper(store.queue, log)
    opened.push({ close: async () => leases.close() })
    const by = {
      queue: store.queue,
      store: store.connections,
      plans: store.plans,
      connections,
      leases,
      log,
      now: Date.now,
      notices,
      shutOutProven: (id: string, ms: number): void => metrics.shutOutProven(pathOf(id), ms / 1_000),
    }
    store.worksBy(applied)
    opened.push(openAudit(environment, store, kit.dispatcher, log))
    const worker = startWorker(by, { ...workerDefaults, processes: processes.live })
    opened.push(worker)
    const groupLeases = createLeaseKeeper(store.groups, log)
    opened.push({ close: async () => groupLeases.close() })
    const groupWorker = startGroupWorker({ ...by, links: store.groups, leases: groupLeases })
    opened.push(groupWorker)
    wakes.due = () => {
      worker.wake()
      groupWorker.wake()
    }
    const wakeWorkers = (): void => {
      worker.wake()
      groupWorker.wake()
      processes.tell('due')
    }
    const sweeper = startSweeper({ ...by, sweeps: store.sweeps, wake: wakeWorkers })
    opened.push(sweeper)
    const wake = (): void => {
      wakeWorkers()
      sweeper.wake()
    }
    const schedule = openSchedule({ database: store.jobsDatabase(), log, delayMs: jobsAfterMs })
    opened.push(schedule)
    const surveys = createSurveys({
      ...by,
      surveys: store.surveys,
      imports: store.imports,
      schedule,
      wake: wakeWorkers,
    })
    void surveys.follow(connectionsOf(connections, applied))
    const inventories = createInventories({
      ...by,
      surveys: store.surveys,
      inventories: store.inventories,
      wake: wakeWorkers,
    })
    const app = createServer(environment, log)
    opened.push(app)
    registerMetrics(app, metrics, environment.metricsToken)
    registerHealth(app, { store: () => store.ping(), workers: () => worker.alive() })
    await app.register(scimPlugin, {
      prefix: '/scim/v2',
      verifyToken: store.verifyToken,
      directory: store.directory,
      provisioning: createProvisioning(by, wake),
      publicUrl: environment.publicUrl,
      cursorSecret: await store.cursorSecret(),
      resourceTypes: parts.resourceTypes,
    })
    const local = localOperator(environment)
    opened.push(local)
    await registerOperatorApi(app, {
      environment,
      store,
      connections,
      localToken: local.token,
      workers: worker.alive,
      wake,
      surveys,
      inventories,
      configuration: configurationActions(store, environment.insecureTargets, (wanted, now) => {
        connections.replace(open(wanted, now))
        store.worksBy(now)
        wake()
        void surveys.follow(connectionsOf(connections, now))
      }),
    })
    const url = await app.listen({ host: environment.host, port: environment.port })
    local.announce(url)
    const directories = configuration.directories.map(({ name, client, domains }) => {
      return { id: applied.directoryIds.get(name)!, name, client, domains }
    })
    return { url, store, connections, schedule, surveys, inventories, directories, close: closeAll }
  } catch (error) {
    await closeAll()
    throw error
  }
}

function createKit(
  { environment, log, timeoutMs = vendorTimeoutMs }: GatewayParts,
  store: Store,
  processes: Processes,
  metrics: Metrics,
): {
  kit: Kit
  close: () => Promise<void>
} {
  const dispatcher = createDispatcher(environment.insecureTargets)
  const stop = new AbortController()
  // A store that does not answer grants nothing: whoever asks comes back a little later.
  const none = { granted: 0, holdMs: 0, nextMs: 1_000 }
  const pacing = createPacing(undefined, {
    processes: processes.live,
    draw: (limit, most, urgent) => store.drawTokens(limit, most, urgent).catch(() => none),
  })
  return {
    kit: {
      log,
      dispatcher,
      signal: stop.signal,
      now: Date.now,
      timeoutMs,
      pacing,
      observe: ({ vendor, operation, status, startedAt, endedAt }) =>
        metrics.vendorCall(vendor, operation, status, (endedAt - startedAt) / 1_000),
    },
    async close() {
      stop.abort()
      await dispatcher.destroy()
    },
  }
}

function openNotices({ environment, log }: GatewayParts, store: Store, { dispatcher }: Kit): RunningNotices {
  const { noticeWebhook } = environment
  const send = (url: string, headers: Readonly<Record<string, string>>, body: string): Promise<number> =>
    post(dispatcher, url, headers, body)
  const webhook = noticeWebhook && { ...noticeWebhook, post: send }
  return createNotices({ store: store.notices, log, ...(webhook && { webhook }) })
}

function connectionsOf(connections: Connections, { directoryIds }: Applied): readonly OpenConnection[] {
  return [...directoryIds.values()].flatMap((id) => connections.ofDirectory(id))
}

function specsOf(
  { directories }: Configuration,
  ids: ReadonlyMap<string, { readonly id: string; readonly directoryId: string }>,
): readonly ConnectionSpec[] {
  return directories.flatMap(({ name, connections }) =>
    connections.map((connection) => {
      const vendor = vendorOf(connection.vendor)
      const known = ids.get(`${name}/${connection.name}`)
      if (!vendor || !known) throw new Error(`connection ${connection.name} was not applied`)
      return { ...connection, ...known, vendor }
    }),
  )
}

function createServer({ trustProxy, tls }: Environment, log: Logger): FastifyInstance {
  const https = tls && { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) }
  const { http, ...limits } = serverLimits
  const options = {
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy,
    ...limits,
    genReqId: () => randomUUID(),
    // Each line says of itself which request it is about.
    childLoggerFactory: () => log,
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: answerClientError,
    // Open keep-alive connections must not hold up a stop.
    forceCloseConnections: 'idle',
  } as const
  // Fastify's types differ by server; the routes do not.
  const server = https ? Fastify({ ...options, https: { ...http, ...https } }) : Fastify({ ...options, http })
  return server as unknown as FastifyInstance
}

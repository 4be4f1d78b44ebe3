import Fastify, { LogController, type FastifyInstance } from 'fastify'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Logger } from 'pino'
import type { Configuration, Environment } from './config/model.ts'
import { createDispatcher } from './egress.ts'
import { openConnections, type Connections, type ConnectionSpec } from './provisioning/connections.ts'
import { createProvisioning } from './provisioning/inline.ts'
import { createLeaseKeeper } from './provisioning/leases.ts'
import { startWorker } from './provisioning/worker.ts'
import { registerHealth } from './health.ts'
import type { DirectoryRef } from './scim/ports.ts'
import { scimPlugin, type ScimOptions } from './scim/http/plugin.ts'
import { answerClientError } from './scim/http/reply/client-errors.ts'
import { answerFrameworkError } from './scim/http/reply/error-answers.ts'
import { serverLimits } from './scim/http/server-limits.ts'
import { openStore, type Store } from './store/open.ts'
import { vendorOf } from './vendors/registry.ts'
import type { Kit } from './vendors/kit/kit.ts'
import { createPacing } from './vendors/kit/pacing.ts'

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

export interface Gateway {
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
  const { environment, configuration, log } = parts
  const { databaseUrl, dataDir } = environment
  const store = await openStore({ ...(databaseUrl === undefined ? {} : { databaseUrl }), dataDir, log })
  const opened: { close(): Promise<unknown> }[] = [store]
  const closeAll = async (): Promise<void> => {
    for (const each of opened.toReversed()) await each.close()
  }
  try {
    const applied = await store.applyConfiguration(configuration)
    const { kit, close: closeKit } = createKit(parts)
    opened.push({ close: closeKit })
    const connections = openConnections(specsOf(configuration, applied.connectionIds), store.connections, kit)
    const leases = createLeaseKeeper(store.queue, log)
    opened.push({ close: async () => leases.close() })
    const by = { queue: store.queue, store: store.connections, connections, leases, log, now: Date.now }
    const worker = startWorker(by)
    opened.push(worker)
    const app = createServer(environment, log)
    opened.push(app)
    registerHealth(app, { store: () => store.ping(), workers: () => worker.alive() })
    await app.register(scimPlugin, {
      prefix: '/scim/v2',
      verifyToken: store.verifyToken,
      directory: store.directory,
      provisioning: createProvisioning(by, worker.wake),
      publicUrl: environment.publicUrl,
      cursorSecret: await store.cursorSecret(),
      resourceTypes: parts.resourceTypes,
    })
    const url = await app.listen({ host: environment.host, port: environment.port })
    const directories = configuration.directories.map(({ name, client, domains }) => {
      return { id: applied.directoryIds.get(name)!, name, client, domains }
    })
    return { url, store, connections, directories, close: closeAll }
  } catch (error) {
    await closeAll()
    throw error
  }
}

function createKit({ environment, log, timeoutMs = vendorTimeoutMs }: GatewayParts): {
  kit: Kit
  close: () => Promise<void>
} {
  const dispatcher = createDispatcher(environment.insecureTargets)
  const stop = new AbortController()
  return {
    kit: { log, dispatcher, signal: stop.signal, now: Date.now, timeoutMs, pacing: createPacing() },
    async close() {
      stop.abort()
      await dispatcher.destroy()
    },
  }
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

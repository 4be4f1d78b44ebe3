import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import pg from 'pg'
import type { Configuration } from '../config/model.ts'
import { GatewayError } from '../errors.ts'
import type { AccountQueue, ConnectionStore } from '../provisioning/ports.ts'
import type { Directory, TokenVerifier } from '../scim/ports.ts'
import { type Applied, applyConfiguration } from './connections/configuration.ts'
import { createConnectionStore } from './connections/connections.ts'
import { type EventLine, type Standing, standings, timeline } from './connections/standings.ts'
import { createDirectory } from './directory/directory.ts'
import { type Embedded, type EmbeddedLog, startEmbedded } from './embedded/embedded.ts'
import { migrate } from './migrate.ts'
import type { Leasing } from './queue/claim.ts'
import { createQueue } from './queue/queue.ts'
import { keptSecret } from './secrets.ts'
import { type Client, createClient } from './sql/client.ts'
import { asStoreError } from './sql/failures.ts'
import { sql } from './sql/statement.ts'
import { createTokenVerifier } from './tokens.ts'

export interface StoreOptions {
  /** A PostgreSQL that runs elsewhere; without it the store runs its own in `dataDir`. */
  readonly databaseUrl?: string
  readonly dataDir: string
  readonly log: EmbeddedLog
  /** Names this process in leases; made unique by the store. */
  readonly processName?: string
  readonly leasing?: Partial<Pick<Leasing, 'leaseMs' | 'marginMs'>>
}

export interface Store {
  readonly directory: Directory
  readonly queue: AccountQueue
  readonly connections: ConnectionStore
  readonly verifyToken: TokenVerifier
  /** What cursors of lists are sealed with: kept in the store, so that any process can open another's. */
  cursorSecret(): Promise<Uint8Array>
  /** Which database it is, for the log; without its address. */
  readonly database: string
  applyConfiguration(configuration: Configuration): Promise<Applied>
  standings(directoryId: string): Promise<readonly Standing[]>
  timeline(directoryId: string, limit?: number): Promise<readonly EventLine[]>
  /** Rejects with `StoreUnavailable` when the database does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

const embeddedDatabase = 'drawbridge'

/** Opens the store with all migrations applied. Rejects with a `GatewayError`, or `StoreUnavailable`. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { databaseUrl, dataDir, log } = options
  if (databaseUrl !== undefined) return connect(checkedUrl(databaseUrl), options)
  const embedded = await startEmbedded(dataDir, { log })
  try {
    await makeDatabase(embedded)
    return await connect(embedded.url(embeddedDatabase), options, embedded)
  } catch (error) {
    await embedded.stop()
    throw error
  }
}

async function connect(url: string, options: StoreOptions, embedded?: Embedded): Promise<Store> {
  const { log, leasing, processName } = options
  const applied = await migrate(url).catch((error: unknown) => {
    throw asStoreError(error)
  })
  if (applied.length > 0) log.info({ migrations: applied }, 'store migrated')
  const client = createClient(url, (error) => log.warn({ error: error.message }, 'store connection lost'))
  const owner = `${processName ?? `${hostname()}:${process.pid}`}/${randomUUID().slice(0, 8)}`
  return assemble(client, { leaseMs: 15_000, marginMs: 3_000, ...leasing, owner }, embedded)
}

function assemble(client: Client, leasing: Leasing, embedded: Embedded | undefined): Store {
  const { hot, usual } = client
  return {
    directory: createDirectory(hot),
    queue: createQueue(hot, leasing),
    connections: createConnectionStore(usual),
    verifyToken: createTokenVerifier(hot),
    cursorSecret: () => keptSecret(usual, 'cursor_secret'),
    database: embedded ? embedded.version : 'PostgreSQL at DATABASE_URL',
    applyConfiguration: (configuration) => applyConfiguration(usual, configuration),
    standings: (directoryId) => standings(usual, directoryId),
    timeline: (directoryId, limit) => timeline(usual, directoryId, limit),
    ping: async () => {
      await hot.rows(sql`SELECT 1 AS answer`)
    },
    close: async () => {
      await client.close()
      await embedded?.stop()
    },
  }
}

function checkedUrl(url: string): string {
  if (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) return url
  throw new GatewayError(
    'DATABASE_URL',
    'DATABASE_URL is not of the form postgresql://user:password@host:5432/database',
  )
}

/** The embedded server has no database of ours after its first start. */
async function makeDatabase(embedded: Embedded): Promise<void> {
  const client = new pg.Client({ connectionString: embedded.url('postgres') })
  await client.connect()
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [embeddedDatabase])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${embeddedDatabase}`)
  } finally {
    await client.end()
  }
}

import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { Change } from '../model/operator.ts'
import { GatewayError } from '../model/errors.ts'
import type { GroupLinks } from '../model/group-work.ts'
import type { AccountQueue, ConnectionStore } from '../model/work.ts'
import type { Drawn, Processes, SharedLimit } from '../model/processes.ts'
import type { SweepStore } from '../model/sweep.ts'
import type { Directory, TokenVerifier } from '../scim/ports.ts'
import type { JobsDatabase } from '../model/schedule.ts'
import type { Applied } from './connections/configuration.ts'
import { createConnectionStore } from './connections/connections.ts'
import { detach, type Detached } from './connections/detach.ts'
import { createDirectory } from './directory/directory.ts'
import {
  type Embedded,
  embeddedDatabase,
  type EmbeddedLog,
  makeDatabase,
  startEmbedded,
} from './embedded/embedded.ts'
import { createGroupLinks } from './group-links.ts'
import { checkIdentity } from './identity.ts'
import { migrate } from './migrate.ts'
import { drawTokens } from './processes/budgets.ts'
import { joinProcesses, type Joining } from './processes/processes.ts'
import { createHandover, type Leasing } from './queue/claim.ts'
import { createPlanStore, type PlanStore } from './plans.ts'
import { createQueue } from './queue/settle.ts'
import { createTokenVerifier, keptSecret } from './tokens.ts'
import { createSweepStore } from './sweeps.ts'
import { type Client, createClient, poolConfig } from './sql/direct.ts'
import { asStoreError } from './sql/failures.ts'
import { type Sql, sql } from './sql/statement.ts'

export interface StoreOptions {
  /** A PostgreSQL that runs elsewhere; without it the store runs its own in `dataDir`. */
  readonly databaseUrl?: string
  readonly dataDir: string
  readonly log: EmbeddedLog
  /** Names this process in leases; made unique by the store. */
  readonly processName?: string
  /** What a directory may store of Users and Groups, in bytes. Default: 8 GiB. */
  readonly quotaBytes?: number
  readonly leasing?: Partial<Pick<Leasing, 'leaseMs' | 'marginMs'>>
}

/** What the gateway keeps, without what only one feature reads or writes. */
export interface Database {
  readonly directory: Directory
  readonly queue: AccountQueue
  /** Plans that wait, and the ledger of the guard. */
  readonly plans: PlanStore
  readonly connections: ConnectionStore
  /** SCIM Groups and the groups of vendors that are made for them. */
  readonly groups: GroupLinks
  /** For the statements of features. */
  readonly db: Sql
  readonly verifyToken: TokenVerifier
  /** A change of tokens is believed by this process at once. */
  forgetTokens(): void
  /** What cursors of lists are sealed with: kept in the store, so that any process can open another's. */
  cursorSecret(): Promise<Uint8Array>
  /** Which database it is, for the log; without its address. */
  readonly database: string
  /** Lets go of a connection without a vendor call; `abandon`: although shut-outs are unproven there. */
  detach(
    connectionId: string,
    actor: Change,
    options: { readonly abandon: boolean },
  ): Promise<Detached | undefined>
  /** From now on this process claims work of connections only as they were applied here. */
  worksBy(applied: Pick<Applied, 'revisions'>): void
  readonly sweeps: SweepStore
  /** Counts this process among those that live on the database, until it is closed. */
  joinProcesses(joining: Joining): Promise<Processes>
  /** Tokens of a limit that all processes share. */
  drawTokens(limit: SharedLimit, most: number, urgent: boolean): Promise<Drawn>
  /** Where the queue of jobs is kept; holds the database's password. */
  jobsDatabase(): JobsDatabase
  /** The database's clock, in milliseconds since the epoch. */
  clock(): Promise<number>
  /** Rejects with `StoreUnavailable` when the database does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

/** Opens the store with all migrations applied. Rejects with a `GatewayError`, or `StoreUnavailable`. */
export async function openDatabase(options: StoreOptions): Promise<Database> {
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

async function connect(url: string, options: StoreOptions, embedded?: Embedded): Promise<Database> {
  const { log, leasing, processName, quotaBytes } = options
  const applied = await migrate(url).catch((error: unknown) => {
    throw asStoreError(error)
  })
  if (applied.length > 0) log.info({ migrations: applied }, 'store migrated')
  const client = createClient(url, (error) => log.warn({ error: error.message }, 'store connection lost'))
  await refuseMoved(client)
  await checkIdentity(client)
    .then(
      (restored) =>
        restored &&
        log.warn({}, 'the database is not the one of the last start: taken for restored, only shut-outs run'),
    )
    .catch(async (error: unknown) => {
      await client.close()
      throw error
    })
  const owner = `${processName ?? `${hostname()}:${process.pid}`}/${randomUUID().slice(0, 8)}`
  return assemble(
    url,
    client,
    { leaseMs: 15_000, marginMs: 3_000, ...leasing, owner },
    { embedded, quotaBytes },
  )
}

interface Assembling {
  readonly embedded: Embedded | undefined
  readonly quotaBytes: number | undefined
}

function assemble(
  url: string,
  client: Client,
  leasing: Leasing,
  { embedded, quotaBytes }: Assembling,
): Database {
  let known: Applied['revisions'] | undefined
  const tokens = createTokenVerifier(client)
  const working: Leasing = { ...leasing, revisions: () => known }
  const handover = createHandover()
  return {
    directory: createDirectory(client, { leasing: working, handover }, quotaBytes),
    queue: createQueue(client, working, handover),
    plans: createPlanStore(client, leasing),
    connections: createConnectionStore(client),
    groups: createGroupLinks(client, working),
    db: client,
    verifyToken: tokens.verify,
    forgetTokens: tokens.forget,
    cursorSecret: () => keptSecret(client, 'cursor_secret'),
    database: embedded ? embedded.version : 'PostgreSQL at DATABASE_URL',
    detach: (connectionId, actor, options) => detach(client, connectionId, actor, options),
    worksBy: ({ revisions }) => void (known = revisions),
    sweeps: createSweepStore(client, { owner: leasing.owner, revisions: () => known }),
    joinProcesses: (joining) => joinProcesses({ db: client, url, id: leasing.owner }, joining),
    drawTokens: (limit, most, urgent) => drawTokens(client, limit, most, urgent),
    jobsDatabase: () => jobsDatabase(url),
    clock: () => clockOf(client),
    ping: async () => {
      await client.rows(sql`SELECT 1 AS answer`)
    },
    close: async () => {
      await client.close()
      await embedded?.stop()
    },
  }
}

async function clockOf(client: Sql): Promise<number> {
  const row = await client.row<{ ms: number }>(
    sql`SELECT (extract(epoch FROM clock_timestamp()) * 1000)::double precision AS ms`,
  )
  return row?.ms ?? Date.now()
}

/** Beside the store's own tables: two stores in one database have two queues. */
function jobsDatabase(url: string): JobsDatabase {
  const { config, schema } = poolConfig(url)
  return { connectionString: config.connectionString!, schema: schema ? `${schema}_pgboss` : 'pgboss' }
}

function checkedUrl(url: string): string {
  if (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) return url
  throw new GatewayError(
    'DATABASE_URL',
    'DATABASE_URL is not of the form postgresql://user:password@host:5432/database',
  )
}

/** Its people are looked after elsewhere: two gateways would work on the same accounts. */
async function refuseMoved(client: Client): Promise<void> {
  const moved = await client.row(sql`SELECT 1 AS moved FROM store_meta WHERE key = 'moved'`)
  if (!moved) return
  await client.close()
  throw new GatewayError(
    'STORE_MOVED',
    'this store was moved to another database: use that one (DATABASE_URL); this one is kept as it was',
  )
}

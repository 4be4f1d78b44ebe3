import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { type Embedded, startEmbedded } from '../../src/store/embedded/embedded.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openStore, type Store } from '../../src/app/stores.ts'
import type { StoreOptions } from '../../src/store/open.ts'

/** Connection strings of the run's servers, handed from the global set-up to the test files. */
const variable = 'DRAWBRIDGE_TEST_SERVERS'
const template = 'drawbridge_template'

export const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** Files that lose nothing by a crash, because nothing outlives the run. */
const fast = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' }

export interface TestServer {
  url(database: string): string
  stop(): Promise<void>
}

/** A PostgreSQL for one run, with a migrated template; removed by `stop`. */
export async function startTestServer(): Promise<TestServer> {
  const dir = await mkdtemp(join(tmpdir(), 'drawbridge-test-'))
  await chmod(dir, 0o711)
  const embedded: Embedded = await startEmbedded(dir, { settings: fast })
  const stop = async (): Promise<void> => {
    await embedded.stop()
    await rm(dir, { recursive: true, force: true })
  }
  try {
    await administer(embedded.url('postgres'), `CREATE DATABASE ${template}`)
    await migrate(embedded.url(template))
  } catch (error) {
    await stop()
    throw error
  }
  return { url: embedded.url, stop }
}

/** For `--test-global-setup`: the test files that follow find the servers in their environment. */
export async function shareTestServers(count: number): Promise<() => Promise<void>> {
  const started = await Promise.allSettled(Array.from({ length: count }, startTestServer))
  const servers = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()))
  }
  for (const each of started) {
    if (each.status === 'fulfilled') continue
    await stop()
    throw each.reason
  }
  process.env[variable] = servers.map(({ url }) => url('postgres')).join(' ')
  return stop
}

let own: Promise<TestServer> | undefined
let claimed: Promise<string> | undefined

async function adminUrl(): Promise<string> {
  const shared = process.env[variable]
  if (shared) return (claimed ??= claim(shared.split(' ')))
  own ??= startTestServer()
  return (await own).url('postgres')
}

/**
 * A server for this file alone, until its process ends: transactions of another file, even in another database, would
 * hold back what waits for all older ones, such as the sealing of audit events.
 */
async function claim(urls: readonly string[]): Promise<string> {
  const deadline = performance.now() + 10_000
  for (;;) {
    for (const url of urls) if (await isMine(url)) return url
    // More files at once than servers: sharing is better than waiting for long.
    if (performance.now() > deadline) return urls[process.pid % urls.length]!
    await pause(20)
  }
}

/** Holds the server by a connection, which the end of the process closes, whatever ends it. */
async function isMine(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  const { rows } = await client.query<{ free: boolean }>('SELECT pg_try_advisory_lock(1) AS free')
  const free = rows[0]!.free
  // The types of pg do not know it.
  if (free) (client as pg.Client & { unref(): void }).unref()
  else await client.end()
  return free
}

export interface TestDatabase {
  readonly url: string
  drop(): Promise<void>
}

/** A fresh database; `empty` leaves the tables out. */
export async function createTestDatabase(kind: 'migrated' | 'empty' = 'migrated'): Promise<TestDatabase> {
  const admin = await adminUrl()
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const from = kind === 'empty' ? '' : ` TEMPLATE ${template} STRATEGY file_copy`
  await administer(admin, `CREATE DATABASE ${name}${from}`)
  const url = new URL(admin)
  url.pathname = `/${name}`
  return {
    url: url.href,
    drop: async () => {
      await administer(admin, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  }
}

const leftovers: TestDatabase[] = []

/** Connection string of a fresh migrated database, dropped once the file has ended and everything on it is closed. */
export async function freshDatabase(): Promise<string> {
  if (leftovers.length === 0) process.once('beforeExit', () => void dropLeftovers())
  const database = await createTestDatabase()
  leftovers.push(database)
  return database.url
}

async function dropLeftovers(): Promise<void> {
  for (const { drop } of leftovers.splice(0)) await drop().catch(() => {})
  await stopOwnServer()
}

/** Ends the server that this file had to start for itself, when it was run without the global set-up. */
export async function stopOwnServer(): Promise<void> {
  const server = await own?.catch(() => undefined)
  own = undefined
  await server?.stop()
}

async function administer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

export interface TestStore extends Store {
  readonly url: string
  /** Looks behind the port, for what no port shows. */
  query<T extends object>(text: string, values?: readonly unknown[]): Promise<T[]>
  /** Another process on the same database. */
  another(options?: Partial<StoreOptions>): Promise<Store>
}

/** A store over a fresh database; closed and dropped by `close`. */
export async function openTestStore(options: Partial<StoreOptions> = {}): Promise<TestStore> {
  const database = await createTestDatabase()
  const open = (more: Partial<StoreOptions> = {}) =>
    openStore({ databaseUrl: database.url, dataDir: '/nonexistent', log: quiet, ...options, ...more })
  const store = await open()
  const pool = new pg.Pool({ connectionString: database.url, max: 2 })
  pool.on('error', () => {})
  const others: Store[] = []
  return {
    ...store,
    url: database.url,
    query: async <T extends object>(text: string, values: readonly unknown[] = []) =>
      (await pool.query<T>(text, [...values])).rows,
    another: async (more) => {
      const other = await open(more)
      others.push(other)
      return other
    },
    close: async () => {
      await Promise.all(others.map((other) => other.close()))
      await store.close()
      await pool.end()
      await database.drop()
      await stopOwnServer()
    },
  }
}

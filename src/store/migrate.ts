import { createHash, randomUUID } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { GatewayError } from '../model/errors.ts'
import { poolConfig } from './sql/direct.ts'
import { openFailure } from './sql/failures.ts'

/** The advisory lock that Prisma Migrate itself takes. */
const migrateLock = 72707369

const bookkeeping = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
  migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
  started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)`

export interface Migrations {
  /** Folder of `<time>_<name>/migration.sql`; the release's own by default. */
  readonly folder?: string
  /** Release that runs, for the check against the store's minimum. */
  readonly release?: string
  /** Only these, for a backup that older tables are needed for. */
  readonly upTo?: readonly string[]
}

interface Applied {
  readonly migration_name: string
  readonly checksum: string
  readonly finished_at: Date | null
}

/**
 * Brings the store up to this release and answers what it applied. Any number of processes may start at once. Keeps
 * Prisma's own table, so that its command line agrees. Rejects with a `GatewayError` when a migration was edited or
 * failed, when the store has outgrown this release, or when the database cannot be opened.
 */
export async function migrate(url: string, migrations: Migrations = {}): Promise<readonly string[]> {
  const { config } = poolConfig(url)
  const client = new pg.Client({ ...config, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  await client.connect().catch((error: unknown) => {
    throw openFailure(error, url)
  })
  try {
    await checkServer(client)
    await client.query('SELECT pg_advisory_lock($1)', [migrateLock])
    return await apply(client, migrations)
  } finally {
    // The lock goes with the session.
    await client.end().catch(() => undefined)
  }
}

async function apply(client: pg.Client, migrations: Migrations): Promise<string[]> {
  const folder = migrations.folder ?? fileURLToPath(new URL('../../prisma/migrations', import.meta.url))
  await client.query(bookkeeping)
  const { rows } = await client.query<Applied>(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL',
  )
  const done = new Map(rows.map((row) => [row.migration_name, row]))
  if (done.size > 0) await checkRelease(client, migrations.release ?? (await ownRelease()))
  const entries = await readdir(folder, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  const applied: string[] = []
  // Migrations that only the store knows are from a newer release, which keeps older ones running until it says otherwise.
  for (const name of names.sort()) {
    if (migrations.upTo && !migrations.upTo.includes(name)) continue
    const sql = await readFile(join(folder, name, 'migration.sql'), 'utf8')
    const checksum = createHash('sha256').update(sql).digest('hex')
    const row = done.get(name)
    if (row) checkRow(row, checksum)
    else {
      await applyOne(client, name, sql, checksum)
      applied.push(name)
    }
  }
  return applied
}

function checkRow({ migration_name: name, finished_at, checksum: kept }: Applied, checksum: string): void {
  if (!finished_at) {
    throw new GatewayError(
      'MIGRATION_FAILED',
      `migration ${name} failed earlier: mend the store, then run "prisma migrate resolve --rolled-back ${name}"`,
    )
  }
  if (kept !== checksum) {
    throw new GatewayError(
      'MIGRATION_EDITED',
      `migration ${name} was edited after it was applied to this store: restore the file of the release`,
    )
  }
}

async function applyOne(client: pg.Client, name: string, sql: string, checksum: string): Promise<void> {
  const id = randomUUID()
  const started = 'INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ($1, $2, $3)'
  await client.query(started, [id, checksum, name])
  try {
    // Several statements in one simple query are one transaction.
    await client.query(sql)
  } catch (cause) {
    await client.query('UPDATE _prisma_migrations SET logs = $2 WHERE id = $1', [id, String(cause)])
    throw new GatewayError('MIGRATION_FAILED', `migration ${name} failed: ${String(cause)}`, { cause })
  }
  await client.query(
    'UPDATE _prisma_migrations SET finished_at = now(), applied_steps_count = 1 WHERE id = $1',
    [id],
  )
}

async function checkServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int AS version",
  )
  const major = Math.floor((rows[0]?.version ?? 0) / 10_000)
  if (major < 13) {
    throw new GatewayError(
      'POSTGRES_VERSION',
      `Drawbridge needs PostgreSQL 13 or later; DATABASE_URL leads to ${major}`,
    )
  }
}

async function checkRelease(client: pg.Client, release: string): Promise<void> {
  const { rows: tables } = await client.query<{ there: boolean }>(
    "SELECT to_regclass('store_meta') IS NOT NULL AS there",
  )
  if (!tables[0]?.there) return
  const { rows } = await client.query<{ value: string }>(
    "SELECT value FROM store_meta WHERE key = 'minimum_release'",
  )
  const minimum = rows[0]?.value
  if (minimum === undefined || compareReleases(release, minimum) >= 0) return
  throw new GatewayError(
    'RELEASE_TOO_OLD',
    `a newer release changed this store so that Drawbridge ${minimum} or later is needed; this is ${release}`,
  )
}

/** Negative when the first is older; pre-release marks are left aside. */
export function compareReleases(one: string, other: string): number {
  const parts = (release: string) => release.split(/[-+]/)[0]!.split('.').map(Number)
  const [left, right] = [parts(one), parts(other)]
  for (const place of [0, 1, 2]) {
    const difference = (left[place] ?? 0) - (right[place] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Of the package that runs. */
export async function ownRelease(): Promise<string> {
  const text = await readFile(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

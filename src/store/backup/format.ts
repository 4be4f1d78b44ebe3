import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Transform } from 'node:stream'
import pg from 'pg'
import { GatewayError } from '../../model/errors.ts'
import { embeddedDatabase, type EmbeddedLog, makeDatabase, startEmbedded } from '../embedded/embedded.ts'
import { poolConfig } from '../sql/direct.ts'

export interface DatabasePlace {
  readonly databaseUrl?: string
  readonly dataDir: string
  readonly log: EmbeddedLog
}

/**
 * Lends the address of the store's database without opening the store: the one of DATABASE_URL, the server of a gateway that
 * runs on the data directory, or our own server, started for as long as the work takes.
 */
export async function withDatabase<T>(
  { databaseUrl, dataDir, log }: DatabasePlace,
  work: (url: string) => Promise<T>,
): Promise<T> {
  if (databaseUrl !== undefined) return work(databaseUrl)
  const running = await runningServer(dataDir)
  if (running) return work(running)
  const embedded = await startEmbedded(dataDir, { log })
  try {
    await makeDatabase(embedded)
    return await work(embedded.url(embeddedDatabase))
  } finally {
    await embedded.stop()
  }
}

/** The fifth line of the server's pid file is the folder of its socket. */
async function runningServer(dataDir: string): Promise<string | undefined> {
  const file = join(resolve(dataDir), 'postgres', 'data', 'postmaster.pid')
  const text = await readFile(file, 'utf8').catch(() => '')
  const socketDir = text.split('\n')[4]?.trim()
  if (!socketDir) return undefined
  const url = `postgresql://postgres@localhost:5432/${embeddedDatabase}?host=${encodeURIComponent(socketDir)}`
  const client = new pg.Client(poolConfig(url).config)
  try {
    await client.connect()
    return url
  } catch {
    return undefined
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** Of this process and moment, or made anew: not part of a backup. */
const passing = new Set(['_prisma_migrations', 'processes', 'pace_budgets'])

interface Reference {
  readonly from_table: string
  readonly to_table: string
}

/** The store's tables, each after those that it refers to. */
export async function tablesInOrder(client: pg.ClientBase): Promise<readonly string[]> {
  const { rows: all } = await client.query<{ name: string }>(`
    SELECT c.relname AS name FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
    ORDER BY c.relname`)
  const { rows: references } = await client.query<Reference>(`
    SELECT f.relname AS from_table, t.relname AS to_table FROM pg_constraint k
    JOIN pg_class f ON f.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid
    WHERE k.contype = 'f' AND k.connamespace = current_schema()::regnamespace AND k.conrelid <> k.confrelid`)
  const left = new Set(all.map(({ name }) => name).filter((name) => !passing.has(name)))
  const ordered: string[] = []
  while (left.size > 0) {
    const free = [...left].filter(
      (name) => !references.some(({ from_table: from, to_table: to }) => from === name && left.has(to)),
    )
    if (free.length === 0)
      throw new GatewayError('STORE_SHAPE', 'the tables of the store refer to each other in a circle')
    for (const name of free) left.delete(name)
    ordered.push(...free)
  }
  return ordered
}

export async function columnsOf(client: pg.ClientBase, table: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT a.attname AS name FROM pg_attribute a
     WHERE a.attrelid = $1::text::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum`,
    [quoted(table)],
  )
  return rows.map(({ name }) => name)
}

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`

/**
 * A backup is a gzip stream of lines: a header (JSON), then for each table a line `{"table", "columns"}`, its rows in
 * PostgreSQL's text form of COPY (one line each, never a raw newline), and `\.`; at last `{"sha256", "rows"}` of all before.
 */
export interface BackupHeader {
  readonly format: 'drawbridge-backup'
  readonly version: 1
  readonly release: string
  /** ISO 8601 instant of the snapshot, database clock. */
  readonly takenAt: string
  /** Migrations that its tables are of. */
  readonly migrations: readonly string[]
}

export interface TableHead {
  readonly table: string
  readonly columns: readonly string[]
}

export interface BackupEnd {
  readonly sha256: string
  readonly rows: number
}

export const endOfTable = '\\.'

export const line = (value: unknown): string => `${JSON.stringify(value)}\n`

/** Passes bytes on and hashes them. */
export function hashing(): Transform & { digest(): string } {
  const hash = createHash('sha256')
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  return Object.assign(through, { digest: () => hash.copy().digest('hex') })
}

export function unreadable(why: string): GatewayError {
  return new GatewayError(
    'BACKUP_UNREADABLE',
    `this is no complete backup of Drawbridge: ${why}; nothing was restored`,
  )
}

/** Splits bytes into lines without their newline, as bytes: rows need not be valid UTF-8 piece by piece. */
export async function* linesOf(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = []
  for await (const chunk of source) {
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      yield Buffer.concat([...rest, chunk.subarray(from, at)])
      rest = []
      from = at + 1
    }
    if (from < chunk.length) rest.push(chunk.subarray(from))
  }
  if (rest.length > 0) yield Buffer.concat(rest)
}

/** Is told of each table before it is copied, and how many of how many were. */
export type OnTable = (table: string, share: { readonly done: number; readonly total: number }) => void

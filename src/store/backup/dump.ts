import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { ownRelease } from '../migrate.ts'
import { poolConfig } from '../sql/direct.ts'
import {
  type BackupEnd,
  type BackupHeader,
  columnsOf,
  endOfTable,
  hashing,
  line,
  type OnTable,
  quoted,
  tablesInOrder,
} from './format.ts'

type Put = (data: string | Buffer) => Promise<void>

export interface Dumped extends BackupEnd {
  readonly tables: number
  readonly takenAt: string
}

/**
 * Writes a backup of one consistent moment while gateways go on. Memory does not grow with the store. Holds SHA-256 of
 * tokens, everything that people are called, and sealed credentials: keep it as safe as the database.
 */
export async function dump(url: string, target: Writable, onTable: OnTable = () => {}): Promise<Dumped> {
  const client = new pg.Client(poolConfig(url).config)
  await client.connect()
  const bytes = hashing()
  const done = pipeline(bytes, createGzip(), target)
  // Whoever writes is told of it at the next write.
  done.catch(() => undefined)
  const put: Put = async (data) => {
    if (!bytes.write(data)) await Promise.race([once(bytes, 'drain'), done])
  }
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const header = await headerOf(client)
    await put(line(header))
    const tables = await tablesInOrder(client)
    let rows = 0
    for (const [index, table] of tables.entries()) {
      onTable(table, { done: index, total: tables.length })
      rows += await dumpTable(client, table, put)
    }
    const sha256 = bytes.digest()
    await put(line({ sha256, rows } satisfies BackupEnd))
    bytes.end()
    await done
    return { tables: tables.length, rows, sha256, takenAt: header.takenAt }
  } catch (error) {
    bytes.destroy()
    throw await done.then(
      () => error,
      // The target's own reason says more than the write that it broke.
      (cause: unknown) =>
        (cause as NodeJS.ErrnoException).code === 'ERR_STREAM_PREMATURE_CLOSE' ? error : cause,
    )
  } finally {
    await client.end()
  }
}

async function headerOf(client: pg.Client): Promise<BackupHeader> {
  const { rows: migrations } = await client.query<{ name: string }>(
    'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY migration_name',
  )
  const { rows } = await client.query<{ at: Date }>('SELECT now() AS at')
  return {
    format: 'drawbridge-backup',
    version: 1,
    release: await ownRelease(),
    takenAt: rows[0]!.at.toISOString(),
    migrations: migrations.map(({ name }) => name),
  }
}

async function dumpTable(client: pg.Client, table: string, put: Put): Promise<number> {
  const columns = await columnsOf(client, table)
  await put(line({ table, columns }))
  const rows: Readable & { rowCount?: number } = client.query(
    copyTo(`COPY ${quoted(table)} (${columns.map(quoted).join(', ')}) TO STDOUT`),
  )
  for await (const chunk of rows) await put(chunk as Buffer)
  await put(`${endOfTable}\n`)
  return rows.rowCount ?? 0
}

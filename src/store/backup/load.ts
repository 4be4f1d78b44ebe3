import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { GatewayError } from '../../model/errors.ts'
import { migrate } from '../migrate.ts'
import { poolConfig } from '../sql/direct.ts'
import {
  type BackupEnd,
  type BackupHeader,
  columnsOf,
  endOfTable,
  linesOf,
  type OnTable,
  quoted,
  type TableHead,
  tablesInOrder,
  unreadable,
} from './format.ts'

export interface Loaded {
  readonly rows: number
  readonly takenAt: string
}

/**
 * Fills an empty store from a backup, in one transaction: a backup that is cut short or altered leaves it empty. An older
 * backup is loaded into its own tables, which are then migrated. Rejects with a `GatewayError` when the store is not empty.
 */
export async function load(url: string, source: Readable, onTable: OnTable = () => {}): Promise<Loaded> {
  const lines = hashedLines(source)
  const header = await readHeader(lines)
  await refuseUnlessEmpty(url)
  await migrate(url, { upTo: header.migrations })
  const client = new pg.Client(poolConfig(url).config)
  await client.connect()
  let rows = 0
  try {
    await client.query('BEGIN')
    for (const table of (await tablesInOrder(client)).toReversed())
      await client.query(`DELETE FROM ${quoted(table)}`)
    rows = await loadTables(client, lines, onTable)
    await settle(client)
    await client.query('COMMIT')
  } finally {
    await client.end()
  }
  await migrate(url)
  return { rows, takenAt: header.takenAt }
}

interface Lines {
  next(): Promise<Buffer | undefined>
  /** Of all lines that were given so far, the last one left out. */
  digestBefore(): string
}

function hashedLines(source: Readable): Lines {
  const unzipped = createGunzip()
  source.once('error', (error) => unzipped.destroy(error))
  const lines = linesOf(source.pipe(unzipped))
  const hash = createHash('sha256')
  let before = hash.copy().digest('hex')
  return {
    async next() {
      before = hash.copy().digest('hex')
      const { value, done } = await lines.next().catch((cause: unknown) => {
        throw unreadable((cause as Error).message)
      })
      if (done || value === undefined) return undefined
      hash.update(value).update('\n')
      return value
    },
    digestBefore: () => before,
  }
}

async function readHeader(lines: Lines): Promise<BackupHeader> {
  const first = await lines.next()
  const header = first && (parsed(first) as Partial<BackupHeader> | undefined)
  if (header?.format !== 'drawbridge-backup' || !Array.isArray(header.migrations))
    throw unreadable('it has no header')
  if (header.version !== 1) throw unreadable(`its version ${header.version} is unknown to this release`)
  return header as BackupHeader
}

async function loadTables(client: pg.Client, lines: Lines, onTable: OnTable): Promise<number> {
  const known = new Set(await tablesInOrder(client))
  let rows = 0
  let done = 0
  for (;;) {
    const head = await lines.next()
    if (!head) throw unreadable('it ends too early')
    const value = parsed(head) as Partial<TableHead & BackupEnd> | undefined
    if (value?.sha256 !== undefined) {
      if (value.sha256 !== lines.digestBefore() || value.rows !== rows)
        throw unreadable('its checksum does not fit')
      return rows
    }
    if (!value?.table || !known.has(value.table))
      throw unreadable('it has a table that its migrations do not make')
    onTable(value.table, { done: done++, total: known.size })
    rows += await loadTable(client, value as TableHead, lines)
  }
}

async function loadTable(client: pg.Client, { table, columns }: TableHead, lines: Lines): Promise<number> {
  const there = new Set(await columnsOf(client, table))
  if (!columns.every((column) => there.has(column)))
    throw unreadable(`table ${table} has columns that are unknown`)
  const copy = client.query(copyFrom(`COPY ${quoted(table)} (${columns.map(quoted).join(', ')}) FROM STDIN`))
  const done = finished(copy)
  done.catch(() => undefined)
  let rows = 0
  for (;;) {
    const row = await lines.next()
    if (!row) {
      copy.destroy()
      throw unreadable('it ends too early')
    }
    if (row.length === 2 && row.toString('latin1') === endOfTable) break
    rows += 1
    if (!copy.write(Buffer.concat([row, newline]))) await Promise.race([once(copy, 'drain'), done])
  }
  copy.end()
  await done
  return rows
}

const newline = Buffer.from('\n')

/** What belongs to the database that the backup was taken of: leases, the order of transactions, the next id. */
async function settle(client: pg.Client): Promise<void> {
  await client.query('UPDATE accounts SET lease_owner = NULL, lease_until = NULL')
  await client.query('UPDATE events SET transaction_id = 0')
  await client.query(
    `SELECT setval(pg_get_serial_sequence('events', 'id'), coalesce(max(id), 0) + 1, false) FROM events`,
  )
}

async function refuseUnlessEmpty(url: string): Promise<void> {
  const client = new pg.Client(poolConfig(url).config)
  await client.connect()
  try {
    const { rows } = await client.query<{ there: boolean }>(
      `SELECT to_regclass('directories') IS NOT NULL AS there`,
    )
    if (!rows[0]?.there) return
    const { rows: found } = await client.query<{ used: boolean }>(
      'SELECT EXISTS (SELECT FROM directories) OR EXISTS (SELECT FROM events) AS used',
    )
    if (found[0]?.used) {
      throw new GatewayError(
        'STORE_NOT_EMPTY',
        'the store already holds directories or events: restore into an empty database or an empty data directory',
      )
    }
  } finally {
    await client.end()
  }
}

function parsed(row: Buffer): unknown {
  try {
    return JSON.parse(row.toString('utf8'))
  } catch {
    return undefined
  }
}

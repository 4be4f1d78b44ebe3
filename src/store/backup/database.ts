import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { embeddedDatabase, makeDatabase } from '../embedded/database.ts'
import { type EmbeddedLog, startEmbedded } from '../embedded/embedded.ts'
import { poolConfig } from '../sql/client.ts'

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

import pg from 'pg'
import { createDirect } from './direct.ts'
import type { Sql } from './statement.ts'

export interface Client extends Sql {
  close(): Promise<void>
}

/** Longest time that a transaction may wait for its next statement, in milliseconds; the database ends it then. */
const longestIdleMs = 60_000

export function createClient(url: string, onError: (error: Error) => void): Client {
  const pool = new pg.Pool(poolConfig(url).config)
  pool.on('error', onError)
  return { ...createDirect(pool), close: () => pool.end() }
}

/** The parameter `schema` of the URL, as Prisma has it, becomes the search path. */
export function poolConfig(url: string): { config: pg.PoolConfig; schema?: string } {
  const parsed = new URL(url)
  const schema = parsed.searchParams.get('schema') ?? undefined
  parsed.searchParams.delete('schema')
  const config: pg.PoolConfig = {
    connectionString: parsed.href,
    max: 16,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    idle_in_transaction_session_timeout: longestIdleMs,
    allowExitOnIdle: true,
    application_name: 'drawbridge',
  }
  return schema
    ? { config: { ...config, options: `-c search_path=${schema.replaceAll(' ', '\\ ')}` }, schema }
    : { config }
}

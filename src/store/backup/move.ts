import { PassThrough } from 'node:stream'
import pg from 'pg'
import { GatewayError } from '../../model/errors.ts'
import { poolConfig } from '../sql/direct.ts'
import { dump } from './dump.ts'
import type { OnTable } from './format.ts'
import { type Loaded, load } from './load.ts'

const livesSeconds = 20

/**
 * Moves the store to an empty database. No gateway may run on it: what it wrote after the copy would be lost. The old store
 * is marked and refuses to open from then on; the new one goes on as it was, without the doubt that a restored backup is in.
 */
export async function move(from: string, to: string, onTable?: OnTable): Promise<Loaded> {
  await refuseWhileRunning(from)
  const pipe = new PassThrough()
  const [loaded] = await Promise.all([load(to, pipe, onTable), dump(from, pipe)])
  // Another database is what a move is for; a restored backup is not.
  await run(to, `DELETE FROM store_meta WHERE key = 'database_identity'`)
  await run(
    from,
    `INSERT INTO store_meta (key, value) VALUES ('moved', now()::text) ON CONFLICT (key) DO NOTHING`,
  )
  return loaded
}

async function refuseWhileRunning(url: string): Promise<void> {
  const rows = await run(
    url,
    `SELECT id FROM processes WHERE seen_at > clock_timestamp() - ${livesSeconds} * interval '1 second'`,
  )
  if (rows.length === 0) return
  throw new GatewayError(
    'GATEWAY_RUNNING',
    `${rows.length} gateway process${rows.length === 1 ? ' runs' : 'es run'} on this store, or did within the last ${livesSeconds} seconds: stop them all, then move it`,
  )
}

async function run(url: string, text: string): Promise<readonly unknown[]> {
  const client = new pg.Client(poolConfig(url).config)
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

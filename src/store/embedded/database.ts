import pg from 'pg'
import type { Embedded } from './embedded.ts'

export const embeddedDatabase = 'drawbridge'

/** The embedded server has no database of ours after its first start. */
export async function makeDatabase(embedded: Embedded): Promise<void> {
  const client = new pg.Client({ connectionString: embedded.url('postgres') })
  await client.connect()
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [embeddedDatabase])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${embeddedDatabase}`)
  } finally {
    await client.end()
  }
}

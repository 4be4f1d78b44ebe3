import { randomBytes } from 'node:crypto'
import type { Sql } from './sql/client.ts'
import { sql } from './sql/statement.ts'

/** A secret of 32 bytes that all processes on this store share; made when it is first asked for. */
export async function keptSecret(db: Sql, name: string): Promise<Uint8Array> {
  const made = randomBytes(32).toString('base64url')
  await db.rows(
    sql`INSERT INTO store_meta (key, value) VALUES (${name}::text, ${made}::text) ON CONFLICT (key) DO NOTHING`,
  )
  const row = await db.row<{ value: string }>(sql`SELECT value FROM store_meta WHERE key = ${name}::text`)
  if (!row) throw new Error(`store_meta has no ${name}`)
  return Buffer.from(row.value, 'base64url')
}

import type { Chain } from '../../audit/ports.ts'
import type { Sql } from '../sql/client.ts'
import { sql } from '../sql/statement.ts'

/** Whose turn it is, and until when, stands in one row; a process that died loses it. */
export async function takeTurn(db: Sql, receiver: string, owner: string, ms: number): Promise<boolean> {
  const turn = sql`jsonb_build_object('owner', ${owner}::text,
    'until', extract(epoch FROM clock_timestamp()) * 1000 + ${ms}::float8)::text`
  const row = await db.row(sql`
    INSERT INTO store_meta (key, value) VALUES (${`audit_turn:${receiver}`}::text, ${turn})
    ON CONFLICT (key) DO UPDATE SET value = excluded.value
    WHERE store_meta.value::jsonb->>'owner' = ${owner}::text
      OR (store_meta.value::jsonb->>'until')::float8 < extract(epoch FROM clock_timestamp()) * 1000
    RETURNING key`)
  return row !== undefined
}

const deliveredKey = (receiver: string, { directoryId }: Chain): string =>
  `audit_delivered:${receiver}:${directoryId ?? ''}`

export async function delivered(db: Sql, receiver: string, chain: Chain): Promise<number> {
  const row = await db.row<{ value: string }>(
    sql`SELECT value FROM store_meta WHERE key = ${deliveredKey(receiver, chain)}::text`,
  )
  return Number(row?.value ?? 0)
}

export async function keepDelivered(
  db: Sql,
  receiver: string,
  chain: Chain,
  position: number,
): Promise<void> {
  await db.rows(sql`
    INSERT INTO store_meta (key, value) VALUES (${deliveredKey(receiver, chain)}::text, ${String(position)}::text)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE store_meta.value::bigint < excluded.value::bigint`)
}

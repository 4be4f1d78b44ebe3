import type { Chain, Eraser, Head } from '../../model/audit.ts'
import { GatewayError } from '../../model/errors.ts'
import type { Sql } from '../../store/sql/client.ts'
import { json, sql } from '../../store/sql/statement.ts'
import { chains, keepAnchor, ofChain, seal } from './store.ts'

const mostAtOnce = 10_000

/** Everything is sealed first, so that no digest is lost. People who are gone are found by their former userName. */
export async function erase(db: Sql, directory: string, userName: string, by: Eraser): Promise<number> {
  while ((await seal(db, mostAtOnce)).length > 0);
  return db.transaction(async (tx) => {
    const users = await tx.rows<{ id: string; directory_id: string }>(sql`
      SELECT u.id, u.directory_id FROM users u JOIN directories d ON d.id = u.directory_id
      WHERE d.name = ${directory}::text AND lower(${userName}::text) IN (u.user_name_key, u.former_name_key)`)
    const [first] = users
    if (!first) {
      throw new GatewayError(
        'USER_UNKNOWN',
        `directory ${directory} has no User ${userName}, not even one who was deleted; nothing was erased`,
      )
    }
    const ids = users.map(({ id }) => id)
    const rows = await tx.rows<{ position: number }>(sql`
      UPDATE events SET detail = jsonb_build_object('erased', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
      WHERE directory_id = ${first.directory_id}::uuid AND position IS NOT NULL AND NOT detail ? 'erased'
        AND action <> 'audit.erased'
        AND (resource_id = ANY(${ids}::text[]) OR detail->>'userId' = ANY(${ids}::text[]))
      RETURNING position::float8 AS position`)
    const positions = rows.map(({ position }) => position).toSorted((a, b) => a - b)
    await tx.rows(sql`
      INSERT INTO events (directory_id, actor, request_id, action, resource_type, resource_id, detail)
      SELECT ${first.directory_id}::uuid, ${by.actor}::text, ${by.requestId ?? null}::text, 'audit.erased', 'User', u.id, ${json({ events: rows.length, positions })}
      FROM unnest(${ids}::text[]) u(id)`)
    return rows.length
  })
}

/** Only sealed events are dropped, from the beginning of each chain; where it goes on is kept and is an event itself. */
export async function drop(db: Sql, olderThanDays: number): Promise<number> {
  let dropped = 0
  for (const chain of await chains(db)) dropped += await dropOf(db, chain, olderThanDays)
  return dropped
}

function dropOf(db: Sql, chain: Chain, days: number): Promise<number> {
  return db.transaction(async (tx) => {
    const last = await tx.row<Pick<Head, 'position' | 'hash'>>(sql`
      SELECT e.position::float8 AS position, e.hash FROM events e
      WHERE ${ofChain(chain)} AND e.position < coalesce((
        SELECT min(e.position) FROM events e
        WHERE ${ofChain(chain)} AND e.position IS NOT NULL AND e.at >= clock_timestamp() - ${days}::int * interval '1 day'
      ), 9223372036854775807)
      ORDER BY e.position DESC LIMIT 1`)
    if (!last) return 0
    const [gone] = await tx.rows<{ count: number }>(sql`
      WITH gone AS (
        DELETE FROM events e WHERE ${ofChain(chain)} AND e.position <= ${last.position}::bigint RETURNING 1
      ) SELECT count(*)::int AS count FROM gone`)
    await keepAnchor(tx, chain, last)
    await tx.rows(sql`
      INSERT INTO events (directory_id, actor, action, resource_type, resource_id, detail)
      VALUES (${chain.directoryId}::uuid, 'gateway', 'audit.dropped', 'Directory', ${chain.directoryId ?? ''}::text,
        ${json({ upTo: last.position, hash: last.hash, events: gone?.count ?? 0, olderThanDays: days })})`)
    return gone?.count ?? 0
  })
}

import type { Evidence, EvidenceQuery } from '../../provisioning/evidence/ports.ts'
import type { Sql } from '../sql/client.ts'
import { empty, sql } from '../sql/statement.ts'
import { provenAction } from './record.ts'

const perPage = 500

/** Evidence of proven shut-outs, oldest first, a page in memory at a time. */
export async function* exportEvidence(db: Sql, query: EvidenceQuery): AsyncGenerator<Evidence> {
  const { directoryId, userId, userName, from, to } = query
  let after = '0'
  for (;;) {
    const rows = await db.rows<{ id: string; detail: Evidence }>(sql`
      SELECT id::text, detail FROM events
      WHERE directory_id = ${directoryId}::uuid AND action = ${provenAction}::text AND id > ${after}::bigint
        ${userId === undefined ? empty : sql`AND detail->>'userId' = ${userId}::text`}
        ${userName === undefined ? empty : sql`AND lower(detail->>'userName') = ${userName.toLowerCase()}::text`}
        ${from === undefined ? empty : sql`AND at >= ${from}::timestamptz`}
        ${to === undefined ? empty : sql`AND at < ${to}::timestamptz`}
      ORDER BY events.id LIMIT ${perPage}::int`)
    for (const { detail } of rows) yield detail
    const last = rows.at(-1)
    if (!last || rows.length < perPage) return
    after = last.id
  }
}

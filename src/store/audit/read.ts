import type { AuditEvent, AuditQuery, Chain } from '../../audit/ports.ts'
import type { Sql } from '../sql/client.ts'
import { sql } from '../sql/statement.ts'
import { ofChain } from './chain.ts'

interface EventRow {
  readonly id: string
  readonly position: string | null
  readonly hash: string | null
  readonly at: Date
  readonly directory: string | null
  readonly actor: string
  readonly requestId: string | null
  readonly action: string
  readonly resourceType: string
  readonly resourceId: string
  readonly detail: Readonly<Record<string, unknown>>
}

const columns = sql`e.id::text AS id, e.position::text AS position, e.hash, e.at, d.name AS directory, e.actor,
  e.request_id AS "requestId", e.action, e.resource_type AS "resourceType", e.resource_id AS "resourceId", e.detail`

const toEvent = ({ position, hash, at, directory, requestId, ...row }: EventRow): AuditEvent => ({
  ...(position === null ? {} : { position: Number(position) }),
  ...(hash === null ? {} : { hash }),
  at: at.toISOString(),
  ...(directory === null ? {} : { directory }),
  ...(requestId === null ? {} : { requestId }),
  ...row,
})

export async function sealed(
  db: Sql,
  chain: Chain,
  after: number,
  limit: number,
): Promise<readonly AuditEvent[]> {
  const rows = await db.rows<EventRow>(sql`
    SELECT ${columns} FROM events e LEFT JOIN directories d ON d.id = e.directory_id
    WHERE ${ofChain(chain)} AND e.position > ${after}::bigint ORDER BY e.position LIMIT ${limit}::int`)
  return rows.map(toEvent)
}

export async function page(
  db: Sql,
  { directory, since, until }: AuditQuery,
  after: string,
  limit: number,
): Promise<readonly AuditEvent[]> {
  const rows = await db.rows<EventRow>(sql`
    SELECT ${columns} FROM events e LEFT JOIN directories d ON d.id = e.directory_id
    WHERE e.id > ${after}::bigint AND (${directory ?? null}::text IS NULL OR d.name = ${directory ?? null}::text)
      AND e.at >= coalesce(${since ?? null}::timestamptz, '-infinity')
      AND e.at < coalesce(${until ?? null}::timestamptz, 'infinity')
    ORDER BY e.id LIMIT ${limit}::int`)
  return rows.map(toEvent)
}

import type { EventQuery, EventView, PersonView } from '../../model/operator.ts'
import { empty, type Sql, sql, type Statement } from '../../store/sql/statement.ts'
import { accountColumns, type AccountRow, toAccount } from './store.ts'
import { given } from '../../store/directory/events.ts'

const most = 20

interface PersonRow {
  readonly id: string
  readonly directory: string
  readonly userName: string
  readonly active: boolean
  readonly deleted: boolean
  readonly hold: unknown
  readonly groups: readonly string[]
}

/** Everybody of this userName, live ones first, tombstones newest first; at most 20. */
export async function people(
  db: Sql,
  userName: string,
  directory: string | undefined,
): Promise<readonly PersonView[]> {
  const key = userName.toLowerCase()
  const rows = await db.rows<PersonRow>(sql`
    SELECT u.id, d.name AS directory, u.user_name AS "userName", u.active_wanted AS active,
      (u.deleted_at IS NOT NULL OR u.delete_requested_at IS NOT NULL) AS deleted, u.hold,
      (SELECT coalesce(array_agg(g.display_name ORDER BY g.display_name), '{}')
        FROM members m JOIN groups g ON g.id = m.group_id WHERE m.user_id = u.id) AS groups
    FROM users u JOIN directories d ON d.id = u.directory_id
    WHERE (u.user_name_key = ${key}::text OR u.former_name_key = ${key}::text)
      AND (${directory ?? null}::text IS NULL OR d.name = ${directory ?? null}::text)
    ORDER BY u.user_name_key IS NULL, u.created_at DESC LIMIT ${most}::int`)
  if (rows.length === 0) return []
  const standing = await db.rows<AccountRow>(sql`
    SELECT ${accountColumns} FROM accounts a JOIN users u ON u.id = a.user_id
      JOIN connections c ON c.id = a.connection_id JOIN directories d ON d.id = c.directory_id
    WHERE a.user_id = ANY(${rows.map(({ id }) => id)}::uuid[]) ORDER BY c.name`)
  const byUser = Map.groupBy(standing.map(toAccount), ({ userId }) => userId)
  return rows.map(({ hold, ...row }) => ({
    ...row,
    ...given('hold', hold),
    accounts: byUser.get(row.id) ?? [],
  }))
}

interface EventRow {
  readonly id: string
  readonly at: Date
  readonly directory: string | null
  readonly actor: string
  readonly request_id: string | null
  readonly action: string
  readonly resource_type: string
  readonly resource_id: string
  readonly detail: unknown
}

export async function events(db: Sql, query: EventQuery): Promise<readonly EventView[]> {
  const { after, limit, directory, actor, action, resourceId, since, until } = query
  const when = (value: string | undefined, part: Statement): Statement => (value === undefined ? empty : part)
  const rows = await db.rows<EventRow>(sql`
    SELECT e.id::text AS id, e.at, d.name AS directory, e.actor, e.request_id, e.action, e.resource_type, e.resource_id, e.detail
    FROM events e LEFT JOIN directories d ON d.id = e.directory_id WHERE true
      ${when(after, sql`AND e.id < ${after ?? null}::bigint`)}
      ${when(directory, sql`AND d.name = ${directory ?? null}::text`)}
      ${when(actor, sql`AND e.actor = ${actor ?? null}::text`)}
      ${when(action, sql`AND e.action = ${action ?? null}::text`)}
      ${when(resourceId, sql`AND e.resource_id = ${resourceId ?? null}::text`)}
      ${when(since, sql`AND e.at >= ${since ?? null}::timestamptz`)}
      ${when(until, sql`AND e.at < ${until ?? null}::timestamptz`)}
    ORDER BY e.id DESC LIMIT ${limit}::int`)
  return rows.map((row) => ({
    id: row.id,
    at: row.at.toISOString(),
    ...given('directory', row.directory),
    actor: row.actor,
    ...given('requestId', row.request_id),
    action: row.action,
    resourceType: row.resource_type,
    resourceId: row.resource_id,
    detail: row.detail,
  }))
}

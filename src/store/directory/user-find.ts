import type { DirectoryRef, ListQuery, Page, StoredUser } from '../../scim/ports.ts'
import type { Sql } from '../sql/client.ts'
import { isId } from '../sql/ids.ts'
import { prepared } from '../sql/prepared.ts'
import { isStorable, sql, type Statement } from '../sql/statement.ts'
import { groupsColumn, keyOf, toUser, userColumns, type UserRow } from './rows.ts'

const shown = sql`${userColumns}, ${groupsColumn}`

const byId = prepared<'id' | 'directory'>(
  (value) => sql`SELECT ${shown} FROM users
    WHERE id = ${value('id')}::uuid AND directory_id = ${value('directory')}::uuid AND deleted_at IS NULL`,
  { shortRead: true },
)

export async function findUser(
  db: Sql,
  { id: directory }: DirectoryRef,
  id: string,
): Promise<StoredUser | undefined> {
  if (!isId(id)) return undefined
  const row = await db.row<UserRow>(byId({ id, directory }))
  return row && toUser(row)
}

/** Tombstones are left out in words that make no index on the order look better than the one on what is asked for. */
const byKey = (column: Statement) =>
  prepared<'directory' | 'key' | 'count'>(
    (value) => sql`SELECT ${shown}, (count(*) OVER ())::int AS total FROM users
      WHERE directory_id = ${value('directory')}::uuid AND user_name_key IS NOT NULL AND ${column} = ${value('key')}::text
      ORDER BY created_at, id LIMIT ${value('count')}::int`,
    { shortRead: true },
  )
const byUserName = byKey(sql`user_name_key`)
const byExternalId = byKey(sql`external_id`)

/**
 * What identity providers ask before every create: one comparison of userName or externalId, answered by a statement
 * that is always the same, because planning it costs more than running it. Undefined for any other list.
 */
export async function findUsers(
  db: Sql,
  { id: directory }: DirectoryRef,
  query: ListQuery,
): Promise<Page<StoredUser> | undefined> {
  const { filter, startIndex, count, ...more } = query
  if (filter?.kind !== 'compare' || filter.op !== 'eq' || filter.path.names.length !== 1) return undefined
  if (typeof filter.value !== 'string' || !isStorable(filter.value)) return undefined
  if (startIndex !== 1 || count < 1 || Object.values(more).some((each) => each !== undefined))
    return undefined
  const [name] = filter.path.names
  if (name !== 'userName' && name !== 'externalId') return undefined
  const statement =
    name === 'userName'
      ? byUserName({ directory, key: keyOf(filter.value), count })
      : byExternalId({ directory, key: filter.value, count })
  const rows = await db.rows<UserRow & { readonly total: number }>(statement)
  return { total: rows[0]?.total ?? 0, resources: rows.map(toUser) }
}

import { empty, isId, type Sql, sql, type Statement } from '../sql/statement.ts'
import type { DirectoryRef, MemberRef } from '../../model/directory.ts'

interface MemberRow {
  readonly group_id: string
  readonly user_id: string
  readonly display: string
}

const toRef = ({ group_id: groupId, user_id: userId, display }: MemberRow): MemberRef => ({
  groupId,
  userId,
  display,
})

export async function members(
  db: Sql,
  directory: DirectoryRef,
  groupIds: readonly string[],
  most?: number,
): Promise<readonly MemberRef[]> {
  const ids = groupIds.filter(isId)
  if (ids.length === 0) return []
  const rows = await db.rows<MemberRow>(sql`
    SELECT m.group_id, m.user_id, u.user_name AS display
    FROM members m JOIN users u ON u.id = m.user_id
    WHERE m.group_id = ANY(${ids}::uuid[]) AND u.directory_id = ${directory.id}::uuid AND u.deleted_at IS NULL
    ORDER BY m.group_id, m.user_id ${limited(most)}`)
  return rows.map(toRef)
}

/** A larger Group is no different to anybody who asks, and counting it would cost the more the larger it is. */
const mostCounted = 10_000

export async function memberCount(
  db: Sql,
  directory: DirectoryRef,
  groupId: string,
  most = mostCounted,
): Promise<number> {
  if (!isId(groupId)) return 0
  const row = await db.row<{ count: number }>(sql`
    SELECT count(*)::int AS count FROM (
      SELECT FROM members m JOIN groups g ON g.id = m.group_id
      WHERE m.group_id = ${groupId}::uuid AND g.directory_id = ${directory.id}::uuid LIMIT ${most}::int
    ) counted`)
  return row?.count ?? 0
}

export async function groupsOf(
  db: Sql,
  directory: DirectoryRef,
  userIds: readonly string[],
  most?: number,
): Promise<readonly MemberRef[]> {
  const ids = userIds.filter(isId)
  if (ids.length === 0) return []
  // An array whose length the planner does not see: or it would plan this anew each time, which costs more than running it.
  const rows = await db.rows<MemberRow>(sql`
    SELECT m.group_id, m.user_id, g.display_name AS display
    FROM members m JOIN groups g ON g.id = m.group_id
    WHERE m.user_id = ANY((SELECT ${ids}::uuid[])::uuid[]) AND g.directory_id = ${directory.id}::uuid
    ORDER BY m.user_id, g.display_name, g.id ${limited(most)}`)
  return rows.map(toRef)
}

const limited = (most: number | undefined): Statement =>
  most === undefined ? empty : sql`LIMIT ${most}::int`

export const memberCounts = (db: Sql, { id }: DirectoryRef, groupIds: readonly string[]) =>
  counts(
    db,
    sql`SELECT m.group_id AS id, count(*)::int AS count FROM members m JOIN groups g ON g.id = m.group_id
      WHERE m.group_id = ANY(${groupIds.filter(isId)}::uuid[]) AND g.directory_id = ${id}::uuid GROUP BY m.group_id`,
  )

export const groupCounts = (db: Sql, { id }: DirectoryRef, userIds: readonly string[]) =>
  counts(
    db,
    sql`SELECT m.user_id AS id, count(*)::int AS count FROM members m JOIN users u ON u.id = m.user_id
      WHERE m.user_id = ANY(${userIds.filter(isId)}::uuid[]) AND u.directory_id = ${id}::uuid GROUP BY m.user_id`,
  )

async function counts(db: Sql, statement: Statement): Promise<ReadonlyMap<string, number>> {
  const rows = await db.rows<{ id: string; count: number }>(statement)
  return new Map(rows.map(({ id, count }) => [id, count]))
}

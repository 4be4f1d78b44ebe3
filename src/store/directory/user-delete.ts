import { priorities } from '../../model/work.ts'
import type { Actor, Precondition } from '../../scim/ports.ts'
import type { Sql } from '../sql/client.ts'
import { isId } from '../sql/ids.ts'
import { sql } from '../sql/statement.ts'
import { remind, retries, wish } from './due.ts'
import { type Origin, recordEvent } from './events.ts'
import { toUser, userColumns, type UserRow } from './rows.ts'

export async function deleteUser(
  db: Sql,
  by: Actor,
  id: string,
  check?: Precondition,
): Promise<'gone' | 'pending' | 'not-found'> {
  if (!isId(id)) return 'not-found'
  return db.transaction(async (tx) => {
    const user = await tx.row<UserRow>(sql`
      SELECT ${userColumns} FROM users
      WHERE id = ${id}::uuid AND directory_id = ${by.directory.id}::uuid AND deleted_at IS NULL FOR NO KEY UPDATE`)
    if (!user) return 'not-found'
    check?.(toUser(user))
    await (user.delete_pending ? tx.rows(remind(sql`a.user_id = ${id}::uuid`)) : ask(tx, by, id))
    if (await awaitsProof(tx, id)) return 'pending'
    await bury(tx, by, by.directory.id, id)
    return 'gone'
  })
}

/** From here on the User is wanted inactive: only a write that says `active: true` itself cancels the removal. */
async function ask(tx: Sql, by: Actor, id: string): Promise<void> {
  const event = {
    directoryId: by.directory.id,
    action: 'user.delete-requested',
    resourceType: 'User',
  } as const
  await tx.rows(sql`
    WITH asked AS (
      UPDATE users SET delete_requested_at = now(), active_wanted = false, unclaimed = false, body = jsonb_set(body, '{active}', 'false')
      WHERE id = ${id}::uuid RETURNING id
    )
    ${recordEvent(by, { ...event, resourceId: sql`id` }, sql`FROM asked`)}`)
  const asked = { leaving: sql`true`, requestId: sql`${by.requestId}::text` }
  await tx.rows(wish(sql`a.user_id = ${id}::uuid`, sql`${priorities['shut-out']}::smallint`, 'now', asked))
}

/** Whether some account is unproven whose connection makes the client ask again. */
export async function awaitsProof(tx: Sql, userId: string): Promise<boolean> {
  const row = await tx.row(sql`
    SELECT 1 AS unproven FROM accounts a JOIN connections c ON c.id = a.connection_id
    WHERE a.user_id = ${userId}::uuid AND a.proven_version < a.wanted_version AND a.accepted_risk IS NULL AND ${retries} LIMIT 1`)
  return row !== undefined
}

/** Makes a User a tombstone, whose row the caller has locked: the name is free, the memberships end. */
export async function bury(tx: Sql, by: Origin, directoryId: string, userId: string): Promise<void> {
  const event = { directoryId, action: 'user.removed', resourceType: 'User' } as const
  await tx.rows(sql`
    WITH buried AS (
      UPDATE users SET deleted_at = now(), former_name_key = user_name_key, user_name_key = NULL,
        version = version + 1, last_modified = greatest(clock_timestamp(), last_modified + interval '1 millisecond')
      WHERE id = ${userId}::uuid RETURNING id, user_name
    ), left_groups AS (
      DELETE FROM members WHERE user_id = ${userId}::uuid RETURNING group_id
    ), bumped AS (
      UPDATE groups SET version = version + 1, last_modified = greatest(clock_timestamp(), last_modified + interval '1 millisecond')
      WHERE id IN (SELECT group_id FROM left_groups)
    )
    ${recordEvent(by, { ...event, resourceId: sql`id`, more: sql`jsonb_build_object('userName', user_name)` }, sql`FROM buried`)}`)
}

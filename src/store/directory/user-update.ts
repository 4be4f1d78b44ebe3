import { priorities } from '../../provisioning/ports.ts'
import type { Actor, ResourceBody, StoredUser, UserWrite } from '../../scim/ports.ts'
import type { Sql } from '../sql/client.ts'
import { isUniqueViolation } from '../sql/failures.ts'
import { isId } from '../sql/ids.ts'
import { empty, json, sql } from '../sql/statement.ts'
import { remind, retries, wish } from './due.ts'
import { recordEvent } from './events.ts'
import { changesBetween, toUser, userColumns, userKeys, type UserRow } from './rows.ts'

type Edit = (current: StoredUser) => ResourceBody

/** First without a lock; when another write came between, with the row locked. */
export async function updateUser(db: Sql, by: Actor, id: string, edit: Edit): Promise<UserWrite> {
  if (!isId(id)) return { kind: 'not-found' }
  try {
    return (
      (await attempt(db, by, id, edit, false)) ??
      (await db.transaction((tx) => attempt(tx, by, id, edit, true)))!
    )
  } catch (error) {
    if (isUniqueViolation(error)) return { kind: 'duplicate' }
    throw error
  }
}

async function attempt(
  db: Sql,
  by: Actor,
  id: string,
  edit: Edit,
  locking: boolean,
): Promise<UserWrite | undefined> {
  const row = await db.row<UserRow>(sql`
    SELECT ${userColumns} FROM users
    WHERE id = ${id}::uuid AND directory_id = ${by.directory.id}::uuid AND deleted_at IS NULL ${locking ? sql`FOR UPDATE` : empty}`)
  if (!row) return { kind: 'not-found' }
  const current = toUser(row)
  const body = edit(current)
  const returns = current.deletePending && body['active'] !== false
  if (body === current.body && !returns) {
    await db.rows(remind(sql`a.user_id = ${id}::uuid`))
    return { kind: 'stored', user: current, changed: false }
  }
  const written = await db.row<UserRow>(change(by, current, body, returns))
  return written && { kind: 'stored', user: toUser(written), changed: true }
}

/** Conditional on the version; `returns` cancels a delete that is pending. */
function change(by: Actor, current: StoredUser, body: ResourceBody, returns: boolean) {
  const { id, version } = current
  const keys = userKeys(body)
  const priority = keys.active ? priorities.live : priorities['shut-out']
  const detail = {
    ...changesBetween(current.body, body),
    ...(returns ? { deletePending: { before: true, after: false } } : {}),
  }
  return sql`WITH changed AS (
      UPDATE users SET user_name = ${keys.userName}::text, user_name_key = ${keys.userNameKey}::text,
        external_id = ${keys.externalId}::text, display_name_key = ${keys.displayNameKey}::text,
        email_keys = ${keys.emailKeys}::text[], body = ${json(body)}, active_wanted = ${keys.active}::boolean,
        active_shown = ${keys.active}::boolean OR (active_shown AND EXISTS (
          SELECT FROM accounts a JOIN connections c ON c.id = a.connection_id WHERE a.user_id = users.id AND ${retries})),
        delete_requested_at = CASE WHEN ${keys.active}::boolean THEN NULL ELSE delete_requested_at END,
        version = version + 1, last_modified = greatest(clock_timestamp(), last_modified + interval '1 millisecond')
      WHERE id = ${id}::uuid AND version = ${version}::int AND deleted_at IS NULL
      RETURNING ${userColumns}
    ), wished AS (
      ${wish(sql`a.user_id = (SELECT id FROM changed)`, sql`${priority}::smallint`, 'after-reply')}
    ), told AS (
      ${recordEvent(by, { directoryId: by.directory.id, action: 'user.updated', resourceType: 'User', resourceId: sql`id`, detail }, sql`FROM changed`)}
    )
    SELECT * FROM changed`
}

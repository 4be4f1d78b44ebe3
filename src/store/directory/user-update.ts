import { priorities } from '../../model/work.ts'
import type { Actor, ResourceBody, StoredUser, UserWrite } from '../../scim/ports.ts'
import type { Sql } from '../sql/client.ts'
import { isUniqueViolation } from '../sql/failures.ts'
import { isId } from '../sql/ids.ts'
import { prepared } from '../sql/prepared.ts'
import { empty, type Query, sql, storable } from '../sql/statement.ts'
import { remind, retries, wish } from './due.ts'
import { recordEvent } from './events.ts'
import {
  changesBetween,
  groupsColumn,
  toUser,
  userColumns,
  userKeys,
  type UserKeys,
  type UserRow,
} from './rows.ts'

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
  const row = await db.row<UserRow>((locking ? locked : free)({ id, directory: by.directory.id }))
  if (!row) return { kind: 'not-found' }
  const current = toUser(row)
  const body = edit(current)
  const returns = current.deletePending && body['active'] !== false
  if (body === current.body && !returns && !current.unclaimed) {
    await db.rows(remind(sql`a.user_id = ${id}::uuid`))
    return { kind: 'stored', user: current, changed: false }
  }
  const written = await db.row<UserRow>(change(by, current, body, returns))
  return written && { kind: 'stored', user: { ...toUser(written), groups: current.groups }, changed: true }
}

/** Conditional on the version; `returns` cancels a delete that is pending. */
function change(by: Actor, current: StoredUser, body: ResourceBody, returns: boolean): Query {
  const keys = userKeys(body)
  const detail = {
    ...changesBetween(current.body, body),
    ...(returns ? { deletePending: { before: true, after: false } } : {}),
  }
  return changed({
    id: current.id,
    version: current.version,
    directory: by.directory.id,
    actor: by.actor,
    requestId: by.requestId,
    ...keys,
    body: storable(body),
    detail: storable(detail),
    priority: keys.active ? priorities.live : priorities['shut-out'],
  })
}

type Changed =
  'id' | 'version' | 'directory' | 'actor' | 'requestId' | 'body' | 'detail' | 'priority' | keyof UserKeys

const changed = prepared<Changed>((value) => {
  const active = sql`${value('active')}::boolean`
  const event = { action: 'user.updated', resourceType: 'User', resourceId: sql`id` } as const
  const by = { actor: value('actor'), requestId: value('requestId') }
  return sql`WITH changed AS (
      UPDATE users SET user_name = ${value('userName')}::text, user_name_key = ${value('userNameKey')}::text,
        external_id = ${value('externalId')}::text, display_name_key = ${value('displayNameKey')}::text,
        email_keys = ${value('emailKeys')}::text[], body = ${value('body')}::jsonb, active_wanted = ${active},
        active_shown = ${active} OR (active_shown AND EXISTS (
          SELECT FROM accounts a JOIN connections c ON c.id = a.connection_id WHERE a.user_id = users.id AND ${retries})),
        unclaimed = false, acknowledged_at = CASE WHEN unclaimed AND create_running_until IS NULL THEN now() ELSE acknowledged_at END,
        delete_requested_at = CASE WHEN ${active} THEN NULL ELSE delete_requested_at END,
        version = version + 1, last_modified = greatest(clock_timestamp(), last_modified + interval '1 millisecond')
      WHERE id = ${value('id')}::uuid AND version = ${value('version')}::int AND deleted_at IS NULL
      RETURNING ${userColumns}
    ), wished AS (
      ${wish(sql`a.user_id = (SELECT id FROM changed)`, sql`${value('priority')}::smallint`, 'after-reply', {
        leaving: sql`NOT ${active}`,
        requestId: sql`${value('requestId')}::text`,
      })}
    ), told AS (
      ${recordEvent(by, { ...event, directoryId: value('directory'), more: sql`${value('detail')}::jsonb` }, sql`FROM changed`)}
    )
    SELECT * FROM changed`
})

const current = (locking: boolean) =>
  prepared<'id' | 'directory'>(
    (value) => sql`SELECT ${userColumns}, ${groupsColumn} FROM users
      WHERE id = ${value('id')}::uuid AND directory_id = ${value('directory')}::uuid AND deleted_at IS NULL
      ${locking ? sql`FOR NO KEY UPDATE` : empty}`,
  )
const free = current(false)
const locked = current(true)

import type { Actor, Directory, DirectoryRef, ResourceBody, UserWrite } from '../../scim/ports.ts'
import { priorities } from '../../model/work.ts'
import type { Sql } from '../sql/client.ts'
import { newId } from '../sql/ids.ts'
import { sql } from '../sql/statement.ts'
import { replyBudget } from './due.ts'
import { recordEvent } from './events.ts'
import { toUser, userKeys, type UserKeys, type UserRow } from './rows.ts'

/** How long past the reply budget a create counts as still being answered. */
export const graceMs = 4_000

interface Holder {
  readonly id: string
  readonly external_id: string | null
  readonly acknowledged: boolean
  readonly unclaimed: boolean
  readonly running: boolean
  readonly delete_pending: boolean
}

/** A User to be recorded, with what is kept in columns. */
export interface Creation extends UserKeys {
  readonly id: string
  readonly directory: string
  readonly actor: string
  readonly requestId: string | undefined
  readonly body: ResourceBody
  readonly priority: number
  /** Its accounts are claimed for the run that follows. */
  readonly runs: boolean
}

/** Records a User that is new; no row: the userName is taken. */
export type Create = (asked: Creation) => Promise<UserRow | undefined>

export async function createUser(
  db: Sql,
  by: Actor,
  body: ResourceBody,
  create: Create,
  { runs = false }: { readonly runs?: boolean } = {},
): ReturnType<Directory['createUser']> {
  const keys = userKeys(body)
  for (let attempt = 0; attempt < 5; attempt++) {
    const row = await create(creation(by, keys, body, runs))
    if (row) return { kind: 'stored', user: { ...toUser(row), groups: [] }, changed: true }
    const found = await judgeHolder(db, by.directory, keys)
    if (found) return found
    // The holder of the name went away between the two statements.
  }
  return { kind: 'duplicate' }
}

function creation(by: Actor, keys: UserKeys, body: ResourceBody, runs: boolean): Creation {
  return {
    id: newId(),
    directory: by.directory.id,
    actor: by.actor,
    requestId: by.requestId,
    ...keys,
    body,
    priority: keys.active ? priorities.live : priorities['shut-out'],
    runs,
  }
}

/** What a create is told whose userName is taken; undefined when it is free by now. */
async function judgeHolder(
  db: Sql,
  directory: DirectoryRef,
  keys: UserKeys,
): Promise<UserWrite | { kind: 'exists-unacknowledged'; id: string } | { kind: 'running' } | undefined> {
  const holder = await db.row<Holder>(sql`
    SELECT id, external_id, unclaimed, acknowledged_at IS NOT NULL AS acknowledged, delete_requested_at IS NOT NULL AS delete_pending,
      coalesce(create_running_until > now(), false) AS running
    FROM users WHERE directory_id = ${directory.id}::uuid AND user_name_key = ${keys.userNameKey}::text`)
  if (!holder) return undefined
  // A User that an import made belongs to whoever writes it first.
  const same = holder.unclaimed || (keys.externalId !== null && holder.external_id === keys.externalId)
  if (!same || holder.acknowledged || holder.delete_pending) return { kind: 'duplicate' }
  if (holder.running) return { kind: 'running' }
  // Only one of several repeats goes on with it.
  const taken = await db.row(sql`
    UPDATE users SET create_running_until = now() + (${graceMs}::int * interval '1 millisecond')
      + coalesce((SELECT max(${replyBudget}) FROM connections c WHERE c.directory_id = users.directory_id), interval '0')
    WHERE id = ${holder.id}::uuid AND acknowledged_at IS NULL AND deleted_at IS NULL
      AND coalesce(create_running_until <= now(), true)
    RETURNING id`)
  return taken ? { kind: 'exists-unacknowledged', id: holder.id } : { kind: 'running' }
}

/** Removes the rows of a User who was never provisioned anywhere; keeps one that is linked or uncertain after all. */
export async function takeBack(db: Sql, by: Actor, userId: string, reason: string): Promise<void> {
  const directoryId = by.directory.id
  await db.rows(sql`
    WITH gone AS (
      DELETE FROM users u WHERE u.id = ${userId}::uuid AND u.directory_id = ${directoryId}::uuid AND NOT EXISTS (
        SELECT FROM accounts a WHERE a.user_id = u.id AND (a.vendor_account_id IS NOT NULL
          OR EXISTS (SELECT FROM operations o WHERE o.account_id = a.id AND o.closed_at IS NULL)))
      RETURNING u.id, u.user_name
    ), bumped AS (
      UPDATE groups SET version = version + 1, last_modified = greatest(clock_timestamp(), last_modified + interval '1 millisecond')
      WHERE id IN (SELECT m.group_id FROM members m JOIN gone ON m.user_id = gone.id)
    )
    ${recordEvent(by, { directoryId, action: 'user.taken-back', resourceType: 'User', resourceId: sql`id`, detail: { reason } }, sql`FROM gone`)}`)
}

import { priorities } from '../../model/work.ts'
import type {
  Actor,
  Directory,
  ListQuery,
  Page,
  Precondition,
  StoredUser,
  UserWrite,
} from '../../scim/ports.ts'
import { isUniqueViolation } from '../sql/failures.ts'
import {
  empty,
  isId,
  isStorable,
  newId,
  prepared,
  type Query,
  type Sql,
  sql,
  type Statement,
  storable,
} from '../sql/statement.ts'
import { remind, replyBudget, retries, wish } from './due.ts'
import { type Origin, recordEvent } from './events.ts'
import {
  changesBetween,
  groupsColumn,
  keyOf,
  toUser,
  userColumns,
  userKeys,
  type UserKeys,
  type UserRow,
} from './rows.ts'
import type { DirectoryRef, ResourceBody } from '../../model/directory.ts'

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

/** Users of one externalId that are read without a bound on their bytes. */
const mostNamesakes = 8

/**
 * What identity providers ask before every create: one comparison of userName or externalId, answered by a statement
 * that is always the same, because planning it costs more than running it. Undefined for any other list.
 */
export async function findUsers(
  db: Sql,
  { id: directory }: DirectoryRef,
  query: ListQuery,
): Promise<Page<StoredUser> | undefined> {
  const { startIndex, count, ...more } = query
  const asked = namedBy(more)
  if (!asked || startIndex !== 1 || count < 1) return undefined
  const { name, value } = asked
  const bound = { directory, count: Math.min(count, mostNamesakes) }
  const statement =
    name === 'userName' ? byUserName({ ...bound, key: keyOf(value) }) : byExternalId({ ...bound, key: value })
  const rows = await db.rows<UserRow & { readonly total: number }>(statement)
  if (rows.length < Math.min(count, rows[0]?.total ?? 0)) return undefined
  return { total: rows[0]?.total ?? 0, resources: rows.map(toUser) }
}

function namedBy({ filter, ...more }: Omit<ListQuery, 'startIndex' | 'count'>) {
  if (filter?.kind !== 'compare' || filter.op !== 'eq' || filter.path.names.length !== 1) return undefined
  if (Object.values(more).some((each) => each !== undefined)) return undefined
  const [name] = filter.path.names
  const { value } = filter
  if (typeof value !== 'string' || !isStorable(value)) return undefined
  return name === 'userName' || name === 'externalId' ? { name, value } : undefined
}

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

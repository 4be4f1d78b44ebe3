import type { Actor, GroupWrite, MemberDelta, Precondition, StoredGroup } from '../../scim/ports.ts'
import { markDeleted, markGroup } from '../group-links.ts'
import { isForeignKeyViolation, isUniqueViolation } from '../sql/failures.ts'
import { empty, isId, json, newId, type Sql, sql } from '../sql/statement.ts'
import { recordEvent } from './events.ts'
import { type Answering, changeMembers, changeMembersOfWritten, wishMembers } from './member-changes.ts'
import { changesBetween, groupColumns, groupKeys, type GroupRow, toGroup } from './rows.ts'
import type { ResourceBody } from '../../model/directory.ts'

export interface GroupOptions {
  readonly uniqueName: boolean
  readonly exact?: boolean
}

type Edit = (current: StoredGroup) => { readonly body: ResourceBody; readonly members: MemberDelta }

export async function createGroup(
  db: Sql,
  by: Actor,
  body: ResourceBody,
  members: MemberDelta,
  { uniqueName }: GroupOptions,
): Promise<GroupWrite> {
  const keys = groupKeys(body)
  const directoryId = by.directory.id
  const id = newId()
  return db.transaction(async (tx) => {
    if (uniqueName && (await isTaken(tx, directoryId, keys.displayNameKey, id))) return { kind: 'duplicate' }
    const born = await tx.row<GroupRow>(sql`
      WITH born AS (
        INSERT INTO groups (id, directory_id, display_name, display_name_key, external_id, body)
        VALUES (${id}::uuid, ${directoryId}::uuid, ${keys.displayName}::text, ${keys.displayNameKey}::text,
          ${keys.externalId}::text, ${json(body)})
        RETURNING ${groupColumns}
      ), told AS (
        ${recordEvent(by, { directoryId, action: 'group.created', resourceType: 'Group', resourceId: sql`id`, detail: { after: body } }, sql`FROM born`)}
      ), marked AS (${markGroup(directoryId, id)})
      SELECT * FROM born`)
    const unknownMembers = await changeMembersOfWritten(tx, by, id, members)
    return { kind: 'stored', group: toGroup(born!), changed: true, unknownMembers }
  })
}

/** First without a lock on the Group, unless exactly what is there is to be judged; when its body changes, with one. */
export async function updateGroup(
  db: Sql,
  by: Actor,
  id: string,
  edit: Edit,
  options: GroupOptions,
): Promise<GroupWrite> {
  if (!isId(id)) return { kind: 'not-found' }
  const rewritten = (): Promise<GroupWrite> => db.transaction((tx) => rewrite(tx, by, id, edit, options))
  if (options.exact) return unlessGone(rewritten)
  return unlessGone(async () => {
    const row = await db.row<GroupRow>(sql`SELECT ${groupColumns} FROM groups
      WHERE id = ${id}::uuid AND directory_id = ${by.directory.id}::uuid`)
    if (!row) return { kind: 'not-found' }
    const current = toGroup(row)
    const { body, members } = edit(current)
    if (body === current.body) return applyMembers(db, by, current, members)
    return rewritten()
  })
}

/** Memberships alone: rows come and go, the Group is neither locked for long nor loaded. */
async function applyMembers(
  db: Sql,
  by: Actor,
  current: StoredGroup,
  delta: MemberDelta,
): Promise<GroupWrite> {
  if (!delta.clear && delta.add.size === 0 && delta.remove.size === 0) {
    return { kind: 'stored', group: current, changed: false, unknownMembers: [] }
  }
  return changeMembers(db, by, current.id, delta, undefined)
}

/** Memberships alone, of a Group that nobody has read. */
export async function changeMembersOf(
  db: Sql,
  by: Actor,
  id: string,
  delta: MemberDelta,
  mostMembers: number | undefined,
  answering: Answering,
): Promise<GroupWrite> {
  if (!isId(id)) return { kind: 'not-found' }
  return unlessGone(() => changeMembers(db, by, id, delta, mostMembers, answering))
}

/** The Group was deleted meanwhile: the next attempt does not find it. */
async function unlessGone(write: () => Promise<GroupWrite>): Promise<GroupWrite> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await write()
    } catch (error) {
      if (attempt < 3 && (isForeignKeyViolation(error) || isUniqueViolation(error))) continue
      throw error
    }
  }
}

async function rewrite(
  tx: Sql,
  by: Actor,
  id: string,
  edit: Edit,
  { uniqueName }: GroupOptions,
): Promise<GroupWrite> {
  const directoryId = by.directory.id
  const row = await tx.row<GroupRow>(sql`SELECT ${groupColumns} FROM groups
    WHERE id = ${id}::uuid AND directory_id = ${directoryId}::uuid FOR UPDATE`)
  if (!row) return { kind: 'not-found' }
  const current = toGroup(row)
  const { body, members } = edit(current)
  if (body === current.body) return applyMembers(tx, by, current, members)
  const keys = groupKeys(body)
  const before = groupKeys(current.body)
  const renamed = keys.displayNameKey !== before.displayNameKey
  if (uniqueName && renamed && (await isTaken(tx, directoryId, keys.displayNameKey, id)))
    return { kind: 'duplicate' }
  const isCalledAnew = keys.displayName !== before.displayName || keys.externalId !== before.externalId
  const detail = changesBetween(current.body, body)
  const written = await tx.row<GroupRow>(sql`
    WITH changed AS (
      UPDATE groups SET display_name = ${keys.displayName}::text, display_name_key = ${keys.displayNameKey}::text,
        external_id = ${keys.externalId}::text, body = ${json(body)}, version = version + 1,
        last_modified = greatest(clock_timestamp(), last_modified + interval '1 millisecond')
      WHERE id = ${id}::uuid RETURNING ${groupColumns}
    ), told AS (
      ${recordEvent(by, { directoryId, action: 'group.updated', resourceType: 'Group', resourceId: sql`id`, detail }, sql`FROM changed`)}
    ) ${isCalledAnew ? sql`, marked AS (${markGroup(directoryId, id)})` : empty}
    SELECT * FROM changed`)
  const unknownMembers = await changeMembersOfWritten(tx, by, id, members)
  // Rules name groups by displayName and externalId: everybody inside may be granted something else now.
  if (renamed || keys.externalId !== before.externalId) await wishMembers(tx, directoryId, id)
  return { kind: 'stored', group: toGroup(written!), changed: true, unknownMembers }
}

export async function deleteGroup(
  db: Sql,
  by: Actor,
  id: string,
  check?: Precondition,
): Promise<'gone' | 'not-found'> {
  if (!isId(id)) return 'not-found'
  const directoryId = by.directory.id
  return db.transaction(async (tx) => {
    const there = await tx.row<GroupRow>(sql`SELECT ${groupColumns} FROM groups
      WHERE id = ${id}::uuid AND directory_id = ${directoryId}::uuid FOR UPDATE`)
    if (!there) return 'not-found'
    check?.(toGroup(there))
    await wishMembers(tx, directoryId, id)
    await tx.rows(sql`
      WITH gone AS (DELETE FROM groups WHERE id = ${id}::uuid RETURNING id, display_name), marked AS (${markDeleted(id)})
      ${recordEvent(
        by,
        {
          directoryId,
          action: 'group.removed',
          resourceType: 'Group',
          resourceId: sql`id`,
          more: sql`jsonb_build_object('displayName', display_name)`,
        },
        sql`FROM gone`,
      )}`)
    return 'gone'
  })
}

/** Two writes of one name wait for each other here: names are not unique by index. */
async function isTaken(tx: Sql, directoryId: string, nameKey: string, self: string): Promise<boolean> {
  await tx.rows(
    sql`SELECT 1 AS locked FROM pg_advisory_xact_lock(hashtextextended(${`${directoryId}/${nameKey}`}::text, 0))`,
  )
  const holder = await tx.row(sql`SELECT id FROM groups
    WHERE directory_id = ${directoryId}::uuid AND display_name_key = ${nameKey}::text AND id <> ${self}::uuid LIMIT 1`)
  return holder !== undefined
}

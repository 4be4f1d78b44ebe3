import { priorities } from '../../model/work.ts'
import type { Actor, GroupWrite, MemberDelta, StoredGroup } from '../../scim/ports.ts'
import { empty, isId, type Sql, sql } from '../sql/statement.ts'
import { mostMarked, recordSweep } from '../sweeps.ts'
import type { Crowded } from './large-groups.ts'
import { remind, wish } from './due.ts'
import { change, type ChangedRow, type Ids, mostRemoved } from './member-statement.ts'
import { toGroup } from './rows.ts'
import { changeAlone, type ChangeMembers } from './together/members.ts'
import type { MemberRef } from '../../model/directory.ts'

/** Of a Group whose row the caller's transaction wrote already. Gives the ids that are no Users of the directory. */
export async function changeMembersOfWritten(
  db: Sql,
  by: Actor,
  groupId: string,
  delta: MemberDelta,
): Promise<readonly string[]> {
  const ids = idsOf(delta)
  if (isNothing(ids)) return [...delta.add]
  const row = await db.row<ChangedRow>(change(by, groupId, ids, { bump: false, mostMembers: undefined }))
  await remindOthers(db, groupId, ids, row)
  return unknownOf(delta, row)
}

/** What requests that change members have in common. */
export interface Answering {
  readonly crowded: Crowded
  readonly change: ChangeMembers
}

/**
 * Removes and adds memberships in one statement whose cost depends on the delta alone, and moves the Group's version
 * when something changed.
 */
export async function changeMembers(
  db: Sql,
  by: Actor,
  groupId: string,
  delta: MemberDelta,
  mostMembers: number | undefined,
  { crowded, change: changeOf = changeAlone(db) }: Partial<Answering> = {},
): Promise<GroupWrite> {
  const ids = idsOf(delta)
  const wanted = !ids.clear && ids.remove.length <= mostRemoved ? mostMembers : undefined
  const isCrowded = wanted !== undefined && crowded?.holds(groupId, wanted, ids.remove.length) === true
  const counted = isCrowded ? undefined : wanted
  const row = await changeOf({ by, groupId, ids, mostMembers: counted })
  if (!row) return { kind: 'not-found' }
  if (counted === undefined) crowded?.moved(groupId, gainOf(delta, ids, row))
  else crowded?.counted(groupId, counted, typeof row.shown === 'number' ? row.shown - counted : 0)
  const reminded = await remindOthers(db, groupId, ids, row)
  const { group, changed } = toChange(row, counted !== undefined)
  return {
    kind: 'stored',
    group: isCrowded ? { ...group, members: 'many' } : group,
    changed,
    unknownMembers: unknownOf(delta, row),
    due: row.due || reminded,
  }
}

function toChange(row: ChangedRow, counted: boolean): { group: StoredGroup; changed: boolean } {
  const { version, new_version, new_last_modified, shown } = row
  const members = Array.isArray(shown) ? (shown as readonly MemberRef[]) : 'many'
  if (new_version == null || new_last_modified == null) {
    return { group: { ...toGroup(row), ...(counted && { members }) }, changed: false }
  }
  const group = toGroup({ ...row, version: new_version, last_modified: new_last_modified })
  // Otherwise another write came between what was read and what was changed, and its members are not among those read.
  const current = counted && new_version === version + 1
  return { group: { ...group, ...(current && { members }) }, changed: true }
}

function idsOf({ clear, add, remove }: MemberDelta): Ids {
  return {
    clear,
    add: [...add].filter(isId),
    remove: [...remove].filter((id) => isId(id) && !add.has(id)),
  }
}

/** By how many members a Group has grown. */
function gainOf({ add }: MemberDelta, { clear }: Ids, { touched }: ChangedRow): number {
  const come = touched.filter((id) => add.has(id)).length
  return clear ? -Infinity : 2 * come - touched.length
}

const isNothing = ({ clear, add, remove }: Ids): boolean => !clear && add.length === 0 && remove.length === 0

function unknownOf({ add }: MemberDelta, row: ChangedRow | undefined): readonly string[] {
  const found = new Set(row?.known)
  return [...add].filter((id) => !found.has(id))
}

/** People who are named, without effect: what is unproven of them is looked at again. */
async function remindOthers(
  db: Sql,
  groupId: string,
  { add, remove }: Ids,
  row?: ChangedRow,
): Promise<boolean> {
  const touched = new Set(row?.touched)
  const others = [...add, ...remove].filter((id) => !touched.has(id))
  if (others.length === 0) return false
  await db.rows(
    remind(sql`a.user_id = ANY(${others}::uuid[]) AND EXISTS (
      SELECT FROM groups g JOIN users u ON u.directory_id = g.directory_id WHERE g.id = ${groupId}::uuid AND u.id = a.user_id)`),
  )
  return true
}

/** Marks everybody in a Group, or has them swept: what it grants may have changed. */
export async function wishMembers(db: Sql, directoryId: string, groupId: string): Promise<void> {
  const members = sql`SELECT m.user_id FROM members m WHERE m.group_id = ${groupId}::uuid`
  const row = await db.row<{ many: boolean }>(
    sql`SELECT count(*) > ${mostMarked}::int AS many FROM (${members} LIMIT ${mostMarked + 1}::int) first_members`,
  )
  if (!row?.many) {
    await db.rows(wish(sql`a.user_id IN (${members})`, sql`${priorities.revoke}::smallint`, 'now'))
    return
  }
  const detail = sql`jsonb_build_object('group', ${groupId}::uuid, 'users', (SELECT jsonb_agg(user_id) FROM (${members}) every))`
  await db.rows(recordSweep({ directoryId, kind: 'group', detail }, empty))
}

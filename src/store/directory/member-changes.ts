import { priorities } from '../../provisioning/ports.ts'
import type { Actor, MemberDelta, StoredGroup } from '../../scim/ports.ts'
import type { Sql } from '../sql/client.ts'
import { isId } from '../sql/ids.ts'
import { empty, sql, type Statement } from '../sql/statement.ts'
import { wish } from './due.ts'
import { recordEvent } from './events.ts'
import { groupColumns, type GroupRow, toGroup } from './rows.ts'

export interface MemberChange {
  /** The Group with its new version; absent when no membership changed, or when its version moved already. */
  readonly group?: StoredGroup
  readonly unknown: readonly string[]
}

/**
 * Removes and adds memberships in one statement whose cost depends on the delta alone. `there`: a Group as others see
 * it, whose version moves when something changed; `born` and `bumped`: the caller's transaction wrote its row already.
 */
export async function changeMembers(
  db: Sql,
  by: Actor,
  groupId: string,
  delta: MemberDelta,
  state: 'there' | 'born' | 'bumped',
): Promise<MemberChange> {
  const add = [...delta.add].filter(isId)
  const remove = [...delta.remove].filter((id) => isId(id) && !delta.add.has(id))
  if (!delta.clear && add.length === 0 && remove.length === 0) return { unknown: [...delta.add] }
  const row = await db.row<Partial<GroupRow> & { known: string[] }>(
    statement(by, groupId, { clear: delta.clear, add, remove }, state === 'there'),
  )
  const known = new Set(row?.known)
  const unknown = [...delta.add].filter((id) => !known.has(id))
  return row?.id ? { group: toGroup(row as GroupRow), unknown } : { unknown }
}

interface Ids {
  readonly clear: boolean
  readonly add: readonly string[]
  readonly remove: readonly string[]
}

function statement(by: Actor, groupId: string, { clear, add, remove }: Ids, bump: boolean): Statement {
  const directoryId = by.directory.id
  const removal = clear ? sql`NOT (user_id = ANY(${add}::uuid[]))` : sql`user_id = ANY(${remove}::uuid[])`
  const bumped = sql`bumped AS (
      UPDATE groups SET version = version + 1, last_modified = greatest(clock_timestamp(), last_modified + interval '1 millisecond')
      WHERE id = ${groupId}::uuid AND EXISTS (SELECT FROM touched) RETURNING ${groupColumns}
    ),`
  return sql`WITH known AS (
      SELECT id FROM users WHERE id = ANY(${add}::uuid[]) AND directory_id = ${directoryId}::uuid AND deleted_at IS NULL
    ), removed AS (
      DELETE FROM members WHERE group_id = ${groupId}::uuid AND ${removal} RETURNING user_id
    ), added AS (
      INSERT INTO members (group_id, user_id) SELECT ${groupId}::uuid, id FROM known ORDER BY id
      ON CONFLICT DO NOTHING RETURNING user_id
    ), touched AS (
      SELECT user_id, ${priorities.revoke}::smallint AS priority FROM removed
      UNION ALL SELECT user_id, ${priorities.live}::smallint FROM added
    ), ${bump ? bumped : empty} wished AS (
      ${wish(
        sql`a.user_id = ANY(ARRAY(SELECT user_id FROM touched))`,
        sql`(SELECT min(t.priority) FROM touched t WHERE t.user_id = a.user_id)`,
        'now',
      )}
    ), reminded AS (
      ${remindOthers(groupId, [...add, ...remove])}
    ), told AS (
      ${recordEvent(
        by,
        {
          directoryId,
          action: 'group.members-changed',
          resourceType: 'Group',
          resourceId: sql`${groupId}::text`,
          more: sql`jsonb_build_object('added', (SELECT coalesce(jsonb_agg(user_id), '[]') FROM added),
            'removed', (SELECT coalesce(jsonb_agg(user_id), '[]') FROM removed))`,
        },
        sql`WHERE EXISTS (SELECT FROM touched)`,
      )}
    )
    SELECT (SELECT coalesce(array_agg(id::text), '{}') FROM known) AS known ${bump ? sql`, bumped.*` : empty}
    FROM (SELECT 1) one ${bump ? sql`LEFT JOIN bumped ON true` : empty}`
}

/** People who are named, without effect: what is unproven of them is looked at again. */
function remindOthers(groupId: string, named: readonly string[]): Statement {
  return sql`UPDATE accounts SET due_at = least(accounts.due_at, now())
    FROM (
      SELECT a.id FROM accounts a
      WHERE a.user_id = ANY(${named}::uuid[]) AND a.user_id <> ALL(ARRAY(SELECT user_id FROM touched))
        AND a.proven_version < a.wanted_version
        AND EXISTS (SELECT FROM groups g JOIN users u ON u.directory_id = g.directory_id WHERE g.id = ${groupId}::uuid AND u.id = a.user_id)
      ORDER BY a.id FOR UPDATE OF a
    ) picked
    WHERE accounts.id = picked.id`
}

/** An UPDATE that marks everybody in a Group: what it grants may have changed. */
export function wishMembers(groupId: string): Statement {
  return wish(
    sql`a.user_id IN (SELECT m.user_id FROM members m WHERE m.group_id = ${groupId}::uuid)`,
    sql`${priorities.revoke}::smallint`,
    'now',
  )
}

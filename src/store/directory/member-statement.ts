import { priorities } from '../../model/work.ts'
import type { Actor } from '../../scim/ports.ts'
import { empty, join, prepared, type Query, raw, sql, type Statement } from '../sql/statement.ts'
import { wish } from './due.ts'
import { recordEvent } from './events.ts'
import { mostMarked, recordSweep } from '../sweeps.ts'
import { groupColumns, type GroupRow } from './rows.ts'
import type { MemberRef } from '../../model/directory.ts'

export interface Ids {
  readonly clear: boolean
  readonly add: readonly string[]
  readonly remove: readonly string[]
}

/** The Group as it was before, what became of it, and what the change met. */
export interface ChangedRow extends GroupRow {
  readonly new_version: number | null
  readonly new_last_modified: Date | null
  /** Ids to be added that are Users of the directory. */
  readonly known: readonly string[]
  /** Who came or went. */
  readonly touched: readonly string[]
  /** Accounts became due, or may be. */
  readonly due: boolean
  /** The members after the change; how many there are at least when there are more than asked for. */
  readonly shown?: readonly MemberRef[] | number
}

/** More removals at once than this, and the members that are left are counted by themselves. */
export const mostRemoved = 10

interface Shape {
  /** So many may be concerned that they are swept. */
  readonly bulk: boolean
  /** Moves the Group's version; otherwise the caller's transaction did. */
  readonly bump: boolean
  readonly mostMembers: number | undefined
}

type Value = (name: 'group' | 'directory' | 'add' | 'remove' | 'actor' | 'requestId') => Statement

/** Each shape is a statement of its own, without the parts that it has nothing to do for. */
const shapes = new Map<string, ReturnType<typeof prepared<Parameters<Value>[0]>>>()

/** No row: there is no such Group in the directory. */
export function change(by: Actor, groupId: string, ids: Ids, given: Omit<Shape, 'bulk'>): Query {
  const { clear, add, remove } = ids
  const shape = { ...given, bulk: clear || add.length + remove.length > mostMarked }
  const parts = { clear, adds: add.length > 0, removes: clear || remove.length > 0 }
  const key = JSON.stringify([parts, shape])
  const statement = shapes.get(key) ?? prepared((value: Value) => build(value, parts, shape))
  shapes.set(key, statement)
  return statement({
    group: groupId,
    directory: by.directory.id,
    add,
    remove,
    actor: by.actor,
    requestId: by.requestId,
  })
}

interface Parts {
  readonly clear: boolean
  readonly adds: boolean
  readonly removes: boolean
}

function build(value: Value, parts: Parts, { bulk, bump, mostMembers }: Shape): Statement {
  const home = sql`home AS (
      SELECT ${groupColumns} FROM groups WHERE id = ${value('group')}::uuid AND directory_id = ${value('directory')}::uuid
    )`
  const bumped = sql`bumped AS (
      UPDATE groups SET version = version + 1, last_modified = greatest(clock_timestamp(), last_modified + interval '1 millisecond')
      WHERE id = ${value('group')}::uuid AND EXISTS (SELECT FROM touched) RETURNING version, last_modified
    )`
  const steps = [home, ...changes(value, parts, bulk), ...(bump ? [bumped] : [])]
  const after = bump
    ? sql`bumped.version AS new_version, bumped.last_modified AS new_last_modified,`
    : sql`NULL::int AS new_version, NULL::timestamptz AS new_last_modified,`
  return sql`WITH ${join(steps, ', ')}
    SELECT home.*, ${after} ${parts.adds || parts.removes ? sql`${bulk ? sql`true OR` : empty} EXISTS (SELECT FROM wished)` : sql`false`} AS due,
      ${parts.adds ? idsIn('known') : sql`'{}'::text[]`} AS known, ${idsIn('touched')} AS touched
      ${mostMembers === undefined ? empty : sql`, ${shown(mostMembers, parts)} AS shown`}
    FROM home ${bump ? sql`LEFT JOIN bumped ON true` : empty}`
}

const idsIn = (rows: 'known' | 'touched'): Statement =>
  sql`(SELECT coalesce(array_agg(user_id::text), '{}') FROM ${raw(rows)})`

/**
 * An array whose length the planner does not see: it would plan the statement anew each time, which costs more than
 * running it.
 */
const hidden = (ids: Statement): Statement => sql`(SELECT ${ids}::uuid[])::uuid[]`

function changes(value: Value, { clear, adds, removes }: Parts, bulk: boolean): readonly Statement[] {
  const leaving = clear
    ? sql`NOT (user_id = ANY(${hidden(value('add'))}))`
    : sql`user_id = ANY(${hidden(value('remove'))})`
  const removed = sql`removed AS (
      DELETE FROM members WHERE group_id = (SELECT id FROM home) AND ${leaving} RETURNING user_id
    )`
  const added = sql`known AS (
      SELECT id AS user_id FROM users
      WHERE id = ANY(${hidden(value('add'))}) AND directory_id = ${value('directory')}::uuid AND deleted_at IS NULL
    ), added AS (
      INSERT INTO members (group_id, user_id) SELECT home.id, known.user_id FROM home, known ORDER BY known.user_id
      ON CONFLICT DO NOTHING RETURNING user_id
    )`
  const sources = [
    ...(removes ? [sql`SELECT user_id, ${priorities.revoke}::smallint AS priority FROM removed`] : []),
    ...(adds ? [sql`SELECT user_id, ${priorities.live}::smallint AS priority FROM added`] : []),
  ]
  const nobody = sql`SELECT NULL::uuid AS user_id, NULL::smallint AS priority WHERE false`
  return [
    ...(removes ? [removed] : []),
    ...(adds ? [added] : []),
    sql`touched AS (${sources.length === 0 ? nobody : join(sources, ' UNION ALL ')})`,
    ...(sources.length === 0
      ? []
      : [
          sql`wished AS (${wished(bulk)} RETURNING accounts.id)`,
          ...(bulk ? [sql`swept AS (${swept(value)})`] : []),
          sql`told AS (${told(value, adds, removes)})`,
        ]),
  ]
}

const isMany = sql`(SELECT count(*) FROM touched) > ${raw(String(mostMarked))}`

function wished(bulk: boolean): Statement {
  const few = bulk ? sql`AND NOT ${isMany}` : empty
  return wish(
    sql`a.user_id = ANY(ARRAY(SELECT user_id FROM touched)) ${few}`,
    sql`(SELECT min(t.priority) FROM touched t WHERE t.user_id = a.user_id)`,
    'now',
  )
}

function swept(value: Value): Statement {
  return recordSweep(
    {
      directoryId: sql`${value('directory')}::uuid`,
      kind: 'group',
      detail: sql`jsonb_build_object('group', ${value('group')}::uuid, 'users', (SELECT jsonb_agg(user_id) FROM touched))`,
    },
    sql`WHERE ${isMany}`,
  )
}

function told(value: Value, adds: boolean, removes: boolean): Statement {
  const all = (is: boolean, rows: 'added' | 'removed'): Statement =>
    is ? sql`(SELECT coalesce(jsonb_agg(user_id), '[]') FROM ${raw(rows)})` : sql`'[]'::jsonb`
  return recordEvent(
    { actor: value('actor'), requestId: value('requestId') },
    {
      directoryId: value('directory'),
      action: 'group.members-changed',
      resourceType: 'Group',
      resourceId: value('group'),
      more: sql`jsonb_build_object('added', ${all(adds, 'added')}, 'removed', ${all(removes, 'removed')})`,
    },
    sql`WHERE EXISTS (SELECT FROM touched)`,
  )
}

/**
 * The members after the change, or how many there are at least when there are more. Nothing is read that a larger Group has more of, and neither
 * the Group's id nor a limit is a parameter, so that every Group has the same plan.
 */
function shown(mostMembers: number, { adds, removes }: Parts): Statement {
  const most = raw(String(mostMembers))
  const left = removes ? sql`AND user_id NOT IN (SELECT user_id FROM removed)` : empty
  const come = adds ? sql`UNION ALL SELECT home.id, added.user_id FROM home, added` : empty
  return sql`(SELECT CASE WHEN counted.after <= ${most} THEN (
      SELECT coalesce(json_agg(json_build_object('groupId', m.group_id, 'userId', m.user_id, 'display', u.user_name)
        ORDER BY m.user_id), '[]')
      FROM (
        SELECT group_id, user_id FROM members WHERE group_id = (SELECT id FROM home) ${left} ${come} LIMIT ${most}
      ) m, LATERAL (SELECT user_name FROM users WHERE id = m.user_id AND deleted_at IS NULL LIMIT 1) u
    ) ELSE to_json(counted.after) END
    FROM (
      SELECT (SELECT count(*) FROM (
          SELECT FROM members WHERE group_id = (SELECT id FROM home) LIMIT ${raw(String(mostMembers + mostRemoved + 1))}
        ) there) ${adds ? sql`+ (SELECT count(*) FROM added)` : empty} ${removes ? sql`- (SELECT count(*) FROM removed)` : empty} AS after
    ) counted)`
}

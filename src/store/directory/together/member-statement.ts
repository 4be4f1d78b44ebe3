import { priorities } from '../../../model/work.ts'
import type { Actor } from '../../../scim/ports.ts'
import { prepared, type Query, raw, sql, type Statement } from '../../sql/statement.ts'
import { wish } from '../due.ts'
import { recordEvent } from '../events.ts'
import type { ChangedRow, Ids } from '../member-statement.ts'
import { groupColumns } from '../rows.ts'

/** A change of more members than this has a statement of its own. */
export const mostIds = 10

/** A change of the members of one Group, as one request asks for it. */
export interface MemberChange {
  readonly by: Actor
  readonly groupId: string
  readonly ids: Ids
  /** The members are read for the answer where they are no more than this. */
  readonly mostMembers: number | undefined
}

/** The id of a User and his userName. */
type Named = readonly [id: string, userName: string]

/** What became of the change at a place in the list, from 1. */
export type ChangedTogether = Omit<ChangedRow, 'known' | 'shown'> & {
  readonly n: number
  readonly known: readonly Named[] | null
  /** The members before the change; how many there are at least when there are too many. */
  readonly before: readonly Named[] | number | null
}

/** As a change by itself would give it. */
export function changedBy(
  { ids, mostMembers }: MemberChange,
  { n: _, known, before, ...row }: ChangedTogether,
): ChangedRow {
  const [come, gone] = [ids.add, ids.remove].map((named) => row.touched.filter((id) => named.includes(id)))
  const changed = { ...row, known: known?.map(([id]) => id) ?? [] }
  if (mostMembers === undefined || before === null) return changed
  const count = (typeof before === 'number' ? before : before.length) - gone!.length + come!.length
  if (typeof before === 'number' || count > mostMembers) return { ...changed, shown: count }
  const left = before.filter(([id]) => !gone!.includes(id))
  const members = [...left, ...(known ?? []).filter(([id]) => come!.includes(id))]
  const inOrder = members.sort(([a], [b]) => (a < b ? -1 : 1))
  return { ...changed, shown: inOrder.map(([userId, display]) => ({ groupId: row.id, userId, display })) }
}

/**
 * Several changes in one statement: what it costs to start a statement and to commit it is paid once. A Group that is not
 * in the directory, or that another transaction holds, gives no row, and nothing of its change is done.
 */
export function changeTogether(changes: readonly MemberChange[]): Query {
  const pairs = changes.flatMap(({ ids }, at) => [
    ...ids.remove.map((user) => ({ n: at + 1, user, adds: false })),
    ...ids.add.map((user) => ({ n: at + 1, user, adds: true })),
  ])
  return statementFor(changes.find(({ mostMembers }) => mostMembers !== undefined)?.mostMembers ?? 0)({
    groups: changes.map(({ groupId }) => groupId),
    directories: changes.map(({ by }) => by.directory.id),
    actors: changes.map(({ by }) => by.actor),
    requests: changes.map(({ by }) => by.requestId),
    shows: changes.map(({ mostMembers }) => mostMembers !== undefined),
    ns: pairs.map(({ n }) => n),
    users: pairs.map(({ user }) => user),
    adds: pairs.map(({ adds }) => adds),
  })
}

type Name = 'groups' | 'directories' | 'actors' | 'requests' | 'shows' | 'ns' | 'users' | 'adds'
type Value = (name: Name) => Statement

const statements = new Map<number, ReturnType<typeof prepared<Name>>>()

function statementFor(mostMembers: number): ReturnType<typeof prepared<Name>> {
  const statement = statements.get(mostMembers) ?? prepared((value: Value) => build(value, mostMembers))
  statements.set(mostMembers, statement)
  return statement
}

/** In the order of Groups, then of accounts: two of these never wait for each other crosswise. */
function build(value: Value, mostMembers: number): Statement {
  return sql`WITH ${asked(value)}, ${memberships}, wished AS (${wished} RETURNING accounts.id), changed AS MATERIALIZED (
      SELECT n, group_id, row_number() OVER (PARTITION BY group_id ORDER BY n)::int AS place, added, removed FROM (
        SELECT n, group_id, coalesce(jsonb_agg(user_id) FILTER (WHERE adds), '[]') AS added,
          coalesce(jsonb_agg(user_id) FILTER (WHERE NOT adds), '[]') AS removed
        FROM touched GROUP BY n, group_id
      ) each_change
    ), told AS (${told}), bumped AS (
      UPDATE groups g SET version = g.version + times,
        last_modified = greatest(clock_timestamp(), g.last_modified + interval '1 millisecond')
      FROM (SELECT group_id, max(place) AS times FROM changed GROUP BY group_id) c WHERE g.id = c.group_id
      RETURNING g.id, g.version - times AS version, g.last_modified
    )
    SELECT a.n::int, home.*, bumped.version + changed.place AS new_version,
      CASE WHEN changed.n IS NOT NULL THEN bumped.last_modified END AS new_last_modified, EXISTS (SELECT FROM wished) AS due,
      (SELECT json_agg(json_build_array(user_id, user_name)) FROM known WHERE known.n = a.n) AS known,
      ARRAY(SELECT user_id::text FROM touched WHERE touched.n = a.n) AS touched,
      CASE WHEN a.shows THEN ${membersBefore(mostMembers)} END AS before
    FROM asked a JOIN held ON held.id = a.group_id AND held.directory_id = a.directory_id JOIN home ON home.id = a.group_id
      LEFT JOIN changed ON changed.n = a.n LEFT JOIN bumped ON bumped.id = a.group_id`
}

/** Arrays whose lengths the planner does not see: or it would plan this anew each time. */
function asked(value: Value): Statement {
  const hidden = (name: Name, type: 'uuid' | 'text' | 'boolean' | 'int'): Statement =>
    sql`(SELECT ${value(name)}::${raw(type)}[])`
  return sql`asked AS MATERIALIZED (
      SELECT * FROM unnest(${hidden('groups', 'uuid')}, ${hidden('directories', 'uuid')}, ${hidden('actors', 'text')},
        ${hidden('requests', 'text')}, ${hidden('shows', 'boolean')})
        WITH ORDINALITY a(group_id, directory_id, actor, request_id, shows, n)
    ), pairs AS MATERIALIZED (
      SELECT p.n, a.group_id, a.directory_id, p.user_id, p.adds
      FROM unnest(${hidden('ns', 'int')}, ${hidden('users', 'uuid')}, ${hidden('adds', 'boolean')}) p(n, user_id, adds)
        JOIN asked a ON a.n = p.n
    ), home AS MATERIALIZED (
      SELECT ${groupColumns} FROM groups WHERE id = ANY(${hidden('groups', 'uuid')}::uuid[])
        AND directory_id = ANY(${hidden('directories', 'uuid')}::uuid[])
    ), held AS MATERIALIZED (
      SELECT id, directory_id FROM groups WHERE id = ANY(ARRAY(SELECT id FROM home)) ORDER BY id
      FOR NO KEY UPDATE SKIP LOCKED
    )`
}

const memberships = sql`removed AS (
      DELETE FROM members m USING pairs p JOIN held h ON h.id = p.group_id AND h.directory_id = p.directory_id
      WHERE NOT p.adds AND m.group_id = p.group_id AND m.user_id = p.user_id RETURNING m.group_id, m.user_id
    ), known AS MATERIALIZED (
      SELECT p.n, p.group_id, p.user_id, u.user_name FROM pairs p JOIN held h ON h.id = p.group_id AND h.directory_id = p.directory_id
        JOIN users u ON u.id = p.user_id AND u.directory_id = p.directory_id AND u.deleted_at IS NULL WHERE p.adds
    ), added AS (
      INSERT INTO members (group_id, user_id) SELECT group_id, user_id FROM known ORDER BY group_id, user_id
      ON CONFLICT DO NOTHING RETURNING group_id, user_id
    ), touched AS MATERIALIZED (
      SELECT p.n, p.group_id, p.user_id, p.adds FROM (SELECT * FROM removed UNION ALL SELECT * FROM added) x
        JOIN pairs p ON p.group_id = x.group_id AND p.user_id = x.user_id
    )`

const { revoke, live } = priorities
const wished = wish(
  sql`a.user_id = ANY(ARRAY(SELECT user_id FROM touched))`,
  sql`(SELECT min(CASE WHEN t.adds THEN ${raw(String(live))} ELSE ${raw(String(revoke))} END) FROM touched t WHERE t.user_id = a.user_id)`,
  'now',
)

const told = recordEvent(
  { actor: sql`a.actor`, requestId: sql`a.request_id` },
  {
    directoryId: sql`a.directory_id`,
    action: 'group.members-changed',
    resourceType: 'Group',
    resourceId: sql`a.group_id`,
    more: sql`jsonb_build_object('added', c.added, 'removed', c.removed)`,
  },
  sql`FROM changed c JOIN asked a ON a.n = c.n ORDER BY a.n`,
)

/** Deleted Users are no members; only those of Groups that are small enough are looked up. */
function membersBefore(mostMembers: number): Statement {
  const most = mostMembers + mostIds
  return sql`(SELECT CASE WHEN max(m.count) > ${raw(String(most))} THEN to_json(max(m.count))
      ELSE coalesce(json_agg(json_build_array(m.user_id, u.user_name)) FILTER (WHERE u.user_name IS NOT NULL), '[]') END
    FROM (
      SELECT user_id, count(*) OVER () AS count
      FROM (SELECT user_id FROM members WHERE group_id = home.id LIMIT ${raw(String(most + 1))}) first_members
    ) m LEFT JOIN LATERAL (
      SELECT user_name FROM users WHERE id = m.user_id AND deleted_at IS NULL AND m.count <= ${raw(String(most))} LIMIT 1
    ) u ON true)`
}

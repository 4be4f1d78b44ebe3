import type { Sql } from '../../sql/client.ts'
import { prepared } from '../../sql/prepared.ts'
import { sql, storable } from '../../sql/statement.ts'
import { replyBudget } from '../due.ts'
import { recordEvent } from '../events.ts'
import { userColumns, type UserRow } from '../rows.ts'
import { type Create, type Creation, graceMs } from '../user-create.ts'
import { createGather } from './gather.ts'

const mostTogether = 32

/** Creates that come at once in one transaction. */
export function gatherCreates(db: Sql): Create {
  const keyOf = ({ directory, userNameKey }: Creation): string => `${directory}/${userNameKey}`
  return createGather<Creation, UserRow>({
    keyOf,
    alone: (asked) => db.row<UserRow>(born({ creations: storable([asked]) })),
    pick(waiting, busy) {
      const picked = new Map<string, Creation>()
      for (const each of waiting) {
        const key = keyOf(each)
        if (!busy.has(key) && !picked.has(key)) picked.set(key, each)
        if (picked.size === mostTogether) break
      }
      return new Set(picked.values())
    },
    async together(asked) {
      const byId = new Map(asked.map((each) => [each.id, each]))
      const rows = await db.rows<UserRow>(born({ creations: storable(asked) }))
      return new Map(rows.map((row) => [byId.get(row.id)!, row]))
    },
  })
}

/** Users with their events and due accounts. In the order of names: two of these never wait for each other crosswise. */
const born = prepared<'creations'>((value) => {
  const told = recordEvent(
    { actor: sql`a.actor`, requestId: sql`a."requestId"` },
    {
      directoryId: sql`a.directory`,
      action: 'user.created',
      resourceType: 'User',
      resourceId: sql`a.id`,
      more: sql`jsonb_build_object('after', born.body)`,
    },
    sql`FROM born JOIN asked a ON a.id = born.id ORDER BY a.id`,
  )
  return sql`WITH asked AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${value('creations')}::jsonb) a(id uuid, directory uuid, actor text, "requestId" text,
        "userName" text, "userNameKey" text, "externalId" text, "displayNameKey" text, "emailKeys" text[], body jsonb,
        active boolean, priority smallint)
    ), budgets AS MATERIALIZED (
      SELECT c.directory_id, max(${replyBudget}) AS budget FROM connections c GROUP BY c.directory_id
    ), born AS (
      INSERT INTO users (id, directory_id, user_name, user_name_key, external_id, display_name_key, email_keys, body,
        active_wanted, active_shown, create_running_until)
      SELECT a.id, a.directory, a."userName", a."userNameKey", a."externalId", a."displayNameKey", a."emailKeys", a.body, a.active,
        a.active, now() + ${graceMs}::int * interval '1 millisecond' + coalesce(budget, interval '0')
      FROM asked a LEFT JOIN budgets ON budgets.directory_id = a.directory ORDER BY a.directory, a."userNameKey"
      ON CONFLICT (directory_id, user_name_key) DO NOTHING
      RETURNING ${userColumns}
    ), wished AS (
      INSERT INTO accounts (id, connection_id, user_id, due_at, priority, shut_out_asked_at, shut_out_request_id, predecessor_id)
      SELECT gen_random_uuid(), c.id, born.id, now() + ${replyBudget}, a.priority, CASE WHEN NOT a.active THEN now() END,
        CASE WHEN NOT a.active THEN a."requestId" END, (
        SELECT e.id FROM users tombstone JOIN accounts e ON e.user_id = tombstone.id AND e.connection_id = c.id
        WHERE tombstone.directory_id = c.directory_id AND tombstone.former_name_key = a."userNameKey"
          AND e.proven_version < e.wanted_version
        ORDER BY tombstone.deleted_at DESC LIMIT 1)
      FROM born JOIN asked a ON a.id = born.id JOIN connections c ON c.directory_id = a.directory AND c.status <> 'disabled'
    ), told AS (${told})
    SELECT * FROM born`
})

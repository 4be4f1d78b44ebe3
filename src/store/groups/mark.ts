import type { Sql } from '../sql/client.ts'
import { sql, type Statement } from '../sql/statement.ts'

/** Policies that make groups at the vendor. */
const makes = sql`c.policy @? '$.rules[*] ? (@.create == true)'`
const wished = sql`wanted_version = group_links.wanted_version + 1, status = 'pending', failure = NULL, attempts = 0,
  due_at = least(group_links.due_at, now())`

/**
 * A SCIM Group came to be or has another name: every connection that makes groups looks at it. Part of the statement that writes
 * the Group, so that it costs a directory without such a connection no round trip.
 */
export function markGroup(directoryId: string, groupId: string): Statement {
  return sql`INSERT INTO group_links (id, connection_id, group_id, due_at)
    SELECT gen_random_uuid(), c.id, ${groupId}::uuid, now() FROM connections c
    WHERE c.directory_id = ${directoryId}::uuid AND c.detached_at IS NULL AND c.status <> 'disabled' AND ${makes}
    ON CONFLICT (connection_id, group_id) DO UPDATE SET ${wished}`
}

/** A SCIM Group is gone: whatever was made for it is looked at, also where the rule went before. */
export function markDeleted(groupId: string): Statement {
  return sql`UPDATE group_links SET wanted_name = NULL, ${wished} WHERE group_id = ${groupId}::uuid`
}

/** A connection has other rules now: it looks at every Group of its directory, if it makes groups at all. */
export async function markGroupsOf(tx: Sql, connectionId: string): Promise<void> {
  await tx.rows(sql`
    INSERT INTO group_links (id, connection_id, group_id, due_at)
    SELECT gen_random_uuid(), c.id, g.id, now() FROM connections c JOIN groups g ON g.directory_id = c.directory_id
    WHERE c.id = ${connectionId}::uuid AND ${makes}
    ON CONFLICT (connection_id, group_id) DO UPDATE SET ${wished}`)
}

import { GatewayError } from '../../model/errors.ts'
import { type Origin, recordEvent } from '../directory/events.ts'
import { awaitsProof, bury } from '../directory/users.ts'
import { show } from '../queue/settle.ts'
import { isId, type Sql, sql } from '../sql/statement.ts'

export interface Detached {
  readonly path: string
  /** Accounts that were linked; they stay at the vendor as they are. */
  readonly linked: number
  /** userNames whose access was to end there and may not have ended. */
  readonly abandoned: readonly string[]
}

interface Leaving {
  readonly id: string
  readonly directory_id: string
  readonly user_name: string
}

/**
 * Whoever is to have no access, held by an operator or not, and is not proven to have none. A link that was lost on the way,
 * and a proof that reads have still to confirm, are none.
 */
const unprovenShutOut = sql`(a.proven_version < a.wanted_version OR a.status = 'verifying')
  AND (a.vendor_account_id IS NOT NULL OR a.snapshot IS NOT NULL
    OR EXISTS (SELECT FROM operations o WHERE o.account_id = a.id AND o.closed_at IS NULL))
  AND (NOT u.active_wanted OR u.delete_requested_at IS NOT NULL OR u.deleted_at IS NOT NULL
    OR coalesce((u.hold->>'until')::timestamptz > clock_timestamp(), u.hold IS NOT NULL))`

/**
 * Lets go of a connection without a vendor call: its accounts and plans are forgotten, the journal and the events stay.
 * Rejects with `SHUT_OUTS_UNPROVEN` while somebody's access there is to end and is not proven to have, unless they are
 * abandoned. Runs under way lose their leases. Undefined: there is no such connection.
 */
export function detach(
  db: Sql,
  connectionId: string,
  actor: Origin,
  { abandon }: { readonly abandon: boolean },
): Promise<Detached | undefined> {
  return db.transaction(async (tx) => {
    if (!isId(connectionId)) return undefined
    const connection = await tx.row<{ path: string; directory_id: string }>(sql`
      SELECT d.name || '/' || c.name AS path, c.directory_id FROM connections c JOIN directories d ON d.id = c.directory_id
      WHERE c.id = ${connectionId}::uuid FOR UPDATE OF c`)
    if (!connection) return undefined
    const { path } = connection
    const leaving = await tx.rows<Leaving>(sql`
      SELECT u.id, u.directory_id, u.user_name FROM users u JOIN accounts a ON a.user_id = u.id
      WHERE a.connection_id = ${connectionId}::uuid AND ${unprovenShutOut} ORDER BY u.id FOR UPDATE OF u`)
    if (leaving.length > 0 && !abandon) throw unproven(path, leaving)
    const gone = await tx.rows<{ linked: boolean; user_id: string }>(sql`
      DELETE FROM accounts WHERE connection_id = ${connectionId}::uuid
      RETURNING vendor_account_id IS NOT NULL AS linked, user_id`)
    for (const { user_id: userId } of gone) await release(tx, actor, userId)
    const abandoned = leaving.map(({ user_name: name }) => name)
    const linked = gone.filter((each) => each.linked).length
    await tx.rows(
      recordEvent(
        actor,
        {
          directoryId: connection.directory_id,
          action: 'connection.detached',
          resourceType: 'Connection',
          resourceId: sql`${connectionId}::text`,
          detail: { path, linked, abandoned },
        },
        sql``,
      ),
    )
    await tx.rows(sql`DELETE FROM sweeps WHERE connection_id = ${connectionId}::uuid`)
    await tx.rows(sql`DELETE FROM connections WHERE id = ${connectionId}::uuid`)
    return { path, linked, abandoned }
  })
}

function unproven(path: string, leaving: readonly Leaving[]): GatewayError {
  const shown = leaving.slice(0, 5).map(({ user_name: name }) => name)
  const more = leaving.length > shown.length ? ` and ${leaving.length - shown.length} more` : ''
  return new GatewayError(
    'SHUT_OUTS_UNPROVEN',
    `the access of ${shown.join(', ')}${more} at ${path} is to end and is not proven to have ended; detached now it may stay for ever. Wait, or abandon them.`,
  )
}

/** Whoever waited for a proof at this connection alone waits no longer. */
async function release(tx: Sql, actor: Origin, userId: string): Promise<void> {
  const user = await tx.row<{ id: string; directory_id: string; deleting: boolean; shown: boolean }>(sql`
    SELECT id, directory_id, delete_requested_at IS NOT NULL AS deleting, active_shown AS shown FROM users
    WHERE id = ${userId}::uuid AND deleted_at IS NULL AND NOT active_wanted AND (active_shown OR delete_requested_at IS NOT NULL)
    FOR UPDATE`)
  if (!user || (await awaitsProof(tx, userId))) return
  if (user.deleting) await bury(tx, actor, user.directory_id, userId)
  else if (user.shown) await show(tx, user, false)
}

import { type Hold, priorities } from '../../model/work.ts'
import { wish } from '../../store/directory/due.ts'
import { given, recordEvent } from '../../store/directory/events.ts'
import { awaitsProof, bury } from '../../store/directory/users.ts'
import { isId, json, sql, type Sql } from '../../store/sql/statement.ts'
import type { OperatorActor } from '../../model/recorded-plan.ts'

type HoldDraft = Pick<Hold, 'reason' | 'until'>

/**
 * Shuts the person out everywhere, against a directory that wants them active; `until` ends it by itself. False: no such User.
 * The User's row is locked before its accounts, as by every write.
 */
export async function holdPerson(
  db: Sql,
  userId: string,
  { reason, until }: HoldDraft,
  actor: OperatorActor,
): Promise<boolean> {
  if (!isId(userId)) return false
  const detail = { reason, ...(until === undefined ? {} : { until }) }
  const event = { action: 'user.held', resourceType: 'User', resourceId: sql`id`, detail } as const
  return db.transaction(async (tx) => {
    const held = await tx.row(sql`
      WITH held AS (
        UPDATE users SET hold = ${json({ ...detail, by: actor.actor })} || jsonb_build_object('at', clock_timestamp())
        WHERE id = ${userId}::uuid AND deleted_at IS NULL RETURNING id, directory_id
      ), told AS (${recordEvent(actor, { ...event, directoryId: sql`directory_id` }, sql`FROM held`)})
      SELECT id FROM held`)
    if (!held) return false
    await tx.rows(
      wish(
        sql`a.user_id = ${userId}::uuid`,
        sql`${priorities['shut-out']}::smallint`,
        'now',
        clock(actor, true),
      ),
    )
    return true
  })
}

/** The leaver's clock runs for holds as it does for the directory's wishes. */
const clock = ({ requestId }: OperatorActor, leaving: boolean) => ({
  leaving: sql`${leaving}::boolean`,
  requestId: sql`${requestId ?? null}::text`,
})

/** Ends a hold. False: the person is not held. */
export async function releasePerson(db: Sql, userId: string, actor: OperatorActor): Promise<boolean> {
  if (!isId(userId)) return false
  const event = { action: 'user.released', resourceType: 'User', resourceId: sql`id` } as const
  return db.transaction(async (tx) => {
    const released = await tx.row(sql`
      WITH released AS (
        UPDATE users SET hold = NULL WHERE id = ${userId}::uuid AND hold IS NOT NULL RETURNING id, directory_id
      ), told AS (${recordEvent(actor, { ...event, directoryId: sql`directory_id` }, sql`FROM released`)})
      SELECT id FROM released`)
    if (!released) return false
    await tx.rows(
      wish(sql`a.user_id = ${userId}::uuid`, sql`${priorities.live}::smallint`, 'now', clock(actor, false)),
    )
    return true
  })
}

interface Leaver {
  readonly id: string
  readonly directory_id: string
  readonly deleting: boolean
  readonly buried: boolean
  readonly wanted: boolean
  readonly shown: boolean
}

/**
 * Accepts that a shut-out which failed for good stays undone, until something else is wanted of the account: it is not tried
 * again, and the User is shown as if it were proven. False: there is no such shut-out.
 */
export async function acceptRisk(
  db: Sql,
  accountId: string,
  reason: string,
  actor: OperatorActor,
): Promise<boolean> {
  if (!isId(accountId)) return false
  return db.transaction(async (tx) => {
    const user = await tx.row<Leaver>(sql`
      SELECT u.id, u.directory_id, u.delete_requested_at IS NOT NULL AS deleting, u.deleted_at IS NOT NULL AS buried,
        u.active_wanted AS wanted, u.active_shown AS shown
      FROM users u WHERE u.id = (SELECT user_id FROM accounts WHERE id = ${accountId}::uuid) FOR UPDATE`)
    if (!user) return false
    const event = {
      directoryId: user.directory_id,
      action: 'account.risk-accepted',
      resourceType: 'Account',
      resourceId: sql`id`,
      detail: { reason },
      more: sql`jsonb_build_object('userId', user_id, 'connectionId', connection_id, 'failure', failure)`,
    } as const
    const accepted = await tx.row(sql`
      WITH accepted AS (
        UPDATE accounts SET due_at = NULL, accepted_risk = ${json({ reason, by: actor.actor })} || jsonb_build_object('at', clock_timestamp())
        WHERE id = ${accountId}::uuid AND status = 'failed' AND proven_version < wanted_version AND accepted_risk IS NULL
          AND (lease_until IS NULL OR lease_until <= clock_timestamp())
          AND EXISTS (SELECT FROM users u WHERE u.id = accounts.user_id
            AND (NOT u.active_wanted OR u.delete_requested_at IS NOT NULL OR u.deleted_at IS NOT NULL OR u.hold IS NOT NULL))
        RETURNING id, user_id, connection_id, failure
      ), told AS (${recordEvent(actor, event, sql`FROM accepted`)})
      SELECT id FROM accepted`)
    if (!accepted) return false
    if (user.buried || (await awaitsProof(tx, user.id))) return true
    if (user.deleting) await bury(tx, { actor: actor.actor }, user.directory_id, user.id)
    else if (!user.wanted && user.shown) {
      await tx.rows(sql`
        UPDATE users SET active_shown = false, version = version + 1,
          last_modified = greatest(clock_timestamp(), last_modified + interval '1 millisecond')
        WHERE id = ${user.id}::uuid`)
    }
    return true
  })
}

interface HeldView {
  readonly userId: string
  readonly directory: string
  readonly userName: string
  readonly reason: string
  readonly by: string
  /** ISO 8601 instants. */
  readonly at: string
  readonly until?: string
}

const mostHeld = 10_000

/** People whom operators hold shut out. */
export async function heldPeople(db: Sql): Promise<readonly HeldView[]> {
  const rows = await db.rows<
    Pick<HeldView, 'userId' | 'directory' | 'userName'> & {
      readonly hold: Pick<HeldView, 'reason' | 'by' | 'at' | 'until'>
    }
  >(sql`
    SELECT u.id AS "userId", d.name AS directory, u.user_name AS "userName", u.hold
    FROM users u JOIN directories d ON d.id = u.directory_id
    WHERE u.hold IS NOT NULL AND u.deleted_at IS NULL ORDER BY u.user_name LIMIT ${mostHeld}::int`)
  return rows.map(({ hold: { reason, by, at, until }, ...row }) => ({
    ...row,
    reason,
    by,
    at,
    ...given('until', until),
  }))
}

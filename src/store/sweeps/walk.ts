import { priorities } from '../../model/work.ts'
import type { Admitted, ClaimedSweep, Marks, SweepCounts, SweepPage } from '../../model/sweep.ts'
import { wish } from '../directory/due.ts'
import { isKnown, type Leasing } from '../queue/claim.ts'
import { worksWhere } from '../queue/work.ts'
import type { Sql } from '../sql/client.ts'
import { empty, json, milliseconds, sql, type Statement } from '../sql/statement.ts'
import { keepAdmitted } from './admission.ts'
import { sweepLeaseMs } from './lease.ts'

/** Accounts `a` of a page's people at the connection of the sweep, or at all of its directory. */
function accountsOf({ connectionId, directoryId }: ClaimedSweep, users: readonly string[]): Statement {
  const at =
    connectionId === undefined
      ? sql`a.connection_id IN (SELECT id FROM connections WHERE directory_id = ${directoryId}::uuid)`
      : sql`a.connection_id = ${connectionId}::uuid`
  return sql`a.user_id = ANY(${users}::uuid[]) AND ${at} AND NOT a.unmanaged`
}

export async function page(
  db: Sql,
  sweep: ClaimedSweep,
  limit: number,
  revisions: NonNullable<Leasing['revisions']>,
): Promise<SweepPage> {
  const users = await peopleAfter(db, sweep, limit)
  const last = users.at(-1)
  if (last === undefined) return { works: [], doubtful: new Set() }
  const accounts = accountsOf(sweep, users)
  // Before the accounts are read: a run that begins after this reads what the change left. Of a connection that another
  // process has changed nothing can be told here: by the rules of yesterday a change may look like none.
  const doubtful = await db.rows<{ id: string }>(sql`
    SELECT a.id FROM accounts a JOIN connections c ON c.id = a.connection_id
    WHERE ${accounts} AND (a.lease_until > clock_timestamp() OR a.deviations <> '[]' OR NOT ${isKnown({ revisions })})`)
  const works = await worksWhere(
    db,
    sql`${accounts} AND (u.deleted_at IS NULL OR a.proven_version < a.wanted_version)`,
  )
  return { works, doubtful: new Set(doubtful.map(({ id }) => id)), last }
}

async function peopleAfter(
  db: Sql,
  { id, kind, directoryId, position }: ClaimedSweep,
  limit: number,
): Promise<string[]> {
  const after = position === undefined ? empty : sql`AND id > ${position}::uuid`
  const rows =
    kind === 'group'
      ? await db.rows<{ id: string }>(sql`
          SELECT id FROM (
            SELECT DISTINCT jsonb_array_elements_text(s.detail->'users')::uuid AS id FROM sweeps s WHERE s.id = ${id}::uuid
          ) people WHERE true ${after} ORDER BY id LIMIT ${limit}::int`)
      : await db.rows<{ id: string }>(sql`
          SELECT id FROM users WHERE directory_id = ${directoryId}::uuid ${after} ORDER BY id LIMIT ${limit}::int`)
  return rows.map((row) => row.id)
}

interface Step {
  readonly last: string
  readonly counts: SweepCounts
  readonly marks: Marks
  readonly admitted: Admitted | undefined
}

export async function advance(
  db: Sql,
  owner: string,
  sweep: ClaimedSweep,
  { last, counts, marks, admitted }: Step,
): Promise<boolean> {
  const kept = { ...(sweep.counted && { counted: sweep.counted }), now: counts }
  return db.transaction(async (tx) => {
    const moved = await tx.row(sql`
      UPDATE sweeps SET position = ${last}::uuid, counts = ${json(kept)},
        lease_until = clock_timestamp() + ${milliseconds(sweepLeaseMs)}
      WHERE id = ${sweep.id}::uuid AND lease_owner = ${owner}::text RETURNING id`)
    if (!moved) return false
    if (admitted) await keepAdmitted(tx, sweep, admitted)
    const all = [...marks.revoke, ...marks.backlog]
    if (all.length > 0) {
      await tx.rows(
        wish(
          sql`a.id = ANY(${all}::uuid[])`,
          sql`CASE WHEN a.id = ANY(${marks.revoke}::uuid[]) THEN ${priorities.revoke}::smallint ELSE ${priorities.backlog}::smallint END`,
          'now',
        ),
      )
    }
    return true
  })
}

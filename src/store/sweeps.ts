import type { AccountSummary } from '../model/account.ts'
import type {
  Admitted,
  ClaimedSweep,
  Marks,
  SweepCounts,
  SweepKind,
  SweepPage,
  SweepPhase,
  SweepProgress,
  SweepStore,
} from '../model/sweep.ts'
import { priorities } from '../model/work.ts'
import { wish } from './directory/due.ts'
import { isKnown, type Leasing } from './queue/claim.ts'
import { worksWhere } from './queue/work.ts'
import { empty, json, milliseconds, newId, type Sql, sql, type Statement } from './sql/statement.ts'

/** Deltas of more members than this, and all that clear, are swept. */
export const mostMarked = 100

interface Recorded {
  readonly directoryId: Statement | string
  readonly connectionId?: string
  readonly kind: 'rules' | 'group' | 'connection'
  /** `users`: ids of the people concerned; absent: everybody in the directory. */
  readonly detail: Statement
}

/** An INSERT of a sweep; `where` may make it depend on what the statement did. */
export function recordSweep(
  { directoryId, connectionId, kind, detail }: Recorded,
  where: Statement,
): Statement {
  const directory = typeof directoryId === 'string' ? sql`${directoryId}::uuid` : directoryId
  return sql`INSERT INTO sweeps (id, directory_id, connection_id, kind, state, detail)
    SELECT gen_random_uuid(), ${directory}, ${connectionId ?? null}::uuid, ${kind}::text, 'counting', ${detail} ${where}`
}

/** Parts of the vendor's list; under the sweep's lease. */
async function keepListed(
  db: Sql,
  owner: string,
  { id, connectionId }: ClaimedSweep,
  accounts: readonly AccountSummary[],
): Promise<boolean> {
  const rows = [...new Map(accounts.map((summary) => [summary.id, summary])).values()].map((summary) => ({
    id: summary.id,
    key: summary.login.toLowerCase(),
    summary,
  }))
  const kept = await db.row(sql`
    WITH held AS (
      UPDATE sweeps SET lease_until = clock_timestamp() + ${milliseconds(sweepLeaseMs)}
      WHERE id = ${id}::uuid AND lease_owner = ${owner}::text RETURNING id
    ), kept AS (
      INSERT INTO vendor_accounts (connection_id, vendor_account_id, login_key, summary, survey_id, seen_at)
      SELECT ${connectionId}::uuid, r.id, r.key, r.summary, held.id, clock_timestamp()
      FROM held, jsonb_to_recordset(${json(rows)}) r(id text, key text, summary jsonb)
      ON CONFLICT (connection_id, vendor_account_id) DO UPDATE
      SET login_key = excluded.login_key, summary = excluded.summary, survey_id = excluded.survey_id, seen_at = excluded.seen_at
    )
    SELECT id FROM held`)
  return kept !== undefined
}

async function listed(
  db: Sql,
  { id, connectionId }: ClaimedSweep,
  logins: readonly string[],
): Promise<ReadonlyMap<string, readonly AccountSummary[]>> {
  const rows = await db.rows<{ key: string; summary: AccountSummary }>(sql`
    SELECT login_key AS key, summary FROM vendor_accounts
    WHERE connection_id = ${connectionId}::uuid AND survey_id = ${id}::uuid AND login_key = ANY(${logins}::text[])`)
  const grouped = Map.groupBy(rows, ({ key }) => key)
  return new Map([...grouped].map(([key, found]) => [key, found.map(({ summary }) => summary)]))
}

/** What a live write has touched meanwhile is left to its own run. */
const untouched = sql`accounts.vendor_account_id IS NULL AND accounts.due_at IS NULL AND accounts.proven_version = 0
  AND (accounts.lease_until IS NULL OR accounts.lease_until <= clock_timestamp())`

async function keepAdmitted(
  tx: Sql,
  { connectionId }: ClaimedSweep,
  { links, plans }: Admitted,
): Promise<void> {
  if (links.length > 0) {
    await tx.rows(sql`
      UPDATE accounts SET vendor_account_id = l.vendor_id, vendor_tenant = l.tenant, held = l.held
      FROM jsonb_to_recordset(${json(
        links.map(({ accountId, vendorTenant, held }) => ({
          id: accountId,
          tenant: vendorTenant,
          vendor_id: held.account.id,
          held,
        })),
      )}) l(id uuid, tenant text, vendor_id text, held jsonb)
      WHERE accounts.id = l.id AND ${untouched} AND NOT EXISTS (
        SELECT FROM accounts other WHERE other.vendor_tenant = l.tenant AND other.vendor_account_id = l.vendor_id)`)
  }
  if (plans.length > 0) {
    await tx.rows(sql`
      WITH drafts AS (
        SELECT * FROM jsonb_to_recordset(${json(plans.map(({ accountId, draft }) => ({ id: newId(), account_id: accountId, ...draft })))})
          d(id uuid, account_id uuid, reason text, batch text, hash text, operations jsonb, words jsonb)
      ), waiting AS (
        UPDATE accounts SET status = 'waiting', failure = jsonb_build_object('kind', 'approval', 'at', now(),
          'detail', 'The directory had this person when the connection was added; the creation waits for approval.')
        FROM drafts WHERE accounts.id = drafts.account_id AND ${untouched} RETURNING accounts.id
      )
      INSERT INTO plans (id, connection_id, account_id, reason, batch, hash, operations, words, state)
      SELECT d.id, ${connectionId}::uuid, d.account_id, d.reason, d.batch, d.hash, d.operations, d.words, 'waiting'
      FROM drafts d JOIN waiting w ON w.id = d.account_id
      ON CONFLICT (account_id) DO NOTHING`)
  }
}

/** How long a sweep outlives the process that walks it. */
const sweepLeaseMs = 30_000

export interface SweepSetting {
  /** Names this process. */
  readonly owner: string
  /** Which revision of which connection this process works by; undefined: whatever there is. */
  readonly revisions: () => ReadonlyMap<string, number> | undefined
}

const nothing: SweepCounts = { looked: 0, differing: 0, doubtful: 0, shutOuts: 0, revokes: 0, creates: 0 }

interface SweepRow {
  readonly id: string
  readonly kind: SweepKind
  readonly directory_id: string
  readonly connection_id: string | null
  readonly state: SweepPhase
  readonly position: string | null
  readonly counts: { readonly now?: SweepCounts; readonly counted?: SweepCounts }
}

export function createSweepStore(db: Sql, setting: SweepSetting): SweepStore {
  const { owner, revisions } = setting
  return {
    claim: (kind) => claim(db, setting, kind),
    page: (sweep, limit) => page(db, sweep, limit, revisions),
    advance: (sweep, last, counts, marks, admitted) =>
      advance(db, owner, sweep, { last, counts, marks, admitted }),
    nextPhase: (sweep, counts) =>
      change(
        db,
        owner,
        sweep,
        sql`state = 'marking', position = NULL, counts = ${json({ counted: counts })}`,
      ),
    finish: (sweep, counts) => finish(db, owner, sweep, counts),
    release: async (sweep, afterMs) => {
      await change(
        db,
        owner,
        sweep,
        sql`lease_owner = NULL, lease_until = clock_timestamp() + ${milliseconds(afterMs)}`,
      )
    },
    progress: () => progress(db),
    keepListed: (sweep, accounts) => keepListed(db, owner, sweep, accounts),
    listed: (sweep, logins) => listed(db, sweep, logins),
  }
}

async function claim(
  db: Sql,
  { owner, revisions }: SweepSetting,
  kind: 'listing' | 'walk' | undefined,
): Promise<ClaimedSweep | undefined> {
  const known = revisions()
  const [ids, numbers] = [[...(known?.keys() ?? [])], [...(known?.values() ?? [])]]
  const row = await db.row<SweepRow>(sql`
    UPDATE sweeps SET lease_owner = ${owner}::text, lease_until = clock_timestamp() + ${milliseconds(sweepLeaseMs)}
    WHERE id = (
      SELECT s.id FROM sweeps s LEFT JOIN connections c ON c.id = s.connection_id
      WHERE s.state IN ('counting', 'marking') AND (s.lease_until IS NULL OR s.lease_until <= now())
        AND (${kind ?? null}::text IS NULL OR (s.kind = 'connection') = (${kind ?? null}::text = 'listing'))
        AND (s.connection_id IS NULL OR ${known === undefined}::boolean OR EXISTS (
          SELECT FROM unnest(${ids}::uuid[], ${numbers}::int[]) k(id, revision) WHERE k.id = c.id AND k.revision = c.revision))
      ORDER BY s.created_at, s.id LIMIT 1 FOR UPDATE OF s SKIP LOCKED)
    RETURNING id, kind, directory_id, connection_id, state, position, counts`)
  return row && toClaimed(row)
}

function toClaimed({ counts, ...row }: SweepRow): ClaimedSweep {
  return {
    id: row.id,
    kind: row.kind,
    directoryId: row.directory_id,
    ...(row.connection_id === null ? {} : { connectionId: row.connection_id }),
    phase: row.state,
    counts: counts.now ?? nothing,
    ...(counts.counted ? { counted: counts.counted } : {}),
    ...(row.position === null ? {} : { position: row.position }),
  }
}

/** Only as long as this process has the lease. */
async function change(db: Sql, owner: string, { id }: ClaimedSweep, set: Statement): Promise<boolean> {
  const row = await db.row(
    sql`UPDATE sweeps SET ${set} WHERE id = ${id}::uuid AND lease_owner = ${owner}::text RETURNING id`,
  )
  return row !== undefined
}

async function finish(db: Sql, owner: string, sweep: ClaimedSweep, counts: SweepCounts): Promise<boolean> {
  return db.transaction(async (tx) => {
    const counted = { ...(sweep.counted && { counted: sweep.counted }), now: counts }
    // The people are not needed any more; what was counted stays to be looked at.
    const done = sql`state = 'done', finished_at = clock_timestamp(), lease_owner = NULL, lease_until = NULL,
      detail = detail - 'users', counts = ${json(counted)}`
    if (!(await change(tx, owner, sweep, done))) return false
    if (sweep.kind === 'connection') {
      await tx.rows(sql`UPDATE connections SET admitted_at = clock_timestamp()
        WHERE id = ${sweep.connectionId}::uuid AND admitted_at IS NULL`)
    }
    await tx.rows(sql`DELETE FROM sweeps WHERE state = 'done' AND finished_at < now() - interval '30 days'`)
    return true
  })
}

async function progress(db: Sql): Promise<readonly SweepProgress[]> {
  const rows = await db.rows<
    SweepRow & { created_at: Date; finished_at: Date | null; state: SweepProgress['state'] }
  >(sql`
    SELECT id, kind, directory_id, connection_id, state, position, counts, created_at, finished_at FROM sweeps
    WHERE state <> 'done' OR finished_at > now() - interval '1 day' ORDER BY created_at DESC LIMIT 100`)
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    directoryId: row.directory_id,
    ...(row.connection_id === null ? {} : { connectionId: row.connection_id }),
    state: row.state,
    counts: row.counts.now ?? row.counts.counted ?? {},
    createdAt: row.created_at.toISOString(),
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at.toISOString() }),
  }))
}

/** Accounts `a` of a page's people at the connection of the sweep, or at all of its directory. */
function accountsOf({ connectionId, directoryId }: ClaimedSweep, users: readonly string[]): Statement {
  const at =
    connectionId === undefined
      ? sql`a.connection_id IN (SELECT id FROM connections WHERE directory_id = ${directoryId}::uuid)`
      : sql`a.connection_id = ${connectionId}::uuid`
  return sql`a.user_id = ANY(${users}::uuid[]) AND ${at} AND NOT a.unmanaged`
}

async function page(
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

async function advance(
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

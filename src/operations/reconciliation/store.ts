import type { AccountSummary } from '../../model/account.ts'
import type { LinkedGroup } from '../../model/group-work.ts'
import type { GroupRef } from '../../model/person.ts'
import type { DriftKind } from '../../model/policy.ts'
import type { AccountWork } from '../../model/work.ts'
import { gateway } from '../../store/directory/events.ts'
import { worksWhere } from '../../store/queue/work.ts'
import { empty, json, milliseconds, newId, sql, type Sql, type Statement } from '../../store/sql/statement.ts'

/** Why a vendor's list is walked. */
type RunKind = 'reconcile' | 'import' | 'inventory'

/** How far a run got; one that broke off goes on from here. */
export interface RunProgress {
  /** A listing that broke off starts over: vendors give no place to go on from. */
  readonly phase: 'listing' | 'comparing'
  readonly listed: number
  /** Entries of the list that could not be read. */
  readonly unread: number
  /** ISO 8601 instant, the store's clock: when the listing began. */
  readonly since?: string
  /** The last account that was compared. */
  readonly position?: string
  readonly counts: RunCounts
}

/** Drift by kind, and beside it: `compared`, `busy` (not compared, work is under way), `marked`, `contradictions`, `imported`, `undecided`, `unread` (entries that could not be read: nothing is taken for missing). */
export type RunCounts = Readonly<Record<string, number>>

export interface ReconciliationRun {
  readonly id: string
  readonly connectionId: string
  readonly kind: RunKind
  readonly state: 'running' | 'done' | 'failed'
  readonly progress: RunProgress
  readonly failure?: string
  /** ISO 8601 instants. */
  readonly startedAt: string
  readonly finishedAt?: string
}

/** A group of the vendor. */
interface DriftedGroup {
  readonly vendorGroupId: string
  readonly name: string
  /** The SCIM Group; an orphan has none. */
  readonly groupId?: string
}

/** Of an account, or of a group. */
export interface DriftDraft {
  readonly kind: DriftKind
  readonly accountId?: string
  readonly vendorAccountId?: string
  readonly login?: string
  readonly group?: DriftedGroup
  readonly detail: Readonly<Record<string, unknown>>
}

/** A link with a group of the vendor, as it was when the vendor's groups were asked for. */
export interface KeptGroup {
  readonly linkId: string
  readonly group: GroupRef
  readonly linked: Pick<LinkedGroup, 'id' | 'name' | 'madeHere'>
  /** Leased, due, or with an open write: what the vendor shows may be on its way to change. */
  readonly busy: boolean
}

/** What the vendor's groups differ in; `kept` is what they were compared with. */
export interface GroupDrift {
  readonly drafts: readonly (DriftDraft & { readonly group: DriftedGroup })[]
  /** Links whose group is to be read again. */
  readonly marks: readonly string[]
  readonly kept: readonly KeptGroup[]
}

export interface Drift extends DriftDraft {
  readonly id: string
  /** The person, where there is one. */
  readonly userName?: string
  /** ISO 8601 instant. */
  readonly foundAt: string
}

/** An account that is to be run again, reading it by id first. */
export interface Mark {
  readonly accountId: string
  readonly priority: number
  /** Starts the leaver's clock. */
  readonly leaver: boolean
}

/** An account and what the list showed under its link. */
export interface Compared {
  readonly work: AccountWork
  /** Settled since the listing began, or leased now: what the list shows may be older. */
  readonly busy: boolean
  readonly listed?: AccountSummary
}

export interface DriftQuery {
  readonly kind?: DriftKind
  readonly after?: string
  readonly limit: number
}

const perPage = 500

/** What the list shows of such accounts may be older than what their run saw. */
const settledSince = (
  run: ReconciliationRun,
  lagMs: number,
): Statement => sql`(a.lease_until > clock_timestamp()
  OR a.settled_at >= (SELECT (progress->>'since')::timestamptz FROM surveys WHERE id = ${run.id}::uuid) - ${milliseconds(lagMs)})`

/** The next accounts of the connection, by id; `lagMs` is how long the vendor's reads may lag. */
export async function accountsToCompare(
  db: Sql,
  run: ReconciliationRun,
  position: string | undefined,
  lagMs: number,
): Promise<readonly Compared[]> {
  const { connectionId } = run
  const works = await worksWhere(
    db,
    sql`a.connection_id = ${connectionId}::uuid AND (${position ?? null}::uuid IS NULL OR a.id > ${position ?? null}::uuid)
      AND NOT u.unclaimed AND (u.deleted_at IS NULL OR a.vendor_account_id IS NOT NULL)
      ORDER BY a.id LIMIT ${perPage}::int`,
  )
  if (works.length === 0) return []
  const rows = await db.rows<{ id: string; busy: boolean; summary: AccountSummary | null }>(sql`
    SELECT a.id, coalesce(${settledSince(run, lagMs)}, false) AS busy, v.summary
    FROM accounts a LEFT JOIN vendor_accounts v ON v.connection_id = a.connection_id
      AND v.vendor_account_id = a.vendor_account_id AND ${isListed(run.id)}
    WHERE a.id = ANY(${works.map(({ accountId }) => accountId)}::uuid[])`)
  const byId = new Map(rows.map((row) => [row.id, row]))
  return works.map((work): Compared => {
    const row = byId.get(work.accountId)
    return { work, busy: row?.busy ?? true, ...(row?.summary ? { listed: row.summary } : {}) }
  })
}

/** Accounts of the list under these logins that nobody is linked to, by lower-cased login. */
export async function unlinkedByLogin(
  db: Sql,
  { id, connectionId }: ReconciliationRun,
  logins: readonly string[],
): Promise<ReadonlyMap<string, AccountSummary>> {
  if (logins.length === 0) return new Map()
  const rows = await db.rows<{ login_key: string; summary: AccountSummary }>(sql`
    SELECT v.login_key, v.summary FROM vendor_accounts v JOIN connections c ON c.id = v.connection_id
    WHERE v.connection_id = ${connectionId}::uuid AND ${isListed(id)} AND v.login_key = ANY(${[...logins]}::text[])
      AND NOT EXISTS (SELECT FROM accounts a WHERE a.vendor_tenant = c.tenant_id AND a.vendor_account_id = v.vendor_account_id)`)
  return new Map(rows.map((row) => [row.login_key, row.summary]))
}

/** What was found on one page of accounts. */
interface ComparedPage {
  /** The last of them. */
  readonly position: string
  readonly counts: RunCounts
  readonly drifts: readonly DriftDraft[]
  readonly marks: readonly Mark[]
  readonly lagMs: number
}

/**
 * Keeps drift and marks of one page with the place behind it, in one transaction. Gives how many were marked: an account
 * whose run has begun or ended since the listing is left alone, because that run has read for itself.
 */
export function keepCompared(
  db: Sql,
  run: ReconciliationRun,
  { position, counts, drifts, marks, lagMs }: ComparedPage,
): Promise<number> {
  const requestId = `reconciliation:${run.id}`
  return db.transaction(async (tx) => {
    const found = drifts.map((drift) => ({ ...drift, id: newId() }))
    await tx.rows(sql`
      INSERT INTO drifts (id, connection_id, survey_id, kind, account_id, vendor_account_id, login, detail)
      SELECT d.id, ${run.connectionId}::uuid, ${run.id}::uuid, d.kind, d."accountId", d."vendorAccountId", d.login, d.detail
      FROM jsonb_to_recordset(${json(found)}) d(id uuid, kind text, "accountId" uuid, "vendorAccountId" text, login text, detail jsonb)`)
    const marked = await tx.rows<{ id: string }>(sql`
      UPDATE accounts SET uncertain = true, due_at = least(accounts.due_at, now()),
        priority = CASE WHEN accounts.due_at IS NULL THEN picked.priority ELSE least(accounts.priority, picked.priority) END,
        shut_out_request_id = CASE WHEN picked.leaver AND accounts.shut_out_asked_at IS NULL THEN ${requestId}::text ELSE accounts.shut_out_request_id END,
        shut_out_asked_at = CASE WHEN picked.leaver THEN coalesce(accounts.shut_out_asked_at, now()) ELSE accounts.shut_out_asked_at END
      FROM (
        SELECT a.id, m.priority::smallint AS priority, m.leaver
        FROM jsonb_to_recordset(${json(marks)}) m("accountId" uuid, priority int, leaver boolean) JOIN accounts a ON a.id = m."accountId"
        WHERE NOT coalesce(${settledSince(run, lagMs)}, false) AND NOT a.unmanaged
        ORDER BY a.id FOR UPDATE OF a
      ) picked
      WHERE accounts.id = picked.id RETURNING accounts.id`)
    const all = { ...counts, marked: (counts['marked'] ?? 0) + marked.length }
    await tx.rows(sql`
      UPDATE surveys SET progress = progress || ${json({ position, counts: all })}, updated_at = clock_timestamp()
      WHERE id = ${run.id}::uuid`)
    return marked.length
  })
}

/**
 * Records as drift the accounts that no link leads to and no User of the directory can mean by their login; `except` is the
 * gateway's own. Gives how many there are. Repeated after a break, it replaces what it has recorded.
 */
export async function keepOrphans(
  db: Sql,
  { id, connectionId }: ReconciliationRun,
  except: string | undefined,
): Promise<number> {
  return db.transaction(async (tx) => {
    await tx.rows(sql`DELETE FROM drifts WHERE survey_id = ${id}::uuid AND kind = 'orphan'`)
    const row = await tx.row<{ count: number }>(sql`
      WITH kept AS (
        INSERT INTO drifts (id, connection_id, survey_id, kind, vendor_account_id, login, detail)
        SELECT gen_random_uuid(), v.connection_id, ${id}::uuid, 'orphan', v.vendor_account_id, v.summary->>'login',
          jsonb_build_object('state', v.summary->'state', 'privileged', v.summary->'privileged')
        FROM vendor_accounts v JOIN connections c ON c.id = v.connection_id
        WHERE v.connection_id = ${connectionId}::uuid AND ${isListed(id)}
          AND v.vendor_account_id IS DISTINCT FROM ${except ?? null}::text
          AND v.summary->'facts'->>'kind' IS DISTINCT FROM 'service'
          AND NOT EXISTS (SELECT FROM accounts a WHERE a.connection_id = v.connection_id AND a.vendor_account_id = v.vendor_account_id)
          AND NOT EXISTS (SELECT FROM accounts a WHERE a.vendor_tenant = c.tenant_id AND a.vendor_account_id = v.vendor_account_id)
          AND NOT EXISTS (SELECT FROM users u WHERE u.directory_id = c.directory_id AND u.user_name_key = v.login_key)
          AND NOT EXISTS (SELECT FROM users u WHERE u.directory_id = c.directory_id AND u.email_keys @> ARRAY[v.login_key] AND u.deleted_at IS NULL)
        RETURNING 1)
      SELECT count(*)::int AS count FROM kept`)
    return row?.count ?? 0
  })
}

interface DriftRow {
  readonly id: string
  readonly kind: DriftKind
  readonly account_id: string | null
  readonly vendor_account_id: string | null
  readonly login: string
  readonly group_id: string | null
  readonly vendor_group_id: string | null
  readonly name: string | null
  readonly detail: Readonly<Record<string, unknown>>
  readonly user_name: string | null
  readonly found_at: Date
}

function groupOf(vendorGroupId: string, { name, group_id: groupId }: DriftRow): DriftedGroup {
  return { vendorGroupId, name: name ?? vendorGroupId, ...(groupId === null ? {} : { groupId }) }
}

/** What the last reconciliation found. */
export async function listDrift(
  db: Sql,
  connectionId: string,
  { kind, after, limit }: DriftQuery,
): Promise<readonly Drift[]> {
  const rows = await db.rows<DriftRow>(sql`
    SELECT d.id, d.kind, d.account_id, d.vendor_account_id, d.login, d.group_id,
      d.vendor_group_id, d.name, d.detail, d.found_at, u.user_name
    FROM drifts d LEFT JOIN accounts a ON a.id = d.account_id LEFT JOIN users u ON u.id = a.user_id
    WHERE d.connection_id = ${connectionId}::uuid AND d.survey_id = (SELECT s.id FROM surveys s
        WHERE s.connection_id = ${connectionId}::uuid AND s.kind = 'reconcile' AND s.state = 'done' ORDER BY s.started_at DESC LIMIT 1)
      ${kind === undefined ? empty : sql`AND d.kind = ${kind}::text`}
      ${after === undefined ? empty : sql`AND d.id > ${after}::uuid`}
    ORDER BY d.id LIMIT ${limit}::int`)
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    ...(row.login === '' ? {} : { login: row.login }),
    ...(row.vendor_group_id === null ? {} : { group: groupOf(row.vendor_group_id, row) }),
    detail: row.detail,
    foundAt: row.found_at.toISOString(),
    ...(row.account_id === null ? {} : { accountId: row.account_id }),
    ...(row.vendor_account_id === null ? {} : { vendorAccountId: row.vendor_account_id }),
    ...(row.user_name === null ? {} : { userName: row.user_name }),
  }))
}

interface KeptRow {
  readonly id: string
  readonly group_id: string
  readonly display_name: string
  readonly external_id: string | null
  readonly vendor_group_id: string
  readonly held_name: string | null
  readonly made_here: boolean
  readonly busy: boolean
}

export async function keptGroups(db: Sql, connectionId: string): Promise<readonly KeptGroup[]> {
  const rows = await db.rows<KeptRow>(sql`
    SELECT l.id, l.group_id, g.display_name, g.external_id, l.vendor_group_id, l.held_name, l.made_here,
      (coalesce(l.due_at <= now(), false) OR l.open_operation IS NOT NULL OR coalesce(l.lease_until > clock_timestamp(), false)) AS busy
    FROM group_links l JOIN groups g ON g.id = l.group_id
    WHERE l.connection_id = ${connectionId}::uuid AND l.vendor_group_id IS NOT NULL ORDER BY l.id`)
  return rows.map((row) => ({
    linkId: row.id,
    group: {
      id: row.group_id,
      displayName: row.display_name,
      ...(row.external_id === null ? {} : { externalId: row.external_id }),
    },
    linked: { id: row.vendor_group_id, name: row.held_name ?? '', madeHere: row.made_here },
    busy: row.busy,
  }))
}

/**
 * Records the drift of groups in the place of what the run recorded before, and marks links. Left out is what has changed
 * since it was read. Groups that somebody holds by Drawbridge's grant are no orphans. Gives the counts by kind.
 */
export function keepGroupDrift(
  db: Sql,
  { id, connectionId }: ReconciliationRun,
  { drafts, marks, kept }: GroupDrift,
): Promise<RunCounts> {
  return db.transaction(async (tx) => {
    await tx.rows(sql`DELETE FROM drifts WHERE survey_id = ${id}::uuid AND kind LIKE 'group-%'`)
    const unchanged = await tx.rows<{ id: string; group_id: string }>(sql`
      SELECT l.id, l.group_id FROM group_links l
      JOIN jsonb_to_recordset(${json(kept.map(({ linkId, linked }) => ({ id: linkId, ...names(linked) })))})
        k(id uuid, vendor_group_id text, held_name text) ON k.id = l.id
      WHERE l.vendor_group_id = k.vendor_group_id AND coalesce(l.held_name, '') = k.held_name AND NOT coalesce(l.due_at <= now(), false)
        AND l.open_operation IS NULL AND (l.lease_until IS NULL OR l.lease_until <= clock_timestamp())
      ORDER BY l.id FOR UPDATE OF l`)
    const still = new Set(unchanged.map((row) => row.group_id))
    const found = drafts
      .filter(({ group }) => group.groupId === undefined || still.has(group.groupId))
      .map(({ kind, group, detail }) => ({ id: newId(), kind, ...group, detail }))
    const rows = await tx.rows<{ kind: DriftKind }>(sql`
      INSERT INTO drifts (id, connection_id, survey_id, kind, login, group_id, vendor_group_id, name, detail)
      SELECT d.id, ${connectionId}::uuid, ${id}::uuid, d.kind, '', d."groupId", d."vendorGroupId", d.name, d.detail
      FROM jsonb_to_recordset(${json(found)}) d(id uuid, kind text, "groupId" uuid, "vendorGroupId" text, name text, detail jsonb)
      JOIN connections c ON c.id = ${connectionId}::uuid
      WHERE d.kind <> 'group-orphan' OR NOT (
        EXISTS (SELECT FROM group_links l WHERE l.vendor_tenant = c.tenant_id AND l.vendor_group_id = d."vendorGroupId")
        OR d."vendorGroupId" IN (${grantedGroups(connectionId)}))
      RETURNING kind`)
    await tx.rows(sql`
      UPDATE group_links SET uncertain = true, due_at = now()
      WHERE id = ANY(${marks.filter((mark) => unchanged.some((row) => row.id === mark))}::uuid[])`)
    const counts: Record<string, number> = {}
    for (const { kind } of rows) counts[kind] = (counts[kind] ?? 0) + 1
    return counts
  })
}

const names = ({ id, name }: { readonly id: string; readonly name: string }) => ({
  vendor_group_id: id,
  held_name: name,
})

const grantedGroups = (connectionId: string) => sql`
  SELECT substr(g->>'key', 7) FROM accounts a CROSS JOIN LATERAL jsonb_array_elements(coalesce(a.held->'granted', '[]')) g
  WHERE a.connection_id = ${connectionId}::uuid AND g->>'key' LIKE 'group:%'`

/** Account `v` was listed since the run began its list, be it by another run that lists at the same time. */
export const isListed = (runId: string): Statement =>
  sql`(v.seen_at >= (SELECT (progress->>'since')::timestamptz FROM surveys WHERE id = ${runId}::uuid))`

/** Starts the listing over. `before`: how many accounts there should be, by the links and by the last list. */
export async function beginListing(
  db: Sql,
  { id, connectionId }: ReconciliationRun,
): Promise<{ since: string; before: number }> {
  const row = await db.row<{ since: string; before: number }>(sql`
    UPDATE surveys SET progress = jsonb_build_object('phase', 'listing', 'listed', 0, 'since', date_trunc('milliseconds', clock_timestamp())),
      updated_at = clock_timestamp()
    WHERE id = ${id}::uuid
    RETURNING progress->>'since' AS since, greatest(
      (SELECT count(*) FROM accounts a WHERE a.connection_id = ${connectionId}::uuid AND a.vendor_account_id IS NOT NULL
        AND a.vendor_tenant IS NOT NULL),
      coalesce((SELECT (s.progress->>'listed')::int FROM surveys s WHERE s.connection_id = ${connectionId}::uuid
        AND s.state = 'done' ORDER BY s.started_at DESC LIMIT 1), 0))::int AS before`)
  if (!row) throw new Error(`reconciliation run ${id} is gone`)
  return row
}

export async function keepListed(
  db: Sql,
  { id, connectionId }: ReconciliationRun,
  accounts: readonly AccountSummary[],
): Promise<void> {
  // An account that a page shows twice is kept once.
  const rows = [...new Map(accounts.map((account) => [account.id, account])).values()].map((summary) => {
    return { id: summary.id, login: summary.login.toLowerCase(), summary }
  })
  await db.rows(sql`
    INSERT INTO vendor_accounts (connection_id, vendor_account_id, login_key, summary, survey_id, seen_at)
    SELECT ${connectionId}::uuid, v.id, v.login, v.summary, ${id}::uuid, clock_timestamp()
    FROM jsonb_to_recordset(${json(rows)}) v(id text, login text, summary jsonb)
    ON CONFLICT (connection_id, vendor_account_id) DO UPDATE SET login_key = excluded.login_key, summary = excluded.summary,
      survey_id = excluded.survey_id, seen_at = excluded.seen_at`)
}

/** The list is whole: what it did not show is forgotten. */
export async function endListing(
  db: Sql,
  { id, connectionId }: ReconciliationRun,
  { listed, unread }: Pick<RunProgress, 'listed' | 'unread'>,
): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.rows(sql`
      DELETE FROM vendor_accounts v WHERE v.connection_id = ${connectionId}::uuid AND NOT ${isListed(id)}`)
    await tx.rows(sql`
      UPDATE surveys SET progress = progress || jsonb_build_object('phase', 'comparing', 'listed', ${listed}::int,
          'unread', ${unread}::int),
        updated_at = clock_timestamp()
      WHERE id = ${id}::uuid`)
  })
}

interface RunRow {
  readonly id: string
  readonly connection_id: string
  readonly kind: RunKind
  readonly state: ReconciliationRun['state']
  readonly progress: Partial<RunProgress>
  readonly counts: RunCounts
  readonly failure: { readonly detail: string } | null
  readonly started_at: Date
  readonly finished_at: Date | null
}

const columns = sql`id, connection_id, kind, state, progress, counts, failure, started_at, finished_at`
/** Runs of a connection that are remembered, by kind. */
const mostKept = 50

/** Goes on with a run that broke off, or begins one. */
export async function beginRun(db: Sql, connectionId: string, kind: RunKind): Promise<ReconciliationRun> {
  const running = await db.row<RunRow>(sql`
    SELECT ${columns} FROM surveys WHERE connection_id = ${connectionId}::uuid AND kind = ${kind}::text AND state = 'running'
    ORDER BY started_at DESC LIMIT 1`)
  if (running) return toRun(running)
  const row = await db.row<RunRow>(sql`
    INSERT INTO surveys (id, connection_id, kind) VALUES (${newId()}::uuid, ${connectionId}::uuid, ${kind}::text) RETURNING ${columns}`)
  return toRun(row!)
}

/** Ends a run that is done. Only the drift of the last reconciliation is kept. */
export async function finishRun(
  db: Sql,
  { id, connectionId, kind }: ReconciliationRun,
  counts: RunCounts,
): Promise<ReconciliationRun> {
  return db.transaction(async (tx) => {
    const done = await tx.row<RunRow>(sql`
      UPDATE surveys SET state = 'done', counts = ${json(counts)}, finished_at = clock_timestamp(), updated_at = clock_timestamp()
      WHERE id = ${id}::uuid RETURNING ${columns}`)
    if (kind === 'reconcile')
      await tx.rows(
        sql`DELETE FROM drifts WHERE connection_id = ${connectionId}::uuid AND survey_id <> ${id}::uuid`,
      )
    await tx.rows(sql`
      DELETE FROM surveys WHERE id IN (SELECT id FROM surveys
        WHERE connection_id = ${connectionId}::uuid AND kind = ${kind}::text AND state <> 'running'
        ORDER BY started_at DESC OFFSET ${mostKept}::int)`)
    return toRun(done!)
  })
}

export async function failRun(
  db: Sql,
  { id }: ReconciliationRun,
  failure: string,
): Promise<ReconciliationRun> {
  const failed = await db.row<RunRow>(sql`
    UPDATE surveys SET state = 'failed', failure = ${json({ detail: failure })}, finished_at = clock_timestamp(), updated_at = clock_timestamp()
    WHERE id = ${id}::uuid RETURNING ${columns}`)
  return toRun(failed!)
}

/** The latest first. */
export async function listRuns(
  db: Sql,
  connectionId: string,
  kind?: RunKind,
): Promise<readonly ReconciliationRun[]> {
  const rows = await db.rows<RunRow>(sql`
    SELECT ${columns} FROM surveys WHERE connection_id = ${connectionId}::uuid
      ${kind === undefined ? empty : sql`AND kind = ${kind}::text`}
    ORDER BY started_at DESC, id DESC LIMIT ${mostKept}::int`)
  return rows.map(toRun)
}

function toRun(row: RunRow): ReconciliationRun {
  const { phase = 'listing', listed = 0, unread = 0, since, position, counts = {} } = row.progress
  return {
    id: row.id,
    connectionId: row.connection_id,
    kind: row.kind,
    state: row.state,
    progress: {
      phase,
      listed,
      unread,
      ...(since === undefined ? {} : { since }),
      ...(position === undefined ? {} : { position }),
      counts: row.state === 'done' ? row.counts : counts,
    },
    ...(row.failure === null ? {} : { failure: row.failure.detail }),
    startedAt: row.started_at.toISOString(),
    ...(row.finished_at === null ? {} : { finishedAt: row.finished_at.toISOString() }),
  }
}

/** True while only shut-outs run there after a restore. */
export async function isRecovering(db: Sql, connectionId: string): Promise<boolean> {
  const row = await db.row(sql`
    SELECT 1 AS recovering FROM connections WHERE id = ${connectionId}::uuid AND recovering_since IS NOT NULL`)
  return row !== undefined
}

/**
 * After a restore: all kinds of work run again, and what waited is due behind all live work. What is held stays in doubt: each
 * account is read before its next plan. Gives how many accounts are due.
 */
export async function endRecovery(db: Sql, connectionId: string): Promise<number> {
  return db.transaction(async (tx) => {
    const rows = await tx.rows(sql`
      WITH over AS (
        UPDATE connections SET recovering_since = NULL WHERE id = ${connectionId}::uuid AND recovering_since IS NOT NULL
        RETURNING id, directory_id
      ), told AS (
        INSERT INTO events (directory_id, actor, action, resource_type, resource_id)
        SELECT directory_id, ${gateway.actor}::text, 'connection.recovered', 'Connection', id::text FROM over
      )
      UPDATE accounts SET due_at = least(accounts.due_at, now()) FROM over
      WHERE accounts.connection_id = over.id AND accounts.proven_version < accounts.wanted_version RETURNING accounts.id`)
    return rows.length
  })
}

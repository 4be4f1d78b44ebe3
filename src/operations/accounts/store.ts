import type { Change, PageRequest } from '../../model/operator.ts'
import { priorities } from '../../model/work.ts'
import { empty, isId, type Sql, sql, type Statement } from '../../store/sql/statement.ts'
import { at, given, recordEvent } from '../../store/directory/events.ts'

export interface AccountView {
  readonly id: string
  readonly connectionId: string
  readonly connection: string
  readonly directory: string
  readonly userId: string
  readonly userName: string
  /** What the directory wants. */
  readonly wanted: 'active' | 'inactive' | 'deleted'
  readonly status: string
  readonly proven: boolean
  readonly unmanaged: boolean
  readonly vendorAccountId?: string
  readonly provenAt?: string
  readonly dueAt?: string
  readonly attempts: number
  readonly failure?: Readonly<Record<string, unknown>>
  readonly deviations: readonly unknown[]
  readonly shutOutAskedAt?: string
}

export interface AccountDetail extends AccountView {
  readonly held?: Readonly<Record<string, unknown>>
  readonly snapshot?: Readonly<Record<string, unknown>>
  readonly wantedVersion: number
  readonly provenVersion: number
}

export interface AccountQuery extends PageRequest {
  readonly connectionId?: string
  readonly directory?: string
  readonly status?: string
  readonly userName?: string
  readonly unmanaged?: boolean
}

interface AccountRow {
  readonly id: string
  readonly connection_id: string
  readonly connection: string
  readonly directory: string
  readonly user_id: string
  readonly user_name: string
  readonly wanted: AccountView['wanted']
  readonly status: string
  readonly proven: boolean
  readonly unmanaged: boolean
  readonly vendor_account_id: string | null
  readonly proven_at: Date | null
  readonly due_at: Date | null
  readonly attempts: number
  readonly failure: Readonly<Record<string, unknown>> | null
  readonly deviations: readonly unknown[]
  readonly shut_out_asked_at: Date | null
}

/** Of accounts `a`, connections `c`, directories `d`, users `u`. */
const accountColumns = sql`a.id, a.connection_id, c.name AS connection, d.name AS directory, a.user_id, u.user_name,
  CASE WHEN u.deleted_at IS NOT NULL OR u.delete_requested_at IS NOT NULL THEN 'deleted'
    WHEN u.active_wanted THEN 'active' ELSE 'inactive' END AS wanted,
  a.status, a.proven_version >= a.wanted_version AS proven, a.unmanaged, a.vendor_account_id, a.proven_at, a.due_at,
  a.attempts, a.failure, a.deviations, a.shut_out_asked_at`

const joined = sql`accounts a JOIN users u ON u.id = a.user_id JOIN connections c ON c.id = a.connection_id
  JOIN directories d ON d.id = c.directory_id`

const toAccount = (row: AccountRow): AccountView => ({
  id: row.id,
  connectionId: row.connection_id,
  connection: row.connection,
  directory: row.directory,
  userId: row.user_id,
  userName: row.user_name,
  wanted: row.wanted,
  status: row.status,
  proven: row.proven,
  unmanaged: row.unmanaged,
  ...given('vendorAccountId', row.vendor_account_id),
  ...at('provenAt', row.proven_at),
  ...at('dueAt', row.due_at),
  attempts: row.attempts,
  ...given('failure', row.failure),
  deviations: row.deviations,
  ...at('shutOutAskedAt', row.shut_out_asked_at),
})

/** In the order of their ids. */
export async function accounts(db: Sql, query: AccountQuery): Promise<readonly AccountView[]> {
  const { connectionId, directory, status, userName, unmanaged, after, limit } = query
  const only = (condition: boolean, part: Statement): Statement => (condition ? part : empty)
  const rows = await db.rows<AccountRow>(sql`SELECT ${accountColumns} FROM ${joined} WHERE true
    ${only(connectionId !== undefined, sql`AND a.connection_id = ${connectionId ?? null}::uuid`)}
    ${only(directory !== undefined, sql`AND d.name = ${directory ?? null}::text`)}
    ${only(status === 'unproven', sql`AND a.proven_version < a.wanted_version`)}
    ${only(status !== undefined && status !== 'unproven', sql`AND a.status = ${status ?? null}::text`)}
    ${only(userName !== undefined, sql`AND coalesce(u.user_name_key, u.former_name_key) = ${userName?.toLowerCase() ?? null}::text`)}
    ${only(unmanaged !== undefined, sql`AND a.unmanaged = ${unmanaged ?? null}::boolean`)}
    ${only(after !== undefined, sql`AND a.id > ${after ?? null}::uuid`)}
    ORDER BY a.id LIMIT ${limit}::int`)
  return rows.map(toAccount)
}

export async function account(db: Sql, id: string): Promise<AccountDetail | undefined> {
  if (!isId(id)) return undefined
  const row = await db.row<
    AccountRow & {
      readonly held: AccountDetail['held'] | null
      readonly snapshot: AccountDetail['snapshot'] | null
      readonly wanted_version: number
      readonly proven_version: number
    }
  >(sql`SELECT ${accountColumns}, a.held, a.snapshot, a.wanted_version, a.proven_version FROM ${joined}
    WHERE a.id = ${id}::uuid`)
  if (!row) return undefined
  return {
    ...toAccount(row),
    ...given('held', row.held),
    ...given('snapshot', row.snapshot),
    wantedVersion: row.wanted_version,
    provenVersion: row.proven_version,
  }
}

/** One row of the journal. */
export interface OperationView {
  readonly id: string
  readonly op: string
  readonly operation: unknown
  readonly before?: unknown
  readonly after?: unknown
  /** Absent while open: the write may or may not have reached the vendor. */
  readonly outcome?: string
  readonly failure?: unknown
  readonly vendorRequestId?: string
  readonly durationMs?: number
  readonly openedAt: string
  readonly closedAt?: string
}

interface OperationRow {
  readonly id: string
  readonly op: string
  readonly operation: unknown
  readonly before: unknown
  readonly after: unknown
  readonly outcome: string | null
  readonly failure: unknown
  readonly vendor_request_id: string | null
  readonly duration_ms: number | null
  readonly opened_at: Date
  readonly closed_at: Date | null
}

/** Newest first. */
export async function operations(
  db: Sql,
  accountId: string,
  { after, limit }: PageRequest,
): Promise<readonly OperationView[]> {
  if (!isId(accountId)) return []
  const rows = await db.rows<OperationRow>(sql`
    SELECT o.id, o.op, o.operation, o.before, o.after, o.outcome, o.failure, o.vendor_request_id, o.duration_ms,
      o.opened_at, o.closed_at
    FROM operations o WHERE o.account_id = ${accountId}::uuid
      AND (${after ?? null}::uuid IS NULL OR (o.opened_at, o.id) < (
        SELECT p.opened_at, p.id FROM operations p WHERE p.id = ${after ?? null}::uuid))
    ORDER BY o.opened_at DESC, o.id DESC LIMIT ${limit}::int`)
  return rows.map((row) => ({
    id: row.id,
    op: row.op,
    operation: row.operation,
    ...given('before', row.before),
    ...given('after', row.after),
    ...given('outcome', row.outcome),
    ...given('failure', row.failure),
    ...given('vendorRequestId', row.vendor_request_id),
    ...given('durationMs', row.duration_ms),
    openedAt: row.opened_at.toISOString(),
    ...at('closedAt', row.closed_at),
  }))
}

/** `busy`: a run holds the account at this moment. */
export type AccountChange = 'done' | 'not-found' | 'busy' | 'no-effect'

const free = sql`(a.lease_until IS NULL OR a.lease_until <= clock_timestamp())`

export function retryAccount(db: Sql, id: string, actor: Change): Promise<AccountChange> {
  return change(db, id, actor, {
    action: 'account.retried',
    where: sql`a.proven_version < a.wanted_version AND NOT a.unmanaged`,
    set: sql`due_at = now(), attempts = 0`,
    // A run that is under way may still fail; the account is due again afterwards.
    whileLeased: true,
  })
}

/** Forgets the link: the account is looked up by its login again. */
export function relinkAccount(db: Sql, id: string, actor: Change): Promise<AccountChange> {
  return change(db, id, actor, {
    action: 'account.relinked',
    where: sql`NOT a.unmanaged`,
    set: sql`vendor_tenant = NULL, vendor_account_id = NULL, held = NULL, verification = NULL, status = 'pending',
      failure = NULL, attempts = 0, wanted_version = accounts.wanted_version + 1, due_at = now(),
      priority = least(accounts.priority, ${priorities.live}::smallint)`,
    more: sql`jsonb_strip_nulls(jsonb_build_object('formerLink', a.vendor_account_id))`,
  })
}

/** Takes the account out of provisioning, or back in. */
export function setUnmanaged(db: Sql, id: string, unmanaged: boolean, actor: Change): Promise<AccountChange> {
  return change(db, id, actor, {
    action: unmanaged ? 'account.ignored' : 'account.managed',
    where: sql`a.unmanaged <> ${unmanaged}::boolean`,
    set: unmanaged
      ? sql`unmanaged = true, due_at = NULL`
      : sql`unmanaged = false, held = NULL, status = 'pending', failure = NULL, attempts = 0,
          wanted_version = accounts.wanted_version + 1, due_at = now()`,
  })
}

async function change(
  db: Sql,
  id: string,
  actor: Change,
  {
    action,
    where,
    set,
    more,
    whileLeased = false,
  }: { action: string; where: Statement; set: Statement; more?: Statement; whileLeased?: boolean },
): Promise<AccountChange> {
  if (!isId(id)) return 'not-found'
  const row = await db.row<{ free: boolean; done: boolean }>(sql`
    WITH a AS (
      SELECT a.*, c.directory_id, (${free} OR ${whileLeased}::boolean) AS free, (${where}) AS fits
      FROM accounts a JOIN connections c ON c.id = a.connection_id WHERE a.id = ${id}::uuid FOR UPDATE OF a
    ), changed AS (
      UPDATE accounts SET ${set} FROM a WHERE accounts.id = a.id AND a.free AND a.fits RETURNING accounts.id
    ), told AS (
      ${recordEvent(
        actor,
        {
          action,
          resourceType: 'Account',
          directoryId: sql`a.directory_id`,
          resourceId: sql`a.id`,
          ...(more ? { more } : {}),
        },
        sql`FROM a JOIN changed ON changed.id = a.id`,
      )}
    )
    SELECT a.free, EXISTS (SELECT FROM changed) AS done FROM a`)
  if (!row) return 'not-found'
  if (row.done) return 'done'
  return row.free ? 'no-effect' : 'busy'
}

const mostPeople = 20

export interface PersonView {
  readonly id: string
  readonly directory: string
  readonly userName: string
  readonly active: boolean
  readonly deleted: boolean
  readonly hold?: unknown
  /** displayName of the Groups that the User is in, directly. */
  readonly groups: readonly string[]
  readonly accounts: readonly AccountView[]
}

interface PersonRow {
  readonly id: string
  readonly directory: string
  readonly userName: string
  readonly active: boolean
  readonly deleted: boolean
  readonly hold: unknown
  readonly groups: readonly string[]
}

/** Everybody of this userName, live ones first, tombstones newest first; at most 20. */
export async function people(
  db: Sql,
  userName: string,
  directory: string | undefined,
): Promise<readonly PersonView[]> {
  const key = userName.toLowerCase()
  const rows = await db.rows<PersonRow>(sql`
    SELECT u.id, d.name AS directory, u.user_name AS "userName", u.active_wanted AS active,
      (u.deleted_at IS NOT NULL OR u.delete_requested_at IS NOT NULL) AS deleted, u.hold,
      (SELECT coalesce(array_agg(g.display_name ORDER BY g.display_name), '{}')
        FROM members m JOIN groups g ON g.id = m.group_id WHERE m.user_id = u.id) AS groups
    FROM users u JOIN directories d ON d.id = u.directory_id
    WHERE (u.user_name_key = ${key}::text OR u.former_name_key = ${key}::text)
      AND (${directory ?? null}::text IS NULL OR d.name = ${directory ?? null}::text)
    ORDER BY u.user_name_key IS NULL, u.created_at DESC LIMIT ${mostPeople}::int`)
  if (rows.length === 0) return []
  const standing = await db.rows<AccountRow>(sql`
    SELECT ${accountColumns} FROM accounts a JOIN users u ON u.id = a.user_id
      JOIN connections c ON c.id = a.connection_id JOIN directories d ON d.id = c.directory_id
    WHERE a.user_id = ANY(${rows.map(({ id }) => id)}::uuid[]) ORDER BY c.name`)
  const byUser = Map.groupBy(standing.map(toAccount), ({ userId }) => userId)
  return rows.map(({ hold, ...row }) => ({
    ...row,
    ...given('hold', hold),
    accounts: byUser.get(row.id) ?? [],
  }))
}

import type { AccountSummary } from '../../model/account.ts'
import type { Change } from '../../model/operator.ts'
import type { Held } from '../../model/plan.ts'
import { priorities } from '../../model/work.ts'
import { userKeys } from '../../store/directory/rows.ts'
import { recordEvent } from '../../store/directory/events.ts'
import { json, newId, sql, type Sql } from '../../store/sql/statement.ts'
import { isListed, type ReconciliationRun } from '../reconciliation/store.ts'

/** An account that the list showed. */
interface Listed {
  readonly account: AccountSummary
  /** ISO 8601 instant. */
  readonly seenAt: string
  readonly decision?: AccountDecision
}

/**
 * What became of an account that an import could not place: it waits, and an operator says whether to `import` it as a
 * User of its own, to `link` it to a User, or to `ignore` it.
 */
type AccountDecision =
  | { readonly decision: 'waiting'; readonly detail: string }
  | { readonly decision: 'import' | 'ignore'; readonly by: string; readonly at: string }
  | { readonly decision: 'link'; readonly userId: string; readonly by: string; readonly at: string }

interface ListedDecision {
  readonly vendorAccountId: string
  readonly decision: 'import' | 'link' | 'ignore'
  /** With `link`. */
  readonly userId?: string
}

/**
 * What becomes of an account of a vendor's list that has no person; counts with the next import. False: no such account in
 * the list, or no such User.
 */
export async function decideListed(
  db: Sql,
  connectionId: string,
  { vendorAccountId, decision, userId }: ListedDecision,
  actor: Change,
): Promise<boolean> {
  const detail = { vendorAccountId, decision, ...(userId ? { userId } : {}) }
  const kept = { decision, ...(userId ? { userId } : {}), by: actor.actor, at: new Date().toISOString() }
  const row = await db.row(sql`
    WITH v AS (
      UPDATE vendor_accounts SET decision = ${json(kept)} FROM connections c
      WHERE vendor_accounts.connection_id = ${connectionId}::uuid AND c.id = vendor_accounts.connection_id
        AND vendor_account_id = ${vendorAccountId}::text
        AND (${userId ?? null}::uuid IS NULL OR EXISTS (SELECT FROM users u WHERE u.id = ${userId ?? null}::uuid
          AND u.directory_id = c.directory_id AND u.deleted_at IS NULL))
      RETURNING c.id, c.directory_id
    ), told AS (
      ${recordEvent(
        actor,
        {
          action: 'import.decided',
          resourceType: 'Connection',
          directoryId: sql`v.directory_id`,
          resourceId: sql`v.id`,
          detail,
        },
        sql`FROM v`,
      )}
    )
    SELECT id FROM v`)
  return row !== undefined
}

/** A listed account that no person is linked to, and the live Users of the directory that its login may mean. */
export interface Unplaced extends Listed {
  readonly userIds: readonly string[]
  /** Linked by another connection of the same vendor tenant, or under another User. */
  readonly linkedElsewhere: boolean
  /** Other unplaced accounts of the list have the same login. */
  readonly namesakes: number
}

/** What becomes of an account. */
export type Placement =
  /** A User that is unclaimed; `held` absent: the account is only found by its login, when the User is claimed. */
  | {
      readonly kind: 'user'
      readonly account: AccountSummary
      readonly userName: string
      readonly body: Readonly<Record<string, unknown>>
      readonly link: boolean
      /** Absent with `link`: the list does not show entitlements, and the account is read at its first run. */
      readonly held?: Held
    }
  | { readonly kind: 'link'; readonly account: AccountSummary; readonly userId: string; readonly held?: Held }
  | { readonly kind: 'waits'; readonly account: AccountSummary; readonly detail: string }

const perPage = 500

interface UnplacedRow {
  readonly summary: AccountSummary
  readonly seen_at: Date
  readonly decision: AccountDecision | null
  readonly user_ids: readonly string[]
  readonly elsewhere: boolean
  readonly namesakes: number
}

/** The next accounts of the list without a person, by vendor account id. */
export async function unplaced(
  db: Sql,
  { id, connectionId }: ReconciliationRun,
  position: string | undefined,
): Promise<readonly Unplaced[]> {
  const rows = await db.rows<UnplacedRow>(sql`
    SELECT v.summary, v.seen_at, v.decision,
      EXISTS (SELECT FROM accounts a WHERE a.vendor_tenant = c.tenant_id AND a.vendor_account_id = v.vendor_account_id) AS elsewhere,
      ARRAY(SELECT u.id::text FROM users u WHERE u.directory_id = c.directory_id AND u.deleted_at IS NULL
        AND (u.user_name_key = v.login_key OR u.email_keys @> ARRAY[v.login_key])) AS user_ids,
      (SELECT count(*)::int FROM vendor_accounts other WHERE other.connection_id = v.connection_id AND other.login_key = v.login_key
        AND other.vendor_account_id <> v.vendor_account_id) AS namesakes
    FROM vendor_accounts v JOIN connections c ON c.id = v.connection_id
    WHERE v.connection_id = ${connectionId}::uuid AND ${isListed(id)}
      AND (${position ?? null}::text IS NULL OR v.vendor_account_id > ${position ?? null}::text)
      AND NOT EXISTS (SELECT FROM accounts a WHERE a.connection_id = v.connection_id AND a.vendor_account_id = v.vendor_account_id)
    ORDER BY v.vendor_account_id LIMIT ${perPage}::int`)
  return rows.map((row) => ({
    ...toListed(row),
    userIds: row.user_ids,
    linkedElsewhere: row.elsewhere,
    namesakes: row.namesakes,
  }))
}

const toListed = (row: Pick<UnplacedRow, 'summary' | 'seen_at' | 'decision'>): Listed => ({
  account: row.summary,
  seenAt: row.seen_at.toISOString(),
  ...(row.decision === null ? {} : { decision: row.decision }),
})

/** How many accounts became what. */
export type Placed = Readonly<Record<'imported' | 'linked' | 'undecided', number>>

/** Keeps what became of one page and the place behind it, in one transaction. Gives the counts of what was done. */
export async function place(
  db: Sql,
  run: ReconciliationRun,
  page: {
    readonly position: string
    readonly vendorTenant: string
    readonly placements: readonly Placement[]
  },
): Promise<Placed> {
  const { position, vendorTenant, placements } = page
  return db.transaction(async (tx) => {
    const done = { imported: 0, linked: 0, undecided: 0 }
    for (const placement of placements) {
      if (placement.kind === 'user') done.imported += await placeUser(tx, run, vendorTenant, placement)
      else if (placement.kind === 'link') done.linked += await placeLink(tx, run, vendorTenant, placement)
      else done.undecided += await placeWaiting(tx, run, placement)
    }
    await tx.rows(sql`
      UPDATE surveys SET progress = progress || ${json({ position })}, updated_at = clock_timestamp() WHERE id = ${run.id}::uuid`)
    return done
  })
}

type UserPlacement = Extract<Placement, { kind: 'user' }>

/** The User has an account at every connection, as every User; none is due, and the run of one that becomes due rests. */
async function placeUser(
  tx: Sql,
  { connectionId }: ReconciliationRun,
  vendorTenant: string,
  { account, body, link, held }: UserPlacement,
): Promise<number> {
  const keys = userKeys(body)
  const row = await tx.row(sql`
    WITH born AS (
      INSERT INTO users (id, directory_id, user_name, user_name_key, display_name_key, email_keys, body, active_wanted, active_shown, unclaimed)
      SELECT ${newId()}::uuid, c.directory_id, ${keys.userName}::text, ${keys.userNameKey}::text, ${keys.displayNameKey}::text,
        ${[...keys.emailKeys]}::text[], ${json(body)}, ${keys.active}::boolean, ${keys.active}::boolean, true
      FROM connections c WHERE c.id = ${connectionId}::uuid
      ON CONFLICT (directory_id, user_name_key) DO NOTHING
      RETURNING id, directory_id, user_name
    ), enlisted AS (
      INSERT INTO accounts (id, connection_id, user_id, priority, status, vendor_tenant, vendor_account_id, held, uncertain)
      SELECT gen_random_uuid(), c.id, born.id, ${priorities.live}::smallint, 'waiting',
        CASE WHEN linked.here THEN ${vendorTenant}::text END, CASE WHEN linked.here THEN ${account.id}::text END,
        CASE WHEN linked.here THEN ${json(held)} END, linked.here AND ${held === undefined}::boolean
      FROM born JOIN connections c ON c.directory_id = born.directory_id AND c.status <> 'disabled'
      CROSS JOIN LATERAL (SELECT ${link}::boolean AND c.id = ${connectionId}::uuid AS here) linked
      RETURNING 1
    ), told AS (
      INSERT INTO events (directory_id, actor, action, resource_type, resource_id, detail)
      SELECT directory_id, 'gateway', 'user.imported', 'User', id::text,
        jsonb_build_object('userName', user_name, 'connectionId', ${connectionId}::text, 'vendorAccountId', ${account.id}::text)
      FROM born
    )
    SELECT id FROM born`)
  return row === undefined ? 0 : 1
}

async function placeLink(
  tx: Sql,
  { connectionId }: ReconciliationRun,
  vendorTenant: string,
  { account, userId, held }: Extract<Placement, { kind: 'link' }>,
): Promise<number> {
  const row = await tx.row(sql`
    UPDATE accounts a SET vendor_tenant = ${vendorTenant}::text, vendor_account_id = ${account.id}::text, held = ${json(held)},
      uncertain = true, due_at = least(a.due_at, now())
    FROM users u WHERE u.id = a.user_id AND a.connection_id = ${connectionId}::uuid AND a.user_id = ${userId}::uuid
      AND a.vendor_account_id IS NULL AND u.deleted_at IS NULL RETURNING a.id`)
  return row === undefined ? 0 : 1
}

async function placeWaiting(
  tx: Sql,
  { connectionId }: ReconciliationRun,
  { account, detail }: Extract<Placement, { kind: 'waits' }>,
): Promise<number> {
  await tx.rows(sql`
    UPDATE vendor_accounts SET decision = ${json({ decision: 'waiting', detail })}
    WHERE connection_id = ${connectionId}::uuid AND vendor_account_id = ${account.id}::text`)
  return 1
}

/** Accounts that wait for a decision. */
export async function accountsToDecide(
  db: Sql,
  connectionId: string,
  limit: number,
): Promise<readonly Listed[]> {
  const rows = await db.rows<Pick<UnplacedRow, 'summary' | 'seen_at' | 'decision'>>(sql`
    SELECT summary, seen_at, decision FROM vendor_accounts
    WHERE connection_id = ${connectionId}::uuid AND decision->>'decision' = 'waiting'
    ORDER BY vendor_account_id LIMIT ${limit}::int`)
  return rows.map(toListed)
}

import type { AccountSummary, Entitlement } from '../../model/account.ts'
import type { Held } from '../../model/plan.ts'
import type { PlanDraft } from '../../model/recorded-plan.ts'
import { createConnectionStore } from '../../store/connections/connections.ts'
import { json, newId, sql, type Sql } from '../../store/sql/statement.ts'

/** A listed account and the person behind it, as the store knows both. */
export interface InventoryEntry {
  readonly account: AccountSummary
  /** ISO 8601 instant. */
  readonly seenAt: string
  readonly accountId?: string
  readonly held?: Held
  readonly person?: {
    readonly userId: string
    readonly userName: string
    readonly active: boolean
    readonly deleted: boolean
    readonly unclaimed: boolean
    readonly held: boolean
  }
}

export interface Proposal {
  readonly accountId: string
  readonly login: string
  readonly line: string
}

interface EntryRow {
  readonly summary: AccountSummary
  readonly seen_at: Date
  readonly account_id: string | null
  readonly held: Held | null
  readonly person: NonNullable<InventoryEntry['person']> | null
}

/** The vendor's catalogue as it was fetched last; empty before. */
export async function catalogueOf(db: Sql, connectionId: string): Promise<readonly Entitlement[]> {
  return (await createConnectionStore(db).catalogue(connectionId))?.entries ?? []
}

const perPage = 500

/** What was listed last, by vendor account id, a page in memory at a time. */
export async function* listedAccounts(db: Sql, connectionId: string): AsyncGenerator<InventoryEntry> {
  let after: string | undefined
  for (;;) {
    const entries: readonly InventoryEntry[] = await page(db, connectionId, after)
    yield* entries
    after = entries.at(-1)?.account.id
    if (entries.length < perPage) return
  }
}

async function page(
  db: Sql,
  connectionId: string,
  after: string | undefined,
): Promise<readonly InventoryEntry[]> {
  const rows = await db.rows<EntryRow>(sql`
    SELECT v.summary, v.seen_at, a.id AS account_id, a.held,
      CASE WHEN u.id IS NOT NULL THEN jsonb_build_object('userId', u.id, 'userName', u.user_name, 'active', u.active_wanted,
        'deleted', u.deleted_at IS NOT NULL OR u.delete_requested_at IS NOT NULL, 'unclaimed', u.unclaimed,
        'held', u.hold IS NOT NULL AND coalesce((u.hold->>'until')::timestamptz > clock_timestamp(), true)) END AS person
    FROM (
      SELECT * FROM vendor_accounts WHERE connection_id = ${connectionId}::uuid
        AND (${after ?? null}::text IS NULL OR vendor_account_id > ${after ?? null}::text)
      ORDER BY vendor_account_id LIMIT ${perPage}::int
    ) v
    LEFT JOIN LATERAL (
      SELECT l.id, l.user_id, l.held FROM accounts l JOIN connections c ON c.id = v.connection_id
      WHERE l.vendor_account_id = v.vendor_account_id AND (l.vendor_tenant = c.tenant_id)
      LIMIT 1
    ) a ON true
    LEFT JOIN users u ON u.id = a.user_id
    ORDER BY v.vendor_account_id`)
  return rows.map((row) => ({
    account: row.summary,
    seenAt: row.seen_at.toISOString(),
    ...(row.account_id === null ? {} : { accountId: row.account_id }),
    ...(row.held === null ? {} : { held: row.held }),
    ...(row.person === null ? {} : { person: row.person }),
  }))
}

/** Records plans that wait, as one batch; accounts that are being run, or have a plan, are left out. Gives how many. */
export async function recordProposals(
  db: Sql,
  connectionId: string,
  { batch, hash, operations }: Pick<PlanDraft, 'hash' | 'operations'> & { readonly batch: string },
  proposals: readonly Proposal[],
): Promise<number> {
  const rows = proposals.map((proposal) => ({ ...proposal, id: newId() }))
  const kept = await db.rows(sql`
    INSERT INTO plans (id, connection_id, account_id, reason, batch, hash, operations, words, state)
    SELECT p.id, a.connection_id, a.id, 'hold', ${batch}::text, ${hash}::text, ${json(operations)},
      jsonb_build_object('login', p.login, 'lines', jsonb_build_array(p.line)), 'waiting'
    FROM jsonb_to_recordset(${json(rows)}) p(id uuid, "accountId" uuid, login text, line text)
    JOIN accounts a ON a.id = p."accountId" AND a.connection_id = ${connectionId}::uuid
    WHERE a.lease_until IS NULL OR a.lease_until <= clock_timestamp()
    ON CONFLICT (account_id) DO NOTHING RETURNING id`)
  return kept.length
}

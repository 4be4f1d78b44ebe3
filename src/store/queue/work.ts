import {
  type AccountFailure,
  type AccountStanding,
  type AccountStatus,
  type AccountWork,
  type Lease,
  LeaseLost,
  type OpenOperation,
  type Verification,
} from '../../provisioning/ports.ts'
import type { Deviation, GroupRef, Held, JournalOperation, Snapshot } from '../../translators/model.ts'
import type { Sql } from '../sql/client.ts'
import { isId } from '../sql/ids.ts'
import { sql } from '../sql/statement.ts'

interface WorkRow {
  readonly connection_id: string
  readonly wanted_version: number
  readonly proven_version: number
  readonly status: AccountStatus
  readonly vendor_account_id: string | null
  readonly held: Held | null
  readonly snapshot: Snapshot | null
  readonly verification: Verification | null
  readonly attempts: number
  readonly user_id: string
  readonly body: Readonly<Record<string, unknown>>
  readonly active: boolean
  readonly deleted: boolean
  readonly groups: readonly { id: string; displayName: string; externalId: string | null }[]
  readonly open_operations: readonly { id: string; operation: JournalOperation; openedAt: string }[]
  readonly predecessor_id: string | null
  readonly same_external_id: boolean | null
  readonly pauses: Readonly<Record<string, number>>
}

/** Everything that a run needs, in one statement. */
export async function readWork(db: Sql, owner: string, lease: Lease): Promise<AccountWork> {
  const row = await db.row<WorkRow>(sql`
    SELECT a.connection_id, a.wanted_version, a.proven_version, a.status, a.vendor_account_id, a.held, a.snapshot,
      a.verification, a.attempts, u.id AS user_id, u.body, u.active_wanted AS active,
      (u.delete_requested_at IS NOT NULL OR u.deleted_at IS NOT NULL) AS deleted,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'displayName', g.display_name, 'externalId', g.external_id)
          ORDER BY g.display_name, g.id), '[]')
        FROM members m JOIN groups g ON g.id = m.group_id WHERE m.user_id = u.id) AS groups,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'operation', o.operation, 'openedAt', o.opened_at)
          ORDER BY o.opened_at), '[]')
        FROM operations o WHERE o.account_id = a.id AND o.closed_at IS NULL) AS open_operations,
      before.id AS predecessor_id,
      coalesce(former.external_id = u.external_id, false) AS same_external_id,
      CASE WHEN c.paused_until > clock_timestamp() THEN (
        SELECT coalesce(jsonb_object_agg(p.key, round(extract(epoch FROM p.value::timestamptz - clock_timestamp()) * 1000)), '{}')
        FROM jsonb_each_text(c.pauses) p WHERE p.value::timestamptz > clock_timestamp()) ELSE '{}' END AS pauses
    FROM accounts a JOIN users u ON u.id = a.user_id JOIN connections c ON c.id = a.connection_id
    LEFT JOIN accounts before ON before.id = a.predecessor_id AND before.proven_version < before.wanted_version
    LEFT JOIN users former ON former.id = before.user_id
    WHERE a.id = ${lease.accountId}::uuid AND a.lease_epoch = ${lease.epoch}::int AND a.lease_owner = ${owner}::text`)
  if (!row) throw new LeaseLost(`account ${lease.accountId}`)
  return toWork(lease.accountId, row)
}

function toWork(accountId: string, row: WorkRow): AccountWork {
  return {
    accountId,
    connectionId: row.connection_id,
    wantedVersion: row.wanted_version,
    provenVersion: row.proven_version,
    status: row.status,
    ...(row.vendor_account_id === null ? {} : { vendorAccountId: row.vendor_account_id }),
    ...(row.held === null ? {} : { held: row.held }),
    ...(row.snapshot === null ? {} : { snapshot: row.snapshot }),
    ...(row.verification === null ? {} : { verification: row.verification }),
    attempts: row.attempts,
    openOperations: row.open_operations.map((each): OpenOperation => ({
      ...each,
      openedAt: new Date(each.openedAt).toISOString(),
    })),
    ...(row.predecessor_id === null
      ? {}
      : { predecessor: { accountId: row.predecessor_id, sameExternalId: row.same_external_id ?? false } }),
    user: { id: row.user_id, resource: row.body, active: row.active, deleted: row.deleted },
    pauses: row.pauses,
    groups: row.groups.map(({ id, displayName, externalId }): GroupRef => ({
      id,
      displayName,
      ...(externalId === null ? {} : { externalId }),
    })),
  }
}

interface StandingRow {
  readonly id: string
  readonly connection_id: string
  readonly name: string
  readonly status: AccountStatus
  readonly proven: boolean
  readonly linked: boolean
  readonly uncertain: boolean
  readonly vendor_account_id: string | null
  readonly proven_at: Date | null
  readonly deviations: readonly Deviation[]
  readonly failure: AccountFailure | null
  readonly due_in_ms: number | null
}

export async function outcomes(db: Sql, userId: string): Promise<readonly AccountStanding[]> {
  if (!isId(userId)) return []
  const rows = await db.rows<StandingRow>(sql`
    SELECT a.id, a.connection_id, c.name, a.status, a.proven_version >= a.wanted_version AS proven,
      a.vendor_account_id IS NOT NULL AS linked, a.vendor_account_id, a.proven_at, a.deviations, a.failure,
      EXISTS (SELECT FROM operations o WHERE o.account_id = a.id AND o.closed_at IS NULL) AS uncertain,
      CASE WHEN a.due_at IS NOT NULL
        THEN greatest(0, extract(epoch FROM a.due_at - clock_timestamp()) * 1000)::double precision END AS due_in_ms
    FROM accounts a JOIN connections c ON c.id = a.connection_id
    WHERE a.user_id = ${userId}::uuid ORDER BY c.name`)
  return rows.map((row) => ({
    accountId: row.id,
    connectionId: row.connection_id,
    connection: row.name,
    status: row.status,
    proven: row.proven,
    linked: row.linked,
    uncertain: row.uncertain,
    ...(row.vendor_account_id === null ? {} : { vendorAccountId: row.vendor_account_id }),
    ...(row.proven_at === null ? {} : { provenAt: row.proven_at.toISOString() }),
    deviations: row.deviations,
    ...(row.failure === null ? {} : { failure: row.failure }),
    ...(row.due_in_ms === null ? {} : { dueInMs: Math.round(row.due_in_ms) }),
  }))
}

/** Which of these accounts of a vendor tenant are linked by another row than this one. */
export async function linkedElsewhere(
  db: Sql,
  accountId: string,
  vendorTenant: string,
  vendorAccountIds: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await db.rows<{ vendor_account_id: string }>(sql`
    SELECT vendor_account_id FROM accounts
    WHERE vendor_tenant = ${vendorTenant}::text AND vendor_account_id = ANY(${vendorAccountIds}::text[])
      AND id <> ${accountId}::uuid`)
  return new Set(rows.map((row) => row.vendor_account_id))
}

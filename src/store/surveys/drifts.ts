import type { Drift, DriftedGroup, DriftQuery, Survey } from '../../provisioning/reconciliation/ports.ts'
import type { DriftKind } from '../../translators/model.ts'
import type { Sql } from '../sql/client.ts'
import { empty, sql } from '../sql/statement.ts'
import { isListed } from './listing.ts'

/**
 * Accounts that no link leads to and no User of the directory can mean by their login. Repeated after a break, it finds what
 * it has recorded.
 */
export async function keepOrphans(
  db: Sql,
  { id, connectionId }: Survey,
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

export async function drifts(
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

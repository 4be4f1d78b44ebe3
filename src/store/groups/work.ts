import { LeaseLost, type Lease } from '../../model/work.ts'
import type { GroupWork } from '../../model/group-work.ts'
import type { Sql } from '../sql/client.ts'
import { sql } from '../sql/statement.ts'

interface Row {
  readonly group_id: string
  readonly display_name: string | null
  readonly external_id: string | null
  readonly wanted_version: number
  readonly vendor_group_id: string | null
  readonly vendor_tenant: string | null
  readonly held_name: string | null
  readonly made_here: boolean
  readonly attempts: number
  readonly open_operation: GroupWork['open'] | null
  readonly pauses: Readonly<Record<string, number>>
  readonly uncertain: boolean
}

/** Everything that one look at a group needs, in one statement. */
export async function readGroupWork(db: Sql, owner: string, lease: Lease): Promise<GroupWork> {
  const row = await db.row<Row>(sql`
    SELECT l.group_id, g.display_name, g.external_id, l.wanted_version, l.vendor_group_id, l.vendor_tenant, l.held_name,
      l.made_here, l.attempts, l.open_operation, l.uncertain,
      CASE WHEN c.paused_until > clock_timestamp() THEN (
        SELECT coalesce(jsonb_object_agg(p.key, round(extract(epoch FROM p.value::timestamptz - clock_timestamp()) * 1000)), '{}')
        FROM jsonb_each_text(c.pauses) p WHERE p.value::timestamptz > clock_timestamp()) ELSE '{}' END AS pauses
    FROM group_links l JOIN connections c ON c.id = l.connection_id LEFT JOIN groups g ON g.id = l.group_id
    WHERE l.id = ${lease.accountId}::uuid AND l.lease_epoch = ${lease.epoch}::int AND l.lease_owner = ${owner}::text`)
  if (!row) throw new LeaseLost(`group link ${lease.accountId}`)
  return toWork(row)
}

function toWork(row: Row): GroupWork {
  const { group_id: id, display_name: displayName, external_id: externalId, vendor_group_id: vendorId } = row
  const named = { id, displayName: displayName ?? '', ...(externalId === null ? {} : { externalId }) }
  const tenant = row.vendor_tenant ?? undefined
  return {
    groupId: id,
    ...(displayName === null ? {} : { group: named }),
    wantedVersion: row.wanted_version,
    ...(vendorId === null
      ? {}
      : { linked: { id: vendorId, name: row.held_name ?? '', madeHere: row.made_here, tenant } }),
    attempts: row.attempts,
    ...(row.uncertain ? { uncertain: true } : {}),
    ...(row.open_operation === null
      ? {}
      : {
          open: {
            operation: row.open_operation!.operation,
            openedAt: new Date(row.open_operation!.openedAt).toISOString(),
          },
        }),
    pauses: row.pauses,
  }
}

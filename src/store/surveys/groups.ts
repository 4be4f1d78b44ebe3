import type { GroupDrift, KeptGroup, Survey, SurveyCounts } from '../../provisioning/reconciliation/ports.ts'
import type { DriftKind } from '../../translators/model.ts'
import type { Sql } from '../sql/client.ts'
import { newId } from '../sql/ids.ts'
import { json, sql } from '../sql/statement.ts'

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

/** Whoever has written the link since it was read has seen for itself. */
export function keepGroupDrift(
  db: Sql,
  { id, connectionId }: Survey,
  { drafts, marks, kept }: GroupDrift,
): Promise<SurveyCounts> {
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

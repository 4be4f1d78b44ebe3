import { type Sql, sql } from '../sql/statement.ts'
import type { CatalogueEntry, DirectoryRef } from '../../model/directory.ts'

interface Row extends Omit<CatalogueEntry, 'scope'> {
  readonly level: string
  readonly scope_id: string
}

/** What the connections of a directory offer of one kind; in the vendors' order, connection by connection. */
export async function catalogueOf(
  db: Sql,
  directory: DirectoryRef,
  kind: CatalogueEntry['kind'],
): Promise<readonly CatalogueEntry[]> {
  const rows = await db.rows<Row>(sql`
    SELECT c.name AS connection, c.vendor, e.kind, e.id, e.name, e.privileged, e.scope_level AS level, e.scope_id
    FROM entitlements e JOIN connections c ON c.id = e.connection_id
    WHERE c.directory_id = ${directory.id}::uuid AND e.kind = ${kind}::text
    ORDER BY c.name, e.position, e.id, e.scope_level, e.scope_id`)
  return rows.map(({ level, scope_id: id, ...entry }) => ({
    ...entry,
    ...(level === '' ? {} : { scope: { level, id } }),
  }))
}

import type { ConnectionFacts, ExplainStore } from '../../provisioning/explain/ports.ts'
import type { GroupRef, Policy } from '../../translators/model.ts'
import type { MadeGroups } from '../../translators/rules/vendor-groups.ts'
import type { ApiProfile } from '../../vendors/contract.ts'
import { createConnectionStore } from '../connections/connections.ts'
import type { Sql } from '../sql/client.ts'
import { isId } from '../sql/ids.ts'
import { sql } from '../sql/statement.ts'
import { account, everybody, people } from './people.ts'

export function createExplainStore(db: Sql): ExplainStore {
  return {
    connections: (directory) => connections(db, directory),
    people: (userName, directoryId) => people(db, userName, directoryId),
    account: async (connectionId, userId) =>
      isId(connectionId) && isId(userId) ? account(db, connectionId, userId) : undefined,
    everybody: (connectionId) => everybody(db, connectionId),
    groups: (directoryId) => groups(db, directoryId),
  }
}

interface ConnectionRow {
  readonly id: string
  readonly directory_id: string
  readonly directory: string
  readonly name: string
  readonly vendor: string
  readonly profile: 'auto' | ApiProfile
  readonly settings: Readonly<Record<string, unknown>>
  readonly policy: Policy
  readonly made: MadeGroups
}

async function connections(db: Sql, directory: string | undefined): Promise<readonly ConnectionFacts[]> {
  const rows = await db.rows<ConnectionRow>(sql`
    SELECT c.id, c.directory_id, d.name AS directory, c.name, c.vendor,
      coalesce(c.resolved_profile, c.api_profile) AS profile, c.settings, c.policy,
      (SELECT coalesce(jsonb_object_agg(l.group_id, jsonb_strip_nulls(jsonb_build_object('id', l.vendor_group_id,
          'name', l.held_name,
          'refusal', CASE WHEN l.status = 'failed' THEN coalesce(l.failure->>'detail', '') END))), '{}')
        FROM group_links l WHERE l.connection_id = c.id) AS made
    FROM connections c JOIN directories d ON d.id = c.directory_id
    WHERE c.detached_at IS NULL AND (${directory ?? null}::text IS NULL OR d.name = ${directory ?? null}::text)
    ORDER BY d.name, c.name`)
  const store = createConnectionStore(db)
  return Promise.all(
    rows.map(async ({ id, directory_id, name, ...row }) => ({
      ...row,
      connectionId: id,
      directoryId: directory_id,
      connection: name,
      catalogue: (await store.catalogue(id))?.entries ?? [],
    })),
  )
}

const pageSize = 1_000

async function* groups(db: Sql, directoryId: string): AsyncIterable<GroupRef> {
  let after = '00000000-0000-0000-0000-000000000000'
  for (;;) {
    const rows = await db.rows<{ id: string; display_name: string; external_id: string | null }>(sql`
      SELECT id, display_name, external_id FROM groups
      WHERE directory_id = ${directoryId}::uuid AND id > ${after}::uuid ORDER BY id LIMIT ${pageSize}::int`)
    for (const { id, display_name, external_id } of rows) {
      yield { id, displayName: display_name, ...(external_id === null ? {} : { externalId: external_id }) }
    }
    const last = rows.at(-1)
    if (!last || rows.length < pageSize) return
    after = last.id
  }
}

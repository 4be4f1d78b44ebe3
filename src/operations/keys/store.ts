import type { Change } from '../../model/operator.ts'
import { GatewayError } from '../../model/errors.ts'
import type { Keyring } from '../../secrets/keyring.ts'
import { recordEvent } from '../../store/directory/events.ts'
import { keysOfProcesses } from '../../store/processes/processes.ts'
import { type Sql, sql } from '../../store/sql/statement.ts'
import { managedConnections, openSealed, placeOf } from '../managed-connections/store.ts'

const processesWithout = async (db: Sql, key: string): Promise<number> =>
  (await keysOfProcesses(db)).filter((ids) => !ids.includes(key)).length

const notEverywhere = (key: string, count: number): GatewayError =>
  new GatewayError(
    'KEY_NOT_EVERYWHERE',
    `${count === 1 ? 'a running process does' : `${count} running processes do`} not hold the key ${key} and could not start again: give it to every gateway and restart them; a gateway that was killed still counts for 20 seconds`,
  )

export interface KeyUse {
  readonly key: string
  /** Connections whose credentials are sealed with it. */
  readonly connections: number
}

export function keysInUse(db: Sql): Promise<readonly KeyUse[]> {
  return db.rows<KeyUse>(sql`
    SELECT credentials_key AS key, count(*)::int AS connections FROM connections
    WHERE credentials IS NOT NULL GROUP BY credentials_key ORDER BY credentials_key`)
}

/**
 * Seals everything under the first key that is sealed with another one. Nothing else changes, so that gateways go on; what
 * was changed meanwhile is taken up as it is then. Rejects with `KEY_NOT_EVERYWHERE` while a process lives that does not
 * hold that key, unless it is forced. Answers how many were sealed anew.
 */
export async function rotateKeys(
  db: Sql,
  keyring: Keyring,
  actor: Change,
  { force = false }: { readonly force?: boolean } = {},
): Promise<number> {
  const [first] = keyring.ids
  const lacking = first === undefined ? 0 : await processesWithout(db, first)
  if (lacking > 0 && !force) throw notEverywhere(String(first), lacking)
  let resealed = 0
  for (;;) {
    const old = (await managedConnections(db)).filter(({ sealed }) => sealed.key !== first)
    if (old.length === 0) return resealed
    for (const row of old) {
      const { id, credentialsRevision: revision } = row
      const sealed = keyring.seal(placeOf(row), openSealed(keyring, row))
      const changed = await db.row(sql`
        WITH c AS (
          UPDATE connections SET credentials = decode(${Buffer.from(sealed.bytes).toString('base64')}::text, 'base64'),
            credentials_key = ${sealed.key}::text
          WHERE id = ${id}::uuid AND credentials_revision = ${revision}::int AND credentials_key = ${row.sealed.key}::text
          RETURNING id, directory_id
        ), told AS (
          ${recordEvent(
            actor,
            {
              action: 'connection.key-rotated',
              resourceType: 'Connection',
              directoryId: sql`c.directory_id`,
              resourceId: sql`c.id`,
              detail: {
                path: `${row.directory}/${row.name}`,
                from: row.sealed.key,
                to: sealed.key,
                ...(lacking > 0 ? { processesWithoutKey: lacking } : {}),
              },
            },
            sql`FROM c`,
          )}
        )
        SELECT id FROM c`)
      if (changed) resealed += 1
    }
  }
}

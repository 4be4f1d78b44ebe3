import type { Change } from '../../../admin/ports.ts'
import { GatewayError } from '../../../errors.ts'
import { tell } from '../../operate/audit.ts'
import type { Sql } from '../../sql/client.ts'
import { isId } from '../../sql/ids.ts'
import { sql, type Statement } from '../../sql/statement.ts'

/** A connection that an operator made, locked. */
export interface ConsoleRow {
  readonly id: string
  readonly directory_id: string
  readonly path: string
  readonly vendor: string
  readonly api_profile: string
  readonly settings: unknown
  readonly policy: unknown
  readonly written: unknown
  readonly revision: number
  readonly credentials_revision: number
  readonly status: string
  readonly checked: boolean
}

/** Rejects with `NO_CONNECTION`, and with `CONNECTION_FROM_FILE` where a file tells what it is. */
export async function lockConsole(tx: Sql, id: string): Promise<ConsoleRow> {
  const row = isId(id)
    ? await tx.row<ConsoleRow & { source: string }>(sql`
        SELECT c.id, c.directory_id, d.name || '/' || c.name AS path, c.vendor, c.api_profile, c.settings, c.policy, c.written,
          c.revision, c.credentials_revision, c.status, c.checked_at IS NOT NULL AS checked, c.source
        FROM connections c JOIN directories d ON d.id = c.directory_id WHERE c.id = ${id}::uuid FOR UPDATE OF c`)
    : undefined
  if (!row) throw new GatewayError('NO_CONNECTION', 'there is no such connection any more')
  if (row.source !== 'console') throw fromFile(row.path)
  return row
}

export const fromFile = (path: string): GatewayError =>
  new GatewayError(
    'CONNECTION_FROM_FILE',
    `connection ${path} is from a configuration file: change the file and apply it`,
  )

/** The event of a change of connection `c`. */
export const told = (by: Change, action: string, detail: object): Statement =>
  tell(
    by,
    {
      action,
      resourceType: 'Connection',
      directoryId: sql`c.directory_id`,
      resourceId: sql`c.id`,
      detail,
    },
    sql`c`,
  )

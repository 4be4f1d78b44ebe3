import type { Change } from '../../../admin/ports.ts'
import { GatewayError } from '../../../errors.ts'
import { detach, type Detached } from '../detach.ts'
import type { Sql } from '../../sql/client.ts'
import { sql } from '../../sql/statement.ts'
import { enlist, enlistRest } from '../accounts.ts'
import { lockConsole, told } from './row.ts'

/**
 * Lets a checked connection work: everybody of its directory gets an account there. Rejects with `NOT_CHECKED`. Answers how
 * many people are to be admitted; none where it was enabled before.
 */
export async function enableConsole(db: Sql, id: string, by: Change): Promise<number> {
  const people = await db.transaction(async (tx) => {
    const row = await lockConsole(tx, id)
    if (row.status !== 'disabled') return undefined
    if (!row.checked)
      throw new GatewayError(
        'NOT_CHECKED',
        `connection ${row.path} was not checked since it last changed: check it first`,
      )
    await tx.rows(sql`
      WITH c AS (
        UPDATE connections SET status = CASE WHEN tenant_id IS NULL THEN 'new' ELSE 'ready' END, revision = revision + 1
        WHERE id = ${id}::uuid RETURNING id, directory_id
      )
      ${told(by, 'connection.enabled', { path: row.path })}`)
    return enlist(tx, row.directory_id, id)
  })
  if (people === undefined) return 0
  return people + (await enlistRest(db, id))
}

/** As `detach`, for a connection that an operator made. */
export function detachConsole(
  db: Sql,
  id: string,
  by: Change,
  options: { readonly abandon: boolean },
): Promise<Detached | undefined> {
  return db.transaction(async (tx) => {
    await lockConsole(tx, id)
    return detach(tx, id, by, options)
  })
}

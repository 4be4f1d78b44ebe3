import type { Change } from '../../model/operator.ts'
import type { Configuration } from '../../model/configuration.ts'
import type { Policy } from '../../model/policy.ts'
import { GatewayError } from '../../model/errors.ts'
import { type Sql, sql } from '../../store/sql/statement.ts'
import { type Applied, applyConfiguration } from '../../store/connections/configuration.ts'
import { detach } from '../../store/connections/detach.ts'

export interface Detaching {
  /** `<directory>/<connection>` of connections that the file lacks and that are let go of without a vendor call. */
  readonly detach: readonly string[]
  /** Although shut-outs are unproven there. */
  readonly abandon: boolean
}

/** Applies a configuration, letting go of connections first, in one transaction. */
export async function applyDetaching(
  db: Sql,
  configuration: Configuration,
  actor: Change,
  { detach: paths, abandon }: Detaching,
): Promise<Applied> {
  return db.transaction(async (tx) => {
    const changes: string[] = []
    for (const path of paths) {
      if (
        configuration.directories.some(({ name, connections }) =>
          connections.some((each) => `${name}/${each.name}` === path),
        )
      )
        throw new GatewayError('STILL_IN_FILE', `${path} is still in the file: remove it there to detach it`)
      const row = await tx.row<{ id: string; source: string }>(sql`
        SELECT c.id, c.source FROM connections c JOIN directories d ON d.id = c.directory_id
        WHERE d.name || '/' || c.name = ${path}::text`)
      if (row?.source === 'console')
        throw new GatewayError(
          'CONNECTION_MANAGED',
          `${path} was created through the operator API: detach it with "drawbridge connection detach"`,
        )
      const gone = row && (await detach(tx, row.id, actor, { abandon }))
      if (!gone) throw new GatewayError('NO_CONNECTION', `there is no connection ${path} to detach`)
      const abandoned = gone.abandoned.length > 0 ? `; shut-outs abandoned: ${gone.abandoned.join(', ')}` : ''
      changes.push(
        `connection ${path} detached; its accounts at the vendor (${gone.linked}) stay as they are${abandoned}`,
      )
    }
    const applied = await applyConfiguration(tx, configuration, actor)
    return { ...applied, changes: [...changes, ...applied.changes] }
  })
}

/** Ends the transaction of a preview. */
class Undone extends Error {
  override readonly name = 'Undone'
}

/** Applies a configuration and takes it back: what it would change, in words. Rejects as applying would. */
export async function previewConfiguration(
  db: Sql,
  configuration: Configuration,
  detaching: Detaching,
): Promise<readonly string[]> {
  let changes: readonly string[] = []
  const nobody: Change = { actor: 'preview', requestId: 'preview' }
  const undone = db.transaction(async (tx) => {
    changes = (await applyDetaching(tx, configuration, nobody, detaching)).changes
    throw new Undone()
  })
  await undone.catch((error: unknown) => {
    if (!(error instanceof Undone)) throw error
  })
  return changes
}

/** A connection of a file as it was applied last, by whichever process. */
export interface AppliedConnection {
  readonly id: string
  readonly path: string
  readonly api_profile: string
  readonly settings: unknown
  readonly policy: Policy
  readonly revision: number
}

export const appliedRevisions = (db: Sql): Promise<readonly { id: string; revision: number }[]> =>
  db.rows(sql`SELECT id, revision FROM connections WHERE source = 'file' AND status <> 'detached'`)

export const appliedConnections = (db: Sql, ids: readonly string[]): Promise<readonly AppliedConnection[]> =>
  db.rows<AppliedConnection>(sql`
    SELECT c.id, d.name || '/' || c.name AS path, c.api_profile, c.settings, c.policy, c.revision
    FROM connections c JOIN directories d ON d.id = c.directory_id WHERE c.id = ANY(${[...ids]}::uuid[])`)

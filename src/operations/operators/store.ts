import type { Change, OperatorRef, Role } from '../../model/operator.ts'
import { hashOf } from '../../store/connections/configuration.ts'
import { isId, newId, type Sql, sql } from '../../store/sql/statement.ts'
import { at, recordEvent } from '../../store/directory/events.ts'
import type { TokenDraft, TokenView } from '../tokens/store.ts'

export interface OperatorView extends Omit<TokenView, 'source'> {
  readonly role: Role
}

export interface OperatorDraft extends TokenDraft {
  readonly role: Role
}

/** The operator of a secret; undefined when unknown, expired or revoked. Notes the use at most once a minute. */
export async function verifyOperator(db: Sql, secret: string): Promise<OperatorRef | undefined> {
  return db.row<{ name: string; role: Role }>(sql`
    WITH operator AS (
      SELECT id, name, role FROM operators
      WHERE hash = ${hashOf(secret)}::text AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
    ), used AS (
      UPDATE operators SET last_used_at = now() FROM operator
      WHERE operators.id = operator.id
        AND (operators.last_used_at IS NULL OR operators.last_used_at < now() - interval '1 minute')
    )
    SELECT name, role FROM operator`)
}

interface Row {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly hint: string
  readonly state: OperatorView['state']
  readonly created_at: Date
  readonly expires_at: Date | null
  readonly last_used_at: Date | null
  readonly revoked_at: Date | null
}

const columns = sql`o.id, o.name, o.role, o.hint, o.created_at, o.expires_at, o.last_used_at, o.revoked_at,
  CASE WHEN o.revoked_at IS NOT NULL THEN 'revoked' WHEN o.expires_at <= now() THEN 'expired' ELSE 'live' END AS state`

const toView = ({ id, name, role, hint, state, ...row }: Row): OperatorView => ({
  id,
  name,
  role,
  hint,
  state,
  createdAt: row.created_at.toISOString(),
  ...at('expiresAt', row.expires_at),
  ...at('lastUsedAt', row.last_used_at),
  ...at('revokedAt', row.revoked_at),
})

export async function operators(db: Sql): Promise<readonly OperatorView[]> {
  return (await db.rows<Row>(sql`SELECT ${columns} FROM operators o ORDER BY o.created_at, o.id`)).map(toView)
}

/** Undefined when the name is taken. */
export async function createOperator(
  db: Sql,
  { name, role, secret, expiresAt }: OperatorDraft,
  actor: Change,
): Promise<OperatorView | undefined> {
  const hash = hashOf(secret)
  const row = await db.row<Row>(sql`
    WITH o AS (
      INSERT INTO operators (id, name, role, hash, hint, expires_at)
      VALUES (${newId()}::uuid, ${name}::text, ${role}::text, ${hash}::text, ${hash.slice(0, 6)}::text,
        ${expiresAt ?? null}::timestamptz)
      ON CONFLICT DO NOTHING RETURNING *
    ), told AS (
      ${recordEvent(
        actor,
        {
          action: 'operator.created',
          resourceType: 'Operator',
          directoryId: sql`NULL::uuid`,
          resourceId: sql`o.id`,
          detail: { name, role, ...(expiresAt ? { expiresAt } : {}) },
        },
        sql`FROM o`,
      )}
    )
    SELECT ${columns} FROM o`)
  return row && toView(row)
}

export async function revokeOperator(db: Sql, id: string, actor: Change): Promise<boolean> {
  if (!isId(id)) return false
  const row = await db.row(sql`
    WITH o AS (
      UPDATE operators SET revoked_at = clock_timestamp()
      WHERE id = ${id}::uuid AND revoked_at IS NULL RETURNING id, name
    ), told AS (
      ${recordEvent(
        actor,
        {
          action: 'operator.revoked',
          resourceType: 'Operator',
          directoryId: sql`NULL::uuid`,
          resourceId: sql`o.id`,
          more: sql`jsonb_build_object('name', o.name)`,
        },
        sql`FROM o`,
      )}
    )
    SELECT id FROM o`)
  return row !== undefined
}

import type { Change } from '../../model/operator.ts'
import { hashOf } from '../../store/connections/configuration.ts'
import { isId, milliseconds, newId, type Sql, sql, type Statement } from '../../store/sql/statement.ts'
import { at, recordEvent } from '../../store/directory/events.ts'

/** A secret is never shown again after its creation: only where it came from, and how old it is. */
export interface TokenView {
  readonly id: string
  readonly name: string
  /** First six characters of the secret's SHA-256. */
  readonly hint: string
  readonly source: string
  readonly state: 'live' | 'expired' | 'revoked'
  readonly createdAt: string
  readonly expiresAt?: string
  readonly lastUsedAt?: string
  readonly revokedAt?: string
}

export interface TokenDraft {
  readonly name: string
  readonly secret: string
  /** ISO 8601 instant. */
  readonly expiresAt?: string
}

interface Row {
  readonly id: string
  readonly name: string
  readonly hint: string
  readonly source: string
  readonly state: TokenView['state']
  readonly created_at: Date
  readonly expires_at: Date | null
  readonly last_used_at: Date | null
  readonly revoked_at: Date | null
}

const columns = sql`t.id, t.name, t.hint, t.source, t.created_at, t.expires_at, t.last_used_at, t.revoked_at,
  CASE WHEN t.revoked_at IS NOT NULL THEN 'revoked' WHEN t.expires_at <= now() THEN 'expired' ELSE 'live' END AS state`

const toView = ({ id, name, hint, source, state, ...row }: Row): TokenView => ({
  id,
  name,
  hint,
  source,
  state,
  createdAt: row.created_at.toISOString(),
  ...at('expiresAt', row.expires_at),
  ...at('lastUsedAt', row.last_used_at),
  ...at('revokedAt', row.revoked_at),
})

const live = sql`t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())`

/** Undefined when there is no such directory. */
export async function tokens(db: Sql, directory: string): Promise<readonly TokenView[] | undefined> {
  const there = await db.row<{ id: string }>(sql`SELECT id FROM directories WHERE name = ${directory}::text`)
  if (!there) return undefined
  const rows = await db.rows<Row>(
    sql`SELECT ${columns} FROM tokens t WHERE t.directory_id = ${there.id}::uuid ORDER BY t.created_at, t.id`,
  )
  return rows.map(toView)
}

/** Undefined when there is no such directory. */
export async function createToken(
  db: Sql,
  directory: string,
  { name, secret, expiresAt }: TokenDraft,
  actor: Change,
): Promise<TokenView | undefined> {
  const row = await db.row<Row>(sql`
    WITH t AS (
      INSERT INTO tokens (id, directory_id, name, hash, hint, source, expires_at)
      SELECT ${newId()}::uuid, d.id, ${name}::text, ${hashOf(secret)}::text, ${hintOf(secret)}::text, 'operator',
        ${expiresAt ?? null}::timestamptz
      FROM directories d WHERE d.name = ${directory}::text RETURNING *
    ), told AS (${told(actor, 'token.created', sql`jsonb_build_object('name', t.name, 'hint', t.hint, 'expiresAt', t.expires_at)`)})
    SELECT ${columns} FROM t`)
  return row && toView(row)
}

/**
 * A new secret under the same name; the old one ends after the overlap, or at its own expiry if that is sooner. Undefined
 * when the token is not live.
 */
export async function rotateToken(
  db: Sql,
  directory: string,
  id: string,
  { secret, overlapMs, expiresAt }: { secret: string; overlapMs: number; expiresAt?: string },
  actor: Change,
): Promise<TokenView | undefined> {
  if (!isId(id)) return undefined
  const row = await db.row<Row>(sql`
    WITH old AS (
      UPDATE tokens SET expires_at = least(t.expires_at, clock_timestamp() + ${milliseconds(overlapMs)})
      FROM tokens t JOIN directories d ON d.id = t.directory_id
      WHERE tokens.id = t.id AND t.id = ${id}::uuid AND d.name = ${directory}::text AND ${live}
      RETURNING tokens.id, tokens.directory_id, tokens.name, tokens.hint, tokens.expires_at
    ), t AS (
      INSERT INTO tokens (id, directory_id, name, hash, hint, source, expires_at)
      SELECT ${newId()}::uuid, old.directory_id, old.name, ${hashOf(secret)}::text, ${hintOf(secret)}::text, 'operator',
        ${expiresAt ?? null}::timestamptz FROM old RETURNING *
    ), told AS (${told(
      actor,
      'token.rotated',
      sql`(SELECT jsonb_build_object('name', t.name, 'hint', t.hint, 'oldHint', old.hint, 'oldUntil', old.expires_at) FROM old)`,
    )})
    SELECT ${columns} FROM t`)
  return row && toView(row)
}

/** From now on it is the operator's: a configuration file that still holds the secret does not bring it back. */
export async function revokeToken(db: Sql, directory: string, id: string, actor: Change): Promise<boolean> {
  if (!isId(id)) return false
  const row = await db.row(sql`
    WITH t AS (
      UPDATE tokens SET revoked_at = clock_timestamp(), source = 'operator' FROM directories d
      WHERE tokens.id = ${id}::uuid AND d.id = tokens.directory_id AND d.name = ${directory}::text
        AND tokens.revoked_at IS NULL
      RETURNING tokens.id, tokens.directory_id, tokens.name, tokens.hint
    ), told AS (${told(actor, 'token.revoked', sql`jsonb_build_object('name', t.name, 'hint', t.hint)`)})
    SELECT id FROM t`)
  return row !== undefined
}

const hintOf = (secret: string): string => hashOf(secret).slice(0, 6)

const told = (actor: Change, action: string, more: Statement): Statement =>
  recordEvent(
    actor,
    { action, resourceType: 'Token', directoryId: sql`t.directory_id`, resourceId: sql`t.id`, more },
    sql`FROM t`,
  )

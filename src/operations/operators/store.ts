import type { Change, OperatorRef, Role } from '../../model/operator.ts'
import { hashOf } from '../../store/connections/configuration.ts'
import { isId, newId, type Sql, sql } from '../../store/sql/statement.ts'
import { at, recordEvent } from '../../store/directory/events.ts'
import type { PersonalRead } from '../../admin/plugin.ts'
import type { TokenDraft, TokenView } from '../tokens/store.ts'

export interface OperatorView extends Omit<TokenView, 'source'> {
  readonly role: Role
  readonly directories?: readonly string[]
}

export interface OperatorDraft extends TokenDraft {
  readonly role: Role
  readonly directories?: readonly string[] | undefined
}

/** The operator of a secret; undefined when unknown, expired or revoked. Notes the use at most once a minute. */
export async function verifyOperator(db: Sql, secret: string): Promise<OperatorRef | undefined> {
  const row = await db.row<{ name: string; role: Role; directories: string[] | null }>(sql`
    WITH operator AS (
      SELECT id, name, role, directories FROM operators
      WHERE hash = ${hashOf(secret)}::text AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
    ), used AS (
      UPDATE operators SET last_used_at = now() FROM operator
      WHERE operators.id = operator.id
        AND (operators.last_used_at IS NULL OR operators.last_used_at < now() - interval '1 minute')
    )
    SELECT name, role, directories FROM operator`)
  return row && { name: row.name, role: row.role, ...limitedTo(row.directories) }
}

const limitedTo = (directories: readonly string[] | null): Pick<OperatorRef, 'directories'> =>
  directories && directories.length > 0 ? { directories } : {}

interface Row {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly directories: readonly string[] | null
  readonly hint: string
  readonly state: OperatorView['state']
  readonly created_at: Date
  readonly expires_at: Date | null
  readonly last_used_at: Date | null
  readonly revoked_at: Date | null
}

const columns = sql`o.id, o.name, o.role, o.directories, o.hint, o.created_at, o.expires_at, o.last_used_at, o.revoked_at,
  CASE WHEN o.revoked_at IS NOT NULL THEN 'revoked' WHEN o.expires_at <= now() THEN 'expired' ELSE 'live' END AS state`

const toView = ({ id, name, role, directories, hint, state, ...row }: Row): OperatorView => ({
  id,
  name,
  role,
  ...limitedTo(directories),
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
  { name, role, secret, expiresAt, directories }: OperatorDraft,
  actor: Change,
): Promise<OperatorView | undefined> {
  const hash = hashOf(secret)
  const row = await db.row<Row>(sql`
    WITH o AS (
      INSERT INTO operators (id, name, role, hash, hint, expires_at, directories)
      VALUES (${newId()}::uuid, ${name}::text, ${role}::text, ${hash}::text, ${hash.slice(0, 6)}::text,
        ${expiresAt ?? null}::timestamptz, ${directories ?? null}::text[])
      ON CONFLICT DO NOTHING RETURNING *
    ), told AS (
      ${recordEvent(
        actor,
        {
          action: 'operator.created',
          resourceType: 'Operator',
          directoryId: sql`NULL::uuid`,
          resourceId: sql`o.id`,
          detail: {
            name,
            role,
            ...(directories ? { directories } : {}),
            ...(expiresAt ? { expiresAt } : {}),
          },
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

const tables = { connection: sql`connections`, account: sql`accounts`, user: sql`users` } as const

/** The name of the directory that a connection, an account or a User belongs to. */
export async function directoryOf(
  db: Sql,
  kind: keyof typeof tables,
  id: string,
): Promise<string | undefined> {
  if (!isId(id)) return undefined
  const thing =
    kind === 'account'
      ? sql`accounts a JOIN connections x ON x.id = a.connection_id WHERE a.id`
      : sql`${tables[kind]} x WHERE x.id`
  const row = await db.row<{ name: string }>(sql`
    SELECT d.name FROM directories d WHERE d.id = (SELECT x.directory_id FROM ${thing} = ${id}::uuid)`)
  return row?.name
}

/** The same look of the same operator is noted once in so long: a page that looks every few seconds is one read. */
const sameReadMs = 600_000
const mostReads = 10_000

/** Notes reads of people's data as events, each once in ten minutes. */
export function createReadNotes(
  db: Sql,
  now: () => number = Date.now,
): (read: PersonalRead) => Promise<void> {
  const noted = new Map<string, number>()
  return async (read) => {
    const { actor, route, directory = '', userName = '', resourceId = '' } = read
    const key = JSON.stringify([actor.actor, route, directory, userName, resourceId])
    if (now() - (noted.get(key) ?? -Infinity) < sameReadMs) return
    await noteRead(db, read)
    if (noted.size >= mostReads) noted.clear()
    noted.set(key, now())
  }
}

/** Of a person by id, so that an erasure finds it. */
async function noteRead(
  db: Sql,
  { actor, route, directory, userName, resourceId }: PersonalRead,
): Promise<void> {
  const user = sql`(SELECT u.id::text FROM users u JOIN directories d ON d.id = u.directory_id
    WHERE ${userName ?? null}::text IS NOT NULL AND lower(${userName ?? null}::text) IN (u.user_name_key, u.former_name_key)
      AND (${directory ?? null}::text IS NULL OR d.name = ${directory ?? null}::text) LIMIT 1)`
  await db.rows(
    recordEvent(
      actor,
      {
        action: 'people.read',
        resourceType: 'Directory',
        directoryId: sql`(SELECT id FROM directories WHERE name = ${directory ?? null}::text)`,
        resourceId: sql`coalesce(${resourceId ?? null}::text, ${user}, '')`,
        detail: { route },
      },
      sql``,
    ),
  )
}

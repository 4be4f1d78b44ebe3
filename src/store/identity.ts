import { gateway } from './directory/events.ts'
import { json, type Sql, sql } from './sql/statement.ts'

/** What tells one life of a database from another: a part is null where this PostgreSQL does not tell. */
interface Identity {
  /** Made with the cluster. */
  readonly system: string | null
  /** Another one after a restore to a point in time, and after a stand-by took over. */
  readonly timeline: string | null
  /** Another one when the database was made again from a dump. */
  readonly database: string | null
  /** Another one when a dump was read back over the tables. */
  readonly table: string | null
}

const key = 'database_identity'
/** Advisory lock under which identities are compared. */
const identityLock = 72707371

/**
 * Compares the database with the one that the store was last opened on. A restart changes nothing of it; a restored backup
 * does, and then every account is in doubt. Answers whether it was restored.
 */
export async function checkIdentity(db: Sql): Promise<boolean> {
  const now = await identityOf(db)
  return db.transaction(async (tx) => {
    await tx.rows(sql`SELECT 1 AS locked FROM pg_advisory_xact_lock(${identityLock}::bigint)`)
    const row = await tx.row<{ value: string }>(sql`SELECT value FROM store_meta WHERE key = ${key}::text`)
    const before = row && (JSON.parse(row.value) as Partial<Identity>)
    const restored = before !== undefined && differs(before, now)
    if (!before || restored || hasMore(before, now)) await keep(tx, now)
    if (restored) await markRestored(tx)
    return restored
  })
}

async function identityOf(db: Sql): Promise<Identity> {
  const part = async (text: ReturnType<typeof sql>): Promise<string | null> => {
    // Some hosts keep these functions to themselves.
    const row = await db.row<{ part: string | null }>(text).catch(() => undefined)
    return row?.part ?? null
  }
  const [system, timeline, database, table] = await Promise.all([
    part(sql`SELECT system_identifier::text AS part FROM pg_control_system()`),
    part(sql`SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) AS part`),
    part(sql`SELECT oid::text AS part FROM pg_database WHERE datname = current_database()`),
    part(sql`SELECT 'store_meta'::regclass::oid::text AS part`),
  ])
  return { system, timeline, database, table }
}

const parts = ['system', 'timeline', 'database', 'table'] as const

function differs(before: Partial<Identity>, now: Identity): boolean {
  return parts.some(
    (part) => (before[part] ?? null) !== null && now[part] !== null && before[part] !== now[part],
  )
}

function hasMore(before: Partial<Identity>, now: Identity): boolean {
  return parts.some((part) => (before[part] ?? null) === null && now[part] !== null)
}

async function keep(tx: Sql, identity: Identity): Promise<void> {
  await tx.rows(sql`
    INSERT INTO store_meta (key, value) VALUES (${key}::text, ${json(identity)}::text)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`)
}

/** Puts every account in doubt; only shut-outs run until a reconciliation or an operator has looked. */
async function markRestored(tx: Sql): Promise<void> {
  await tx.rows(sql`
    WITH restored AS (
      UPDATE connections SET recovering_since = clock_timestamp() RETURNING id, directory_id
    ), told AS (
      INSERT INTO events (directory_id, actor, action, resource_type, resource_id)
      SELECT directory_id, ${gateway.actor}::text, 'store.restored', 'Connection', id::text FROM restored
    ), doubted AS (
      UPDATE accounts SET uncertain = true, lease_owner = NULL, lease_until = NULL
    )
    SELECT id FROM restored`)
}

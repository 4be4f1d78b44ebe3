import { priorities } from '../../model/work.ts'
import type { ReplyDeviation } from '../../model/work.ts'
import type { Change } from '../../model/operator.ts'
import { remind } from '../../store/directory/due.ts'
import { isId, type Sql, sql, type Statement } from '../../store/sql/statement.ts'
import { at, given, recordEvent } from '../../store/directory/events.ts'

export interface DirectoryView {
  readonly name: string
  readonly client: string
  readonly domains: readonly string[]
  readonly createdAt: string
  readonly users: number
  readonly groups: number
  /** Names. */
  readonly connections: readonly string[]
}

export async function directories(db: Sql): Promise<readonly DirectoryView[]> {
  const rows = await db.rows<Omit<DirectoryView, 'createdAt'> & { created_at: Date }>(sql`
    SELECT d.name, d.client, d.domains, d.created_at,
      (SELECT count(*)::int FROM users u WHERE u.directory_id = d.id AND u.deleted_at IS NULL) AS users,
      (SELECT count(*)::int FROM groups g WHERE g.directory_id = d.id) AS groups,
      (SELECT coalesce(array_agg(c.name ORDER BY c.name), '{}') FROM connections c WHERE c.directory_id = d.id) AS connections
    FROM directories d ORDER BY d.name`)
  return rows.map(({ created_at, ...row }) => ({ ...row, createdAt: created_at.toISOString() }))
}

export async function directoryId(db: Sql, name: string): Promise<string | undefined> {
  return (await db.row<{ id: string }>(sql`SELECT id FROM directories WHERE name = ${name}::text`))?.id
}

/** Records that an operator asked for something of a connection whose own event does not name who did. */
export async function note(
  db: Sql,
  connectionId: string,
  action: string,
  actor: Change,
  detail: object = {},
): Promise<void> {
  const source = sql`FROM connections c WHERE c.id = ${connectionId}::uuid`
  const of = { directoryId: sql`c.directory_id`, resourceId: sql`c.id` }
  await db.rows(recordEvent(actor, { action, resourceType: 'Connection', ...of, detail }, source))
}

export interface ConnectionView {
  readonly id: string
  readonly directory: string
  readonly name: string
  readonly vendor: string
  readonly mode: string
  readonly apiProfile: string
  readonly resolvedProfile?: string
  readonly tenantId?: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly policy: Readonly<Record<string, unknown>>
  readonly revision: number
  /** `file`: read-only here. */
  readonly source: string
  /** disabled | new | ready | parked | detached */
  readonly status: string
  readonly parkedAt?: string
  readonly parkedReason?: Readonly<Record<string, unknown>>
  /** Path class → ISO 8601 instant; only what lasts. */
  readonly pauses: Readonly<Record<string, string>>
  readonly catalogueFetchedAt?: string
  /** As an operator wrote it, without credentials; absent where a file tells. */
  readonly configuration?: Readonly<Record<string, unknown>>
  /** When the vendor was asked; absent after a change of settings or credentials. */
  readonly checkedAt?: string
  /** When its credentials end, as far as that can be told. */
  readonly credentialsEndAt?: string
  /** Fields of the vendor's replies that are not as documented, the most frequent first. */
  readonly replyDeviations: ReplyDeviation[]
  readonly createdAt: string
}

interface ConnectionRow {
  readonly id: string
  readonly directory: string
  readonly name: string
  readonly vendor: string
  readonly api_profile: string
  readonly resolved_profile: string | null
  readonly tenant_id: string | null
  readonly settings: Readonly<Record<string, unknown>>
  readonly policy: Readonly<Record<string, unknown>>
  readonly revision: number
  readonly source: string
  readonly status: string
  readonly parked_at: Date | null
  readonly parked_reason: Readonly<Record<string, unknown>> | null
  readonly pauses: Readonly<Record<string, string>>
  readonly catalogue_fetched_at: Date | null
  readonly written: Readonly<Record<string, unknown>> | null
  readonly checked_at: Date | null
  readonly credentials_end_at: Date | null
  readonly reply_deviations: KeptDeviations
  readonly created_at: Date
}

const selected = sql`SELECT c.id, d.name AS directory, c.name, c.vendor, c.api_profile, c.resolved_profile, c.tenant_id,
    c.settings, c.policy, c.revision, c.source, c.status, c.parked_at, c.parked_reason, c.catalogue_fetched_at, c.written,
    c.checked_at, c.credentials_end_at, c.created_at, c.reply_deviations,
    (SELECT coalesce(jsonb_object_agg(p.key, p.value), '{}') FROM jsonb_each_text(c.pauses) p
      WHERE p.value::timestamptz > clock_timestamp()) AS pauses
  FROM connections c JOIN directories d ON d.id = c.directory_id`

const toView = (row: ConnectionRow): ConnectionView => ({
  id: row.id,
  directory: row.directory,
  name: row.name,
  vendor: row.vendor,
  mode: String(row.policy['mode'] ?? 'enforce'),
  apiProfile: row.api_profile,
  ...given('resolvedProfile', row.resolved_profile),
  ...given('tenantId', row.tenant_id),
  settings: row.settings,
  policy: row.policy,
  revision: row.revision,
  source: row.source,
  status: row.status,
  ...at('parkedAt', row.parked_at),
  ...given('parkedReason', row.parked_reason),
  pauses: Object.fromEntries(
    Object.entries(row.pauses).map(([pathClass, until]) => [pathClass, new Date(until).toISOString()]),
  ),
  ...at('catalogueFetchedAt', row.catalogue_fetched_at),
  ...given('configuration', row.written),
  ...at('checkedAt', row.checked_at),
  ...at('credentialsEndAt', row.credentials_end_at),
  replyDeviations: deviationsOf(row.reply_deviations),
  createdAt: row.created_at.toISOString(),
})

type KeptDeviations = Readonly<Record<string, ReplyDeviation>>

/** The most frequent first. */
function deviationsOf(kept: KeptDeviations): ReplyDeviation[] {
  return Object.values(kept)
    .map(({ since, lastAt, ...field }) => ({
      ...field,
      since: new Date(since).toISOString(),
      lastAt: new Date(lastAt).toISOString(),
    }))
    .toSorted((one, other) => other.count - one.count)
}

export async function connections(
  db: Sql,
  { directory, name }: { readonly directory?: string; readonly name?: string },
): Promise<readonly ConnectionView[]> {
  const rows = await db.rows<ConnectionRow>(sql`${selected}
    WHERE (${directory ?? null}::text IS NULL OR d.name = ${directory ?? null}::text)
      AND (${name ?? null}::text IS NULL OR c.name = ${name ?? null}::text)
    ORDER BY d.name, c.name`)
  return rows.map(toView)
}

export async function connection(db: Sql, id: string): Promise<ConnectionView | undefined> {
  if (!isId(id)) return undefined
  const row = await db.row<ConnectionRow>(sql`${selected} WHERE c.id = ${id}::uuid`)
  return row && toView(row)
}

/** How the accounts of a connection stand, in numbers. */
/** Accounts `a` of connection `c` that are due, and that nobody works although nothing stands against it. */
export const isUnserved = sql`a.due_at < clock_timestamp() - interval '1 minute'
  AND (a.lease_until IS NULL OR a.lease_until < clock_timestamp() - interval '1 minute')
  AND c.status NOT IN ('parked', 'detached', 'disabled')
  AND (c.paused_until IS NULL OR c.paused_until < clock_timestamp() - interval '1 minute' OR a.priority <= ${priorities.revoke}::int)`

export interface Unserved {
  readonly id: string
  readonly path: string
  readonly count: number
}

/** Connections at which work is due and nobody does it. */
export const unserved = (db: Sql): Promise<readonly Unserved[]> =>
  db.rows<Unserved>(sql`
    SELECT c.id, d.name || '/' || c.name AS path, count(*)::int AS count
    FROM connections c JOIN directories d ON d.id = c.directory_id JOIN accounts a ON a.connection_id = c.id
    WHERE ${isUnserved} GROUP BY c.id, d.name, c.name`)

export interface ConnectionStanding {
  readonly id: string
  readonly directory: string
  readonly name: string
  readonly vendor: string
  readonly mode: string
  readonly status: string
  readonly accounts: number
  readonly proven: number
  /** Wanted and not proven, whatever the cause. */
  readonly pending: number
  readonly failed: number
  readonly unmanaged: number
  /** Shut-outs that are not proven. */
  readonly leavers: number
  /** When the oldest of them was asked for. */
  readonly oldestLeaverAt?: string
  readonly due: number
  /** Due for more than a minute, and nobody works on them. */
  readonly unserved: number
  readonly plansWaiting: number
  readonly credentialsEndAt?: string
  /** Fields of the vendor's replies that are not as documented, the most frequent first. */
  readonly replyDeviations: ReplyDeviation[]
}

type StandingRow = Omit<ConnectionStanding, 'oldestLeaverAt' | 'credentialsEndAt' | 'replyDeviations'> & {
  readonly deviations: KeptDeviations
  readonly oldest: Date | null
  readonly ending: Date | null
}

const leaving = sql`(NOT u.active_wanted OR u.delete_requested_at IS NOT NULL OR u.deleted_at IS NOT NULL)`
const unproven = sql`a.proven_version < a.wanted_version AND NOT a.unmanaged`

export async function standing(db: Sql): Promise<readonly ConnectionStanding[]> {
  const rows = await db.rows<StandingRow>(sql`
    SELECT c.id, d.name AS directory, c.name, c.vendor, coalesce(c.policy->>'mode', 'enforce') AS mode, c.status,
      c.credentials_end_at AS ending, c.reply_deviations AS deviations, n.*, (SELECT count(*)::int FROM plans p WHERE p.connection_id = c.id AND p.state = 'waiting') AS "plansWaiting"
    FROM connections c JOIN directories d ON d.id = c.directory_id CROSS JOIN LATERAL (
      SELECT count(*)::int AS accounts,
        count(*) FILTER (WHERE a.proven_version >= a.wanted_version AND NOT a.unmanaged)::int AS proven,
        count(*) FILTER (WHERE ${unproven} AND a.status <> 'failed')::int AS pending,
        count(*) FILTER (WHERE ${unproven} AND a.status = 'failed')::int AS failed,
        count(*) FILTER (WHERE a.unmanaged)::int AS unmanaged,
        count(*) FILTER (WHERE ${unproven} AND ${leaving})::int AS leavers,
        min(a.shut_out_asked_at) FILTER (WHERE ${unproven} AND ${leaving}) AS oldest,
        count(*) FILTER (WHERE a.due_at <= now())::int AS due,
        count(*) FILTER (WHERE ${isUnserved})::int AS unserved
      FROM accounts a JOIN users u ON u.id = a.user_id WHERE a.connection_id = c.id
    ) n
    ORDER BY d.name, c.name`)
  return rows.map(({ oldest, ending, deviations, ...row }) => ({
    ...row,
    replyDeviations: deviationsOf(deviations),
    ...at('oldestLeaverAt', oldest),
    ...at('credentialsEndAt', ending),
  }))
}

export interface CatalogueView {
  readonly kind: string
  readonly id: string
  readonly name: string
  readonly privileged: boolean
  readonly scope?: { readonly level: string; readonly id: string; readonly name?: string }
}

export async function catalogue(db: Sql, connectionId: string): Promise<readonly CatalogueView[]> {
  const rows = await db.rows<
    Omit<CatalogueView, 'scope'> & { level: string; scope_id: string; scope_name: string | null }
  >(sql`
    SELECT kind, id, name, privileged, scope_level AS level, scope_id, scope_name FROM entitlements
    WHERE connection_id = ${connectionId}::uuid ORDER BY position, id`)
  return rows.map(({ level, scope_id, scope_name, ...row }) => ({
    ...row,
    ...(level === '' ? {} : { scope: { level, id: scope_id, ...given('name', scope_name) } }),
  }))
}

/** Lets a parked connection work again and makes its unproven accounts due. */
export async function unpark(db: Sql, id: string, actor: Change): Promise<boolean> {
  return db.transaction(async (tx) => {
    const row = await tx.row(sql`
      WITH c AS (
        UPDATE connections SET status = CASE WHEN tenant_id IS NULL THEN 'new' ELSE 'ready' END,
          parked_at = NULL, parked_reason = NULL
        WHERE id = ${id}::uuid AND status = 'parked' RETURNING id, directory_id
      ), told AS (${told(actor, 'connection.unparked')})
      SELECT id FROM c`)
    if (row) await tx.rows(remind(sql`a.connection_id = ${id}::uuid`))
    return row !== undefined
  })
}

/** Makes the unproven accounts of a connection due now; counts them. */
export async function retryConnection(db: Sql, id: string, actor: Change): Promise<number> {
  const row = await db.row<{ count: number }>(sql`
    WITH due AS (
      ${remind(sql`a.connection_id = ${id}::uuid AND NOT a.unmanaged`)} RETURNING accounts.id
    ), c AS (
      SELECT id, directory_id FROM connections WHERE id = ${id}::uuid
    ), told AS (${told(actor, 'connection.retried', sql`jsonb_build_object('accounts', (SELECT count(*) FROM due))`)})
    SELECT count(*)::int AS count FROM due`)
  return row?.count ?? 0
}

const told = (actor: Change, action: string, more?: Statement): Statement =>
  recordEvent(
    actor,
    {
      action,
      resourceType: 'Connection',
      directoryId: sql`c.directory_id`,
      resourceId: sql`c.id`,
      ...(more ? { more } : {}),
    },
    sql`FROM c`,
  )

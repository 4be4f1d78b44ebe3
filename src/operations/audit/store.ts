import { createHash } from 'node:crypto'
import { GatewayError } from '../../model/errors.ts'
import { empty, json, type Sql, sql, type Statement } from '../../store/sql/statement.ts'
import type { PageRequest } from '../../model/operator.ts'

/** An event of the audit as it leaves the store. */
export interface AuditEvent {
  /** In the order of writing, as text: it may be larger than a number holds. */
  readonly id: string
  /** Place in its chain, from 1; absent until it is sealed. */
  readonly position?: number
  /** Hex SHA-256 of the chain up to and with it. */
  readonly hash?: string
  /** ISO 8601 instant, database clock. */
  readonly at: string
  /** Name of the directory; absent for what concerns the whole gateway. */
  readonly directory?: string
  /** `token:<name>`, `operator:<name>`, `gateway`, `file`. */
  readonly actor: string
  readonly requestId?: string
  readonly action: string
  readonly resourceType: string
  readonly resourceId: string
  /** Changed attributes, failure, deviations; `{erased: …}` where it was erased. */
  readonly detail: Readonly<Record<string, unknown>>
}

/** A chain of events: one for each directory, and one, without a name, for the gateway itself. */
export interface Chain {
  readonly directoryId: string | null
  readonly directory: string | null
}

/** The last link of a chain. */
export interface Head extends Chain {
  readonly position: number
  readonly hash: string
}

/** A link as it is checked: what is kept, and what its payload hashes to now. */
export interface Link {
  readonly position: number
  readonly hash: string
  readonly digest: string
  /** Of the payload as it is in the row. */
  readonly found: string
  readonly erased: boolean
  /** Of an erasure: the links whose payload it blanked. */
  readonly positions: readonly number[] | null
  readonly at: string
  readonly action: string
}

/** Where a chain begins after older events were dropped; position 0 where none was. */
export interface Anchor {
  readonly position: number
  readonly hash: string
}

interface AuditQuery {
  /** Only of this directory, by name. */
  readonly directory?: string
  /** ISO 8601 instants: from, and before. */
  readonly since?: string
  readonly until?: string
}

/** Who has something erased, for the event. */
interface Eraser {
  readonly actor: string
  readonly requestId?: string
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** What the first event of a chain is chained to. */
const genesis = ({ directoryId }: Pick<Chain, 'directoryId'>): string =>
  sha256(`drawbridge/${directoryId ?? ''}`)

/** The hash of a link: of the one before it, its place, and its payload's digest. */
export const hashOf = (before: string, position: number, digest: string): string =>
  sha256(`${before}\n${position}\n${digest}`)

const mostAtOnce = 10_000

/**
 * Blanks the payloads of everything about a User; the digests stay, and the erasure is an event. Counts the events. Everything
 * is sealed first, so that no digest is lost. People who are gone are found by their former userName.
 */
export async function erase(db: Sql, directory: string, userName: string, actor: Eraser): Promise<number> {
  while ((await seal(db, mostAtOnce)).length > 0);
  return db.transaction(async (tx) => {
    const users = await tx.rows<{ id: string; directory_id: string }>(sql`
      SELECT u.id, u.directory_id FROM users u JOIN directories d ON d.id = u.directory_id
      WHERE d.name = ${directory}::text AND lower(${userName}::text) IN (u.user_name_key, u.former_name_key)`)
    const [first] = users
    if (!first) {
      throw new GatewayError(
        'USER_UNKNOWN',
        `directory ${directory} has no User ${userName}, not even a deleted one; nothing was erased`,
      )
    }
    const ids = users.map(({ id }) => id)
    const rows = await tx.rows<{ position: number }>(sql`
      UPDATE events SET detail = jsonb_build_object('erased', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
      WHERE directory_id = ${first.directory_id}::uuid AND position IS NOT NULL AND NOT detail ? 'erased'
        AND action <> 'audit.erased'
        AND (resource_id = ANY(${ids}::text[]) OR detail->>'userId' = ANY(${ids}::text[]))
      RETURNING position::float8 AS position`)
    const positions = rows.map(({ position }) => position).toSorted((a, b) => a - b)
    await tx.rows(sql`
      INSERT INTO events (directory_id, actor, request_id, action, resource_type, resource_id, detail)
      SELECT ${first.directory_id}::uuid, ${actor.actor}::text, ${actor.requestId ?? null}::text, 'audit.erased', 'User', u.id, ${json({ events: rows.length, positions })}
      FROM unnest(${ids}::text[]) u(id)`)
    return rows.length
  })
}

/**
 * Drops what is older, and counts it. Only sealed events are dropped, from the beginning of each chain; where it goes on is
 * kept and is an event itself.
 */
export async function drop(db: Sql, olderThanDays: number): Promise<number> {
  let dropped = 0
  for (const chain of await chains(db)) dropped += await dropOf(db, chain, olderThanDays)
  return dropped
}

function dropOf(db: Sql, chain: Chain, days: number): Promise<number> {
  return db.transaction(async (tx) => {
    const last = await tx.row<Pick<Head, 'position' | 'hash'>>(sql`
      SELECT e.position::float8 AS position, e.hash FROM events e
      WHERE ${ofChain(chain)} AND e.position < coalesce((
        SELECT min(e.position) FROM events e
        WHERE ${ofChain(chain)} AND e.position IS NOT NULL AND e.at >= clock_timestamp() - ${days}::int * interval '1 day'
      ), 9223372036854775807)
      ORDER BY e.position DESC LIMIT 1`)
    if (!last) return 0
    const [gone] = await tx.rows<{ count: number }>(sql`
      WITH gone AS (
        DELETE FROM events e WHERE ${ofChain(chain)} AND e.position <= ${last.position}::bigint RETURNING 1
      ) SELECT count(*)::int AS count FROM gone`)
    await keepAnchor(tx, chain, last)
    await tx.rows(sql`
      INSERT INTO events (directory_id, actor, action, resource_type, resource_id, detail)
      VALUES (${chain.directoryId}::uuid, 'gateway', 'audit.dropped', 'Directory', ${chain.directoryId ?? ''}::text,
        ${json({ upTo: last.position, hash: last.hash, events: gone?.count ?? 0, olderThanDays: days })})`)
    return gone?.count ?? 0
  })
}

/** First half of the advisory lock; the chain is the second. */
const sealLock = 72707372

/** The payload of event `e` as one text, hashed: the same in every PostgreSQL. */
const digestOf = sql`encode(sha256(convert_to(jsonb_build_array(
  to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), e.directory_id, e.actor, e.request_id, e.action,
  e.resource_type, e.resource_id, e.detail)::text, 'UTF8')), 'hex')`

const ofChain = ({ directoryId }: Pick<Chain, 'directoryId'>): Statement =>
  directoryId === null ? sql`e.directory_id IS NULL` : sql`e.directory_id = ${directoryId}::uuid`

export async function chains(db: Sql): Promise<readonly Chain[]> {
  const rows = await db.rows<Chain>(
    sql`SELECT id AS "directoryId", name AS directory FROM directories ORDER BY name`,
  )
  return [...rows, { directoryId: null, directory: null }]
}

/**
 * Chains up to `most` events of each chain that no running transaction can precede; gives the heads that moved. One sealer a
 * chain: who finds another at work leaves it to that one.
 */
export async function seal(db: Sql, most: number): Promise<readonly Head[]> {
  const open = await db.rows<Chain>(sql`
    SELECT d.id AS "directoryId", d.name AS directory FROM (
      SELECT id, name FROM directories UNION ALL SELECT NULL, NULL
    ) d WHERE CASE WHEN d.id IS NULL
      THEN EXISTS (SELECT FROM events e WHERE e.directory_id IS NULL AND e.position IS NULL)
      ELSE EXISTS (SELECT FROM events e WHERE e.directory_id = d.id AND e.position IS NULL) END`)
  const moved: Head[] = []
  for (const chain of open) {
    const head = await db.transaction((tx) => sealChain(tx, chain, most))
    if (head) moved.push(head)
  }
  return moved
}

async function sealChain(tx: Sql, chain: Chain, most: number): Promise<Head | undefined> {
  const lock = await tx.row<{ taken: boolean }>(sql`
    SELECT pg_try_advisory_xact_lock(${sealLock}::int, hashtext(${chain.directoryId ?? ''}::text)) AS taken`)
  if (!lock?.taken) return undefined
  // Transactions that run now may still write events; those of later ones come after all that are sealed here.
  const rows = await tx.rows<{ id: string; digest: string }>(sql`
    SELECT e.id::text AS id, ${digestOf} AS digest FROM events e
    WHERE ${ofChain(chain)} AND e.position IS NULL
      AND e.transaction_id < (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint
    ORDER BY e.transaction_id, e.id LIMIT ${most}::int`)
  if (rows.length === 0) return undefined
  let { position, hash } = (await head(tx, chain)) ?? (await anchor(tx, chain))
  const links = rows.map(({ digest }) => {
    position += 1
    hash = hashOf(hash, position, digest)
    return { position, hash }
  })
  await tx.rows(sql`
    UPDATE events SET position = s.position, digest = s.digest, hash = s.hash
    FROM unnest(${rows.map(({ id }) => id)}::bigint[], ${links.map((link) => link.position)}::bigint[],
      ${rows.map(({ digest }) => digest)}::text[], ${links.map((link) => link.hash)}::text[]) s(id, position, digest, hash)
    WHERE events.id = s.id`)
  await keepHead(tx, chain, { position, hash })
  return { ...chain, position, hash }
}

/** Undefined for a chain without sealed events. */
export async function head(db: Sql, chain: Chain): Promise<Head | undefined> {
  const row = await db.row<{ position: string; hash: string }>(sql`
    SELECT e.position::text AS position, e.hash FROM events e
    WHERE ${ofChain(chain)} AND e.position IS NOT NULL ORDER BY e.position DESC LIMIT 1`)
  return row && { ...chain, position: Number(row.position), hash: row.hash }
}

const anchorKey = ({ directoryId }: Chain): string => `audit_anchor:${directoryId ?? ''}`
const headKey = ({ directoryId }: Chain): string => `audit_head:${directoryId ?? ''}`

export async function anchor(db: Sql, chain: Chain): Promise<Anchor> {
  return (await kept(db, anchorKey(chain))) ?? { position: 0, hash: genesis(chain) }
}

/** The head as it was when the chain was last sealed: events that were cut off show against it. */
export const keptHead = (db: Sql, chain: Chain): Promise<Anchor | undefined> => kept(db, headKey(chain))

const keepAnchor = (db: Sql, chain: Chain, link: Anchor): Promise<void> => keep(db, anchorKey(chain), link)

const keepHead = (db: Sql, chain: Chain, link: Anchor): Promise<void> => keep(db, headKey(chain), link)

async function kept(db: Sql, key: string): Promise<Anchor | undefined> {
  const row = await db.row<{ value: string }>(sql`SELECT value FROM store_meta WHERE key = ${key}::text`)
  return row && (JSON.parse(row.value) as Anchor)
}

async function keep(db: Sql, key: string, { position, hash }: Anchor): Promise<void> {
  const value = JSON.stringify({ position, hash })
  await db.rows(sql`
    INSERT INTO store_meta (key, value) VALUES (${key}::text, ${value}::text)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`)
}

/** Links after a position, in order. */
export function links(db: Sql, chain: Chain, after: number, limit: number): Promise<readonly Link[]> {
  return db.rows<Link>(sql`
    SELECT e.position::float8 AS position, e.hash, e.digest, ${digestOf} AS found, e.detail ? 'erased' AS erased, e.detail->'positions' AS positions,
      to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, e.action
    FROM events e WHERE ${ofChain(chain)} AND e.position > ${after}::bigint ORDER BY e.position LIMIT ${limit}::int`)
}

/**
 * One process at a time delivers to a receiver; the turn ends by itself after `ms`. Whose turn it is, and until when, stands
 * in one row; a process that died loses it.
 */
export async function takeTurn(db: Sql, receiver: string, owner: string, ms: number): Promise<boolean> {
  const turn = sql`jsonb_build_object('owner', ${owner}::text,
    'until', extract(epoch FROM clock_timestamp()) * 1000 + ${ms}::float8)::text`
  const row = await db.row(sql`
    INSERT INTO store_meta (key, value) VALUES (${`audit_turn:${receiver}`}::text, ${turn})
    ON CONFLICT (key) DO UPDATE SET value = excluded.value
    WHERE store_meta.value::jsonb->>'owner' = ${owner}::text
      OR (store_meta.value::jsonb->>'until')::float8 < extract(epoch FROM clock_timestamp()) * 1000
    RETURNING key`)
  return row !== undefined
}

const deliveredKey = (receiver: string, { directoryId }: Chain): string =>
  `audit_delivered:${receiver}:${directoryId ?? ''}`

/** Up to where a receiver has got each chain. */
export async function delivered(db: Sql, receiver: string, chain: Chain): Promise<number> {
  const row = await db.row<{ value: string }>(
    sql`SELECT value FROM store_meta WHERE key = ${deliveredKey(receiver, chain)}::text`,
  )
  return Number(row?.value ?? 0)
}

export async function keepDelivered(
  db: Sql,
  receiver: string,
  chain: Chain,
  position: number,
): Promise<void> {
  await db.rows(sql`
    INSERT INTO store_meta (key, value) VALUES (${deliveredKey(receiver, chain)}::text, ${String(position)}::text)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE store_meta.value::bigint < excluded.value::bigint`)
}

interface EventRow {
  readonly id: string
  readonly position: string | null
  readonly hash: string | null
  readonly at: Date
  readonly directory: string | null
  readonly actor: string
  readonly requestId: string | null
  readonly action: string
  readonly resourceType: string
  readonly resourceId: string
  readonly detail: Readonly<Record<string, unknown>>
}

const columns = sql`e.id::text AS id, e.position::text AS position, e.hash, e.at, d.name AS directory, e.actor,
  e.request_id AS "requestId", e.action, e.resource_type AS "resourceType", e.resource_id AS "resourceId", e.detail`

const toEvent = ({ position, hash, at, directory, requestId, ...row }: EventRow): AuditEvent => ({
  ...(position === null ? {} : { position: Number(position) }),
  ...(hash === null ? {} : { hash }),
  at: at.toISOString(),
  ...(directory === null ? {} : { directory }),
  ...(requestId === null ? {} : { requestId }),
  ...row,
})

/** Sealed events after a position of their chain, in order. */
export async function sealed(
  db: Sql,
  chain: Chain,
  after: number,
  limit: number,
): Promise<readonly AuditEvent[]> {
  const rows = await db.rows<EventRow>(sql`
    SELECT ${columns} FROM events e LEFT JOIN directories d ON d.id = e.directory_id
    WHERE ${ofChain(chain)} AND e.position > ${after}::bigint ORDER BY e.position LIMIT ${limit}::int`)
  return rows.map(toEvent)
}

/** What was written in the period after an event, oldest first. */
export async function page(
  db: Sql,
  { directory, since, until }: AuditQuery,
  after: string,
  limit: number,
): Promise<readonly AuditEvent[]> {
  const rows = await db.rows<EventRow>(sql`
    SELECT ${columns} FROM events e LEFT JOIN directories d ON d.id = e.directory_id
    WHERE e.id > ${after}::bigint AND (${directory ?? null}::text IS NULL OR d.name = ${directory ?? null}::text)
      AND e.at >= coalesce(${since ?? null}::timestamptz, '-infinity')
      AND e.at < coalesce(${until ?? null}::timestamptz, 'infinity')
    ORDER BY e.id LIMIT ${limit}::int`)
  return rows.map(toEvent)
}

interface EventQuery extends PageRequest {
  readonly directory?: string
  readonly actor?: string
  readonly action?: string
  readonly resourceId?: string
  /** ISO 8601 instants; `since` included, `until` not. */
  readonly since?: string
  readonly until?: string
}

/** Newest first. */
export async function events(db: Sql, query: EventQuery): Promise<readonly AuditEvent[]> {
  const { after, limit, directory, actor, action, resourceId, since, until } = query
  const when = (value: string | undefined, part: Statement): Statement => (value === undefined ? empty : part)
  const rows = await db.rows<EventRow>(sql`
    SELECT ${columns}
    FROM events e LEFT JOIN directories d ON d.id = e.directory_id WHERE true
      ${when(after, sql`AND e.id < ${after ?? null}::bigint`)}
      ${when(directory, sql`AND d.name = ${directory ?? null}::text`)}
      ${when(actor, sql`AND e.actor = ${actor ?? null}::text`)}
      ${when(action, sql`AND e.action = ${action ?? null}::text`)}
      ${when(resourceId, sql`AND e.resource_id = ${resourceId ?? null}::text`)}
      ${when(since, sql`AND e.at >= ${since ?? null}::timestamptz`)}
      ${when(until, sql`AND e.at < ${until ?? null}::timestamptz`)}
    ORDER BY e.id DESC LIMIT ${limit}::int`)
  return rows.map(toEvent)
}

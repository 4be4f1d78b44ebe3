import { createHash } from 'node:crypto'
import { GatewayError } from '../../model/errors.ts'
import { empty, json, type Sql, sql, type Statement } from '../../store/sql/statement.ts'
import { type AuditKeys, noAuditKeys } from './keys.ts'
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

/** A link as it is checked: what is kept, and what its row hashes to now. */
export interface Link {
  readonly position: number
  readonly hash: string
  readonly digest: string
  /** What the digest should be: of an erased payload by its own digest, which stays. */
  readonly found: string
  /** Hex SHA-256 of the payload; null in links of releases that had none. */
  readonly payload: string | null
  readonly mac: string | null
  /** Of an erasure: what the gateway that made it vouches with. */
  readonly proof: string | null
  /** Of a drop: up to where, and the hash there. */
  readonly dropped: Anchor | null
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

/** A fact about chains that is kept beside them, and what vouches for it. */
interface Vouched<T> {
  readonly fact: T
  readonly mac: string | null
}

/** The heads of all chains when one was last sealed, by the id of the directory; `''` for the gateway itself. */
export type Heads = Readonly<Record<string, Anchor>>

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

/** The hash of a link: of the one before it, its place, its digest, and whether that is made of two. */
export const hashOf = (before: string, position: number, { digest, payload }: Digests): string =>
  sha256(`${payload === null ? '' : '2\n'}${before}\n${position}\n${digest}`)

type Digests = Pick<Link, 'digest' | 'payload'>

/** What the MAC of a link says. */
export const linkText = ({ directoryId }: Pick<Chain, 'directoryId'>, { position, hash }: Anchor): string =>
  `drawbridge audit link\0${directoryId ?? ''}\0${position}\0${hash}`

/** What vouches for an erasure: who writes an event of one into the database cannot make it. */
export const erasureText = (directoryId: string | null, positions: readonly number[]): string =>
  `drawbridge audit erasure\0${directoryId ?? ''}\0${positions.join(',')}`

const mostAtOnce = 10_000

/**
 * Blanks the payloads of everything about a User; the digests stay, and the erasure is an event. Counts the events. Everything
 * is sealed first, so that no digest is lost. People who are gone are found by their former userName.
 */
export async function erase(
  db: Sql,
  directory: string,
  userName: string,
  actor: Eraser,
  keys: AuditKeys = noAuditKeys,
): Promise<number> {
  while ((await seal(db, mostAtOnce, keys)).length > 0);
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
        AND action NOT LIKE 'audit.%'
        AND (resource_id = ANY(${ids}::text[]) OR detail->>'userId' = ANY(${ids}::text[]))
      RETURNING position::float8 AS position`)
    const positions = rows.map(({ position }) => position).toSorted((a, b) => a - b)
    await tx.rows(sql`
      INSERT INTO events (directory_id, actor, request_id, action, resource_type, resource_id, detail)
      SELECT ${first.directory_id}::uuid, ${actor.actor}::text, ${actor.requestId ?? null}::text, 'audit.erased', 'User', u.id, ${json({ events: rows.length, positions, proof: keys.sign(erasureText(first.directory_id, positions)) })}
      FROM unnest(${ids}::text[]) u(id)`)
    return rows.length
  })
}

/**
 * Drops what is older, and counts it. Only sealed events are dropped, from the beginning of each chain; where it goes on is
 * kept and is an event itself.
 */
export async function drop(db: Sql, olderThanDays: number, keys: AuditKeys = noAuditKeys): Promise<number> {
  let dropped = 0
  for (const chain of await chains(db)) dropped += await dropOf(db, chain, olderThanDays, keys)
  return dropped
}

function dropOf(db: Sql, chain: Chain, days: number, keys: AuditKeys): Promise<number> {
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
    await keepAnchor(tx, chain, last, keys)
    await tx.rows(sql`
      INSERT INTO events (directory_id, actor, action, resource_type, resource_id, detail)
      VALUES (${chain.directoryId}::uuid, 'gateway', 'audit.dropped', 'Directory', ${chain.directoryId ?? ''}::text,
        ${json({ upTo: last.position, hash: last.hash, events: gone?.count ?? 0, olderThanDays: days })})`)
    return gone?.count ?? 0
  })
}

/** First half of the advisory lock; the chain is the second. */
const sealLock = 72707372

/** Header and payload of event `e` as one text, hashed, as former releases did; the same in every PostgreSQL. */
const digestOf = sql`encode(sha256(convert_to(jsonb_build_array(
  to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), e.directory_id, e.actor, e.request_id, e.action,
  e.resource_type, e.resource_id, e.detail)::text, 'UTF8')), 'hex')`

const headerOf = sql`jsonb_build_array(to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), e.directory_id, e.actor,
  e.request_id, e.action, e.resource_type, e.resource_id)::text`

const payloadOf = sql`encode(sha256(convert_to(e.detail::text, 'UTF8')), 'hex')`

/** Of header and payload, each by itself. */
const digestWith = (payload: Statement): Statement =>
  sql`encode(sha256(convert_to(${headerOf} || E'\\n' || ${payload}, 'UTF8')), 'hex')`

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
export async function seal(db: Sql, most: number, keys: AuditKeys = noAuditKeys): Promise<readonly Head[]> {
  const open = await db.rows<Chain>(sql`
    SELECT d.id AS "directoryId", d.name AS directory FROM (
      SELECT id, name FROM directories UNION ALL SELECT NULL, NULL
    ) d WHERE CASE WHEN d.id IS NULL
      THEN EXISTS (SELECT FROM events e WHERE e.directory_id IS NULL AND e.position IS NULL)
      ELSE EXISTS (SELECT FROM events e WHERE e.directory_id = d.id AND e.position IS NULL) END`)
  const moved: Head[] = []
  for (const chain of open) {
    const head = await db.transaction(async (tx) => {
      const next = await sealChain(tx, chain, most, keys)
      if (next) await keepHeads(tx, next, keys)
      return next?.head
    })
    if (head) moved.push(head)
  }
  return moved
}

interface Sealing {
  readonly head: Head
  /** Nothing of the chain was sealed before. */
  readonly begins: boolean
}

async function sealChain(tx: Sql, chain: Chain, most: number, keys: AuditKeys): Promise<Sealing | undefined> {
  const lock = await tx.row<{ taken: boolean }>(sql`
    SELECT pg_try_advisory_xact_lock(${sealLock}::int, hashtext(${chain.directoryId ?? ''}::text)) AS taken`)
  if (!lock?.taken) return undefined
  // Transactions that run now may still write events; those of later ones come after all that are sealed here.
  const rows = await tx.rows<{ id: string; digest: string; payload: string }>(sql`
    SELECT e.id::text AS id, ${digestWith(payloadOf)} AS digest, ${payloadOf} AS payload FROM events e
    WHERE ${ofChain(chain)} AND e.position IS NULL
      AND e.transaction_id < (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint
    ORDER BY e.transaction_id, e.id LIMIT ${most}::int`)
  if (rows.length === 0) return undefined
  const before = (await head(tx, chain)) ?? (await anchor(tx, chain))
  let { position, hash } = before
  const links = rows.map((row) => {
    position += 1
    hash = hashOf(hash, position, row)
    return { position, hash, mac: keys.sign(linkText(chain, { position, hash })) }
  })
  await tx.rows(sql`
    UPDATE events SET position = s.position, digest = s.digest, payload_digest = s.payload, hash = s.hash, mac = s.mac
    FROM unnest(${rows.map(({ id }) => id)}::bigint[], ${links.map((link) => link.position)}::bigint[],
      ${rows.map(({ digest }) => digest)}::text[], ${rows.map(({ payload }) => payload)}::text[],
      ${links.map((link) => link.hash)}::text[], ${links.map((link) => link.mac)}::text[])
      s(id, position, digest, payload, hash, mac)
    WHERE events.id = s.id`)
  await keepHead(tx, chain, { position, hash })
  return { head: { ...chain, position, hash }, begins: before.position === 0 }
}

const headsKey = 'audit_heads'
const headsText = (heads: Heads): string =>
  `drawbridge audit heads\0${JSON.stringify(Object.entries(heads).sort(([a], [b]) => (a < b ? -1 : 1)))}`

/** The heads of all chains as the gateway noted them; a chain that was deleted whole shows against them. */
export async function keptHeads(db: Sql, keys: AuditKeys): Promise<'none' | 'forged' | Heads> {
  const kept = await keptFact<Heads>(db, headsKey)
  if (!kept) return 'none'
  return keys.vouches(headsText(kept.fact), kept.mac) ? kept.fact : 'forged'
}

/**
 * Notes a head that moved. A record that is gone, was forged, or lacks a chain that is there already is left as it is, for
 * verification to tell of.
 */
async function keepHeads(tx: Sql, { head, begins }: Sealing, keys: AuditKeys): Promise<void> {
  if (!keys.held) return
  await tx.rows(sql`SELECT 1 AS locked FROM pg_advisory_xact_lock(${sealLock}::int, 0)`)
  const known = await keptHeads(tx, keys)
  const id = head.directoryId ?? ''
  if (known === 'forged') return
  if (known === 'none' && !(begins && (await isFirst(tx, head)))) return
  const heads: Heads = known === 'none' ? {} : known
  if (heads[id] === undefined && !begins) return
  await keepFact(tx, headsKey, withHead(heads, head), (fact) => keys.sign(headsText(fact)))
}

const withHead = (heads: Heads, { directoryId, position, hash }: Head): Heads => ({
  ...heads,
  [directoryId ?? '']: { position, hash },
})

/** Whether no other chain has a sealed event. */
async function isFirst(tx: Sql, chain: Chain): Promise<boolean> {
  const row = await tx.row(sql`
    SELECT 1 AS other FROM events e WHERE e.position IS NOT NULL AND NOT (${ofChain(chain)}) LIMIT 1`)
  return row === undefined
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

const anchorText = ({ directoryId }: Chain, { position, hash }: Anchor): string =>
  `drawbridge audit anchor\0${directoryId ?? ''}\0${position}\0${hash}`

async function keepAnchor(db: Sql, chain: Chain, link: Anchor, keys: AuditKeys): Promise<void> {
  const fact = { position: link.position, hash: link.hash }
  const value = JSON.stringify({ ...fact, mac: keys.sign(anchorText(chain, fact)) })
  await keepValue(db, anchorKey(chain), value)
}

/** Whether a gateway with one of these keys made the anchor; true where there is none. */
export async function vouchedAnchor(db: Sql, chain: Chain, keys: AuditKeys): Promise<boolean> {
  const found = (await kept(db, anchorKey(chain))) as (Anchor & { readonly mac?: string }) | undefined
  return !found || keys.vouches(anchorText(chain, found), found.mac)
}

const adoptedKey = ({ directoryId }: Chain): string => `audit_adopted:${directoryId ?? ''}`
const adoptedText = ({ directoryId }: Chain, { position, hash }: Anchor): string =>
  `drawbridge audit adopted\0${directoryId ?? ''}\0${position}\0${hash}`

/** Up to where an admin took a chain for right, although no key vouches for its links, or one that is held no more. */
export async function adopted(db: Sql, chain: Chain, keys: AuditKeys): Promise<Anchor | undefined> {
  const found = await keptFact<Anchor>(db, adoptedKey(chain))
  return found && keys.vouches(adoptedText(chain, found.fact), found.mac) ? found.fact : undefined
}

/** Vouches for all chains as they are now. Nothing of them is changed. */
export function adopt(db: Sql, keys: AuditKeys, actor: Eraser): Promise<readonly Head[]> {
  return db.transaction(async (tx) => {
    await tx.rows(sql`SELECT 1 AS locked FROM pg_advisory_xact_lock(${sealLock}::int, 0)`)
    const heads: Head[] = []
    for (const chain of await chains(tx)) {
      const last = await head(tx, chain)
      const from = await kept(tx, anchorKey(chain))
      if (from) await keepAnchor(tx, chain, from, keys)
      if (!last) continue
      const fact = { position: last.position, hash: last.hash }
      await keepFact(tx, adoptedKey(chain), fact, () => keys.sign(adoptedText(chain, fact)))
      heads.push(last)
    }
    const all = heads.reduce<Heads>(withHead, {})
    await keepFact(tx, headsKey, all, (fact) => keys.sign(headsText(fact)))
    const detail = { heads: heads.map(({ directory, position, hash }) => ({ directory, position, hash })) }
    await tx.rows(sql`
      INSERT INTO events (directory_id, actor, request_id, action, resource_type, resource_id, detail)
      VALUES (NULL, ${actor.actor}::text, ${actor.requestId ?? null}::text, 'audit.adopted', 'Directory', '', ${json(detail)})`)
    return heads
  })
}

async function keptFact<T>(db: Sql, key: string): Promise<Vouched<T> | undefined> {
  const row = await db.row<{ value: string }>(sql`SELECT value FROM store_meta WHERE key = ${key}::text`)
  return row && (JSON.parse(row.value) as Vouched<T>)
}

const keepFact = <T>(db: Sql, key: string, fact: T, sign: (fact: T) => string | null): Promise<void> =>
  keepValue(db, key, JSON.stringify({ fact, mac: sign(fact) }))

const keepHead = (db: Sql, chain: Chain, link: Anchor): Promise<void> => keep(db, headKey(chain), link)

async function kept(db: Sql, key: string): Promise<Anchor | undefined> {
  const row = await db.row<{ value: string }>(sql`SELECT value FROM store_meta WHERE key = ${key}::text`)
  return row && (JSON.parse(row.value) as Anchor)
}

const keep = (db: Sql, key: string, { position, hash }: Anchor): Promise<void> =>
  keepValue(db, key, JSON.stringify({ position, hash }))

async function keepValue(db: Sql, key: string, value: string): Promise<void> {
  await db.rows(sql`
    INSERT INTO store_meta (key, value) VALUES (${key}::text, ${value}::text)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`)
}

/** Events of a chain that have no place in it although they should by now. */
export interface Unsealed {
  readonly count: number
  /** Seconds since the oldest was written, by its own word. */
  readonly oldestSeconds: number
  /** Those whose transaction has a number that none has had yet: they would never be sealed. */
  readonly impossible: number
}

export async function unsealed(db: Sql, chain: Chain): Promise<Unsealed> {
  const row = await db.row<Unsealed>(sql`
    SELECT count(*)::int AS count, coalesce(extract(epoch FROM clock_timestamp() - min(e.at)), 0)::float8 AS "oldestSeconds",
      (count(*) FILTER (WHERE e.transaction_id >= (pg_snapshot_xmax(pg_current_snapshot())::text)::bigint))::int AS impossible
    FROM events e WHERE ${ofChain(chain)} AND e.position IS NULL`)
  return row ?? { count: 0, oldestSeconds: 0, impossible: 0 }
}

/** Links after a position, in order. */
export function links(db: Sql, chain: Chain, after: number, limit: number): Promise<readonly Link[]> {
  return db.rows<Link>(sql`
    SELECT e.position::float8 AS position, e.hash, e.digest, e.payload_digest AS payload, e.mac,
      CASE WHEN e.payload_digest IS NULL THEN ${digestOf} WHEN e.detail ? 'erased' THEN ${digestWith(sql`e.payload_digest`)}
        ELSE ${digestWith(payloadOf)} END AS found,
      e.detail ? 'erased' AS erased, e.detail->'positions' AS positions, e.detail->>'proof' AS proof,
      CASE WHEN e.action = 'audit.dropped' THEN jsonb_build_object('position', e.detail->'upTo', 'hash', e.detail->'hash') END AS dropped,
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

/** For how many seconds the oldest sealed event has waited for a receiver; 0 where none does. */
export async function undeliveredSeconds(db: Sql, receiver: string): Promise<number> {
  let longest = 0
  for (const chain of await chains(db)) {
    const after = await delivered(db, receiver, chain)
    const row = await db.row<{ seconds: number }>(sql`
      SELECT extract(epoch FROM clock_timestamp() - e.at)::float8 AS seconds
      FROM events e WHERE ${ofChain(chain)} AND e.position > ${after}::bigint ORDER BY e.position LIMIT 1`)
    longest = Math.max(longest, row?.seconds ?? 0)
  }
  return longest
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

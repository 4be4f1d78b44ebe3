import { genesis, hashOf } from '../../audit/hash.ts'
import type { Anchor, Chain, Head, Link } from '../../audit/ports.ts'
import type { Sql } from '../sql/client.ts'
import { sql, type Statement } from '../sql/statement.ts'

/** First half of the advisory lock; the chain is the second. */
const sealLock = 72707372

/** The payload of event `e` as one text, hashed: the same in every PostgreSQL. */
export const digestOf = sql`encode(sha256(convert_to(jsonb_build_array(
  to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), e.directory_id, e.actor, e.request_id, e.action,
  e.resource_type, e.resource_id, e.detail)::text, 'UTF8')), 'hex')`

export const ofChain = ({ directoryId }: Pick<Chain, 'directoryId'>): Statement =>
  directoryId === null ? sql`e.directory_id IS NULL` : sql`e.directory_id = ${directoryId}::uuid`

export async function chains(db: Sql): Promise<readonly Chain[]> {
  const rows = await db.rows<Chain>(
    sql`SELECT id AS "directoryId", name AS directory FROM directories ORDER BY name`,
  )
  return [...rows, { directoryId: null, directory: null }]
}

/** One sealer a chain: who finds another at work leaves it to that one. */
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

export const keepAnchor = (db: Sql, chain: Chain, link: Anchor): Promise<void> =>
  keep(db, anchorKey(chain), link)

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

export function links(db: Sql, chain: Chain, after: number, limit: number): Promise<readonly Link[]> {
  return db.rows<Link>(sql`
    SELECT e.position::float8 AS position, e.hash, e.digest, ${digestOf} AS found, e.detail ? 'erased' AS erased, e.detail->'positions' AS positions,
      to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at, e.action
    FROM events e WHERE ${ofChain(chain)} AND e.position > ${after}::bigint ORDER BY e.position LIMIT ${limit}::int`)
}

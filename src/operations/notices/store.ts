import type { NoticeDraft, NoticeKind } from '../../model/notice.ts'
import {
  empty,
  isId,
  json,
  milliseconds,
  newId,
  type Sql,
  sql,
  type Statement,
} from '../../store/sql/statement.ts'

/** A notice as the store keeps it. */
export interface Notice extends NoticeDraft {
  readonly id: string
  /** Names, for people. */
  readonly directory?: string
  readonly connection?: string
  /** How often it was raised. */
  readonly count: number
  /** ISO 8601 instants. */
  readonly firstAt: string
  readonly lastAt: string
  readonly resolvedAt?: string
}

export interface NoticeQuery {
  /** Only those whose cause is not gone. */
  readonly open?: boolean
  readonly kind?: NoticeKind
  readonly connectionId?: string
  readonly limit: number
}

/** Ways by which notices leave the gateway; the store keeps apart what went out by which. */
export type ChannelName = 'webhook' | 'mail'

/** First wait after a delivery that failed, doubled up to the longest. */
const firstRetryMs = 5_000
const longestRetryMs = 10 * 60_000
/** What one delivery holds at most. */
const mostTogether = 200

interface NoticeRow {
  readonly id: string
  readonly kind: NoticeKind
  readonly connection_id: string | null
  readonly connection: string | null
  readonly directory: string | null
  readonly subject: string | null
  readonly text: string
  readonly detail: Readonly<Record<string, unknown>>
  readonly count: number
  readonly first_at: Date
  readonly last_at: Date
  readonly resolved_at: Date | null
}

const keyOf = ({ kind, connectionId, subject }: Pick<NoticeDraft, 'kind' | 'connectionId' | 'subject'>) =>
  [kind, connectionId ?? '', subject ?? ''].join('|')

/** A notice with its names, out of a row of `source`. */
const shown = (source: Statement): Statement => sql`
  SELECT n.id, n.kind, n.connection_id, c.name AS connection, d.name AS directory, n.detail->>'subject' AS subject, n.text,
    n.detail - 'subject' AS detail, n.count, n.first_at, n.last_at, n.resolved_at
  FROM ${source} n LEFT JOIN connections c ON c.id = n.connection_id LEFT JOIN directories d ON d.id = n.directory_id`

/** Keeps a notice, or counts up one that is open; gives it when it is new. */
export async function raiseNotice(db: Sql, draft: NoticeDraft): Promise<Notice | undefined> {
  const { kind, connectionId, subject, text, detail = {} } = draft
  const kept = { ...detail, ...(subject === undefined ? {} : { subject }) }
  const connection = connectionId !== undefined && isId(connectionId) ? connectionId : null
  const row = await db.row<NoticeRow & { fresh: boolean }>(sql`
    WITH kept AS (
      INSERT INTO notices (id, directory_id, connection_id, kind, open_key, text, detail)
      VALUES (${newId()}::uuid, (SELECT directory_id FROM connections WHERE id = ${connection}::uuid), ${connection}::uuid,
        ${kind}::text, ${keyOf(draft)}::text, ${text}::text, ${json(kept)})
      ON CONFLICT (open_key) DO UPDATE SET count = notices.count + 1, last_at = clock_timestamp(), text = excluded.text,
        detail = excluded.detail
      RETURNING *, xmax = 0 AS fresh
    )
    SELECT shown.*, kept.fresh FROM (${shown(sql`kept`)}) shown JOIN kept ON kept.id = shown.id`)
  return row?.fresh ? toNotice(row) : undefined
}

export async function resolveNotice(
  db: Sql,
  draft: Pick<NoticeDraft, 'kind' | 'connectionId' | 'subject'>,
): Promise<void> {
  await db.rows(sql`
    UPDATE notices SET open_key = NULL, resolved_at = clock_timestamp() WHERE open_key = ${keyOf(draft)}::text`)
}

/**
 * Resolves those about an account or a connection whose cause is gone. Whether the cause is gone is what the tables say, not what a run remembers to tell: the account is proven or stands
 * otherwise, the connection is parked no more.
 */
export async function resolveSettled(db: Sql): Promise<void> {
  await db.rows(sql`
    UPDATE notices SET open_key = NULL, resolved_at = clock_timestamp()
    WHERE open_key IS NOT NULL AND (
      (kind = 'connection-parked' AND NOT EXISTS (
        SELECT FROM connections c WHERE c.id = notices.connection_id AND c.status = 'parked'))
      OR (kind = 'reactivated-leaver' AND NOT EXISTS (
        SELECT FROM accounts a WHERE a.id = (notices.detail->>'accountId')::uuid AND (a.proven_version < a.wanted_version
          OR a.uncertain OR a.settled_at IS NULL OR a.settled_at < notices.last_at)))
      OR (detail ? 'accountId' AND kind IN ('shut-out-failed', 'shut-out-waiting', 'shut-out-withdrawn', 'update-refused', 'decision-needed')
        AND NOT EXISTS (
          SELECT FROM accounts a WHERE a.id = (notices.detail->>'accountId')::uuid AND a.proven_version < a.wanted_version
            AND CASE notices.kind WHEN 'shut-out-failed' THEN a.status IN ('failed', 'pending')
              WHEN 'update-refused' THEN a.status = 'failed' WHEN 'decision-needed' THEN a.status = 'waiting' ELSE true END))
      OR (detail ? 'groupLinkId' AND NOT EXISTS (
        SELECT FROM group_links l WHERE l.id = (notices.detail->>'groupLinkId')::uuid
          AND l.status = CASE notices.kind WHEN 'update-refused' THEN 'failed' ELSE 'waiting' END)))`)
}

/**
 * Takes what waits for a channel: of a kind that was sent within `groupMs` nothing, so that several make one delivery. What
 * is taken comes again later, by backoff, unless it is marked as delivered. What was over for a day is left out: a channel
 * that is set up later does not begin with old stories.
 */
export async function takeUndelivered(
  db: Sql,
  channel: ChannelName,
  groupMs: number,
): Promise<readonly Notice[]> {
  const [sent, tries, again] = [
    sql`${channel}::text`,
    sql`${`${channel}Tries`}::text`,
    sql`${`${channel}Again`}::text`,
  ]
  const tried = sql`coalesce((notices.delivered->>${tries})::int, 0)`
  const wait = sql`least(${longestRetryMs}::double precision,
    ${firstRetryMs}::double precision * power(2, least(20, ${tried}))) * interval '1 millisecond'`
  const rows = await db.rows<NoticeRow>(sql`
    WITH due AS (
      SELECT n.id FROM notices n
      WHERE NOT n.delivered ? ${sent} AND (n.resolved_at IS NULL OR n.resolved_at > clock_timestamp() - interval '1 day')
        AND coalesce((n.delivered->>${again})::timestamptz, '-infinity') <= clock_timestamp()
        AND NOT EXISTS (SELECT FROM notices s WHERE s.kind = n.kind
          AND (s.delivered->>${sent})::timestamptz > clock_timestamp() - ${milliseconds(groupMs)})
      ORDER BY n.first_at LIMIT ${mostTogether}::int FOR UPDATE SKIP LOCKED
    ), taken AS (
      UPDATE notices SET delivered = notices.delivered
        || jsonb_build_object(${tries}, ${tried} + 1, ${again}, clock_timestamp() + ${wait})
      FROM due WHERE notices.id = due.id RETURNING notices.*
    )
    SELECT * FROM (${shown(sql`taken`)}) shown ORDER BY first_at, id`)
  return rows.map(toNotice)
}

export async function markDelivered(db: Sql, channel: ChannelName, ids: readonly string[]): Promise<void> {
  await db.rows(sql`
    UPDATE notices SET delivered = delivered || jsonb_build_object(${channel}::text, clock_timestamp())
    WHERE id = ANY(${[...ids]}::uuid[])`)
}

/** The latest first. */
export async function listNotices(
  db: Sql,
  { open, kind, connectionId, limit }: NoticeQuery,
): Promise<readonly Notice[]> {
  const rows = await db.rows<NoticeRow>(sql`
    SELECT * FROM (${shown(sql`notices`)} WHERE true ${open ? sql`AND n.resolved_at IS NULL` : empty}
      ${kind === undefined ? empty : sql`AND n.kind = ${kind}::text`}
      ${connectionId === undefined ? empty : sql`AND n.connection_id = ${connectionId}::uuid`}) shown
    ORDER BY last_at DESC, id DESC LIMIT ${limit}::int`)
  return rows.map(toNotice)
}

function toNotice(row: NoticeRow): Notice {
  return {
    id: row.id,
    kind: row.kind,
    ...(row.connection_id === null ? {} : { connectionId: row.connection_id }),
    ...(row.connection === null ? {} : { connection: row.connection }),
    ...(row.directory === null ? {} : { directory: row.directory }),
    ...(row.subject === null ? {} : { subject: row.subject }),
    text: row.text,
    detail: row.detail,
    count: row.count,
    firstAt: row.first_at.toISOString(),
    lastAt: row.last_at.toISOString(),
    ...(row.resolved_at === null ? {} : { resolvedAt: row.resolved_at.toISOString() }),
  }
}

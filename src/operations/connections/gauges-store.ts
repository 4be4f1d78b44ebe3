import type { ConnectionGauges, Gauges } from '../../model/gauges.ts'
import { isUnserved } from './store.ts'
import { expiries } from '../expiry/store.ts'
import { type Sql, sql } from '../../store/sql/statement.ts'

const processLivesMs = 20_000

/** One look at everything that waits: a statement over the accounts' index, for a scrape each few seconds. */
export async function gauges(db: Sql): Promise<Gauges> {
  const [connections, [processes], notices, ends] = await Promise.all([
    db.rows<ConnectionGauges>(connectionGauges),
    db.rows<{ count: number }>(sql`
      SELECT count(*)::int AS count FROM processes
      WHERE seen_at > clock_timestamp() - ${processLivesMs} * interval '1 millisecond'`),
    db.rows<{ kind: string; count: number }>(
      sql`SELECT kind, count(*)::int AS count FROM notices WHERE open_key IS NOT NULL GROUP BY kind`,
    ),
    expiries(db),
  ])
  return {
    connections,
    processes: processes?.count ?? 0,
    endings: ends.map(({ kind, name, hint, endsAt }) => ({
      kind,
      // An operator may be a person.
      name: kind === 'operator' ? '' : name,
      hint: hint ?? '',
      seconds: (Date.parse(endsAt) - Date.now()) / 1_000,
    })),
    notices: Object.fromEntries(notices.map(({ kind, count }) => [kind, count])),
  }
}

/** Wished by the directory, or by an operator who holds the person. */
const shutOut = sql`(NOT u.active_wanted OR u.delete_requested_at IS NOT NULL OR u.deleted_at IS NOT NULL
  OR coalesce((u.hold->>'until')::timestamptz > clock_timestamp(), u.hold IS NOT NULL))`

const connectionGauges = sql`
  SELECT d.name AS directory, c.name AS connection, c.vendor, c.status = 'parked' AS parked,
    (SELECT count(*)::int FROM jsonb_each_text(c.pauses) p WHERE p.value::timestamptz > clock_timestamp()) AS paused,
    coalesce(counted.accounts, '{}') AS accounts, coalesce(counted.unproven, 0) AS unproven,
    coalesce(leavers.count, 0) AS "shutOutsUnproven", coalesce(leavers.seconds, 0) AS "oldestShutOutSeconds",
    (SELECT count(*)::int FROM plans p WHERE p.connection_id = c.id AND p.state = 'waiting') AS "plansWaiting",
    (SELECT count(*)::int FROM jsonb_object_keys(c.reply_deviations)) AS "replyDeviations",
    coalesce(queue.due, '[]') AS due,
    (SELECT count(*)::int FROM accounts a WHERE a.connection_id = c.id AND ${isUnserved}) AS unserved
  FROM connections c JOIN directories d ON d.id = c.directory_id
  LEFT JOIN LATERAL (
    SELECT jsonb_object_agg(s.status, s.count) AS accounts, sum(s.unproven)::int AS unproven FROM (
      SELECT a.status, count(*)::int AS count, count(*) FILTER (WHERE a.proven_version < a.wanted_version)::int AS unproven
      FROM accounts a WHERE a.connection_id = c.id AND NOT a.unmanaged GROUP BY a.status
    ) s
  ) counted ON true
  LEFT JOIN LATERAL (
    SELECT count(*)::int AS count,
      coalesce(max(extract(epoch FROM clock_timestamp() - a.shut_out_asked_at)), 0)::double precision AS seconds
    FROM accounts a JOIN users u ON u.id = a.user_id
    WHERE a.connection_id = c.id AND a.proven_version < a.wanted_version AND NOT a.unmanaged AND ${shutOut}
  ) leavers ON true
  LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('priority', q.priority, 'accounts', q.count, 'seconds', q.seconds)) AS due FROM (
      SELECT a.priority, count(*)::int AS count,
        extract(epoch FROM clock_timestamp() - min(a.due_at))::double precision AS seconds
      FROM accounts a WHERE a.connection_id = c.id AND a.due_at <= clock_timestamp() GROUP BY a.priority
    ) q
  ) queue ON true
  ORDER BY d.name, c.name`

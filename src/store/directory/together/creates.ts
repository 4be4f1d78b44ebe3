import { beginWith, type Handover, isAmong, type Leasing } from '../../queue/claim.ts'
import { prepared, type Sql, sql, storable } from '../../sql/statement.ts'
import { mostInline } from '../../../model/work.ts'
import { replyBudget } from '../due.ts'
import { recordEvent } from '../events.ts'
import { userColumns, type UserRow } from '../rows.ts'
import { type Create, type Creation, graceMs } from '../users.ts'
import { createBatcher } from '../../../batch.ts'
import { mayBeDone } from '../../sql/failures.ts'
import { longQueue } from '../rows.ts'

/** For whom accounts are claimed as they are made (ADR 0026). */
export interface Beginning {
  readonly leasing: Leasing
  readonly handover: Handover
}

/** Creates that come at once in one transaction. */
export function gatherCreates(db: Sql, { leasing, handover }: Beginning): Create {
  const record = (asked: readonly Creation[]): Promise<UserRow[]> => {
    const known = leasing.revisions?.()
    const statement = born({
      creations: storable(asked),
      owner: leasing.owner,
      leaseMs: leasing.leaseMs,
      most: mostInline,
      known: known ? [...known.keys()] : null,
      revisions: known ? [...known.values()] : null,
    })
    const run = asked.filter(({ runs }) => runs)
    // Without a connection there is nothing to claim.
    if (run.length === 0 || known?.size === 0) return db.rows<UserRow>(statement)
    const priorities = new Map(run.map(({ id, priority }) => [id, priority]))
    return beginWith<UserRow>(db, leasing, handover, { statement, priorities })
  }
  const create = createBatcher<Creation, { readonly row: UserRow | undefined }>({
    most: 32,
    ...longQueue,
    mayBeDone,
    key: ({ directory, userNameKey }) => `${directory}/${userNameKey}`,
    async together(asked) {
      const rows = new Map((await record(asked)).map((row) => [row.id, row]))
      return asked.map(({ id }) => {
        const row = rows.get(id)
        return row && { row }
      })
    },
    alone: async (asked) => ({ row: (await record([asked]))[0] }),
  })
  return async (asked) => (await create(asked)).row
}

type BornValue = 'creations' | 'owner' | 'leaseMs' | 'most' | 'known' | 'revisions'

/**
 * Users with their events and due accounts, which are leased where a run follows, for as many connections as it takes. In the
 * order of names: two of these never wait for each other crosswise.
 */
const born = prepared<BornValue>((value) => {
  const told = recordEvent(
    { actor: sql`a.actor`, requestId: sql`a."requestId"` },
    {
      directoryId: sql`a.directory`,
      action: 'user.created',
      resourceType: 'User',
      resourceId: sql`a.id`,
      more: sql`jsonb_build_object('after', born.body)`,
    },
    sql`FROM born JOIN asked a ON a.id = born.id ORDER BY a.id`,
  )
  return sql`WITH asked AS MATERIALIZED (
      SELECT * FROM jsonb_to_recordset(${value('creations')}::jsonb) a(id uuid, directory uuid, actor text, "requestId" text,
        "userName" text, "userNameKey" text, "externalId" text, "displayNameKey" text, "emailKeys" text[], body jsonb,
        active boolean, priority smallint, runs boolean)
    ), at_once AS MATERIALIZED (
      SELECT id FROM (
        SELECT c.id, row_number() OVER (PARTITION BY c.directory_id ORDER BY c.name) AS place FROM connections c
        WHERE c.status NOT IN ('disabled', 'parked') AND (${value('known')}::uuid[] IS NULL
          OR ${isAmong(sql`${value('known')}::uuid[]`, sql`${value('revisions')}::int[]`)})
      ) ready WHERE place <= ${value('most')}::int
    ), budgets AS MATERIALIZED (
      SELECT c.directory_id, max(${replyBudget}) AS budget FROM connections c GROUP BY c.directory_id
    ), born AS (
      INSERT INTO users (id, directory_id, user_name, user_name_key, external_id, display_name_key, email_keys, body,
        active_wanted, active_shown, create_running_until)
      SELECT a.id, a.directory, a."userName", a."userNameKey", a."externalId", a."displayNameKey", a."emailKeys", a.body, a.active,
        a.active, now() + ${graceMs}::int * interval '1 millisecond' + coalesce(budget, interval '0')
      FROM asked a LEFT JOIN budgets ON budgets.directory_id = a.directory ORDER BY a.directory, a."userNameKey"
      ON CONFLICT (directory_id, user_name_key) DO NOTHING
      RETURNING ${userColumns}
    ), wished AS (
      INSERT INTO accounts (id, connection_id, user_id, due_at, priority, shut_out_asked_at, shut_out_request_id, predecessor_id,
        lease_owner, lease_epoch, lease_until)
      SELECT gen_random_uuid(), c.id, born.id, now() + ${replyBudget}, a.priority, CASE WHEN NOT a.active THEN now() END,
        CASE WHEN NOT a.active THEN a."requestId" END, (
        SELECT e.id FROM users tombstone JOIN accounts e ON e.user_id = tombstone.id AND e.connection_id = c.id
        WHERE tombstone.directory_id = c.directory_id AND tombstone.former_name_key = a."userNameKey"
          AND e.proven_version < e.wanted_version
        ORDER BY tombstone.deleted_at DESC LIMIT 1),
        CASE WHEN at_once.id IS NOT NULL THEN ${value('owner')}::text END, (at_once.id IS NOT NULL)::int,
        CASE WHEN at_once.id IS NOT NULL THEN clock_timestamp() + ${value('leaseMs')}::double precision * interval '1 millisecond' END
      FROM born JOIN asked a ON a.id = born.id JOIN connections c ON c.directory_id = a.directory AND c.status <> 'disabled'
        LEFT JOIN at_once ON at_once.id = c.id AND a.runs
    ), told AS (${told})
    SELECT * FROM born`
})

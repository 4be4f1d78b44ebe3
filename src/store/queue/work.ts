import {
  type AccountFailure,
  type AccountStanding,
  type AccountStatus,
  type AccountWork,
  type Hold,
  type Holder,
  type Lease,
  LeaseLost,
  type MadeGroups,
  type OpenOperation,
  type Verification,
} from '../../model/work.ts'
import type { Deviation, Held, JournalOperation, Snapshot } from '../../model/plan.ts'
import { isId, type Sql, sql, type Statement, unseen } from '../sql/statement.ts'
import type { GroupRef } from '../../model/person.ts'
import type { KnownPlan } from '../../model/recorded-plan.ts'
import { gateway } from '../directory/events.ts'

export interface WorkRow {
  readonly id: string
  readonly connection_id: string
  readonly wanted_version: number
  readonly proven_version: number
  readonly status: AccountStatus
  readonly vendor_account_id: string | null
  readonly held: Held | null
  readonly snapshot: Snapshot | null
  readonly verification: Verification | null
  readonly attempts: number
  readonly settled_ms_ago: number | null
  readonly lease_epoch: number
  readonly user_id: string
  readonly body: Readonly<Record<string, unknown>>
  readonly active: boolean
  readonly deleted: boolean
  readonly hold: Hold | null
  readonly unmanaged: boolean
  readonly unclaimed: boolean
  readonly uncertain: boolean
  readonly recovering: boolean
  readonly asked_ms_ago: number | null
  readonly plan: KnownPlan | null
  readonly groups: readonly { id: string; displayName: string; externalId: string | null; since: string }[]
  readonly made: MadeGroups
  readonly open_operations: readonly { id: string; operation: JournalOperation; openedAt: string }[]
  readonly predecessor_id: string | null
  readonly same_external_id: boolean | null
  readonly pauses: Readonly<Record<string, number>>
}

/** Whether an operator holds user `u` shut out at this moment. */
const isHeld = sql`(u.hold IS NOT NULL AND coalesce((u.hold->>'until')::timestamptz > clock_timestamp(), true))`

/** Everything that a run needs of accounts `a`. */
const work = sql`
    SELECT a.id, a.lease_epoch, a.connection_id, a.wanted_version, a.proven_version, a.status, a.vendor_account_id, a.held, a.snapshot,
      a.verification, a.attempts, a.unmanaged, a.uncertain, c.recovering_since IS NOT NULL AS recovering,
      (extract(epoch FROM clock_timestamp() - a.settled_at) * 1000)::double precision AS settled_ms_ago,
      (extract(epoch FROM clock_timestamp() - a.shut_out_asked_at) * 1000)::double precision AS asked_ms_ago, u.unclaimed, u.id AS user_id, u.body, u.active_wanted AND NOT ${isHeld} AS active,
      CASE WHEN ${isHeld} THEN u.hold END AS hold,
      CASE WHEN p.id IS NOT NULL THEN jsonb_build_object('hash', p.hash, 'reason', p.reason, 'state', p.state,
        'operations', p.operations) END AS plan,
      (u.delete_requested_at IS NOT NULL OR u.deleted_at IS NOT NULL) AS deleted,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'displayName', g.display_name, 'externalId', g.external_id,
          'since', m.created_at)
          ORDER BY g.display_name, g.id), '[]')
        FROM members m JOIN groups g ON g.id = m.group_id WHERE m.user_id = u.id) AS groups,
      (SELECT coalesce(jsonb_object_agg(l.group_id, jsonb_strip_nulls(jsonb_build_object('id', l.vendor_group_id, 'name', l.held_name,
          'refusal', CASE WHEN l.status = 'failed' THEN coalesce(l.failure->>'detail', '') END))), '{}')
        FROM group_links l JOIN members m ON m.group_id = l.group_id AND m.user_id = u.id
        WHERE l.connection_id = a.connection_id) AS made,
      (SELECT coalesce(jsonb_agg(jsonb_build_object('id', o.id, 'operation', o.operation, 'openedAt', o.opened_at)
          ORDER BY o.opened_at), '[]')
        FROM operations o WHERE o.account_id = a.id AND o.closed_at IS NULL) AS open_operations,
      before.id AS predecessor_id,
      coalesce(former.external_id = u.external_id, false) AS same_external_id,
      CASE WHEN c.paused_until > clock_timestamp() THEN (
        SELECT coalesce(jsonb_object_agg(p.key, round(extract(epoch FROM p.value::timestamptz - clock_timestamp()) * 1000)), '{}')
        FROM jsonb_each_text(c.pauses) p WHERE p.value::timestamptz > clock_timestamp()) ELSE '{}' END AS pauses
    FROM accounts a JOIN users u ON u.id = a.user_id JOIN connections c ON c.id = a.connection_id
    LEFT JOIN accounts before ON before.id = a.predecessor_id AND before.proven_version < before.wanted_version
    LEFT JOIN users former ON former.id = before.user_id
    LEFT JOIN plans p ON p.account_id = a.id`

/** Reads what a run needs: all that is asked for at the same moment, as after a claim of many, in one statement. */
export function createReader(db: Sql, owner: string): (lease: Lease) => Promise<AccountWork> {
  let asked: Lease[] = []
  let answer: Promise<ReadonlyMap<string, AccountWork>> | undefined
  const readAll = (): Promise<ReadonlyMap<string, AccountWork>> => {
    const leases = asked
    asked = []
    answer = undefined
    return readLeased(db, owner, leases)
  }
  return async (lease) => {
    asked.push(lease)
    answer ??= Promise.resolve().then(readAll)
    const found = (await answer).get(keyOf(lease.id, lease.epoch))
    if (!found) throw new LeaseLost(`account ${lease.id}`)
    return found
  }
}

const keyOf = (accountId: string, epoch: number): string => `${accountId} ${epoch}`

async function readLeased(
  db: Sql,
  owner: string,
  leases: readonly Lease[],
): Promise<ReadonlyMap<string, AccountWork>> {
  const ids = leases.map(({ id }) => id)
  const rows = await db.rows<WorkRow>(sql`${work}
    WHERE a.id = ANY(${unseen(ids, 'uuid')}::uuid[]) AND a.lease_owner = ${owner}::text`)
  return new Map(rows.map((row) => [keyOf(row.id, row.lease_epoch), toWork(row)]))
}

/** Of the accounts of Users that this process leases. */
export const workOfUsers = (userIds: readonly string[], owner: string): Statement =>
  sql`${work} WHERE a.user_id = ANY(${unseen(userIds, 'uuid')}::uuid[]) AND a.lease_owner = ${owner}::text`

/** Of accounts `a` of users `u`, without a lease: to look, never to write. */
export async function worksWhere(db: Sql, where: Statement): Promise<readonly AccountWork[]> {
  const rows = await db.rows<WorkRow>(sql`${work} WHERE ${where}`)
  return rows.map(toWork)
}

/** A page of a connection's accounts by id, without a lease: to look, never to write. */
export async function workPage(
  db: Sql,
  connectionId: string,
  page: { readonly after?: string; readonly limit: number },
): Promise<readonly AccountWork[]> {
  const rows = await db.rows<WorkRow>(sql`${work}
    WHERE a.connection_id = ${connectionId}::uuid AND (${page.after ?? null}::uuid IS NULL OR a.id > ${page.after ?? null}::uuid)
      AND (u.deleted_at IS NULL OR a.proven_version < a.wanted_version)
    ORDER BY a.id LIMIT ${page.limit}::int`)
  return rows.map(toWork)
}

export function toWork(row: WorkRow): AccountWork {
  return {
    accountId: row.id,
    connectionId: row.connection_id,
    wantedVersion: row.wanted_version,
    provenVersion: row.proven_version,
    status: row.status,
    ...(row.vendor_account_id === null ? {} : { vendorAccountId: row.vendor_account_id }),
    ...(row.held === null ? {} : { held: row.held }),
    ...(row.snapshot === null ? {} : { snapshot: row.snapshot }),
    ...(row.verification === null ? {} : { verification: row.verification }),
    attempts: row.attempts,
    ...(row.settled_ms_ago === null ? {} : { settledMsAgo: row.settled_ms_ago }),
    openOperations: row.open_operations.map((each): OpenOperation => ({
      ...each,
      openedAt: new Date(each.openedAt).toISOString(),
    })),
    ...(row.predecessor_id === null
      ? {}
      : { predecessor: { accountId: row.predecessor_id, sameExternalId: row.same_external_id ?? false } }),
    user: {
      id: row.user_id,
      resource: row.body,
      active: row.active,
      deleted: row.deleted,
      ...(row.hold === null ? {} : { hold: row.hold }),
      ...(row.unclaimed ? { unclaimed: true } : {}),
    },
    ...(row.plan === null ? {} : { plan: row.plan }),
    ...(row.unmanaged ? { unmanaged: true } : {}),
    ...(row.uncertain ? { uncertain: true } : {}),
    ...(row.recovering ? { recovering: true } : {}),
    ...(row.asked_ms_ago === null ? {} : { shutOutAskedMsAgo: Math.max(0, row.asked_ms_ago) }),
    pauses: row.pauses,
    made: row.made,
    groups: row.groups.map(({ id, displayName, externalId, since }): GroupRef => ({
      id,
      displayName,
      ...(externalId === null ? {} : { externalId }),
      since: new Date(since).toISOString(),
    })),
  }
}

export interface StandingRow {
  readonly id: string
  readonly user_id: string
  readonly connection_id: string
  readonly name: string
  readonly status: AccountStatus
  readonly proven: boolean
  readonly linked: boolean
  readonly uncertain: boolean
  readonly vendor_account_id: string | null
  readonly proven_at: Date | null
  readonly deviations: readonly Deviation[]
  readonly failure: AccountFailure | null
  readonly due_in_ms: number | null
  readonly excused: boolean
}

export async function outcomes(db: Sql, userId: string): Promise<readonly AccountStanding[]> {
  if (!isId(userId)) return []
  return (await db.rows<StandingRow>(standingsOf([userId]))).map(toStanding)
}

export const standingsOf = (userIds: readonly string[]): Statement => sql`
    SELECT a.id, a.user_id, a.connection_id, c.name, a.status, a.proven_version >= a.wanted_version AS proven,
      a.vendor_account_id IS NOT NULL AS linked, a.vendor_account_id, a.proven_at, a.deviations, a.failure,
      (a.unmanaged OR a.accepted_risk IS NOT NULL) AS excused,
      EXISTS (SELECT FROM operations o WHERE o.account_id = a.id AND o.closed_at IS NULL) AS uncertain,
      CASE WHEN a.due_at IS NOT NULL
        THEN greatest(0, extract(epoch FROM a.due_at - clock_timestamp()) * 1000)::double precision END AS due_in_ms
    FROM accounts a JOIN connections c ON c.id = a.connection_id
    WHERE a.user_id = ANY(${unseen(userIds, 'uuid')}::uuid[]) ORDER BY c.name`

export function toStanding(row: StandingRow): AccountStanding {
  return {
    accountId: row.id,
    connectionId: row.connection_id,
    connection: row.name,
    status: row.status,
    proven: row.proven,
    linked: row.linked,
    uncertain: row.uncertain,
    ...(row.vendor_account_id === null ? {} : { vendorAccountId: row.vendor_account_id }),
    ...(row.proven_at === null ? {} : { provenAt: row.proven_at.toISOString() }),
    deviations: row.deviations,
    ...(row.failure === null ? {} : { failure: row.failure }),
    ...(row.due_in_ms === null ? {} : { dueInMs: Math.round(row.due_in_ms) }),
    ...(row.excused ? { excused: true } : {}),
  }
}

/** A holder `o` whose access has ended for good, as far as its directory wants: nothing runs there, nothing is awaited. */
const isFree = sql`o.status = 'proven' AND o.proven_version >= o.wanted_version AND NOT o.unmanaged
  AND (o.lease_until IS NULL OR o.lease_until <= clock_timestamp())
  AND (NOT u.active_wanted OR u.delete_requested_at IS NOT NULL OR u.deleted_at IS NOT NULL)
  AND NOT EXISTS (SELECT FROM operations j WHERE j.account_id = o.id AND j.closed_at IS NULL)`

export async function holders(
  db: Sql,
  accountId: string,
  vendorTenant: string,
  vendorAccountIds: readonly string[],
): Promise<readonly Holder[]> {
  return db.rows<Holder>(sql`
    SELECT o.id AS "accountId", o.vendor_account_id AS "vendorAccountId",
      (o.connection_id = a.connection_id AND ${isFree}) AS "isFree",
      coalesce(o.snapshot->'granted', '[]') || coalesce(o.held->'granted', '[]') AS granted
    FROM accounts o JOIN users u ON u.id = o.user_id JOIN accounts a ON a.id = ${accountId}::uuid
    WHERE o.vendor_tenant = ${vendorTenant}::text AND o.vendor_account_id = ANY(${vendorAccountIds}::text[])
      AND o.id <> a.id`)
}

/** The holder keeps its snapshot, and with it the login; the event tells both Users. */
export async function takeOver(db: Sql, owner: string, lease: Lease, holder: Holder): Promise<boolean> {
  const row = await db.row(sql`
    WITH mine AS (
      SELECT a.id, a.user_id FROM accounts a
      WHERE a.id = ${lease.id}::uuid AND a.lease_epoch = ${lease.epoch}::int AND a.lease_owner = ${owner}::text
    ), freed AS (
      UPDATE accounts SET vendor_account_id = NULL, vendor_tenant = NULL, held = NULL
      FROM accounts o JOIN users u ON u.id = o.user_id, mine
      WHERE accounts.id = ${holder.accountId}::uuid AND o.id = accounts.id AND ${isFree}
        AND accounts.vendor_account_id = ${holder.vendorAccountId}::text
      RETURNING accounts.id, accounts.user_id AS former, accounts.connection_id, u.directory_id, mine.user_id
    ), told AS (
      INSERT INTO events (directory_id, actor, action, resource_type, resource_id, detail)
      SELECT directory_id, ${gateway.actor}::text, 'account.handed-over', 'Account', id::text,
        jsonb_build_object('userId', former, 'toUserId', user_id, 'connectionId', connection_id,
          'vendorAccountId', ${holder.vendorAccountId}::text)
      FROM freed
    )
    SELECT id FROM freed`)
  return row !== undefined
}

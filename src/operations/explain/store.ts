import type { Held } from '../../model/plan.ts'
import { createConnectionStore } from '../../store/connections/connections.ts'
import { type Sql, sql } from '../../store/sql/statement.ts'
import type { ApiProfile, Entitlement } from '../../model/account.ts'
import type { GroupRef } from '../../model/person.ts'
import type { Policy } from '../../model/policy.ts'
import type { PlanState } from '../../model/recorded-plan.ts'
import type { MadeGroups } from '../../model/work.ts'
import { at, given } from '../../store/directory/events.ts'
import type { AccountState, JournaledCall } from '../../translators/explain/model.ts'

/** A person as the directory has them. */
export interface PersonFacts {
  readonly userId: string
  readonly userName: string
  /** The SCIM User as wanted. */
  readonly resource: Readonly<Record<string, unknown>>
  /** False while an operator holds the person shut out, too. */
  readonly active: boolean
  readonly deleted: boolean
  readonly groups: readonly GroupRef[]
}

/** A connection as the store knows it. */
export interface ConnectionFacts {
  readonly connectionId: string
  readonly directoryId: string
  readonly directory: string
  readonly connection: string
  readonly vendor: string
  readonly profile: 'auto' | ApiProfile
  readonly settings: Readonly<Record<string, unknown>>
  readonly policy: Policy
  /** Empty while it was never fetched. */
  readonly catalogue: readonly Entitlement[]
  /** The vendor's groups that are made for SCIM Groups. */
  readonly made: MadeGroups
}

/** What may keep an account from being run. */
export interface Waiting {
  readonly proven: boolean
  readonly status: string
  readonly dueAt: Date | null
  readonly isDue: boolean
  /** A process works on it at this moment. */
  readonly running: boolean
  readonly unmanaged: boolean
  readonly riskAccepted: boolean
  /** Of the connection. */
  readonly parked: boolean
  readonly parkedReason: string | null
  readonly pausedUntil: Date | null
  readonly planId: string | null
  readonly planState: PlanState | null
}

/** A person's account at a connection. */
interface AccountFacts {
  readonly held?: Held
  readonly state: AccountState
  readonly waiting: Waiting
  /** Latest first. */
  readonly calls: readonly JournaledCall[]
}

export interface PersonAt extends PersonFacts {
  readonly held?: Held
}

interface ConnectionRow {
  readonly id: string
  readonly directory_id: string
  readonly directory: string
  readonly name: string
  readonly vendor: string
  readonly profile: 'auto' | ApiProfile
  readonly settings: Readonly<Record<string, unknown>>
  readonly policy: Policy
  readonly made: MadeGroups
}

/** Connections, all or of one directory, by name. */
export async function connectionFacts(db: Sql, directory?: string): Promise<readonly ConnectionFacts[]> {
  const rows = await db.rows<ConnectionRow>(sql`
    SELECT c.id, c.directory_id, d.name AS directory, c.name, c.vendor,
      coalesce(c.resolved_profile, c.api_profile) AS profile, c.settings, c.policy,
      (SELECT coalesce(jsonb_object_agg(l.group_id, jsonb_strip_nulls(jsonb_build_object('id', l.vendor_group_id,
          'name', l.held_name,
          'refusal', CASE WHEN l.status = 'failed' THEN coalesce(l.failure->>'detail', '') END))), '{}')
        FROM group_links l WHERE l.connection_id = c.id) AS made
    FROM connections c JOIN directories d ON d.id = c.directory_id
    WHERE c.detached_at IS NULL AND (${directory ?? null}::text IS NULL OR d.name = ${directory ?? null}::text)
    ORDER BY d.name, c.name`)
  const store = createConnectionStore(db)
  return Promise.all(
    rows.map(async ({ id, directory_id, name, ...row }) => ({
      ...row,
      connectionId: id,
      directoryId: directory_id,
      connection: name,
      catalogue: (await store.catalogue(id))?.entries ?? [],
    })),
  )
}

const pageSize = 1_000

/** Groups of a directory, a page in memory at a time. */
export async function* groupsOf(db: Sql, directoryId: string): AsyncIterable<GroupRef> {
  let after = '00000000-0000-0000-0000-000000000000'
  for (;;) {
    const rows = await db.rows<{ id: string; display_name: string; external_id: string | null }>(sql`
      SELECT id, display_name, external_id FROM groups
      WHERE directory_id = ${directoryId}::uuid AND id > ${after}::uuid ORDER BY id LIMIT ${pageSize}::int`)
    for (const { id, display_name, external_id } of rows) {
      yield { id, displayName: display_name, ...(external_id === null ? {} : { externalId: external_id }) }
    }
    const last = rows.at(-1)
    if (!last || rows.length < pageSize) return
    after = last.id
  }
}

interface GroupRow {
  readonly id: string
  readonly displayName: string
  readonly externalId: string | null
  readonly since: string
}

interface PersonRow {
  readonly id: string
  readonly user_name: string
  readonly body: Readonly<Record<string, unknown>>
  readonly active: boolean
  readonly deleted: boolean
  readonly groups: readonly GroupRow[]
  readonly held?: Held | null
}

const ofPerson = sql`u.id, u.user_name, u.body, u.active_wanted AND NOT ${held()} AS active,
  (u.delete_requested_at IS NOT NULL OR u.deleted_at IS NOT NULL) AS deleted,
  (SELECT coalesce(jsonb_agg(jsonb_build_object('id', g.id, 'displayName', g.display_name, 'externalId', g.external_id,
      'since', m.created_at) ORDER BY g.display_name, g.id), '[]')
    FROM members m JOIN groups g ON g.id = m.group_id WHERE m.user_id = u.id) AS groups`

/** An operator holds the person shut out, and the hold has not ended. */
function held() {
  return sql`(u.hold IS NOT NULL AND coalesce((u.hold->>'until')::timestamptz > clock_timestamp(), true))`
}

/** Everybody of this userName, letter case aside; a tombstone only where nobody lives under it. */
export async function peopleFacts(
  db: Sql,
  userName: string,
  directoryId: string,
): Promise<readonly PersonFacts[]> {
  const rows = await db.rows<PersonRow>(sql`
    SELECT ${ofPerson} FROM users u
    WHERE u.directory_id = ${directoryId}::uuid AND u.user_name_key = ${userName.toLowerCase()}::text`)
  if (rows.length > 0) return rows.map(toPerson)
  const former = await db.rows<PersonRow>(sql`
    SELECT ${ofPerson} FROM users u
    WHERE u.directory_id = ${directoryId}::uuid AND u.former_name_key = ${userName.toLowerCase()}::text
    ORDER BY u.deleted_at DESC NULLS LAST LIMIT 1`)
  return former.map(toPerson)
}

const peoplePageSize = 500

/** Everybody who is provisioned at a connection or would be, tombstones with an account included, in a stable order. */
export async function* everybody(db: Sql, connectionId: string): AsyncIterable<PersonAt> {
  let after = '00000000-0000-0000-0000-000000000000'
  for (;;) {
    const rows = await db.rows<PersonRow>(sql`
      SELECT ${ofPerson}, a.held FROM connections c JOIN users u ON u.directory_id = c.directory_id
      LEFT JOIN accounts a ON a.user_id = u.id AND a.connection_id = c.id
      WHERE c.id = ${connectionId}::uuid AND u.id > ${after}::uuid AND NOT u.unclaimed
        AND (u.deleted_at IS NULL OR a.held IS NOT NULL)
      ORDER BY u.id LIMIT ${peoplePageSize}::int`)
    for (const row of rows) yield { ...toPerson(row), ...(row.held ? { held: row.held } : {}) }
    const last = rows.at(-1)
    if (!last || rows.length < peoplePageSize) return
    after = last.id
  }
}

interface AccountRow extends Waiting {
  readonly id: string
  readonly held: Held | null
  readonly status: string
  readonly proven: boolean
  readonly provenAt: Date | null
  readonly failure: AccountState['failure'] | null
  readonly deviations: AccountState['deviations']
  readonly attempts: number
}

const mostCalls = 200

/** A person's account at a connection. */
export async function accountFacts(
  db: Sql,
  connectionId: string,
  userId: string,
): Promise<AccountFacts | undefined> {
  const row = await db.row<AccountRow>(sql`
    SELECT a.id, a.held, a.status, a.proven_version >= a.wanted_version AS proven, a.proven_at AS "provenAt", a.failure,
      a.deviations, a.attempts, a.due_at AS "dueAt", coalesce(a.due_at <= clock_timestamp(), false) AS "isDue", a.unmanaged,
      a.accepted_risk IS NOT NULL AS "riskAccepted", coalesce(a.lease_until > clock_timestamp(), false) AS running,
      c.status = 'parked' AS parked, c.parked_reason->>'detail' AS "parkedReason",
      (SELECT max(p.value::timestamptz) FROM jsonb_each_text(c.pauses) p WHERE p.value::timestamptz > clock_timestamp()) AS "pausedUntil",
      p.id AS "planId", p.state AS "planState"
    FROM accounts a JOIN connections c ON c.id = a.connection_id LEFT JOIN plans p ON p.account_id = a.id
    WHERE a.connection_id = ${connectionId}::uuid AND a.user_id = ${userId}::uuid`)
  if (!row) return undefined
  const { id, held, status, proven, provenAt, failure, deviations, attempts, dueAt } = row
  return {
    ...given('held', held),
    waiting: row,
    state: {
      status,
      proven,
      ...at('provenAt', provenAt),
      ...given('failure', failure),
      deviations,
      ...at('nextTryAt', dueAt),
      ...(attempts > 0 ? { failedTries: attempts } : {}),
    },
    calls: await callsOf(db, id),
  }
}

interface CallRow {
  readonly operation: JournaledCall['operation']
  readonly outcome: JournaledCall['outcome'] | null
  readonly failure: { readonly detail: string } | null
  readonly vendor_request_id: string | null
  readonly opened_at: Date
  readonly closed_at: Date | null
}

async function callsOf(db: Sql, accountId: string): Promise<readonly JournaledCall[]> {
  const rows = await db.rows<CallRow>(sql`
    SELECT operation, outcome, failure, vendor_request_id, opened_at, closed_at FROM operations
    WHERE account_id = ${accountId}::uuid ORDER BY opened_at DESC, id DESC LIMIT ${mostCalls}::int`)
  return rows.map((row) => ({
    operation: row.operation,
    openedAt: row.opened_at.toISOString(),
    ...(row.closed_at ? { closedAt: row.closed_at.toISOString() } : {}),
    ...(row.outcome ? { outcome: row.outcome } : {}),
    ...(row.vendor_request_id === null ? {} : { requestId: row.vendor_request_id }),
    ...(row.failure ? { detail: row.failure.detail } : {}),
  }))
}

function toPerson({ id, user_name, body, active, deleted, groups }: PersonRow): PersonFacts {
  return { userId: id, userName: user_name, resource: body, active, deleted, groups: groups.map(toGroup) }
}

function toGroup({ id, displayName, externalId, since }: GroupRow): GroupRef {
  return {
    id,
    displayName,
    ...(externalId === null ? {} : { externalId }),
    since: new Date(since).toISOString(),
  }
}

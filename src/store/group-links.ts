import { GatewayError } from '../model/errors.ts'
import type { GroupLinks, GroupSettlement, GroupWork, LinkedGroup, Sharing } from '../model/group-work.ts'
import { type Lease, LeaseLost, priorities, type Shares } from '../model/work.ts'
import { wish } from './directory/due.ts'
import { gateway, recordEvent } from './directory/events.ts'
import { isKnown, type Leasing, sharesOf } from './queue/claim.ts'
import { isUniqueViolation } from './sql/failures.ts'
import { empty, json, milliseconds, type Sql, sql, type Statement } from './sql/statement.ts'

/** The links between SCIM Groups and groups of vendors; leased and settled like accounts. */
export function createGroupLinks(db: Sql, leasing: Leasing): GroupLinks {
  const { owner } = leasing
  return {
    claimDue: (limit, shares) => claimDue(db, leasing, limit, shares),
    renew: (leases) => renew(db, leasing, leases),
    read: (lease) => readGroupWork(db, owner, lease),
    settle: (lease, settlement) => settle(db, owner, lease, settlement),

    async open(lease, operation) {
      const enough = sql`AND l.lease_until >= clock_timestamp() + ${milliseconds(leasing.marginMs)}`
      const mark = sql`jsonb_build_object('operation', ${json(operation)}, 'openedAt', clock_timestamp())`
      await held(db, owner, lease, sql`open_operation = ${mark}`, enough)
    },

    close: async (lease, linked) => {
      if (linked === 'gone') await close(db, owner, lease, null, doubtMembers)
      else await close(db, owner, lease, linked)
    },

    async drop(lease, wantedVersion) {
      const row = await db.row(sql`
        DELETE FROM group_links l WHERE ${underLease(owner, lease)} AND l.wanted_version = ${wantedVersion}::int RETURNING l.id`)
      if (row) return 'dropped'
      await held(db, owner, lease, sql`due_at = now(), lease_owner = NULL, lease_until = NULL`)
      return 'again'
    },

    async sharing(lease, tenant, vendorGroupId) {
      const row = await db.row<Sharing>(sql`
        SELECT coalesce(bool_or(o.connection_id = l.connection_id), false) AS here,
          coalesce(bool_or(o.connection_id <> l.connection_id AND o.vendor_tenant = ${tenant}::text), false) AS elsewhere,
          coalesce(bool_or(o.connection_id = l.connection_id AND o.open_operation->'operation'->>'op' = 'remove-group'), false) AS removing
        FROM group_links l JOIN group_links o ON o.id <> l.id AND o.vendor_group_id = ${vendorGroupId}::text
        WHERE l.id = ${lease.id}::uuid`)
      return row ?? { here: false, elsewhere: false, removing: false }
    },

    handOver: (lease, vendorGroupId) => handOver(db, owner, lease, vendorGroupId),

    async grantedTo(lease, vendorGroupId) {
      const row = await db.row<{ count: number }>(sql`
        SELECT count(*)::int AS count FROM group_links l JOIN accounts a ON a.connection_id = l.connection_id
        WHERE l.id = ${lease.id}::uuid AND NOT a.unmanaged
          AND a.held->'granted' @> ${json([{ key: `group:${vendorGroupId}` }])}`)
      return row?.count ?? 0
    },

    rewrite: (lease, from, to) => rewriteHeld(db, lease.id, from, to),
  }
}

const underLease = (owner: string, { id: accountId, epoch }: Lease): Statement =>
  sql`l.id = ${accountId}::uuid AND l.lease_epoch = ${epoch}::int AND l.lease_owner = ${owner}::text`

async function held(
  db: Sql,
  owner: string,
  lease: Lease,
  set: Statement,
  more: Statement = empty,
): Promise<void> {
  const row = await db.row(
    sql`UPDATE group_links l SET ${set} WHERE ${underLease(owner, lease)} ${more} RETURNING l.id`,
  )
  if (!row) throw new LeaseLost(`group link ${lease.id}`)
}

async function claimDue(db: Sql, leasing: Leasing, limit: number, shares?: Shares) {
  if (limit < 1) return []
  const { owner, leaseMs } = leasing
  const until = Date.now() + leaseMs
  const rows = await db.rows<{ id: string; connection_id: string; lease_epoch: number }>(sql`
    WITH shares AS (${sharesOf(shares)}), offered AS (
      SELECT l.id, coalesce(s.holds, 0) + row_number() OVER (PARTITION BY c.id ORDER BY l.due_at) AS nth,
        coalesce(s.most, ${shares?.mostOfConnection ?? limit}::int) AS most
      FROM group_links l JOIN connections c ON c.id = l.connection_id LEFT JOIN shares s ON s.id = c.id
      WHERE l.due_at <= now() AND (l.lease_until IS NULL OR l.lease_until <= now())
        AND c.status <> 'parked' AND ${isKnown(leasing)} AND c.detached_at IS NULL AND c.recovering_since IS NULL AND (c.paused_until IS NULL OR c.paused_until <= now())
    ), due AS (
      SELECT l.id FROM offered o JOIN group_links l ON l.id = o.id
      WHERE o.nth <= o.most AND l.due_at <= now() AND (l.lease_until IS NULL OR l.lease_until <= now())
      ORDER BY o.nth, l.due_at LIMIT ${limit}::int FOR UPDATE OF l SKIP LOCKED
    )
    UPDATE group_links l SET lease_owner = ${owner}::text, lease_epoch = l.lease_epoch + 1,
      lease_until = clock_timestamp() + ${milliseconds(leaseMs)}
    FROM due WHERE l.id = due.id RETURNING l.id, l.connection_id, l.lease_epoch`)
  return rows.map(({ id, connection_id: connectionId, lease_epoch: epoch }) => ({
    lease: { id, epoch, until },
    connectionId,
  }))
}

async function renew(
  db: Sql,
  { owner, leaseMs }: Leasing,
  leases: readonly Lease[],
): Promise<readonly Lease[]> {
  if (leases.length === 0) return []
  const until = Date.now() + leaseMs
  const rows = await db.rows<{ id: string; lease_epoch: number }>(sql`
    UPDATE group_links l SET lease_until = clock_timestamp() + ${milliseconds(leaseMs)}
    FROM unnest(${leases.map((lease) => lease.id)}::uuid[], ${leases.map((lease) => lease.epoch)}::int[]) held(id, epoch)
    WHERE l.id = held.id AND l.lease_epoch = held.epoch AND l.lease_owner = ${owner}::text
    RETURNING l.id, l.lease_epoch`)
  return rows.map((row) => ({ id: row.id, epoch: row.lease_epoch, until }))
}

interface Before {
  readonly group_id: string
  readonly connection_id: string
  readonly directory_id: string
  readonly open_operation: { readonly operation: { readonly op: string } } | null
}

/** Undefined: the link stays as it is; null: it ends. */
function linkedAs(linked: LinkedGroup | null | undefined): Statement {
  if (linked === undefined) return empty
  const { id = null, name = null, madeHere = false, tenant = null } = linked ?? {}
  return sql`, vendor_group_id = ${id}::text, held_name = ${name}::text,
    made_here = ${madeHere}::boolean, vendor_tenant = ${tenant}::text`
}

/** With the event that tells of the write, where one was open and brought something. */
async function close(
  db: Sql,
  owner: string,
  lease: Lease,
  linked?: LinkedGroup | null,
  also?: (tx: Sql, before: Before) => Promise<unknown>,
): Promise<void> {
  await db.transaction(async (tx) => {
    const before = await tx.row<Before>(sql`
      SELECT l.group_id, l.connection_id, l.open_operation, c.directory_id FROM group_links l
      JOIN connections c ON c.id = l.connection_id WHERE ${underLease(owner, lease)} FOR UPDATE OF l`)
    if (!before) throw new LeaseLost(`group link ${lease.id}`)
    await held(tx, owner, lease, sql`open_operation = NULL ${linkedAs(linked)}`).catch(alreadyLinked)
    const op = before.open_operation?.operation.op
    await also?.(tx, before)
    if (linked === undefined) return
    const event = {
      directoryId: before.directory_id,
      action: `vendor-${op ?? (linked ? 'adopt-group' : 'forget-group')}`,
      resourceType: 'Group',
      resourceId: sql`${before.group_id}::uuid`,
      detail: {
        connectionId: before.connection_id,
        vendorGroupId: linked?.id ?? null,
        name: linked?.name ?? null,
      },
    } as const
    await tx.rows(recordEvent(gateway, event, empty))
  })
}

/** Whoever was in a group that is gone is in none for it, even if the next one gets the same id. */
function doubtMembers(tx: Sql, before: Before): Promise<unknown> {
  return tx.rows(sql`UPDATE accounts SET uncertain = true FROM (
      SELECT a.id FROM accounts a WHERE ${membersOf(before)} ORDER BY a.id FOR UPDATE OF a
    ) doubted WHERE accounts.id = doubted.id`)
}

/** Accounts `a` of whoever is in the SCIM Group. */
const membersOf = ({ connection_id, group_id }: Pick<Before, 'connection_id' | 'group_id'>): Statement =>
  sql`a.connection_id = ${connection_id}::uuid
    AND a.user_id IN (SELECT m.user_id FROM members m WHERE m.group_id = ${group_id}::uuid)`

/** One group of a vendor is kept once over all connections. */
function alreadyLinked(cause: unknown): never {
  if (!isUniqueViolation(cause)) throw cause
  throw new GatewayError('ACCOUNT_LINKED', 'the group is kept by another SCIM Group or connection', { cause })
}

async function settle(
  db: Sql,
  owner: string,
  lease: Lease,
  { status, wantedVersion, failure, attempts, dueInMs, tell }: GroupSettlement,
): Promise<'settled' | 'again'> {
  return db.transaction(async (tx) => {
    const moved = sql`(l.wanted_version > ${wantedVersion}::int)`
    const due = dueInMs === undefined ? sql`NULL` : sql`clock_timestamp() + ${milliseconds(dueInMs)}`
    const proven =
      status === 'proven' ? sql`greatest(l.proven_version, ${wantedVersion}::int)` : sql`l.proven_version`
    const row = await tx.row<{ group_id: string; connection_id: string; again: boolean }>(sql`
      UPDATE group_links l SET status = CASE WHEN ${moved} THEN 'pending' ELSE ${status}::text END,
        proven_version = ${proven}, failure = ${json(failure)}, wanted_name = l.held_name,
        attempts = CASE WHEN ${moved} THEN 0 ELSE ${attempts}::int END,
        due_at = CASE WHEN ${moved} THEN now() ELSE ${due} END, uncertain = l.uncertain AND ${status !== 'proven'}::boolean,
        lease_owner = NULL, lease_until = NULL
      WHERE ${underLease(owner, lease)} RETURNING l.group_id, l.connection_id, ${moved} AS again`)
    if (!row) throw new LeaseLost(`group link ${lease.id}`)
    if (tell) await tx.rows(wish(membersOf(row), sql`${priorities.live}::smallint`, 'now'))
    return row.again ? 'again' : 'settled'
  })
}

/** `vendor_tenant` is the keeper's alone: the group is kept once. */
async function handOver(db: Sql, owner: string, lease: Lease, vendorGroupId: string): Promise<void> {
  await db.transaction(async (tx) => {
    const row = await tx.row<{ connection_id: string; vendor_tenant: string | null; made_here: boolean }>(sql`
      SELECT l.connection_id, l.vendor_tenant, l.made_here FROM group_links l WHERE ${underLease(owner, lease)} FOR UPDATE`)
    if (!row) throw new LeaseLost(`group link ${lease.id}`)
    await held(
      tx,
      owner,
      lease,
      sql`vendor_tenant = NULL, vendor_group_id = NULL, held_name = NULL, made_here = false`,
    )
    await tx.rows(sql`
      UPDATE group_links SET made_here = ${row.made_here}::boolean, vendor_tenant = ${row.vendor_tenant}::text
      WHERE id = (
        SELECT id FROM group_links WHERE connection_id = ${row.connection_id}::uuid AND id <> ${lease.id}::uuid
          AND vendor_group_id = ${vendorGroupId}::text ORDER BY created_at, id LIMIT 1 FOR UPDATE
      )`)
  })
}

/** Policies that make groups at the vendor. */
const makes = sql`c.policy @? '$.rules[*] ? (@.create == true)'`
const wished = sql`wanted_version = group_links.wanted_version + 1, status = 'pending', failure = NULL, attempts = 0,
  due_at = least(group_links.due_at, now())`

/**
 * A SCIM Group came to be or has another name: every connection that makes groups looks at it. Part of the statement that writes
 * the Group, so that it costs a directory without such a connection no round trip.
 */
export function markGroup(directoryId: string, groupId: string): Statement {
  return sql`INSERT INTO group_links (id, connection_id, group_id, due_at)
    SELECT gen_random_uuid(), c.id, ${groupId}::uuid, now() FROM connections c
    WHERE c.directory_id = ${directoryId}::uuid AND c.detached_at IS NULL AND c.status <> 'disabled' AND ${makes}
    ON CONFLICT (connection_id, group_id) DO UPDATE SET ${wished}`
}

/** A SCIM Group is gone: whatever was made for it is looked at, also where the rule went before. */
export function markDeleted(groupId: string): Statement {
  return sql`UPDATE group_links SET wanted_name = NULL, ${wished} WHERE group_id = ${groupId}::uuid`
}

/** A connection has other rules now: it looks at every Group of its directory, if it makes groups at all. */
export async function markGroupsOf(tx: Sql, connectionId: string): Promise<void> {
  await tx.rows(sql`
    INSERT INTO group_links (id, connection_id, group_id, due_at)
    SELECT gen_random_uuid(), c.id, g.id, now() FROM connections c JOIN groups g ON g.directory_id = c.directory_id
    WHERE c.id = ${connectionId}::uuid AND ${makes}
    ON CONFLICT (connection_id, group_id) DO UPDATE SET ${wished}`)
}

/**
 * Where a group's name is part of its id, what accounts of the connection hold is renamed with the group. An account that is
 * being worked on may write its former state over it: its next plan then joins and leaves once, without harm.
 */
async function rewriteHeld(db: Sql, linkId: string, from: string, to: string): Promise<void> {
  const quoted = (text: string): string => JSON.stringify(text)
  // As PostgreSQL writes jsonb: shorter keys first. A quotation mark inside of a text is escaped, so none is met by chance.
  const pairs = [
    [`"id": ${quoted(from)}, "kind": "group"`, `"id": ${quoted(to)}, "kind": "group"`],
    [`{"id": ${quoted(from)}, "level": "team"}`, `{"id": ${quoted(to)}, "level": "team"}`],
    [`"key": ${quoted(`group:${from}`)}`, `"key": ${quoted(`group:${to}`)}`],
    [`@team:${quoted(from).slice(1)}`, `@team:${quoted(to).slice(1)}`],
  ] as const
  const renamed = (column: ReturnType<typeof sql>) =>
    pairs.reduce(
      (text, [before, after]) => sql`replace(${text}, ${before}::text, ${after}::text)`,
      sql`${column}::text`,
    )
  await db.rows(sql`
    UPDATE accounts a SET held = (${renamed(sql`a.held`)})::jsonb, snapshot = (${renamed(sql`a.snapshot`)})::jsonb
    FROM group_links l WHERE l.id = ${linkId}::uuid AND a.connection_id = l.connection_id
      AND (position(${quoted(from)}::text IN a.held::text) > 0 OR position(${quoted(from)}::text IN a.snapshot::text) > 0)`)
}

interface Row {
  readonly group_id: string
  readonly display_name: string | null
  readonly external_id: string | null
  readonly wanted_version: number
  readonly vendor_group_id: string | null
  readonly vendor_tenant: string | null
  readonly held_name: string | null
  readonly made_here: boolean
  readonly attempts: number
  readonly open_operation: GroupWork['open'] | null
  readonly pauses: Readonly<Record<string, number>>
  readonly uncertain: boolean
}

/** Everything that one look at a group needs, in one statement. */
async function readGroupWork(db: Sql, owner: string, lease: Lease): Promise<GroupWork> {
  const row = await db.row<Row>(sql`
    SELECT l.group_id, g.display_name, g.external_id, l.wanted_version, l.vendor_group_id, l.vendor_tenant, l.held_name,
      l.made_here, l.attempts, l.open_operation, l.uncertain,
      CASE WHEN c.paused_until > clock_timestamp() THEN (
        SELECT coalesce(jsonb_object_agg(p.key, round(extract(epoch FROM p.value::timestamptz - clock_timestamp()) * 1000)), '{}')
        FROM jsonb_each_text(c.pauses) p WHERE p.value::timestamptz > clock_timestamp()) ELSE '{}' END AS pauses
    FROM group_links l JOIN connections c ON c.id = l.connection_id LEFT JOIN groups g ON g.id = l.group_id
    WHERE l.id = ${lease.id}::uuid AND l.lease_epoch = ${lease.epoch}::int AND l.lease_owner = ${owner}::text`)
  if (!row) throw new LeaseLost(`group link ${lease.id}`)
  return toWork(row)
}

function toWork(row: Row): GroupWork {
  const { group_id: id, display_name: displayName, external_id: externalId, vendor_group_id: vendorId } = row
  const named = { id, displayName: displayName ?? '', ...(externalId === null ? {} : { externalId }) }
  const tenant = row.vendor_tenant ?? undefined
  return {
    groupId: id,
    ...(displayName === null ? {} : { group: named }),
    wantedVersion: row.wanted_version,
    ...(vendorId === null
      ? {}
      : { linked: { id: vendorId, name: row.held_name ?? '', madeHere: row.made_here, tenant } }),
    attempts: row.attempts,
    ...(row.uncertain ? { uncertain: true } : {}),
    ...(row.open_operation === null
      ? {}
      : {
          open: {
            operation: row.open_operation!.operation,
            openedAt: new Date(row.open_operation!.openedAt).toISOString(),
          },
        }),
    pauses: row.pauses,
  }
}

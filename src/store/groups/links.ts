import { GatewayError } from '../../model/errors.ts'
import { LeaseLost, priorities, type Lease } from '../../model/work.ts'
import type { GroupLinks, GroupSettlement, LinkedGroup, Sharing } from '../../model/group-work.ts'
import { gateway, recordEvent } from '../directory/events.ts'
import { wish } from '../directory/due.ts'
import { isKnown, type Leasing } from '../queue/claim.ts'
import type { Sql } from '../sql/client.ts'
import { isUniqueViolation } from '../sql/failures.ts'
import { empty, json, milliseconds, sql, type Statement } from '../sql/statement.ts'
import { readGroupWork } from './work.ts'
import { rewriteHeld } from './rewrite.ts'

/** The links between SCIM Groups and groups of vendors; leased and settled like accounts. */
export function createGroupLinks(db: Sql, leasing: Leasing): GroupLinks {
  const { owner } = leasing
  return {
    claimDue: (limit) => claimDue(db, leasing, limit),
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
        WHERE l.id = ${lease.accountId}::uuid`)
      return row ?? { here: false, elsewhere: false, removing: false }
    },

    handOver: (lease, vendorGroupId) => handOver(db, owner, lease, vendorGroupId),

    async grantedTo(lease, vendorGroupId) {
      const row = await db.row<{ count: number }>(sql`
        SELECT count(*)::int AS count FROM group_links l JOIN accounts a ON a.connection_id = l.connection_id
        WHERE l.id = ${lease.accountId}::uuid AND NOT a.unmanaged
          AND a.held->'granted' @> ${json([{ key: `group:${vendorGroupId}` }])}`)
      return row?.count ?? 0
    },

    rewrite: (lease, from, to) => rewriteHeld(db, lease.accountId, from, to),
  }
}

const underLease = (owner: string, { accountId, epoch }: Lease): Statement =>
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
  if (!row) throw new LeaseLost(`group link ${lease.accountId}`)
}

async function claimDue(db: Sql, leasing: Leasing, limit: number) {
  if (limit < 1) return []
  const { owner, leaseMs } = leasing
  const until = Date.now() + leaseMs
  const rows = await db.rows<{ id: string; connection_id: string; lease_epoch: number }>(sql`
    WITH due AS (
      SELECT l.id FROM group_links l JOIN connections c ON c.id = l.connection_id
      WHERE l.due_at <= now() AND (l.lease_until IS NULL OR l.lease_until <= now())
        AND c.status <> 'parked' AND ${isKnown(leasing)} AND c.detached_at IS NULL AND c.recovering_since IS NULL AND (c.paused_until IS NULL OR c.paused_until <= now())
      ORDER BY l.due_at LIMIT ${limit}::int FOR UPDATE OF l SKIP LOCKED
    )
    UPDATE group_links l SET lease_owner = ${owner}::text, lease_epoch = l.lease_epoch + 1,
      lease_until = clock_timestamp() + ${milliseconds(leaseMs)}
    FROM due WHERE l.id = due.id RETURNING l.id, l.connection_id, l.lease_epoch`)
  return rows.map(({ id, connection_id: connectionId, lease_epoch: epoch }) => ({
    lease: { accountId: id, epoch, until },
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
    FROM unnest(${leases.map((lease) => lease.accountId)}::uuid[], ${leases.map((lease) => lease.epoch)}::int[]) held(id, epoch)
    WHERE l.id = held.id AND l.lease_epoch = held.epoch AND l.lease_owner = ${owner}::text
    RETURNING l.id, l.lease_epoch`)
  return rows.map((row) => ({ accountId: row.id, epoch: row.lease_epoch, until }))
}

interface Before {
  readonly group_id: string
  readonly connection_id: string
  readonly directory_id: string
  readonly open_operation: { readonly operation: { readonly op: string } } | null
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
    if (!before) throw new LeaseLost(`group link ${lease.accountId}`)
    const id = linked?.id ?? null
    const link =
      linked === undefined
        ? empty
        : sql`, vendor_group_id = ${id}::text, held_name = ${linked?.name ?? null}::text,
            made_here = ${linked?.madeHere ?? false}::boolean, vendor_tenant = ${linked?.tenant ?? null}::text`
    await held(tx, owner, lease, sql`open_operation = NULL ${link}`).catch(alreadyLinked)
    const op = before.open_operation?.operation.op
    await also?.(tx, before)
    if (linked === undefined) return
    const event = {
      directoryId: before.directory_id,
      action: `vendor-${op ?? (linked ? 'adopt-group' : 'forget-group')}`,
      resourceType: 'Group',
      resourceId: sql`${before.group_id}::uuid`,
      detail: { connectionId: before.connection_id, vendorGroupId: id, name: linked?.name ?? null },
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
    if (!row) throw new LeaseLost(`group link ${lease.accountId}`)
    if (tell) await tx.rows(wish(membersOf(row), sql`${priorities.live}::smallint`, 'now'))
    return row.again ? 'again' : 'settled'
  })
}

/** `vendor_tenant` is the keeper's alone: the group is kept once. */
async function handOver(db: Sql, owner: string, lease: Lease, vendorGroupId: string): Promise<void> {
  await db.transaction(async (tx) => {
    const row = await tx.row<{ connection_id: string; vendor_tenant: string | null; made_here: boolean }>(sql`
      SELECT l.connection_id, l.vendor_tenant, l.made_here FROM group_links l WHERE ${underLease(owner, lease)} FOR UPDATE`)
    if (!row) throw new LeaseLost(`group link ${lease.accountId}`)
    await held(
      tx,
      owner,
      lease,
      sql`vendor_tenant = NULL, vendor_group_id = NULL, held_name = NULL, made_here = false`,
    )
    await tx.rows(sql`
      UPDATE group_links SET made_here = ${row.made_here}::boolean, vendor_tenant = ${row.vendor_tenant}::text
      WHERE id = (
        SELECT id FROM group_links WHERE connection_id = ${row.connection_id}::uuid AND id <> ${lease.accountId}::uuid
          AND vendor_group_id = ${vendorGroupId}::text ORDER BY created_at, id LIMIT 1 FOR UPDATE
      )`)
  })
}

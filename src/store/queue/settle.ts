import {
  type AccountQueue,
  type AccountStatus,
  type Lease,
  LeaseLost,
  proving,
  type Settlement,
  type Unclosed,
} from '../../model/work.ts'
import { gateway, recordEvent } from '../directory/events.ts'
import { awaitsProof, bury } from '../directory/users.ts'
import { recordEvidence } from '../evidence-record.ts'
import { createBatcher } from '../../batch.ts'
import { mayBeDone } from '../sql/failures.ts'
import { empty, json, milliseconds, type Sql, sql, type Statement } from '../sql/statement.ts'
import { begin, claim, claimDue, type Handover, type Leasing, renew } from './claim.ts'
import {
  assignments,
  closeOperation,
  closeRow,
  createOpening,
  doubt,
  inherit,
  linking,
  saveAccount,
} from './journal.ts'
import { createReader, holders, takeOver, outcomes } from './work.ts'

export function createQueue(db: Sql, leasing: Leasing, handover: Handover): AccountQueue {
  return {
    claimDue: (limit, shares) => claimDue(db, leasing, limit, shares),
    begin: (...asked) => begin(db, leasing, handover, asked),
    claim: (accountId) => claim(db, leasing, accountId),
    renew: (leases) => renew(db, leasing, leases),
    read: createReader(db, leasing.owner),
    open: createOpening(db, leasing),
    close: (lease, id, closing, update) => closeOperation(db, leasing, lease, id, closing, update),
    save: (lease, update) => saveAccount(db, leasing, lease, update),
    settle: createSettling(db, leasing),
    doubt: (accountId) => doubt(db, accountId),
    inherit: (lease, predecessor) => inherit(db, leasing, lease, predecessor),
    holders: (accountId, tenant, ids) => holders(db, accountId, tenant, ids),
    takeOver: (lease, holder) => takeOver(db, leasing.owner, lease, holder),
    outcomes: (userId) => outcomes(db, userId),
  }
}

/** What an event tells of; retries are told by the journal. */
const told: Partial<Record<AccountStatus, string>> = {
  proven: 'account.proven',
  verifying: 'account.verifying',
  invited: 'account.invited',
  failed: 'account.failed',
  waiting: 'account.waiting',
}

/** A User whose shut-out or removal may become proven, or be taken back, by this settlement; held ones included. */
const leaving = sql`(u.delete_requested_at IS NOT NULL OR u.deleted_at IS NOT NULL OR NOT u.active_wanted OR u.hold IS NOT NULL)`

interface Settled {
  readonly again: boolean
  /** It had been proven up to this wish. */
  readonly withdrawn: boolean
  /** When the vendor said yes to what reads had to verify. */
  readonly confirmed_at: string | null
}

interface Ending {
  readonly lease: Lease
  readonly settlement: Settlement
  readonly unclosed: Unclosed | undefined
}

/** Settles accounts: those that end at the same moment in one transaction, whoever leaves in one of their own. */
function createSettling(
  db: Sql,
  leasing: Leasing,
): (lease: Lease, settlement: Settlement, unclosed?: Unclosed) => Promise<'settled' | 'again'> {
  const staying = createBatcher<Ending, { readonly row: Settled | undefined }>({
    most: 32,
    mayBeDone,
    async together(asked) {
      // Accounts are locked in the order in which wishes lock them.
      const inOrder = asked.toSorted((a, b) => (a.lease.id < b.lease.id ? -1 : 1))
      const rows = (await db.together(
        inOrder.map((each) => end(leasing, each, sql`NOT ${leaving}`)),
      )) as Settled[][]
      return asked.map((each) => ({ row: rows[inOrder.indexOf(each)]?.[0] }))
    },
  })
  return async (lease, settlement, unclosed) => {
    const ending = { lease, settlement, unclosed }
    const row = await linking(
      async () =>
        (await staying(ending)).row ??
        (await db.transaction((tx) => settleLeaving(tx, lease, settlement, end(leasing, ending, sql`true`)))),
    )
    if (!row) throw new LeaseLost(`account ${lease.id}`)
    return row.again ? 'again' : 'settled'
  }
}

interface Leaver {
  readonly id: string
  readonly directory_id: string
  readonly deleting: boolean
  readonly buried: boolean
  readonly wanted: boolean
  readonly shown: boolean
}

/**
 * With the User's row locked, so that of two accounts that settle at once one sees the other's proof; not its key, or a
 * membership that comes would wait for this one and this one for it.
 */
async function settleLeaving(
  tx: Sql,
  lease: Lease,
  settlement: Settlement,
  ending: Statement,
): Promise<Settled | undefined> {
  const user = await tx.row<Leaver>(sql`
    SELECT u.id, u.directory_id, u.delete_requested_at IS NOT NULL AS deleting, u.deleted_at IS NOT NULL AS buried,
      u.active_wanted AS wanted, u.active_shown AS shown
    FROM users u WHERE u.id = (SELECT user_id FROM accounts WHERE id = ${lease.id}::uuid) FOR NO KEY UPDATE`)
  const row = user && (await tx.row<Settled>(ending))
  if (!row || row.again) return row
  if (settlement.status === 'proven') await recordEvidence(tx, lease.id, row.confirmed_at)
  await (proving.has(settlement.status) ? afterProof(tx, user, lease) : afterDoubt(tx, user, row))
  if (settlement.status === 'proven' && settlement.frees !== undefined)
    await wakeWaiting(tx, lease, settlement.frees)
  return row
}

/** Another User with the same login waits until the account is free. */
async function wakeWaiting(tx: Sql, lease: Lease, vendorAccountId: string): Promise<void> {
  await tx.rows(sql`
    UPDATE accounts SET due_at = least(accounts.due_at, clock_timestamp())
    WHERE waits_for = ${vendorAccountId}::text
      AND connection_id = (SELECT connection_id FROM accounts a WHERE a.id = ${lease.id}::uuid)`)
}

async function afterProof(tx: Sql, user: Leaver, lease: Lease): Promise<void> {
  // A later account of the same vendor id belongs to somebody else.
  if (user.deleting || user.buried) {
    await tx.rows(sql`UPDATE accounts SET vendor_tenant = NULL WHERE id = ${lease.id}::uuid`)
  }
  if (user.buried || (await awaitsProof(tx, user.id))) return
  if (user.deleting) await bury(tx, gateway, user.directory_id, user.id)
  else if (!user.wanted && user.shown) await show(tx, user, false)
}

/** A proof that is taken back shows the User as active again, so that the client goes on asking. */
async function afterDoubt(tx: Sql, user: Leaver, { withdrawn }: Settled): Promise<void> {
  if (!withdrawn || user.buried || user.wanted || user.shown) return
  if (await awaitsProof(tx, user.id)) await show(tx, user, true)
}

/** `active` as the client sees it, with a new version; the caller has locked the User's row. */
export async function show(
  tx: Sql,
  user: Pick<Leaver, 'id' | 'directory_id'>,
  active: boolean,
): Promise<void> {
  const action = active ? 'user.shut-out-withdrawn' : 'user.shut-out-proven'
  const event = { directoryId: user.directory_id, action, resourceType: 'User', resourceId: sql`id` } as const
  await tx.rows(sql`
    WITH shown AS (
      UPDATE users SET active_shown = ${active}::boolean, version = version + 1,
        last_modified = greatest(clock_timestamp(), last_modified + interval '1 millisecond')
      WHERE id = ${user.id}::uuid RETURNING id
    )
    ${recordEvent(gateway, event, sql`FROM shown`)}`)
}

/** Ends the lease. What was wished meanwhile is due at once; a proof that is taken back leaves the account unproven. */
function end({ owner }: Leasing, { lease, settlement, unclosed }: Ending, condition: Statement): Statement {
  const { status, wantedVersion, dueInMs } = settlement
  const proves = proving.has(status)
  const proven = proves
    ? sql`greatest(accounts.proven_version, ${wantedVersion}::int)`
    : sql`least(accounts.proven_version, ${wantedVersion - 1}::int)`
  const due = dueInMs === undefined ? sql`NULL` : sql`clock_timestamp() + ${milliseconds(dueInMs)}`
  const moved = sql`(accounts.wanted_version > ${wantedVersion}::int)`
  const action = told[status]
  const event =
    action === undefined
      ? sql`SELECT 1`
      : sql`INSERT INTO events (directory_id, actor, action, resource_type, resource_id, detail)
        SELECT directory_id, ${gateway.actor}::text, ${action}::text, 'Account', id::text,
          ${json({ deviations: settlement.deviations, failure: settlement.failure })}
            || jsonb_build_object('userId', user_id, 'connectionId', connection_id)
        FROM ended WHERE news`
  const closed = unclosed
    ? sql`, closed AS (${closeRow(unclosed.operationId, unclosed.closing, sql`ended`)})`
    : empty
  return sql`WITH ended AS (
      UPDATE accounts SET ${assignments(unclosed?.update ?? {})},
        status = CASE WHEN ${moved} THEN 'pending' ELSE ${status}::text END,
        proven_version = ${proven},
        proven_at = ${proves ? sql`clock_timestamp()` : sql`accounts.proven_at`},
        due_at = CASE WHEN ${moved} THEN now() ELSE ${due} END,
        attempts = CASE WHEN ${moved} THEN 0 ELSE ${settlement.attempts}::int END,
        deviations = ${json(settlement.deviations)},
        failure = ${settlement.failure === undefined ? sql`accounts.failure` : json(settlement.failure)},
        verification = ${settlement.verification === undefined ? sql`accounts.verification` : json(settlement.verification)},
        waits_for = ${settlement.waitsFor ?? null}::text,
        predecessor_id = ${proves ? sql`NULL` : sql`accounts.predecessor_id`},
        settled_at = clock_timestamp(), lease_owner = NULL, lease_until = NULL
      FROM users u, (SELECT status, proven_version, verification FROM accounts WHERE id = ${lease.id}::uuid) old
      WHERE accounts.id = ${lease.id}::uuid AND accounts.lease_epoch = ${lease.epoch}::int
        AND accounts.lease_owner = ${owner}::text AND u.id = accounts.user_id AND ${condition}
      RETURNING accounts.id, accounts.user_id, accounts.connection_id, u.directory_id, ${moved} AS again,
        (old.status IS DISTINCT FROM accounts.status OR ${proves}::boolean) AS news,
        old.proven_version >= ${wantedVersion}::int AS withdrawn, old.verification->>'since' AS confirmed_at
    ), event AS (${event})${closed}
    SELECT again, withdrawn, confirmed_at FROM ended`
}

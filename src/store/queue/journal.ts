import {
  type AccountUpdate,
  type Lease,
  LeaseLost,
  type OperationClosing,
  priorities,
  type Unclosed,
} from '../../model/work.ts'
import { GatewayError } from '../../model/errors.ts'
import type { JournalOperation } from '../../model/plan.ts'
import { isUniqueViolation, mayBeDone } from '../sql/failures.ts'
import {
  join,
  json,
  milliseconds,
  newId,
  type Sql,
  sql,
  type Statement,
  storable,
  unseen,
} from '../sql/statement.ts'
import type { Leasing } from './claim.ts'
import { createBatcher } from '../../batch.ts'

const underLease = ({ owner }: Leasing, { id: accountId, epoch }: Lease): Statement =>
  sql`accounts.id = ${accountId}::uuid AND accounts.lease_epoch = ${epoch}::int AND accounts.lease_owner = ${owner}::text`

const lost = ({ id: accountId }: Lease): LeaseLost => new LeaseLost(`account ${accountId}`)

interface Opening {
  readonly lease: Lease
  readonly operation: JournalOperation
  readonly before: unknown
}

/** Commits open rows before vendor writes, of each only while enough of its lease is left for the write. */
export function createOpening(
  db: Sql,
  leasing: Leasing,
): (lease: Lease, operation: JournalOperation, before: unknown, unclosed?: Unclosed) => Promise<string> {
  const open = createBatcher<Opening, string>({
    most: 32,
    mayBeDone,
    async together(asked) {
      const ids = asked.map(() => newId())
      const rows = await db.rows<{ id: string }>(opened(leasing, ids, asked))
      const there = new Set(rows.map(({ id }) => id))
      return ids.map((id, at) => (there.has(id) ? id : lost(asked[at]!.lease)))
    },
  })
  return async (lease, operation, before, unclosed) => {
    if (!unclosed) return open({ lease, operation, before })
    const id = newId()
    const { operationId, closing, update } = unclosed
    const [former, next] = (await linking(() =>
      db.together([
        closed(leasing, lease, operationId, closing, update),
        opened(leasing, [id], [{ lease, operation, before }]),
      ]),
    )) as [unknown[], unknown[]]
    if (former.length === 0 || next.length === 0) throw lost(lease)
    return id
  }
}

/** Accounts are locked in the order in which wishes lock them; what is left of a lease is told when all are. */
function opened({ owner, marginMs }: Leasing, ids: readonly string[], asked: readonly Opening[]): Statement {
  const asText = (value: unknown): string | null => (value == null ? null : storable(value))
  return sql`
    WITH held AS MATERIALIZED (
      SELECT o.id, accounts.id AS account_id, accounts.connection_id, o.op, o.operation, o.before, accounts.lease_until
      FROM unnest(
      ${unseen(ids, 'uuid')},
      ${unseen(
        asked.map(({ lease }) => lease.id),
        'uuid',
      )},
      ${unseen(
        asked.map(({ lease }) => lease.epoch),
        'int',
      )},
      ${unseen(
        asked.map(({ operation }) => operation.op),
        'text',
      )},
      ${unseen(
        asked.map(({ operation }) => asText(operation)),
        'jsonb',
      )},
      ${unseen(
        asked.map(({ before }) => asText(before)),
        'jsonb',
      )}
    ) o(id, account_id, epoch, op, operation, before)
      JOIN accounts ON accounts.id = o.account_id AND accounts.lease_epoch = o.epoch
      WHERE accounts.lease_owner = ${owner}::text ORDER BY accounts.id FOR UPDATE OF accounts
    )
    INSERT INTO operations (id, account_id, connection_id, op, operation, before)
    SELECT id, account_id, connection_id, op, operation, before FROM held
    WHERE lease_until >= (SELECT clock_timestamp() + ${milliseconds(marginMs)} FROM held HAVING count(*) > 0)
    RETURNING id`
}

export async function closeOperation(
  db: Sql,
  leasing: Leasing,
  lease: Lease,
  operationId: string,
  closing: OperationClosing,
  update: AccountUpdate = {},
): Promise<void> {
  const row = await linking(() => db.row(closed(leasing, lease, operationId, closing, update)))
  if (!row) throw lost(lease)
}

function closed(
  leasing: Leasing,
  lease: Lease,
  operationId: string,
  closing: OperationClosing,
  update: AccountUpdate,
): Statement {
  return sql`
    WITH held AS (
      UPDATE accounts SET ${assignments(update)} WHERE ${underLease(leasing, lease)} RETURNING accounts.id
    )
    ${closeRow(operationId, closing, sql`held`)}`
}

/** A journal row of the account in `source` is closed; part of the statement that keeps what the write changed. */
export function closeRow(operationId: string, closing: OperationClosing, source: Statement): Statement {
  const { outcome, after, failure, vendorRequestId = null, durationMs } = closing
  return sql`UPDATE operations SET outcome = ${outcome}::text, after = ${json(after)}, failure = ${json(failure)},
      vendor_request_id = ${vendorRequestId}::text, duration_ms = ${roundedOrNull(durationMs)}::int, closed_at = clock_timestamp()
    FROM ${source} WHERE operations.id = ${operationId}::uuid AND operations.account_id = ${source}.id
    RETURNING operations.id`
}

export async function saveAccount(
  db: Sql,
  leasing: Leasing,
  lease: Lease,
  update: AccountUpdate,
): Promise<void> {
  const row = await linking(() =>
    db.row(
      sql`UPDATE accounts SET ${assignments(update)} WHERE ${underLease(leasing, lease)} RETURNING accounts.id`,
    ),
  )
  if (!row) throw lost(lease)
}

/** What an update sets in `accounts`. */
export function assignments(update: AccountUpdate): Statement {
  const parts: Statement[] = [sql`created_at = accounts.created_at`]
  if (update.vendorAccountId !== undefined)
    parts.push(sql`vendor_account_id = ${update.vendorAccountId}::text`)
  if (update.vendorTenant !== undefined) parts.push(sql`vendor_tenant = ${update.vendorTenant}::text`)
  if (update.held !== undefined) parts.push(sql`held = ${json(update.held)}`)
  if (update.snapshot !== undefined) parts.push(sql`snapshot = ${json(update.snapshot)}`)
  if (update.uncertain !== undefined) parts.push(sql`uncertain = false`)
  return join(parts)
}

/** One account of a vendor is linked once over all connections. */
export async function linking<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause
    throw new GatewayError(
      'ACCOUNT_LINKED',
      'the account is linked to another person or by another connection',
      { cause },
    )
  }
}

const roundedOrNull = (value: number | undefined): number | null =>
  value === undefined ? null : Math.round(value)

/** Served as a shut-out: it may be one that has been undone. */
export async function doubt(db: Sql, accountId: string): Promise<void> {
  await db.rows(sql`
    UPDATE accounts SET uncertain = true, due_at = least(due_at, now()), priority = ${priorities['shut-out']}::smallint
    WHERE id = ${accountId}::uuid`)
}

/** The heir goes on with what the predecessor had; the predecessor's removal is settled without a vendor call. */
export async function inherit(db: Sql, leasing: Leasing, lease: Lease, predecessor: Lease): Promise<void> {
  await db.transaction(async (tx) => {
    const both = await tx.rows<{ id: string }>(sql`
      SELECT id FROM accounts WHERE (${underLease(leasing, lease)}) OR (${underLease(leasing, predecessor)}) ORDER BY id FOR UPDATE`)
    for (const each of [lease, predecessor]) if (!both.some(({ id }) => id === each.id)) throw lost(each)
    const [former] = await tx.rows<{ links: string }>(sql`
      UPDATE accounts SET vendor_tenant = NULL, proven_version = wanted_version, proven_at = clock_timestamp(), status = 'proven',
        failure = NULL, verification = NULL, due_at = NULL, lease_owner = NULL, lease_until = NULL
      FROM (SELECT id, vendor_tenant AS links FROM accounts WHERE id = ${predecessor.id}::uuid) old
      WHERE accounts.id = old.id RETURNING old.links`)
    await tx.rows(sql`
      UPDATE accounts SET vendor_tenant = ${former?.links ?? null}::text, vendor_account_id = old.vendor_account_id, held = old.held,
        snapshot = old.snapshot, predecessor_id = NULL
      FROM accounts old WHERE accounts.id = ${lease.id}::uuid AND old.id = ${predecessor.id}::uuid`)
    await tx.rows(sql`
      UPDATE accounts SET vendor_account_id = NULL, held = NULL, snapshot = NULL WHERE id = ${predecessor.id}::uuid`)
  })
}

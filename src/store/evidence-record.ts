import { gateway } from './directory/events.ts'
import { type Sql, sql } from './sql/statement.ts'

/** The action of the events that hold evidence. */
export const provenAction = 'account.shut-out-proven'

/**
 * Stops the leaver's clock of an account whose shut-out is proven now, and keeps what shows it: who asked when, the vendor's
 * id of the account (of one that was removed, from the journal), the calls with the vendor's own ids, and what the last read
 * showed. In the transaction of the proof.
 */
export async function recordEvidence(tx: Sql, accountId: string, confirmedAt: string | null): Promise<void> {
  await tx.rows(sql`
    WITH proof AS (
      UPDATE accounts SET shut_out_asked_at = NULL, shut_out_request_id = NULL
      FROM (SELECT id, shut_out_asked_at AS asked, shut_out_request_id AS request FROM accounts WHERE id = ${accountId}::uuid) old
      WHERE accounts.id = old.id AND old.asked IS NOT NULL
      RETURNING accounts.id, accounts.user_id, accounts.connection_id, accounts.vendor_account_id, accounts.held,
        accounts.snapshot, accounts.deviations, old.asked, old.request, date_trunc('milliseconds', clock_timestamp()) AS proven
    ), linked AS (
      SELECT coalesce(proof.vendor_account_id, (SELECT o.before->>'id' FROM operations o
        WHERE o.account_id = proof.id AND o.opened_at >= proof.asked AND o.before->>'id' IS NOT NULL
        ORDER BY o.opened_at DESC, o.id DESC LIMIT 1)) AS id FROM proof
    ), calls AS (
      SELECT coalesce(jsonb_agg(jsonb_build_object('op', o.op, 'operation', o.operation, 'openedAt', o.opened_at,
        'closedAt', o.closed_at, 'durationMs', o.duration_ms, 'outcome', o.outcome, 'vendorRequestId', o.vendor_request_id)
        ORDER BY o.opened_at, o.id), '[]') AS list
      FROM operations o JOIN proof ON o.account_id = proof.id WHERE o.opened_at >= proof.asked
    )
    INSERT INTO events (directory_id, actor, request_id, action, resource_type, resource_id, detail)
    SELECT u.directory_id, ${gateway.actor}::text, proof.request, ${provenAction}::text, 'Account', proof.id::text,
      jsonb_build_object('userId', u.id, 'userName', u.user_name, 'connectionId', c.id, 'connection', c.name, 'vendor', c.vendor,
        'vendorAccountId', linked.id,
        'login', coalesce(proof.held->'account'->>'login', proof.snapshot->>'login', u.user_name),
        'requestId', proof.request, 'askedAt', proof.asked, 'provenAt', proof.proven, 'confirmedAt', ${confirmedAt}::text,
        'milliseconds', round(extract(epoch FROM proof.proven - proof.asked) * 1000), 'calls', calls.list,
        'readBack', CASE WHEN proof.held IS NULL THEN '{"account": "absent"}' ELSE jsonb_build_object('account', 'present',
          'state', proof.held->'account'->'state', 'entitlements', proof.held->'account'->'entitlements') END,
        'canStillSignIn', (SELECT d->>'detail' FROM jsonb_array_elements(proof.deviations) d WHERE d->>'code' = 'can-still-sign-in' LIMIT 1))
    FROM proof JOIN users u ON u.id = proof.user_id JOIN connections c ON c.id = proof.connection_id, linked, calls`)
}

import type { JournalOperation } from '../../model/plan.ts'
import { given } from '../../store/directory/events.ts'
import { provenAction } from '../../store/evidence-record.ts'
import { empty, type Sql, sql, type Statement } from '../../store/sql/statement.ts'
import type { HeldEntitlement } from '../../model/account.ts'

/** What shows that a person's access at one connection has ended: one shut-out, from the request to the proof. */
interface Evidence {
  readonly userId: string
  readonly userName: string
  readonly connectionId: string
  readonly connection: string
  readonly vendor: string
  /** Kept also after a removal; null where there was no account. */
  readonly vendorAccountId: string | null
  /** As the vendor knew it. */
  readonly login: string
  /** Of the identity provider's request; `reconciliation:…` where drift was found. */
  readonly requestId: string | null
  /** ISO 8601 instants. */
  readonly askedAt: string
  readonly provenAt: string
  /** Where reads lag: when the vendor said yes. */
  readonly confirmedAt: string | null
  readonly milliseconds: number
  /** From the journal. */
  readonly calls: readonly {
    readonly op: string
    readonly operation: JournalOperation
    readonly openedAt: string
    readonly closedAt: string | null
    readonly durationMs: number | null
    readonly outcome: string | null
    readonly vendorRequestId: string | null
  }[]
  readonly readBack:
    | { readonly account: 'absent' }
    | {
        readonly account: 'present'
        readonly state: string
        readonly entitlements: readonly HeldEntitlement[]
      }
  /** In words, where the account was neither removed nor switched off: `ada@… can still sign in, as role Viewer.` */
  readonly canStillSignIn?: string | null
}

/** Evidence with its event, whose place in the audit's chain can be verified. */
export interface ExportedEvidence extends Evidence {
  /** `position` and `hash` are absent until the event is sealed, some seconds after it was written. */
  readonly auditEvent: { readonly id: string; readonly position?: number; readonly hash?: string }
}

interface EvidenceQuery {
  readonly directoryId: string
  readonly userId?: string
  readonly userName?: string
  /** ISO 8601 instants of the proof; `to` is not included. */
  readonly from?: string
  readonly to?: string
}

const perPage = 500

interface EvidenceRow {
  readonly id: string
  readonly position: number | null
  readonly hash: string | null
  readonly detail: Evidence
}

/** Of everybody who has, or had when they were deleted, or had when it was proven, this userName. */
const isOf = (directoryId: string, userName: string): Statement => sql`(
  lower(detail->>'userName') = ${userName.toLowerCase()}::text OR detail->>'userId' IN (${idsOf(directoryId, userName)}))`

const idsOf = (directoryId: string, userName: string): Statement => sql`
  SELECT id::text FROM users
  WHERE directory_id = ${directoryId}::uuid AND ${userName.toLowerCase()}::text IN (user_name_key, former_name_key)`

/** Whether the directory has, or ever had, somebody of this userName. */
export async function isKnownPerson(db: Sql, directoryId: string, userName: string): Promise<boolean> {
  const row = await db.row<{ known: boolean }>(sql`
    SELECT EXISTS (${idsOf(directoryId, userName)}) OR EXISTS (
      SELECT FROM events WHERE directory_id = ${directoryId}::uuid AND action = ${provenAction}::text
        AND lower(detail->>'userName') = ${userName.toLowerCase()}::text) AS known`)
  return row?.known ?? false
}

/** Evidence of proven shut-outs, oldest first, a page in memory at a time. */
export async function* exportEvidence(db: Sql, query: EvidenceQuery): AsyncGenerator<ExportedEvidence> {
  const { directoryId, userId, userName, from, to } = query
  let after = '0'
  for (;;) {
    const rows = await db.rows<EvidenceRow>(sql`
      SELECT id::text, position::float8 AS position, hash, detail FROM events
      WHERE directory_id = ${directoryId}::uuid AND action = ${provenAction}::text AND id > ${after}::bigint
        ${userId === undefined ? empty : sql`AND detail->>'userId' = ${userId}::text`}
        ${userName === undefined ? empty : sql`AND ${isOf(directoryId, userName)}`}
        ${from === undefined ? empty : sql`AND at >= ${from}::timestamptz`}
        ${to === undefined ? empty : sql`AND at < ${to}::timestamptz`}
      ORDER BY events.id LIMIT ${perPage}::int`)
    for (const { id, position, hash, detail } of rows)
      yield { ...detail, auditEvent: { id, ...given('position', position), ...given('hash', hash) } }
    const last = rows.at(-1)
    if (!last || rows.length < perPage) return
    after = last.id
  }
}

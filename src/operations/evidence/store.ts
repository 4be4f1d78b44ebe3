import type { JournalOperation } from '../../model/plan.ts'
import { provenAction } from '../../store/evidence-record.ts'
import { empty, type Sql, sql } from '../../store/sql/statement.ts'
import type { HeldEntitlement } from '../../model/account.ts'

/** What shows that a person's access at one connection has ended: one shut-out, from the request to the proof. */
export interface Evidence {
  readonly userId: string
  readonly userName: string
  readonly connectionId: string
  readonly connection: string
  readonly vendor: string
  /** Null when the account was removed. */
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
}

export interface EvidenceQuery {
  readonly directoryId: string
  readonly userId?: string
  readonly userName?: string
  /** ISO 8601 instants of the proof; `to` is not included. */
  readonly from?: string
  readonly to?: string
}

const perPage = 500

/** Evidence of proven shut-outs, oldest first, a page in memory at a time. */
export async function* exportEvidence(db: Sql, query: EvidenceQuery): AsyncGenerator<Evidence> {
  const { directoryId, userId, userName, from, to } = query
  let after = '0'
  for (;;) {
    const rows = await db.rows<{ id: string; detail: Evidence }>(sql`
      SELECT id::text, detail FROM events
      WHERE directory_id = ${directoryId}::uuid AND action = ${provenAction}::text AND id > ${after}::bigint
        ${userId === undefined ? empty : sql`AND detail->>'userId' = ${userId}::text`}
        ${userName === undefined ? empty : sql`AND lower(detail->>'userName') = ${userName.toLowerCase()}::text`}
        ${from === undefined ? empty : sql`AND at >= ${from}::timestamptz`}
        ${to === undefined ? empty : sql`AND at < ${to}::timestamptz`}
      ORDER BY events.id LIMIT ${perPage}::int`)
    for (const { detail } of rows) yield detail
    const last = rows.at(-1)
    if (!last || rows.length < perPage) return
    after = last.id
  }
}

import type { ApiProfile } from '../model/account.ts'

/**
 * How far a statement can be trusted. `vendor`: the vendor's own public pages or source say so. `survey`: a dated public
 * survey read it there. `unverified`: a third party says so and nothing public of the vendor confirms it.
 */
type Grade = 'vendor' | 'survey' | 'unverified'

export interface Source {
  readonly title: string
  readonly url?: string
  /** ISO 8601 day on which the source was published or read. */
  readonly date: string
  readonly grade: Grade
}

interface Plan {
  /** As the vendor writes it. */
  readonly name: string
  readonly nativeScim: 'yes' | 'no' | 'unknown'
  /** In US dollars where there is one. */
  readonly price: string
  readonly priceSource: Source
}

/** Something that the vendor's own SCIM cannot do or demands, and what Drawbridge does instead. */
interface Limitation {
  /** Stable; tests and the table name it. */
  readonly id: string
  readonly text: string
  readonly bridge: string
  /** The vendor's REST routes that the bridge uses, per API profile that the connector speaks. */
  readonly routes: { readonly [P in ApiProfile]?: string }
  /** What neither way can do. */
  readonly remains: string
  readonly source: Source
}

/** What a vendor asks for its own SCIM, and what that SCIM lacks. Data for the doctor and the gap table. */
export interface NativeScimFacts {
  readonly nativeScim: {
    /** What it is part of, in a sentence. */
    readonly offered: string
    readonly operations: string
    /** Where its token is made; that token is none for the REST API. */
    readonly token: string
    /** What of an account shows that native SCIM made it. Absent: nothing that the REST API tells does. */
    readonly sign?: string
    readonly source: Source
  }
  readonly plans: readonly [Plan, ...Plan[]]
  readonly limitations: readonly [Limitation, ...Limitation[]]
}

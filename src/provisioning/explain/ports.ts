import type { AccountState, JournaledCall } from '../../translators/explain/model.ts'
import type { GroupRef, Held, Policy } from '../../translators/model.ts'
import type { MadeGroups } from '../../translators/rules/vendor-groups.ts'
import type { ApiProfile, Entitlement } from '../../vendors/contract.ts'

/** A person as the directory has them, for whoever explains. */
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

/** A person's account at a connection. */
export interface AccountFacts {
  readonly held?: Held
  readonly state: AccountState
  /** Latest first. */
  readonly calls: readonly JournaledCall[]
}

export interface PersonAt extends PersonFacts {
  readonly held?: Held
}

/** What explaining reads of the store; nothing is written. */
export interface ExplainStore {
  /** Connections, all or of one directory, by name. */
  connections(directory?: string): Promise<readonly ConnectionFacts[]>
  /** Everybody of this userName, letter case aside; a tombstone only where nobody lives under it. */
  people(userName: string, directoryId: string): Promise<readonly PersonFacts[]>
  account(connectionId: string, userId: string): Promise<AccountFacts | undefined>
  /** Everybody who is provisioned or would be, in a stable order, a page at a time. */
  everybody(connectionId: string): AsyncIterable<PersonAt>
  groups(directoryId: string): AsyncIterable<GroupRef>
}

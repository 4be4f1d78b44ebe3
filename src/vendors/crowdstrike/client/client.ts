import type { AccountFacts, HeldEntitlement, Receipt } from '../../contract.ts'

/** A user as every profile tells it; which field is the id and which the login is settled per profile. */
export interface FalconUser {
  readonly id: string
  /** The e-mail address, as stored. */
  readonly login: string
  readonly givenName?: string | undefined
  readonly familyName?: string | undefined
  readonly cid?: string | undefined
  readonly createdAt?: string | undefined
  readonly facts: AccountFacts
}

export interface FalconUserDraft {
  readonly login: string
  readonly givenName: string
  readonly familyName: string
  /** Where the user is made, when it is not the credentials' own CID. */
  readonly cid?: string | undefined
}

export interface FalconUserChange {
  readonly login?: string | undefined
  readonly givenName?: string | undefined
  readonly familyName?: string | undefined
}

export interface FalconRole {
  readonly id: string
  readonly name: string
  /** CID that owns a custom role. */
  readonly owner?: string
}

export interface FalconCreation extends Receipt {
  readonly user: FalconUser
}

export interface RoleChange {
  readonly id: string
  readonly cid: string
  readonly roleIds: readonly string[]
  readonly until?: string | undefined
}

/** Users, whatever the API profile. `operation` names the call in logs and errors. */
export interface FalconUsers {
  /** Most ids that one `users` call takes. */
  readonly idsPerRead: number
  /** The ids of all users, page by page. */
  userIds(operation: string): AsyncGenerator<readonly string[]>
  /** At most `idsPerRead` ids; users that are gone are left out. */
  users(operation: string, ids: readonly string[]): Promise<readonly FalconUser[]>
  /** Ids of users who may have exactly this login. `afresh` trusts nothing that was read before. */
  idsOf(operation: string, login: string, afresh: boolean): Promise<readonly string[]>
  /** Any one user, of the CID if the profile can ask for it. */
  someUser(operation: string, cid: string | undefined): Promise<FalconUser | undefined>
  create(draft: FalconUserDraft): Promise<FalconCreation>
  /** Judged by Falcon, not carried out. Absent where the profile has no such switch. */
  rehearse?(draft: FalconUserDraft): Promise<void>
  /** `empty`: accepted, but no user came back. */
  update(id: string, change: FalconUserChange): Promise<Receipt & { readonly empty: boolean }>
  remove(id: string): Promise<Receipt>
}

/** Roles, likewise. */
export interface FalconRoles {
  /** Role calls name a CID and may set an end. Otherwise roles count in the tenant's own CID, for good. */
  readonly scopedRoles: boolean
  /** Reading the roles of a user who is gone is known to be refused: nobody need look for the user as well. */
  readonly tellsGone: boolean
  /** Every role that the user holds in the CID, inherited ones included, each with its scope. */
  grants(operation: string, id: string, cid: string): Promise<readonly HeldEntitlement[]>
  /** The roles that can be granted in the CID, named. */
  roles(operation: string, cid: string): Promise<readonly FalconRole[]>
  grant(change: RoleChange): Promise<Receipt>
  revoke(change: RoleChange): Promise<Receipt>
}

/** What each API profile implements in a file of its own. */
export interface FalconClient extends FalconUsers, FalconRoles {
  /** One small read that only a tenant of this profile answers. */
  probe(): Promise<void>
}

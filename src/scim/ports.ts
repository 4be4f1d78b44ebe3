import type { Filter, Sort } from './filter/ast.ts'
import type { SortKey } from './filter/sort.ts'
import type { CatalogueEntry, DirectoryRef, MemberRef, ResourceBody } from '../model/directory.ts'
import type { CreationSecret } from '../model/account.ts'

/** The directory that a token selects, and the token's name: the actor of what is written with it. */
export interface VerifiedToken extends DirectoryRef {
  readonly tokenName?: string
}

/** Finds the directory of a bearer token; undefined when unknown, expired or revoked. */
export type TokenVerifier = (secret: string) => Promise<VerifiedToken | undefined>

export interface StoredUser {
  readonly id: string
  /** What is wanted. `active` lives in `body.active`, always present. */
  readonly body: ResourceBody
  /** What answers and filters show: wanted, or true while a shut-out is unproven under `retry`. */
  readonly activeShown: boolean
  /** DELETE was asked and is not proven yet. */
  readonly deletePending: boolean
  /** Made by an import; the first write of the client claims it. */
  readonly unclaimed?: boolean
  readonly version: number
  readonly created: Date
  readonly lastModified: Date
  /** The groups that the User is in, directly, where they were read together with the User. */
  readonly groups?: readonly MemberRef[] | undefined
}

export interface StoredGroup {
  readonly id: string
  readonly body: ResourceBody
  readonly version: number
  readonly created: Date
  readonly lastModified: Date
  /** Its direct members, where they were read together with the Group; `many`: more than were asked for. */
  readonly members?: readonly MemberRef[] | 'many' | undefined
}

export interface Page<T> {
  readonly total: number
  readonly resources: readonly T[]
  /** What the resources were sorted by, one for each; only where the query sorts. */
  readonly keys?: readonly SortKey[] | undefined
  /** There are more that were asked for, and the page has no room for them. */
  readonly cut?: boolean
}

/** A place in the order of a list: right after the resource of which this was true, whether or not it is still there. */
export interface Position {
  /** Null where the list is not sorted. */
  readonly key: SortKey
  /** ISO 8601 with milliseconds. */
  readonly created: string
  readonly id: string
}

export interface ListQuery {
  readonly filter?: Filter | undefined
  /** Without it the list is in the order of creation. */
  readonly sort?: Sort | undefined
  /** 1-based; counted from `after` where that is given. */
  readonly startIndex: number
  readonly count: number
  /** Only what comes after it. `total` is of the whole list all the same. */
  readonly after?: Position | undefined
  /** The total of an earlier page, to be answered again instead of counting. */
  readonly total?: number | undefined
}

/** Who asks, for the event of a write. */
export interface Actor {
  readonly directory: DirectoryRef
  /** `token:<name>`. */
  readonly actor: string
  readonly requestId: string
}

/** Clears first when `clear`, then removes, then adds. Ids that are no Users of the directory are left out. */
export interface MemberDelta {
  readonly clear: boolean
  readonly add: ReadonlySet<string>
  readonly remove: ReadonlySet<string>
}

export type UserWrite =
  | { readonly kind: 'stored'; readonly user: StoredUser; readonly changed: boolean }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'duplicate' }

export type GroupWrite =
  | {
      readonly kind: 'stored'
      readonly group: StoredGroup
      readonly changed: boolean
      /** Ids that were asked for and are no Users of the directory. */
      readonly unknownMembers: readonly string[]
      /** False: no account became due by it, so that no worker need look. */
      readonly due?: boolean
    }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'duplicate' }

/** Throws a ScimError when the current state is not the one that the client meant (`If-Match`); nothing is changed then. */
export type Precondition = (current: { readonly version: number }) => void

/**
 * What the service provider needs from storage. Everything is scoped by the directory: a foreign id is not found.
 * Each write is one transaction: row, version, event, and the accounts that it makes due (docs/architecture.md).
 * `edit` is called with the current state and gives the next body, the same object for "no effect"; it may be called
 * again when another write came first, may throw (nothing is stored then), and does no I/O.
 */
export interface Directory {
  /**
   * `exists-unacknowledged`: a User of that userName and externalId was created, but its 201 never left; the caller
   * applies the body as PUT and answers 201. `running`: that create is still being answered elsewhere; ask again.
   * `runs`: the accounts are claimed as well, for `Provisioning.run`, which the caller calls next (ADR 0027).
   */
  createUser(
    actor: Actor,
    body: ResourceBody,
    options?: { readonly runs?: boolean },
  ): Promise<
    UserWrite | { readonly kind: 'exists-unacknowledged'; readonly id: string } | { readonly kind: 'running' }
  >
  /**
   * Marks the create as acknowledged, its answer being out; or, that answer lost, frees it to be sent again at once.
   * Until either it counts as running.
   */
  acknowledge(directory: DirectoryRef, userId: string, acknowledged: boolean): Promise<void>
  /** Takes a User back whom every connection refused for good; the event stays. */
  takeBack(actor: Actor, userId: string, reason: string): Promise<void>
  user(directory: DirectoryRef, id: string): Promise<StoredUser | undefined>
  users(directory: DirectoryRef, query: ListQuery): Promise<Page<StoredUser>>
  updateUser(actor: Actor, id: string, edit: (current: StoredUser) => ResourceBody): Promise<UserWrite>
  /** Records the wish. `gone`: the User is a tombstone now; `pending`: GET still answers until it is proven. */
  deleteUser(actor: Actor, id: string, check?: Precondition): Promise<'gone' | 'pending' | 'not-found'>

  createGroup(
    actor: Actor,
    body: ResourceBody,
    members: MemberDelta,
    options: { readonly uniqueName: boolean },
  ): Promise<GroupWrite>
  group(directory: DirectoryRef, id: string): Promise<StoredGroup | undefined>
  groups(directory: DirectoryRef, query: ListQuery): Promise<Page<StoredGroup>>
  updateGroup(
    actor: Actor,
    id: string,
    edit: (current: StoredGroup) => { readonly body: ResourceBody; readonly members: MemberDelta },
    options: {
      readonly uniqueName: boolean
      /** `edit` judges the very state that is changed, members included: nothing comes between. */
      readonly exact?: boolean
    },
  ): Promise<GroupWrite>
  /**
   * Changes memberships alone, without reading the Group first. The Group comes with its members if there are at most
   * `mostMembers`, so that nothing grows with its size; `undefined` asks for none.
   */
  changeMembers(
    actor: Actor,
    id: string,
    members: MemberDelta,
    options: { readonly mostMembers: number | undefined },
  ): Promise<GroupWrite>
  deleteGroup(actor: Actor, id: string, check?: Precondition): Promise<'gone' | 'not-found'>
  /** Direct members of groups, `most` of them if there are more. */
  members(directory: DirectoryRef, groupIds: readonly string[], most?: number): Promise<readonly MemberRef[]>
  /** How many direct members each of the groups has. */
  memberCounts(directory: DirectoryRef, groupIds: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** Counted up to `most`, 10,000 without it. */
  memberCount(directory: DirectoryRef, groupId: string, most?: number): Promise<number>
  /** Groups that users are in, directly, `most` of them if there are more. */
  groupsOf(directory: DirectoryRef, userIds: readonly string[], most?: number): Promise<readonly MemberRef[]>
  /** How many groups each of the users is in, directly. */
  groupCounts(directory: DirectoryRef, userIds: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** What the directory's connections offer, as far as it was fetched; in a stable order. */
  catalogue(directory: DirectoryRef, kind: CatalogueEntry['kind']): Promise<readonly CatalogueEntry[]>
}

/** How one account of a User stands after the request's own runs. */
export interface AccountOutcome {
  readonly connection: string
  readonly state: 'proven' | 'pending' | 'refused'
  /** Why it is not proven, in words for the admin, and its code in the error dictionary. */
  readonly detail?: string
  readonly failure?: string
  /** An account exists at the vendor, or may. */
  readonly mayExist: boolean
  readonly pendingShutOut: 'retry' | 'accept'
  /** Seconds until it is tried again. */
  readonly retryAfter?: number
}

/** Why nobody could have an account of this User anywhere. */
export interface Objection {
  readonly kind: 'no-login' | 'domain'
  readonly detail: string
}

/** What the service provider needs from provisioning. */
export interface Provisioning {
  /** Why a connection of the directory cannot provision this User at all (no login, domain not allowed); undefined when none objects. */
  objection(directory: DirectoryRef, body: ResourceBody): Objection | undefined
  /** Runs the User's accounts within the reply budget and says how they stand. Never rejects because of a vendor. */
  run(directory: DirectoryRef, userId: string, secret?: CreationSecret): Promise<readonly AccountOutcome[]>
  /** How they stand now, without running anything. */
  outcomes(directory: DirectoryRef, userId: string): Promise<readonly AccountOutcome[]>
  /** The provisioning extension of one User: per connection status, account id, last proof, failure, deviations. */
  extension(
    directory: DirectoryRef,
    userIds: readonly string[],
  ): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>>
  /** Accounts became due (a group write): workers look at once. */
  wake(): void
}

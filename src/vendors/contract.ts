import type { Static, TSchema } from 'typebox'
import type {
  Account,
  AccountDraft,
  AccountSummary,
  ApiProfile,
  CreationSecret,
  Entitlement,
  EntitlementChange,
  ProfileChange,
  VendorGroup,
} from '../model/account.ts'
import type { AccountSettings, Attribute, Capabilities, GroupSupport } from '../model/capabilities.ts'
import type { Kit } from './kit/kit.ts'
import type { NativeScimFacts } from './native-scim.ts'
import type { DefaultSteps } from '../model/policy.ts'

interface GroupCreation extends Receipt {
  /** `exists`: the vendor has a group of this name already; nothing was written. */
  readonly outcome: 'created' | 'exists'
  /** Absent only with `exists`: it cannot be seen, or there are several. */
  readonly group?: VendorGroup | undefined
}

interface GroupRenaming extends Receipt {
  /** As it is now: where a name is part of the id, the id has changed. */
  readonly group: VendorGroup
}

/** What a write brought back, for the journal. */
export interface Receipt {
  /** The vendor's own id of the exchange. */
  readonly requestId?: string | undefined
}

export interface Creation extends Receipt {
  /** `exists`: the vendor already had accounts under this login; nothing was written. */
  readonly outcome: 'created' | 'invited' | 'exists'
  /** Absent only with `exists`: it cannot be seen (another CID, blocked), or there are several. */
  readonly account?: Account | undefined
}

/**
 * A live connection to one tenant of a vendor. Every method rejects only with `VendorError`, makes no retries of
 * writes that may have reached the vendor, and each writing method makes exactly one writing vendor call, or shares one with
 * other accounts that change alike (ADR 0027).
 */
export interface Target {
  readonly capabilities: Capabilities
  /**
   * One read that tells whether the tenant speaks this API profile: true after a 2xx of the profile's form, false where the
   * answer is of another one. A rejection with status 404 or 405 means no, any other that nobody knows. Absent: taken for spoken.
   */
  probe?(): Promise<boolean>
  /** Exercises the credentials. Rejects with `unauthenticated` or `missing-scope`, naming the scope. Reads only. */
  test(): Promise<void>
  /** The vendor's own id of the tenant that the credentials reach; never empty. */
  tenant(): Promise<string>
  /** The id of the account that the credentials belong to, if they belong to one. The gateway never changes it. */
  self(): Promise<string | undefined>
  /** ISO 8601 instant at which the credentials end, where they say so themselves; no account's facts tell it then. */
  credentialsEnd?(): Promise<string | undefined>
  /** Every account whose attribute equals the value, letter case aside; complete accounts, entitlements included. */
  find(attribute: Attribute, value: string): Promise<readonly Account[]>
  /**
   * Undefined when the vendor says that there is no such account; never when it merely failed to answer. With `known` only
   * what a shut-out looks at need be read anew: state, entitlements, `lastOwner`, `managedBy`; the rest may be given back as
   * it is known, where that saves a call.
   */
  get(id: string, known?: Account): Promise<Account | undefined>
  list(): AsyncIterable<AccountSummary>
  create(draft: AccountDraft, secret?: CreationSecret): Promise<Creation>
  /** Has the vendor judge a creation without making anything; rejects as `create` would. Absent where it cannot. */
  rehearse?(draft: AccountDraft): Promise<void>
  /** Profile and settings in one call. Rejects with `not-found` when the account is gone. */
  update(id: string, change: ProfileChange, settings?: AccountSettings): Promise<Receipt>
  /** Everything that an account can hold. */
  catalogue(): Promise<readonly Entitlement[]>
  /**
   * Both directions in one call, so that a vendor that replaces the whole set can read it, change it and write it
   * once. What the change does not name stays as it was. On a `delta` kind the caller sends one direction and at
   * most `perAssign`/`perRevoke` entitlements at a time. With `known`, the account as a read in the same lease showed it,
   * it need not be read again before a whole set is written.
   */
  changeEntitlements(id: string, change: EntitlementChange, known?: Account): Promise<Receipt>
  /** Present when `groups`. Groups of exactly this name, as the vendor writes names; the empty list when there are none. */
  findGroups?(name: string): Promise<readonly VendorGroup[]>
  /** Present when `groups`. */
  createGroup?(name: string): Promise<GroupCreation>
  /** Present when `groups.rename`. Rejects with `not-found` when the group is gone, with `conflict` when the name is taken. */
  renameGroup?(id: string, name: string): Promise<GroupRenaming>
  /** Present when `groups.remove`. Resolves when the group is already gone. */
  removeGroup?(id: string): Promise<Receipt>
  /** Present when `account.disable`. */
  setActive?(id: string, active: boolean): Promise<Receipt>
  /**
   * Present when `account.remove`. Resolves when the account is already gone. With `known`, the account as a read in the
   * same lease showed it, nothing of it need be read again before it goes.
   */
  remove?(id: string, known?: Account): Promise<Receipt>
  /** Sends an invitation that has expired anew. Absent where accounts are not invited, or it cannot be done. */
  renewInvitation?(id: string): Promise<Receipt>
  /** Part of every shut-out: ends sessions and API tokens that outlive it. Resolves when there are none, or no account. */
  endSessions?(id: string): Promise<Receipt>
  /** What only this vendor has to look at: kinds of token, scopes, regions. For the doctor; reads only, never rejects. */
  examine?(): AsyncIterable<DoctorFinding>
}

/** The methods that a capability table obliges a vendor to implement; the compiler holds it to them. */
export type TargetOf<C extends Capabilities> = Target &
  (true extends C['account']['disable'] ? Required<Pick<Target, 'setActive'>> : unknown) &
  (true extends C['account']['remove'] ? Required<Pick<Target, 'remove'>> : unknown) &
  (C['groups'] extends GroupSupport ? Required<Pick<Target, 'findGroups' | 'createGroup'>> : unknown) &
  (C['groups'] extends { readonly rename: true } ? Required<Pick<Target, 'renameGroup'>> : unknown) &
  (C['groups'] extends { readonly remove: true } ? Required<Pick<Target, 'removeGroup'>> : unknown)

interface Connection<Settings, Credentials> {
  readonly settings: Settings
  readonly credentials: Credentials
  /** Already resolved: never `auto`. */
  readonly profile: ApiProfile
}

export interface Vendor<
  S extends TSchema = TSchema,
  K extends TSchema = TSchema,
  C extends Capabilities = Capabilities,
> {
  readonly id: string
  /** As people write it. */
  readonly name: string
  /** API profiles that the connector speaks, in the order in which `auto` tries them. */
  readonly profiles: readonly [ApiProfile, ...ApiProfile[]]
  /** JSON Schema of what an operator types in, beside the settings that every vendor has (docs/configuration.md). */
  readonly settings: S
  /** JSON Schema of the secrets; never logged. */
  readonly credentials: K
  /** The least permissions that the credentials need, in the vendor's words; shown in docs and beside `missing-scope`. */
  readonly scopes: readonly string[]
  /** Default steps of a shut-out, for `inactive` and `deleted`. */
  readonly deprovision: DefaultSteps
  /** Present where settings change the default steps. */
  readonly deprovisionFor?: (settings: Readonly<Record<string, unknown>>) => DefaultSteps
  readonly capabilities: (profile: ApiProfile) => C
  /** Every route that the connector uses. */
  readonly routes?: (profile: ApiProfile) => readonly Route[]
  /** What the vendor's own SCIM costs and lacks. */
  readonly nativeScim?: NativeScimFacts
  /** Opens no connection by itself. */
  connect(connection: Connection<Static<S> & CommonSettings, Static<K>>, kit: Kit): TargetOf<C>
}

/** Settings that every vendor has (docs/configuration.md). */
export interface CommonSettings {
  /** Origin; overrides the region. */
  readonly baseUrl?: string
  /** Share of the vendor's published rate limits that is used, in percent. Default 90. */
  readonly ratePercent?: number
}

/** A vendor whose table is only known at run time: what the registry holds. */
export interface AnyVendor extends Omit<Vendor, 'connect' | 'capabilities'> {
  readonly capabilities: (profile: ApiProfile) => Capabilities
  // Settings and credentials were checked against the vendor's own schemas before they get here.
  connect(connection: Connection<never, never>, kit: Kit): Target
}

/** Declares a vendor. Does nothing at run time; it is here so that the compiler reads the capability table. */
export function defineVendor<S extends TSchema, K extends TSchema, const C extends Capabilities>(
  vendor: Vendor<S, K, C>,
): Vendor<S, K, C> {
  return vendor
}

/** One thing that was looked at, and how it stands. */
export interface DoctorFinding {
  /** What was looked at, in a word or two: `scopes`, `region`. */
  readonly check: string
  /** `unknown`: it could not be told, which is no verdict. */
  readonly state: 'ok' | 'warning' | 'failed' | 'unknown'
  /** For people: what was found and, unless it is well, what to do. Holds no secret. */
  readonly detail: string
}

/** A route of the vendor's API that the connector uses. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** From the origin, without query; `{…}` stands for one segment. */
  readonly path: string
  /** What does not work without it. */
  readonly purpose: string
  /** A call changes something at the vendor. */
  readonly writes?: true
  /** A 404 is no fault: the connector does without it, or it means that nobody was found. */
  readonly optional?: true
}

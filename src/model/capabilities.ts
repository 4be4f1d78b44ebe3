/** The attributes that the gateway carries from SCIM to vendors, under their SCIM core names (RFC 7643 §4.1). */
export type Attribute = 'userName' | 'email' | 'givenName' | 'familyName' | 'displayName' | 'locale'

/** Teams are groups. */
export type EntitlementKind = 'role' | 'group'

/** The value of a named setting of an account, such as SentinelOne's `canGenerateApiToken`. */
type SettingValue = boolean | number

/** Named settings of an account, by the vendor's own names. */
export type AccountSettings = Readonly<Record<string, SettingValue>>

export interface SettingSupport {
  readonly type: 'boolean' | 'integer'
  /** Of an integer. */
  readonly minimum?: number
  readonly maximum?: number
  /**
   * Present on a setting that gives power: what it falls to when no rule sets it any more, and in the step `strip`. Without
   * it the setting stays as it was set.
   */
  readonly off?: SettingValue
  /** A creation does not take it: it is set by an update of its own afterwards. */
  readonly afterCreate?: true
  readonly description: string
}

interface ScopeSupport {
  /** People may write ids of this level with a dash and so many hexadecimal digits more, which the API does not know. */
  readonly checksumDigits?: number
}

/** What can be done with groups themselves. The methods of `Target` that are named like these are there exactly then. */
export interface GroupSupport {
  readonly rename: boolean
  readonly remove: boolean
  /** The maker of a group is in it at once, the gateway's own identity included. */
  readonly creatorJoins?: true
}

interface AttributeSupport {
  /** As in SCIM: an `immutable` attribute is set at creation and never again; `readOnly` is the vendor's to set. */
  readonly mutability: 'readWrite' | 'immutable' | 'readOnly'
  readonly required?: true
}

export interface EntitlementSupport {
  /** `one`: at most one per scope; assigning another replaces it. */
  readonly perAccount: 'one' | 'many'
  /** `on-create`: travels with the creation. `separately`: needs its own call afterwards. */
  readonly assigned: 'on-create' | 'separately'
  /** `replace`: any change rewrites the account's whole set of every kind, after reading it. `delta`: one call per change. */
  readonly write: 'delta' | 'replace'
  /** Most entitlements in one delta call. */
  readonly perAssign: number
  readonly perRevoke: number
  readonly catalogue: 'static' | 'fetched'
  /** What an account keeps when everything of this kind is taken away (a vendor's lowest role). */
  readonly floor?: readonly string[]
  /** `one`: everything scoped that an account holds of this kind is of one scope level. */
  readonly scopeLevels?: 'one'
  /** The vendor itself ends a grant at its `until`. Without it `until` never reaches the vendor and the gateway revokes. */
  readonly expires?: true
}

/**
 * What a vendor can and cannot do in one API profile. Data only: the planner reads it to choose operations,
 * docs/vendors/capabilities.md is generated from it, and the contract suite proves it.
 */
export interface Capabilities {
  readonly account: {
    /** `invite`: the person must accept before the account is usable. */
    readonly create: 'direct' | 'invite'
    /** Has an off switch worth trying; it is believed only after reading it back. */
    readonly disable: boolean
    /** Kinds of entitlement that the vendor takes away when an account is switched off or on again. */
    readonly switchLoses?: readonly EntitlementKind[]
    readonly remove: boolean
    /** Entitlements are taken away before a removal, so that the vendor's own history shows it. */
    readonly stripFirst?: boolean
    /** Days after which an invitation that was not accepted expires. */
    readonly invitationDays?: number
  }
  /** The attribute that holds the login, and others that `find` can look an account up by, best first. */
  readonly correlateBy: readonly [Attribute, ...Attribute[]]
  /** An attribute that is absent here is not kept by the vendor. */
  readonly attributes: { readonly [A in Attribute]?: AttributeSupport }
  /** Attributes that every update must carry together, whichever of them changed. */
  readonly updateTogether?: readonly Attribute[]
  /** A kind that is absent here does not exist on the vendor. */
  readonly entitlements: { readonly [K in EntitlementKind]?: EntitlementSupport }
  /** Levels at which roles count, by the vendor's own names, beside those of the catalogue. */
  readonly scopes?: Readonly<Record<string, ScopeSupport>>
  /** Groups can be made. Absent: only those that are there can be joined and left. */
  readonly groups?: GroupSupport
  /** Settings of an account that rules may set, by the vendor's own names. Absent: none. */
  readonly settings?: Readonly<Record<string, SettingSupport>>
  /** How long reads of entitlements may lag behind writes. Absent: reads are up to date. */
  readonly readLagMs?: number
}

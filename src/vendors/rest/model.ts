import type { TObject } from 'typebox'
import type { Account } from '../../model/account.ts'
import type { Attribute, Capabilities, EntitlementKind } from '../../model/capabilities.ts'
import type { Failure } from '../../model/errors.ts'
import type { DefaultSteps } from '../../model/policy.ts'
import type { Route } from '../contract.ts'
import type { NativeScimFacts, Source } from '../native-scim.ts'

/**
 * A field of a reply: its path with dots, then `?` where it may be absent, then its type, such as `user.email`, `id:integer`,
 * `created_at?:epoch`. Types: `text` (the default), `integer`, `boolean`, `id` (text or integer), `epoch` (seconds).
 */
export type Field = string

/**
 * JSON with `{name}` for what the gateway knows at a call: `{login}`, `{email}` and every other attribute, `{id}`, `{name}`, `{entitlement}`,
 * `{settings.…}`. Alone in a text it keeps its type, `{id:integer}` converts, and what is not known leaves its key out.
 * `{ each: 'group', as: … }` makes a list of ids, `{each}` in it.
 */
export type Template =
  string | number | boolean | null | readonly Template[] | { readonly [key: string]: Template }

/** What must be at a path of a reply; in a path `*` stands for every entry of a list. */
export interface Condition {
  readonly at: string
  readonly is: string | number | boolean
}

/** How a list goes on. `most`: entries that are asked for at once. `total`: where the vendor says how many there are. */
export type Paging =
  | {
      readonly by: 'offset'
      readonly offset: string
      readonly size: string
      readonly most: number
      readonly total: string
    }
  | {
      readonly by: 'page'
      readonly page: string
      /** Number of the first page; default 1. */
      readonly first?: number
      readonly size: string
      readonly most: number
      readonly total: string
    }
  | {
      readonly by: 'cursor'
      /** Name of the query parameter, and where the reply holds its next value. */
      readonly cursor: string
      readonly next: string
      readonly size: string
      readonly most: number
      /** Where the reply says whether there is more. Absent: while it gives a next value. */
      readonly more?: string
    }

/** One endpoint. Calls, rows of the doctor, permissions and the vendor's page are made from it. */
export interface Endpoint {
  readonly method: Route['method']
  /** Below the base, with `{name}` for segments. */
  readonly path: string
  /** What does not work without it. */
  readonly purpose: string
  /** The permission that it needs, in the vendor's words. Default: the first of `scopes`. */
  readonly needs?: string
  /** Calls that share a rate limit. Default: the first segment of the path. */
  readonly class?: string
  readonly query?: Readonly<Record<string, Template>>
  readonly body?: Template
  /** Where in the reply the account, or the list, is. Default: the whole of it. */
  readonly at?: string
  readonly paging?: Paging
  /** The accounts of this reply come without what they hold: each is read by itself where that counts. */
  readonly partial?: true
}

type EndpointName =
  | 'current'
  | 'list'
  | 'get'
  | 'create'
  | 'update'
  | 'assign'
  | 'off'
  | 'on'
  | 'remove'
  | 'renew'
  | 'createGroup'
  | 'renameGroup'
  | 'removeGroup'

interface Endpoints extends Readonly<Partial<Record<EndpointName, Endpoint>>> {
  readonly list: Endpoint
  readonly get: Endpoint
  readonly create: Endpoint
  /** A search by `{value}`, the login; it may find too many. Absent: the list is gone through. */
  readonly find?: Endpoint
  /** What can be held; of a kind whose catalogue is written down there is none. */
  readonly roles?: Endpoint
  readonly groups?: Endpoint
  /** One call for one entitlement of a `delta` kind. */
  readonly grantRole?: Endpoint
  readonly revokeRole?: Endpoint
  readonly grantGroup?: Endpoint
  readonly revokeGroup?: Endpoint
}

export type AnyEndpointName = keyof Endpoints

/** A reply that means something other than its status says. The first rule that fits counts. */
export interface ErrorRule {
  readonly status: number | readonly number[]
  /** The whole body is this text, which is no JSON. */
  readonly text?: string
  /** One of these is among what the reply says, letter case aside. */
  readonly says?: readonly string[]
  /** It names the object that the path names: a bare "not found" may be of a route. */
  readonly naming?: 'path'
  /** With `code`: where the body holds the vendor's own code. */
  readonly at?: string
  readonly code?: number | string
  /** Only there. */
  readonly of?: readonly AnyEndpointName[]
  /** `done`: what was asked for is so already. */
  readonly means: Failure | 'done'
}

/** What an account of the vendor is, by fields of its reply. Those that decide who and what somebody is are strict, facts lenient. */
export interface AccountMapping {
  readonly id: Field
  readonly login: Field
  readonly profile: { readonly [A in Attribute]?: Field }
  /** The first that fits; otherwise the account is active. */
  readonly state: readonly (Condition & { readonly means: Account['state'] })[]
  readonly holds: readonly Holding[]
  readonly createdAt?: Field
  readonly facts?: {
    readonly [
      F in 'source' | 'lastLoginAt' | 'updatedAt' | 'twoFactor' | 'emailVerified' | 'invitedBy'
    ]?: Field
  }
  /** A service account: stands for no person. */
  readonly service?: Condition
  /** Attributes that cannot be changed where a field holds anything. */
  readonly readOnly?: { readonly where: Field; readonly attributes: readonly Attribute[] }
}

/** Ids of one kind, in a list of objects (`of` names the field of each) or of plain ids. */
interface Holding {
  readonly kind: EntitlementKind
  /** Path of the list. */
  readonly each: string
  readonly of?: Field
}

/** What rows of a catalogue are. */
export interface CatalogueMapping {
  readonly id: Field
  readonly name: Field
  /** Fields that conditions look at. */
  readonly also?: readonly Field[]
  /** Owner and admin roles. */
  readonly privileged?: readonly Condition[]
  /** Held by everybody: no entitlement, kept in every set that is written. */
  readonly everybody?: readonly Condition[]
}

/** A rate limit as the vendor publishes it, or ours where it publishes none. */
interface DeclaredLimit {
  /** Classes of endpoints that share it; absent: all. */
  readonly classes?: readonly string[]
  readonly requests: number
  readonly perMs: number
  readonly concurrent?: number
}

/**
 * A vendor whose REST API is ordinary, as data, JSON throughout. What must not be wrong is no choice here: identity is
 * read strictly, absence needs the vendor's own words, writes go out once.
 */
export interface RestVendor<S extends TObject = TObject, K extends TObject = TObject> {
  readonly id: string
  readonly name: string
  /** Where the facts of this declaration are from. */
  readonly sources: readonly [Source, ...Source[]]
  /** JSON Schemas of what an operator types in. */
  readonly settings: S
  readonly credentials: K
  readonly scopes: readonly [string, ...string[]]
  /** Origin, unless `baseUrl` is set, with `{settings.…}`; and the path before every endpoint, with a slash at its end. */
  readonly origin?: string
  readonly base: string
  /** Headers that authenticate, with `{…}` for credentials. */
  readonly auth: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** The header of the vendor's own id of the exchange. */
  readonly requestId?: string
  readonly limits?: readonly DeclaredLimit[]
  /** Headers that tell how long to wait after a 429. Default: `retry-after`. */
  readonly waits?: readonly string[]
  readonly deprovision: DefaultSteps
  readonly can: Capabilities
  readonly endpoints: Endpoints
  readonly errors: readonly ErrorRule[]
  readonly account: AccountMapping
  readonly catalogue: { readonly [K in EntitlementKind]?: CatalogueMapping }
  /** Where the id of the tenant is in the reply of `current`; `host`: the tenant is the host. */
  readonly tenant: Field | 'host'
  /** Where the id of one's own account is in the reply of `current`; absent: the credentials belong to nobody. */
  readonly self?: Field
  /** What `current` must show of the credentials. */
  readonly demands?: Condition & { readonly otherwise: string }
  /** What an operation costs in calls, with tenant and catalogue known; a test counts them. `null`: it cannot be done. */
  readonly calls: Readonly<Record<string, number | null>>
  /** What people must know who set it up, for the vendor's page. */
  readonly notes: readonly string[]
  readonly nativeScim?: NativeScimFacts
}

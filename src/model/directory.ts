export type ClientProfile = 'auto' | 'okta' | 'entra' | 'rfc'

/** One identity provider's set of Users and Groups, as the bearer token selected it. */
export interface DirectoryRef {
  readonly id: string
  readonly name: string
  readonly client: ClientProfile
  /** Lower case; empty: any domain. */
  readonly domains: readonly string[]
}

/** Plain JSON of a resource as the client wrote it: canonical attribute names, no `id`, `meta`, `groups`, `members`, `password`. */
export type ResourceBody = Readonly<Record<string, unknown>>

export interface MemberRef {
  readonly groupId: string
  readonly userId: string
  /** userName of the member, displayName of the group. */
  readonly display: string
}

/** Something that a connection of the directory offers, as its vendor names it. */
export interface CatalogueEntry {
  readonly connection: string
  readonly vendor: string
  readonly kind: 'role' | 'group'
  /** The vendor's own. */
  readonly id: string
  readonly name: string
  /** Where it counts; absent: the whole tenant. */
  readonly scope?: { readonly level: string; readonly id: string }
  readonly privileged: boolean
}

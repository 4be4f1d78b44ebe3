/** Something that ends at an instant, and stops the gateway or somebody who uses it. */
export interface Ending {
  /** Credentials of a vendor, a token of an identity provider, a token of an operator. */
  readonly kind: 'vendor' | 'scim' | 'operator'
  readonly id: string
  /** `<directory>/<name>`; of an operator the name. */
  readonly name: string
  /** Of a token: tells those of one name apart. */
  readonly hint?: string
  /** ISO 8601 instant. */
  readonly endsAt: string
}

export interface EndingStore {
  /** Undefined: it cannot be told. */
  keepCredentialsEnd(connectionId: string, endsAt: string | undefined): Promise<void>
  /**
   * Everything that ends, soonest first. Left out are tokens that were revoked, that another one of the same name outlives,
   * or that ended a month ago.
   */
  endings(): Promise<readonly Ending[]>
}

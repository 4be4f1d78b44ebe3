/** What the operator API needs. The store implements the first part; `src/app.ts` hands in the rest. */

export const roles = ['viewer', 'operator', 'admin'] as const
/** Each may do what those before it may: read, act on accounts and plans, change tokens, operators and configuration. */
export type Role = (typeof roles)[number]

/** Who may use the operator API, as a token told. */
export interface OperatorRef {
  readonly name: string
  readonly role: Role
}

/** Who changes something, for its event. */
export interface Change {
  /** `operator:<name>`. */
  readonly actor: string
  readonly requestId: string
}

/** `after` is the id of the last item of the page before. */
export interface PageRequest {
  readonly after?: string
  readonly limit: number
}

export interface DirectoryView {
  readonly name: string
  readonly client: string
  readonly domains: readonly string[]
  readonly createdAt: string
  readonly users: number
  readonly groups: number
  /** Names. */
  readonly connections: readonly string[]
}

/** A secret is never shown again after its creation: only where it came from, and how old it is. */
export interface TokenView {
  readonly id: string
  readonly name: string
  /** First six characters of the secret's SHA-256. */
  readonly hint: string
  readonly source: string
  readonly state: 'live' | 'expired' | 'revoked'
  readonly createdAt: string
  readonly expiresAt?: string
  readonly lastUsedAt?: string
  readonly revokedAt?: string
}

export interface TokenDraft {
  readonly name: string
  readonly secret: string
  /** ISO 8601 instant. */
  readonly expiresAt?: string
}

export interface OperatorView extends Omit<TokenView, 'source'> {
  readonly role: Role
}

export interface OperatorDraft extends TokenDraft {
  readonly role: Role
}

export interface ConnectionView {
  readonly id: string
  readonly directory: string
  readonly name: string
  readonly vendor: string
  readonly mode: string
  readonly apiProfile: string
  readonly resolvedProfile?: string
  readonly tenantId?: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly policy: Readonly<Record<string, unknown>>
  readonly revision: number
  /** `file`: read-only here. */
  readonly source: string
  /** disabled | new | ready | parked | detached */
  readonly status: string
  readonly parkedAt?: string
  readonly parkedReason?: Readonly<Record<string, unknown>>
  /** Path class → ISO 8601 instant; only what lasts. */
  readonly pauses: Readonly<Record<string, string>>
  readonly catalogueFetchedAt?: string
  /** As an operator wrote it, without credentials; absent where a file tells. */
  readonly configuration?: Readonly<Record<string, unknown>>
  /** When the vendor was asked; absent after a change of settings or credentials. */
  readonly checkedAt?: string
  /** When its credentials end, as far as that can be told. */
  readonly credentialsEndAt?: string
  readonly createdAt: string
}

/** How the accounts of a connection stand, in numbers. */
export interface ConnectionStanding {
  readonly id: string
  readonly directory: string
  readonly name: string
  readonly vendor: string
  readonly mode: string
  readonly status: string
  readonly accounts: number
  readonly proven: number
  /** Wanted and not proven, whatever the cause. */
  readonly pending: number
  readonly failed: number
  readonly unmanaged: number
  /** Shut-outs that are not proven. */
  readonly leavers: number
  /** When the oldest of them was asked for. */
  readonly oldestLeaverAt?: string
  readonly due: number
  readonly plansWaiting: number
  readonly credentialsEndAt?: string
}

export interface AccountView {
  readonly id: string
  readonly connectionId: string
  readonly connection: string
  readonly directory: string
  readonly userId: string
  readonly userName: string
  /** What the directory wants. */
  readonly wanted: 'active' | 'inactive' | 'deleted'
  readonly status: string
  readonly proven: boolean
  readonly unmanaged: boolean
  readonly vendorAccountId?: string
  readonly provenAt?: string
  readonly dueAt?: string
  readonly attempts: number
  readonly failure?: Readonly<Record<string, unknown>>
  readonly deviations: readonly unknown[]
  readonly shutOutAskedAt?: string
}

export interface AccountDetail extends AccountView {
  readonly held?: Readonly<Record<string, unknown>>
  readonly snapshot?: Readonly<Record<string, unknown>>
  readonly wantedVersion: number
  readonly provenVersion: number
}

/** One row of the journal. */
export interface OperationView {
  readonly id: string
  readonly op: string
  readonly operation: unknown
  readonly before?: unknown
  readonly after?: unknown
  /** Absent while open: the write may or may not have reached the vendor. */
  readonly outcome?: string
  readonly failure?: unknown
  readonly vendorRequestId?: string
  readonly durationMs?: number
  readonly openedAt: string
  readonly closedAt?: string
}

export interface PersonView {
  readonly id: string
  readonly directory: string
  readonly userName: string
  readonly active: boolean
  readonly deleted: boolean
  readonly hold?: unknown
  /** displayName of the Groups that the User is in, directly. */
  readonly groups: readonly string[]
  readonly accounts: readonly AccountView[]
}

export interface EventView {
  readonly id: string
  readonly at: string
  readonly directory?: string
  readonly actor: string
  readonly requestId?: string
  readonly action: string
  readonly resourceType: string
  readonly resourceId: string
  readonly detail: unknown
}

export interface EventQuery extends PageRequest {
  readonly directory?: string
  readonly actor?: string
  readonly action?: string
  readonly resourceId?: string
  /** ISO 8601 instants; `since` included, `until` not. */
  readonly since?: string
  readonly until?: string
}

export interface AccountQuery extends PageRequest {
  readonly connectionId?: string
  readonly directory?: string
  readonly status?: string
  readonly userName?: string
  readonly unmanaged?: boolean
}

export interface CatalogueView {
  readonly kind: string
  readonly id: string
  readonly name: string
  readonly privileged: boolean
  readonly scope?: { readonly level: string; readonly id: string; readonly name?: string }
}

/** `busy`: a run holds the account at this moment. */
export type AccountChange = 'done' | 'not-found' | 'busy' | 'no-effect'

/** Reads, and changes that are recorded as events in the same transaction. */
export interface OperatorStore {
  /** The operator of a secret; undefined when unknown, expired or revoked. */
  verifyOperator(secret: string): Promise<OperatorRef | undefined>
  operators(): Promise<readonly OperatorView[]>
  /** Undefined when the name is taken. */
  createOperator(draft: OperatorDraft, by: Change): Promise<OperatorView | undefined>
  revokeOperator(id: string, by: Change): Promise<boolean>

  directories(): Promise<readonly DirectoryView[]>
  /** Undefined when there is no such directory. */
  tokens(directory: string): Promise<readonly TokenView[] | undefined>
  createToken(directory: string, draft: TokenDraft, by: Change): Promise<TokenView | undefined>
  /** A new secret under the same name; the old one goes on for `overlapMs`. Undefined when it is not live. */
  rotateToken(
    directory: string,
    id: string,
    next: { readonly secret: string; readonly overlapMs: number; readonly expiresAt?: string },
    by: Change,
  ): Promise<TokenView | undefined>
  revokeToken(directory: string, id: string, by: Change): Promise<boolean>

  connections(filter: {
    readonly directory?: string
    readonly name?: string
  }): Promise<readonly ConnectionView[]>
  connection(id: string): Promise<ConnectionView | undefined>
  standing(): Promise<readonly ConnectionStanding[]>
  catalogue(connectionId: string): Promise<readonly CatalogueView[]>
  /** Lets a parked connection work again and makes its unproven accounts due. */
  unpark(connectionId: string, by: Change): Promise<boolean>
  /** Makes unproven accounts due now; `status` narrows to one. Answers how many. */
  retryConnection(connectionId: string, by: Change): Promise<number>

  accounts(query: AccountQuery): Promise<readonly AccountView[]>
  account(id: string): Promise<AccountDetail | undefined>
  /** Newest first. */
  operations(accountId: string, page: PageRequest): Promise<readonly OperationView[]>
  retryAccount(id: string, by: Change): Promise<AccountChange>
  /** Forgets the link: the account is looked up by its login again. */
  relinkAccount(id: string, by: Change): Promise<AccountChange>
  /** Takes the account out of provisioning, or back in. */
  setUnmanaged(id: string, unmanaged: boolean, by: Change): Promise<AccountChange>

  people(userName: string, directory: string | undefined): Promise<readonly PersonView[]>
  /** Newest first. */
  events(query: EventQuery): Promise<readonly EventView[]>
}

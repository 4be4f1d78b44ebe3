import {
  dayMs,
  firstAccounts,
  firstRoles,
  firstSites,
  type SimAccount,
  type SimRole,
  type SimSite,
} from './tenant.ts'

export type Level = 'tenant' | 'account' | 'site'

export interface SimUser {
  readonly id: string
  email: string
  fullName: string
  scope: Level
  /** `id` is that of the account or site; empty for the tenant. */
  scopeRoles: { id: string; roleId: string }[]
  /** Only the guide's users have a switch. */
  isActive: boolean
  source: string
  dateJoined: string
  firstLogin: string | null
  lastLogin: string | null
  emailVerified: boolean
  emailReadOnly: boolean
  fullNameReadOnly: boolean
  twoFaEnabled: boolean
  twoFaEnabledReadOnly: boolean
  canGenerateApiToken: boolean
  elevatedSessionDurationMinutes: number
  apiToken: { createdAt: string; expiresAt: string } | null
  isSystem: boolean
  /** Whether a password came with the creation. */
  hasPassword: boolean
}

export interface Toggles {
  /** Which paths, fields and rules count. */
  profile: 'current' | 'guide' | 'both'
  onboarding: boolean
  /** How a create is refused whose address is taken. */
  duplicate: '409' | '400'
  /** `exact`: the filter `email` compares letter by letter. */
  emailMatch: 'exact' | 'caseless'
  /** A list whose end falls on a page's end has one more, empty page. */
  trailingEmptyPage: boolean
  /** Most items on a page, whatever `limit` asks. */
  pageCap: number
  /** Token buckets per API token. */
  limits: boolean | number
  retryAfter: 'seconds' | 'none'
  /** The next creates are committed, then answered 504. */
  commitThen504: number
  /** What a read by id answers for a user out of the token's scope. */
  outOfScope: 403 | 404
  /** The guide's whoami tells the account. */
  whoamiTellsAccount: boolean
  /** Older consoles have no `/rbac/roles`. */
  rbac: boolean
}

const initialToggles: Toggles = {
  profile: 'both',
  onboarding: true,
  duplicate: '409',
  emailMatch: 'exact',
  trailingEmptyPage: false,
  pageCap: 1000,
  limits: false,
  retryAfter: 'seconds',
  commitThen504: 0,
  outOfScope: 403,
  whoamiTellsAccount: true,
  rbac: true,
}

export interface StateOptions {
  readonly toggles?: Partial<Toggles>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** First of all ids, so that two tenants have different ones. */
  readonly firstId?: bigint
}

export const ownerToken = 'simulated-api-token-of-the-owner'

export type SentineloneState = ReturnType<typeof createState>

/** One console as the vendor keeps it, and what a test may know and turn. */
export function createState({
  toggles: first = {},
  now,
  firstId = 1_900_000_000_000_000_001n,
}: StateOptions) {
  const toggles = {} as Toggles
  const users = new Map<string, SimUser>()
  const accounts: SimAccount[] = []
  const sites: SimSite[] = []
  const roles: SimRole[] = []
  const tokens = new Map<string, { userId: string; expiresAt: number }>()
  const mails: { readonly to: string; readonly kind: 'invitation' }[] = []
  const buckets = new Map<string, { tokens: number; at: number }>()
  let lastId = firstId

  const nextId = (): string => String(lastId++)
  const iso = (ms: number): string => new Date(ms).toISOString()

  function addUser(given: Partial<SimUser> & { readonly email: string }): SimUser {
    const scopeRoles = [{ id: accounts[0]?.id ?? '', roleId: state.roleId('Viewer') }]
    const source = toggles.profile === 'guide' ? 'local' : 'mgmt'
    const user = newUser(nextId(), { scopeRoles, source, dateJoined: iso(now()), ...given })
    users.set(user.id, user)
    return user
  }

  function reset(): void {
    for (const store of [users, tokens, buckets]) store.clear()
    for (const list of [accounts, sites, roles, mails]) list.length = 0
    lastId = firstId
    Object.assign(toggles, initialToggles, first)
    accounts.push(...firstAccounts(nextId))
    sites.push(...firstSites(nextId, accounts))
    roles.push(...firstRoles(nextId, accounts, sites))
    const signedIn = { emailVerified: true, firstLogin: iso(now()), lastLogin: iso(now()) }
    const scopeRoles = [{ id: accounts[0]?.id ?? '', roleId: state.roleId('Admin') }]
    const owner = { email: 'drawbridge@acme.example', fullName: 'Drawbridge', canGenerateApiToken: true }
    state.giveToken(addUser({ ...owner, ...signedIn, scopeRoles }).id, ownerToken)
  }

  const state = {
    toggles,
    now,
    users,
    accounts,
    sites,
    roles,
    tokens,
    mails,
    buckets,
    addUser,
    reset,
    /** Finds by name, letter by letter, as the vendor does. */
    roleId: (name: string): string => idOf(roles, name),
    accountId: (name: string): string => idOf(accounts, name),
    siteId: (name: string): string => idOf(sites, name),
    userCalled(email: string): SimUser {
      const found = [...users.values()].find((user) => user.email.toLowerCase() === email.toLowerCase())
      if (!found) throw new Error(`the simulator has no user ${email}`)
      return found
    },
    /** Makes an API token for a user. */
    giveToken(userId: string, secret = `simulated-api-token-${tokens.size}`, lifeMs = 30 * dayMs): string {
      const expiresAt = now() + lifeMs
      tokens.set(secret, { userId, expiresAt })
      const user = users.get(userId)
      if (user) user.apiToken = { createdAt: iso(now()), expiresAt: iso(expiresAt) }
      return secret
    },
    /** Somebody follows the invitation and signs in. */
    accept(email: string): void {
      const at = iso(now())
      Object.assign(state.userCalled(email), { emailVerified: true, firstLogin: at, lastLogin: at })
    },
    seedUsers(count: number): void {
      for (let at = 0; at < count; at += 1) addUser({ email: `seed${at}@corp.example`, emailVerified: true })
    },
    nextId,
  }
  reset()
  return state
}

function idOf(list: readonly { readonly id: string; readonly name: string }[], name: string): string {
  const found = list.find((each) => each.name === name)
  if (!found) throw new Error(`the simulator has no ${name}`)
  return found.id
}

function newUser(
  id: string,
  given: Partial<SimUser> & Pick<SimUser, 'email' | 'scopeRoles' | 'source' | 'dateJoined'>,
): SimUser {
  return {
    id,
    fullName: given.email,
    scope: 'account',
    isActive: true,
    firstLogin: null,
    lastLogin: null,
    emailVerified: false,
    emailReadOnly: false,
    fullNameReadOnly: false,
    twoFaEnabled: false,
    twoFaEnabledReadOnly: false,
    canGenerateApiToken: false,
    elevatedSessionDurationMinutes: 30,
    apiToken: null,
    isSystem: false,
    hasPassword: false,
    ...given,
  }
}

import type { SimulatorOptions } from '../simulator.ts'

export interface SentryOptions extends SimulatorOptions {
  /** `guide`: answers only the routes and fields of the API guide. */
  readonly profile?: 'current' | 'guide'
  /** Largest page, whatever the client asks for. Default 100. */
  readonly pageSize?: number
  /** 40 requests a second on the members index, or so many times that. Default off. */
  readonly limits?: boolean | number
  /** What a path without its closing slash answers. Default 404. */
  readonly slash?: 301 | 404
}

export interface SimMember {
  readonly id: string
  email: string
  /** Of the person, whatever the organization; null until the invitation is accepted. */
  userId: string | null
  name: string
  /** Verified addresses of the user beside `email`. */
  emails: string[]
  orgRole: string
  /** Team role by slug; null: whatever the organization role brings. */
  teams: Map<string, string | null>
  expired: boolean
  flags: Record<string, boolean>
  has2fa: boolean
  lastLogin: string | null
  readonly dateCreated: string
  readonly inviterName: string | null
}

export interface SimTeam {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly idpProvisioned: boolean
  readonly dateCreated: string
}

export interface SimToken {
  readonly kind: 'user' | 'integration'
  /** The member that a user token belongs to. */
  readonly memberId?: string
  readonly scopes: readonly string[]
}

/** What a test or an operator may turn. */
interface Toggles {
  /** Region that the organization lives in; any other answers 404. */
  region: 'us' | 'de'
  /** Business and Enterprise: the organization role `admin` is retired. */
  teamRoles: boolean
  openMembership: boolean
  invitesAllowed: boolean
  /** Invitations to one address a day; more answer 429. */
  invitesPerEmail: number
}

export const organization = { id: '4501', slug: 'acme', name: 'Acme' } as const
export const ownerToken = 'sntryu_5imu1atedOwnerToken'
const allScopes = [
  'org:read',
  'org:write',
  'member:read',
  'member:write',
  'member:invite',
  'member:admin',
  'team:read',
  'team:write',
  'team:admin',
]

export type SentryState = ReturnType<typeof createState>

/** The organization as the vendor keeps it. Everything that matters is here; routes only speak HTTP. */
export function createState(options: SentryOptions) {
  const members = new Map<string, SimMember>()
  const teams = new Map<string, SimTeam>()
  const tokens = new Map<string, SimToken>()
  const mails: { readonly to: string; readonly kind: 'invitation' | 'access-request' }[] = []
  const invitations: string[] = []
  const toggles = {} as Toggles
  let lastId = 0

  function addMember(
    given: Partial<SimMember> & { readonly email: string; readonly pending?: boolean },
  ): SimMember {
    lastId += 1
    const { pending = false, ...rest } = given
    const member: SimMember = {
      id: String(1000 + lastId),
      userId: pending ? null : String(700_000 + lastId * 7),
      name: given.email,
      emails: [],
      orgRole: 'member',
      teams: new Map(),
      expired: false,
      flags: {},
      has2fa: false,
      lastLogin: pending ? null : '2026-03-01T08:00:00Z',
      dateCreated: new Date().toISOString(),
      inviterName: null,
      ...rest,
    }
    members.set(member.id, member)
    return member
  }

  function addTeam(slug: string, { idpProvisioned = false } = {}): SimTeam {
    lastId += 1
    const name = slug.charAt(0).toUpperCase() + slug.slice(1)
    const dateCreated = new Date().toISOString()
    const team = { id: String(lastId), slug, name, idpProvisioned, dateCreated }
    teams.set(slug, team)
    return team
  }

  function addToken(token: SimToken): string {
    const secret = `${token.kind === 'user' ? 'sntryu' : 'sntrya'}_5imu1ated${tokens.size}`
    tokens.set(secret, token)
    return secret
  }

  function reset(): void {
    for (const store of [members, teams, tokens]) store.clear()
    mails.length = invitations.length = lastId = 0
    const retired = options.profile !== 'guide'
    Object.assign(toggles, {
      region: 'us',
      teamRoles: retired,
      openMembership: true,
      invitesAllowed: true,
      invitesPerEmail: Number.POSITIVE_INFINITY,
    })
    for (const slug of ['backend', 'frontend', 'platform']) addTeam(slug)
    addMember({ email: 'founder@acme.example', name: 'Founder', orgRole: 'owner', has2fa: true })
    const gateway = addMember({ email: 'drawbridge@acme.example', name: 'Drawbridge', orgRole: 'owner' })
    tokens.set(ownerToken, { kind: 'user', memberId: gateway.id, scopes: allScopes })
  }

  function memberOf(id: string): SimMember {
    const member = members.get(id)
    if (!member) throw new Error(`the simulator has no member ${id}`)
    return member
  }

  reset()
  return {
    members,
    teams,
    tokens,
    /** What was mailed to whom, oldest first. */
    mails,
    /** Addresses that were invited today, once per invitation. */
    invitations,
    toggles,
    reset,
    addMember,
    addTeam,
    /** Makes a token and gives its secret. */
    addToken,
    /** The person follows the invitation: a user comes to be behind the membership. */
    accept(id: string, name = 'New Member'): void {
      Object.assign(memberOf(id), {
        userId: String(900_000 + Number(id)),
        name,
        lastLogin: new Date().toISOString(),
      })
    },
    /** The invitation passes its 30 days. */
    expire: (id: string): void => void (memberOf(id).expired = true),
    /** What Sentry does with expired invitations of organizations without SCIM. */
    prune(): void {
      for (const { id, expired } of members.values()) if (expired) members.delete(id)
    },
    /** Users may change their own address. */
    changeEmail: (id: string, email: string): void => void (memberOf(id).email = email),
    seedMembers(count: number): void {
      for (let n = 0; n < count; n += 1) addMember({ email: `seeded${n}@acme.example` })
    },
    seedTeams(count: number): void {
      for (let n = 0; n < count; n += 1) addTeam(`team-${n}`)
    },
  }
}

export function isPending({ userId }: SimMember): boolean {
  return userId === null
}

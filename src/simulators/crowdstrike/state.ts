import { randomUUID } from 'node:crypto'
import { roleCatalogue, type SimRole } from './roles.ts'

export const homeCid = '0123456789abcdef0123456789abcdef'

export interface SimUser {
  id: string
  /** Stored in lower case, whatever was sent. */
  email: string
  firstName: string
  lastName: string
  cid: string
  createdAt: string
  updatedAt: string
  lastLoginAt?: string
}

export interface SimGrant {
  readonly userId: string
  readonly roleId: string
  readonly cid: string
  readonly grantedAt: number
  revokedAt?: number
  readonly expiresAt?: string
  /** Name of the group that brings the role. */
  readonly userGroup?: string
  readonly cidGroup?: string
}

export interface Toggles {
  /** Which paths exist. */
  routes: 'current' | 'legacy' | 'guide' | 'both'
  region: string
  /** This host is the wrong cloud: the token call is redirected there, or refused; API calls are refused. */
  wrongCloud?:
    { readonly origin: string; readonly region: string; readonly answer: 'redirect' | 'refusal' } | undefined
  tokenSeconds: number
  /** 201 as Falcon answers, or 200 as the guide's example. */
  tokenStatus: 200 | 201
  scopes: readonly ('read' | 'write')[]
  roleLagMs: number
  /** While a change is not seen yet, an older role is missing from reads as well. */
  missingOlderRoles: boolean
  /** Refusals come as a 200 with `errors`. */
  errorsInside200: boolean
  revokeUnassigned: 'error' | 'accept' | 'as-published'
  /** Without single sign-on a new user without a password is mailed. */
  sso: boolean
  allowedDomains?: readonly string[] | undefined
  /** Requests per minute. */
  rateLimit: number
  retryAfter: 'seconds' | 'milliseconds'
  /** The next writes are committed, then answered 504. */
  commitThen504: number
  /** Most ids on one page, whatever `limit` asks. */
  pageCap: number
}

const initialToggles: Readonly<Toggles> = {
  routes: 'both',
  region: 'us-1',
  tokenSeconds: 1_799,
  tokenStatus: 201,
  scopes: ['read', 'write'],
  roleLagMs: 0,
  missingOlderRoles: false,
  errorsInside200: false,
  revokeUnassigned: 'as-published',
  sso: true,
  rateLimit: 6_000,
  retryAfter: 'seconds',
  commitThen504: 0,
  pageCap: 500,
}

export type CrowdstrikeState = ReturnType<typeof createState>

/** One CID as Falcon keeps it, and what a test may know and turn. */
export function createState(now: () => number, first: Partial<Toggles> = {}) {
  const users = new Map<string, SimUser>()
  const grants: SimGrant[] = []
  const ids: string[] = []
  const toggles: Toggles = { ...initialToggles, ...first }
  const state = {
    now,
    toggles,
    users,
    grants,
    roles: [...roleCatalogue] as SimRole[],
    /** Flight Control children: their CIDs. */
    children: new Set<string>(),
    /** Addresses that users of other CIDs have. */
    foreign: new Set<string>(),
    mails: [] as { to: string; why: 'activation' }[],
    /** Valid bearer tokens and when they end. */
    tokens: new Map<string, number>(),
    window: { start: 0, used: 0 },

    addUser(user: Partial<SimUser> & Pick<SimUser, 'email'>): SimUser {
      const at = new Date(now()).toISOString()
      const id = ids.shift() ?? randomUUID()
      const names = { firstName: 'First', lastName: 'Last' }
      const added = {
        id,
        ...names,
        cid: homeCid,
        createdAt: at,
        updatedAt: at,
        ...user,
        email: user.email.toLowerCase(),
      }
      users.set(added.id, added)
      return added
    },
    seedUsers(count: number): void {
      for (let at = 1; at <= count; at += 1) state.addUser({ email: `seed${at}@corp.example` })
    },
    /** The next user gets this id. */
    nextId: (id: string): void => void ids.push(id),
    grant(userId: string, roleId: string, more: Partial<SimGrant> = {}): void {
      grants.push({ userId, roleId, cid: homeCid, grantedAt: now(), ...more })
    },
    /** What a user holds now, read lag aside. */
    held: (userId: string): readonly SimGrant[] =>
      grants.filter((each) => each.userId === userId && isHeld(each, now())),

    reset(): void {
      for (const each of [users, state.children, state.foreign, state.tokens]) each.clear()
      for (const each of [grants, ids, state.mails]) each.length = 0
      state.roles = [...roleCatalogue]
      state.window = { start: 0, used: 0 }
      for (const key of Object.keys(toggles)) Reflect.deleteProperty(toggles, key)
      Object.assign(toggles, initialToggles, first)
    },
  }
  return state
}

function isHeld({ grantedAt, revokedAt, expiresAt }: SimGrant, at: number): boolean {
  if (expiresAt !== undefined && Date.parse(expiresAt) <= at) return false
  return grantedAt <= at && (revokedAt === undefined || revokedAt > at)
}

/** What reads show: the grants of some while ago, and for that while perhaps not even an older one. */
export function grantsSeen({ now, toggles, grants }: CrowdstrikeState, userId: string): readonly SimGrant[] {
  const own = grants.filter((each) => each.userId === userId)
  const at = now() - toggles.roleLagMs
  const seen = own.filter((each) => isHeld(each, at))
  const isSettling = own.some(({ grantedAt, revokedAt }) => grantedAt > at || (revokedAt ?? 0) > at)
  return toggles.missingOlderRoles && isSettling ? seen.slice(1) : seen
}

import type { NewUser, SimGroup, SimRole, SimToken, SimUser, SisenseSimulatorOptions } from '../model.ts'
import { createNames } from './names.ts'
import { seed } from './seed.ts'
import { initialToggles, type Toggles } from './toggles.ts'

const activationMs = 7 * 24 * 60 * 60_000

/** What a user has who was given nothing else. */
const unnamed = {
  firstName: 'First',
  lastName: 'Last',
  activeDirectory: false,
  createdSso: false,
  active: true,
} as const

export type SisenseState = ReturnType<typeof createState>

/** One instance as the vendor keeps it, and what a test may know and turn. */
export function createState(options: SisenseSimulatorOptions) {
  const { profile = 'current', instance = '5f3e', now = Date.now } = options
  const users = new Map<string, SimUser>()
  const names = createNames(users)
  const groups = new Map<string, SimGroup>()
  const roles: SimRole[] = []
  const tokens = new Map<string, SimToken>()
  const badLogins = new Map<string, number>()
  const mails: { readonly to: string; readonly why: 'activation' }[] = []
  const toggles = {} as Toggles
  let lastId = 0

  const newId = () => `${instance}${(lastId += 1).toString(16).padStart(20, '0')}`
  const iso = (ms: number) => new Date(ms).toISOString()

  function addRole(name: string, displayName = name): SimRole {
    const role = { _id: newId(), name, displayName }
    roles.push(role)
    return role
  }

  function addGroup(name: string, marks: Pick<SimGroup, 'everyone' | 'admins'> = {}): SimGroup {
    const group = { _id: newId(), name, ...marks }
    groups.set(group._id, group)
    return group
  }

  function addUser({ role, ...given }: NewUser): SimUser {
    const user: SimUser = {
      ...unnamed,
      _id: newId(),
      userName: given.email,
      roleId: roleId(role ?? (profile === 'guide' ? 'Viewer' : 'consumer')),
      groups: [],
      adgroups: [],
      preferences: profile === 'guide' ? {} : { localeId: 'en-US' },
      created: iso(now()),
      lastUpdated: iso(now()),
      ...given,
    }
    users.set(user._id, user)
    names.keep(user)
    return user
  }

  function roleId(name: string): string {
    const role = roles.find((each) => each.name === name)
    if (!role) throw new Error(`the simulator has no role ${name}`)
    return role._id
  }

  function addToken(userId: string, kind: SimToken['kind'], endsAt: number, token?: string): string {
    const secret = token ?? `simulated.${payload(toggles, endsAt)}.${kind}${tokens.size}x${newId()}`
    tokens.set(secret, { userId, kind, endsAt })
    return secret
  }

  function reset(): void {
    for (const each of [users, names, groups, tokens, badLogins]) each.clear()
    roles.length = mails.length = lastId = 0
    Object.assign(toggles, initialToggles[profile], options.toggles)
    seed({ profile, addRole, addGroup, addUser, addToken })
  }

  reset()
  return {
    profile,
    now,
    users,
    names,
    groups,
    roles,
    tokens,
    badLogins,
    mails,
    toggles,
    reset,
    addRole,
    addGroup,
    addUser,
    addToken,
    roleId,
    /** A user as an API makes them: mailed and inactive until activated, where the instance asks for that. */
    register(given: Partial<SimUser> & { email: string }, notify: boolean): SimUser {
      const until = iso(now() + activationMs)
      const awaits = { active: false, activationExpires: until, activationToken: `act1vate${newId()}` }
      if (notify && toggles.activation) mails.push({ to: given.email, why: 'activation' })
      return addUser({ ...given, ...(notify && toggles.activation ? awaits : {}) })
    },
    /** The user follows the link of the mail. */
    activate(id: string): void {
      const user = users.get(id)
      if (!user) return
      delete user.activationExpires
      delete user.activationToken
      Object.assign(user, { active: true, lastLogin: iso(now()) })
    },
    group: (name: string): SimGroup => groupNamed(groups, name),
    user: (name: string): SimUser | undefined =>
      [...users.values()].find(({ userName, email }) => userName === name || email === name),
    seedUsers(count: number): void {
      for (let at = 1; at <= count; at += 1) addUser({ email: `seed${at}@corp.example` })
    },
  }
}

function groupNamed(groups: ReadonlyMap<string, SimGroup>, name: string): SimGroup {
  const group = [...groups.values()].find((each) => each.name === name)
  if (!group) throw new Error(`the simulator has no group ${name}`)
  return group
}

function payload({ tokenTellsEnd }: Toggles, endsAt: number): string {
  const claims = tokenTellsEnd && Number.isFinite(endsAt) ? { exp: Math.floor(endsAt / 1000) } : {}
  return Buffer.from(JSON.stringify(claims)).toString('base64url')
}

import { accountsOf, type Actor, demandAdmin, invalid, isVisible, Refusal } from './access.ts'
import type { Level, SentineloneState, SimUser } from './state.ts'

export type Data = Readonly<Record<string, unknown>>

const emailLike = /^[^\s@]+@[^\s@]+$/

/** What a body holds under `data`; without that envelope nothing is accepted. */
export function dataOf(body: unknown): Data {
  const data = typeof body === 'object' && body !== null ? Reflect.get(body, 'data') : undefined
  if (typeof data !== 'object' || data === null) throw invalid('data: Missing data for required field')
  return data as Data
}

/** Fields that nobody knows are ignored without a word. */
export function createUser(state: SentineloneState, actor: Actor, data: Data): SimUser {
  demandAdmin(state, actor)
  const { email, fullName } = data
  if (typeof email !== 'string' || !emailLike.test(email)) throw invalid('email: Not a valid email address')
  if (typeof fullName !== 'string' || fullName === '')
    throw invalid('fullName: Missing data for required field')
  demandFree(state, email)
  const place = isGuideStyle(state, data) ? guidePlace(state, data) : currentPlace(state, data)
  const { onboarding } = state.toggles
  const isMailed = isGuideStyle(state, data) || onboarding
  if (isMailed && data['password'] !== undefined) throw invalid('password: not allowed with onboarding')
  demandWithin(state, actor, place)
  const user = state.addUser({
    email,
    fullName,
    ...place,
    emailVerified: !isMailed,
    // No field of a creation: left alone, as every field that is not known.
    twoFaEnabled: data['twoFaEnabled'] === true,
    ...minutesOf(data),
    hasPassword: data['password'] !== undefined,
  })
  if (isMailed) state.mails.push({ to: email, kind: 'invitation' })
  return user
}

export function updateUser(state: SentineloneState, actor: Actor, user: SimUser, data: Data): SimUser {
  demandAdmin(state, actor)
  if (user.isSystem) throw new Refusal(403, 'Forbidden', 'System users cannot be changed')
  const { fullName, canGenerateApiToken, twoFaEnabled, isActive } = data
  if (typeof fullName === 'string' && user.fullNameReadOnly) throw invalid('fullName: is read only')
  if (isGuideStyle(state, data)) {
    if (typeof data['role'] === 'string') {
      const roleId = roleByName(state, data['role'])
      user.scopeRoles = user.scopeRoles.map(({ id }) => ({ id, roleId }))
    }
    if (typeof isActive === 'boolean') user.isActive = isActive
  } else {
    const place = scopeChange(state, user, data)
    demandWithin(state, actor, place)
    changeEmail(state, user, data['email'])
    Object.assign(user, place)
  }
  if (typeof fullName === 'string') user.fullName = fullName
  if (typeof canGenerateApiToken === 'boolean') user.canGenerateApiToken = canGenerateApiToken
  Object.assign(user, minutesOf(data))
  if (typeof twoFaEnabled === 'boolean' && !user.twoFaEnabledReadOnly) user.twoFaEnabled = twoFaEnabled
  return user
}

function minutesOf(data: Data): Partial<Pick<SimUser, 'elevatedSessionDurationMinutes'>> {
  const minutes = data['elevatedSessionDurationMinutes']
  if (minutes === undefined) return {}
  if (!Number.isInteger(minutes)) throw invalid('elevatedSessionDurationMinutes: Not a valid integer')
  return { elevatedSessionDurationMinutes: Number(minutes) }
}

export function removeUser(state: SentineloneState, actor: Actor, user: SimUser): void {
  demandAdmin(state, actor)
  if (user.isSystem) throw new Refusal(403, 'Forbidden', 'System users cannot be deleted')
  state.users.delete(user.id)
}

/** A user without a token is no error. */
export function revokeToken(state: SentineloneState, actor: Actor, user: SimUser): void {
  demandAdmin(state, actor)
  user.apiToken = null
  for (const [secret, { userId }] of state.tokens) if (userId === user.id) state.tokens.delete(secret)
}

type Place = Pick<SimUser, 'scope' | 'scopeRoles'>

/** Where both profiles are served, the fields tell which is spoken. */
function isGuideStyle({ toggles }: SentineloneState, data: Data): boolean {
  if (toggles.profile !== 'both') return toggles.profile === 'guide'
  return data['scope'] === undefined || data['role'] !== undefined
}

function guidePlace(state: SentineloneState, data: Data): Place {
  const { accountId, siteIds, role } = data
  if (typeof role !== 'string') throw invalid('role: Missing data for required field')
  const roleId = roleByName(state, role)
  if (!state.accounts.some(({ id }) => id === accountId)) throw invalid('accountId: unknown account')
  if (data['scope'] !== 'site') return { scope: 'account', scopeRoles: [{ id: String(accountId), roleId }] }
  if (!Array.isArray(siteIds) || siteIds.length === 0)
    throw invalid('siteIds: Missing data for required field')
  const ids = siteIds.map((id) => knownPlace(state, 'site', id))
  return { scope: 'site', scopeRoles: ids.map((id) => ({ id, roleId })) }
}

/** Role names are compared letter by letter. */
function roleByName({ roles }: SentineloneState, name: string): string {
  const role = roles.find((each) => each.name === name)
  if (!role) throw invalid(`role: unknown role ${name}`)
  return role.id
}

function currentPlace(state: SentineloneState, data: Data): Place {
  const scope = levelOf(data['scope'])
  const { scopeRoles } = data
  if (scopeRoles === undefined) {
    const [account] = state.accounts
    return {
      scope,
      scopeRoles: [{ id: scope === 'tenant' ? '' : (account?.id ?? ''), roleId: viewer(state) }],
    }
  }
  return { scope, scopeRoles: rolesOf(state, scope, scopeRoles) }
}

/** A write replaces the whole set. Without roles the old ones stay, unless the scope changes: then Viewer is left. */
function scopeChange(state: SentineloneState, user: SimUser, data: Data): Place {
  const scope = levelOf(data['scope'])
  const { scopeRoles } = data
  if (scopeRoles !== undefined) return { scope, scopeRoles: rolesOf(state, scope, scopeRoles) }
  if (scope === user.scope) return { scope, scopeRoles: user.scopeRoles }
  const id = scope === 'tenant' ? '' : (accountsOf(state, user)[0] ?? '')
  return { scope, scopeRoles: [{ id, roleId: viewer(state) }] }
}

const viewer = (state: SentineloneState): string => state.roleId('Viewer')

function levelOf(scope: unknown): Level {
  if (scope === undefined) throw invalid('scope: Missing data for required field')
  if (scope === 'tenant' || scope === 'account' || scope === 'site') return scope
  throw invalid('scope: must be one of tenant, account, site')
}

function rolesOf(state: SentineloneState, scope: Level, given: unknown): SimUser['scopeRoles'] {
  if (!Array.isArray(given)) throw invalid('scopeRoles: not a list')
  const list = given as readonly Data[]
  const roles = list.map(({ id, roleId }) => {
    if (!state.roles.some((role) => role.id === roleId)) throw invalid(`scopeRoles: unknown roleId ${roleId}`)
    return { id: scope === 'tenant' ? '' : knownPlace(state, scope, id), roleId: String(roleId) }
  })
  return roles.length > 0 ? roles : [{ id: state.accounts[0]?.id ?? '', roleId: viewer(state) }]
}

function knownPlace({ accounts, sites }: SentineloneState, scope: 'account' | 'site', id: unknown): string {
  const places: readonly { readonly id: string }[] = scope === 'site' ? sites : accounts
  if (!places.some((place) => place.id === id)) throw invalid(`unknown ${scope} ${String(id)}`)
  return String(id)
}

function changeEmail(state: SentineloneState, user: SimUser, email: unknown): void {
  if (typeof email !== 'string' || email === user.email) return
  if (user.emailReadOnly) throw invalid('email: is read only')
  if (taken(state, email)) throw new Refusal(409, 'Conflict', 'User or Email already taken')
  user.email = email
}

function demandFree(state: SentineloneState, email: string): void {
  if (!taken(state, email)) return
  if (state.toggles.duplicate === '409') throw new Refusal(409, 'Conflict', 'User or Email already taken')
  throw new Refusal(400, 'Validation Error', 'User already exists', { code: 4_000_030 })
}

/** An address is taken in every account at once. */
function taken({ users }: SentineloneState, email: string): boolean {
  return [...users.values()].some((user) => user.email.toLowerCase() === email.toLowerCase())
}

/** Nobody gives roles outside of their own scope. */
function demandWithin(state: SentineloneState, actor: Actor, place: Place): void {
  const someone = { ...actor.user, ...place }
  if (!isVisible(state, actor, someone)) {
    throw new Refusal(403, 'Forbidden', 'The target scope is outside of your own')
  }
}

import { Refusal } from './answers.ts'
import type { SimRole } from './roles.ts'
import type { CrowdstrikeState, SimGrant, SimUser } from './state.ts'

/** What both profiles' routes do to users and roles. */

interface NewUser {
  readonly email: unknown
  readonly firstName: unknown
  readonly lastName: unknown
  readonly cid?: unknown
  readonly password?: unknown
}

const emailLike = /^[^\s@]+@[^\s@]+$/

export function checkNewUser(state: CrowdstrikeState, { email, firstName, lastName }: NewUser): string {
  if (typeof email !== 'string' || !emailLike.test(email))
    throw new Refusal(400, 'uid must be a valid email address')
  if (!isName(firstName) || !isName(lastName)) throw new Refusal(400, 'first_name and last_name are required')
  const folded = email.toLowerCase()
  const domain = folded.slice(folded.indexOf('@') + 1)
  const { allowedDomains } = state.toggles
  if (allowedDomains && !allowedDomains.includes(domain)) {
    throw new Refusal(400, 'email domain is not on the approved list')
  }
  const isTaken = state.foreign.has(folded) || [...state.users.values()].some((user) => user.email === folded)
  if (isTaken) throw new Refusal(400, 'a user with this email already exists')
  return folded
}

export function createUser(state: CrowdstrikeState, user: NewUser): SimUser {
  const email = checkNewUser(state, user)
  if (!state.toggles.sso && user.password === undefined) state.mails.push({ to: email, why: 'activation' })
  const cid = typeof user.cid === 'string' ? { cid: user.cid } : {}
  return state.addUser({ email, firstName: String(user.firstName), lastName: String(user.lastName), ...cid })
}

export function userCalled(state: CrowdstrikeState, id: unknown): SimUser {
  const user = typeof id === 'string' ? state.users.get(id) : undefined
  if (!user) throw new Refusal(400, 'invalid user uuid')
  return user
}

export function removeUser(state: CrowdstrikeState, id: unknown): SimUser {
  const user = userCalled(state, id)
  state.users.delete(user.id)
  for (let at = state.grants.length - 1; at >= 0; at -= 1) {
    if (state.grants[at]?.userId === user.id) state.grants.splice(at, 1)
  }
  return user
}

/** All or nothing. */
export function grantRoles(
  state: CrowdstrikeState,
  user: SimUser,
  roleIds: unknown,
  more: Partial<SimGrant>,
): string[] {
  const ids = knownRoles(state, roleIds)
  const isForeign = ({ id, owner = user.cid }: SimRole): boolean => ids.includes(id) && owner !== user.cid
  if (state.roles.some(isForeign)) throw new Refusal(400, 'invalid roleID')
  for (const roleId of ids) {
    const isSame = (grant: SimGrant) =>
      isDirect(grant, roleId, more.cid ?? user.cid) && grant.expiresAt === more.expiresAt
    if (!state.held(user.id).some(isSame)) state.grant(user.id, roleId, { cid: user.cid, ...more })
  }
  return ids
}

/** All or nothing. Inherited grants stay. */
export function revokeRoles(
  state: CrowdstrikeState,
  user: SimUser,
  roleIds: unknown,
  cid: string,
  refusesUnassigned: boolean,
): string[] {
  const ids = knownRoles(state, roleIds)
  const held = (roleId: string) => state.held(user.id).filter((grant) => isDirect(grant, roleId, cid))
  const unassigned = ids.find((id) => held(id).length === 0)
  const { revokeUnassigned } = state.toggles
  const refuses = revokeUnassigned === 'as-published' ? refusesUnassigned : revokeUnassigned === 'error'
  if (refuses && unassigned) throw new Refusal(400, `role ${unassigned} is not assigned to the user`)
  for (const grant of ids.flatMap(held)) grant.revokedAt = state.now()
  return ids
}

function isDirect(grant: SimGrant, roleId: string, cid: string): boolean {
  return grant.roleId === roleId && grant.cid === cid && !grant.userGroup && !grant.cidGroup
}

/** Compared exactly: role ids are case-sensitive. */
function knownRoles({ roles }: CrowdstrikeState, ids: unknown): string[] {
  if (!Array.isArray(ids) || ids.length === 0) throw new Refusal(400, 'role ids are required')
  const unknown = ids.find((id) => !roles.some((role) => role.id === id))
  if (unknown !== undefined) throw new Refusal(400, `invalid role id: ${String(unknown)}`)
  return ids as string[]
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

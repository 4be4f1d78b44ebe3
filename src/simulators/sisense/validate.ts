import { Refusal } from './answers.ts'
import type { SimUser } from './model.ts'
import type { SisenseState } from './state/state.ts'

export interface UserBody {
  readonly userName?: string
  readonly email?: string
  readonly firstName?: string
  readonly lastName?: string
  readonly roleId?: string
  readonly groups?: readonly string[]
  readonly preferences?: Readonly<Record<string, unknown>>
  readonly password?: string
  readonly active?: boolean
}

const address = /^[^\s@]+@[^\s@]+\.[^\s@]+$/

/** The fields of a body, refused with the vendor's numbers. `user` is whom it changes; without one, somebody is made. */
export function checked(
  state: SisenseState,
  body: UserBody,
  user?: SimUser,
): Partial<SimUser> & { email: string } {
  demandPlausible(state, body, user)
  const { email, groups = [], preferences } = body
  const unknown = groups.find((id) => !state.groups.has(id))
  if (unknown !== undefined) throw new Refusal(422, 601, `Invalid group ${unknown}`)
  const kept = groups.filter((id) => !state.groups.get(id)?.everyone)
  return {
    ...given(body, ['userName', 'firstName', 'lastName', 'roleId']),
    email: email ?? user?.email ?? '',
    ...(body.groups === undefined ? {} : { groups: [...new Set(kept)] }),
    ...(preferences === undefined ? {} : { preferences: { ...user?.preferences, ...preferences } }),
  }
}

function given<K extends keyof UserBody>(body: UserBody, names: readonly K[]): Pick<UserBody, K> {
  return Object.fromEntries(
    names.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]])),
  ) as Pick<UserBody, K>
}

function demandPlausible(state: SisenseState, body: UserBody, user: SimUser | undefined): void {
  const { userName, email, roleId } = body
  if (!user && (email === undefined || roleId === undefined))
    throw new Refusal(422, 2003, 'email, roleId are mandatory')
  if ([userName, email].includes('')) throw new Refusal(400, 2009, 'Mandatory fields are empty')
  if (email !== undefined && !address.test(email)) throw new Refusal(422, 2003, 'email is not valid')
  demandFree(state, user, userName ?? (user ? undefined : email), email)
  if (!user && state.users.size >= state.toggles.seats) throw new Refusal(400, 2007, 'License exceeded')
  if (roleId !== undefined) demandRole(state, user, roleId)
}

/** Names are unique whatever their letter case, and an address is a name too. */
function demandFree(
  { names }: SisenseState,
  user: SimUser | undefined,
  ...wanted: (string | undefined)[]
): void {
  const isTaken = wanted.some(
    (name) => name !== undefined && names.holders(name).some((each) => each !== user),
  )
  if (isTaken) throw new Refusal(400, 2004, 'User already exists')
}

function demandRole({ roles, users }: SisenseState, user: SimUser | undefined, roleId: string): void {
  const role = roles.find(({ _id }) => _id === roleId)
  if (!role) throw new Refusal(404, 0, 'Role not found')
  if (role.name !== 'super') return
  const holder = [...users.values()].find((each) => each.roleId === roleId)
  if (holder && holder !== user) {
    throw new Refusal(400, 2006, 'Only one super user is allowed')
  }
}

import Type, { type Static } from 'typebox'
import type { Scope } from '../../contract.ts'
import { enveloped, paged } from './envelope.ts'
import { common, type ConsoleUser, toUser as toConsoleUser } from './user.ts'

const text = Type.Optional(Type.Union([Type.String(), Type.Null()]))

/** One role, by name. `accountId` and `siteIds` are what lists and searches were narrowed to, so they are not read. */
const User = Type.Object({ ...common, role: Type.String(), isActive: Type.Optional(Type.Boolean()) })
type User = Static<typeof User>

export const UserAnswer = enveloped(User)
export const UserPage = paged(Type.Array(User))

/** The guide's example has no `accountId`, its text says that there is one. */
const Me = Type.Object({
  id: Type.String({ minLength: 1 }),
  role: text,
  accountId: text,
  accountName: text,
})
export type Me = Static<typeof Me>
export const MeAnswer = enveloped(Me)

const Role = Type.Object({ id: Type.String({ minLength: 1 }), name: Type.String() })
export const RolePage = paged(Type.Array(Role))

/** A user has one role, which counts wherever the connection is at home. */
export function toUser(user: User, home: readonly Scope[]): ConsoleUser {
  const roles = user.role === '' ? [] : home.map((scope) => ({ id: user.role, name: user.role, scope }))
  return toConsoleUser(user, roles, user.isActive ?? true)
}

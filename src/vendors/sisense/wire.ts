import Type, { type Static, type TSchema } from 'typebox'
import { Identity, People, Rows } from '../kit/shape.ts'

/** The fields that we rely on, and no others. `hash` and `activationToken` come too, and are never read. */
const id = Type.String({ minLength: 1 })
const nullableString = Type.Union([Type.String(), Type.Null()])

/** An id, or what it is the id of, where the instance expands it. */
const Reference = Type.Union([id, Type.Object({ _id: id }), Type.Object({ id })])
const References = Type.Union([Type.Array(Reference), Type.Null()])

export const idIn = (reference: Static<typeof Reference>): string =>
  typeof reference === 'string' ? reference : '_id' in reference ? reference._id : reference.id

export const User = Type.Object({
  _id: id,
  email: Type.Optional(nullableString),
  userName: Type.Optional(nullableString),
  firstName: Type.Optional(nullableString),
  lastName: Type.Optional(nullableString),
  roleId: Type.Optional(Identity(Type.Union([Reference, Type.Literal(''), Type.Null()]))),
  /** Absent when empty; may name a group twice. */
  groups: Type.Optional(Identity(References)),
  /** Groups of the corporate directory. */
  adgroups: Type.Optional(Identity(References)),
  activeDirectory: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  createdSso: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  active: Type.Optional(Identity(Type.Union([Type.Boolean(), Type.Null()]))),
  /** Both names of the same thing: how long the activation link of a user who never followed it lives. */
  activationExpires: Type.Optional(nullableString),
  pendingExpiration: Type.Optional(nullableString),
  preferences: Type.Optional(
    Type.Union([
      Type.Object({ localeId: Type.Optional(nullableString), language: Type.Optional(nullableString) }),
      Type.Null(),
    ]),
  ),
  created: Type.Optional(nullableString),
  lastUpdated: Type.Optional(nullableString),
  lastLogin: Type.Optional(nullableString),
})
export type User = Static<typeof User>
/** Some instances wrap their lists: `{ count, results }`. */
export function listed<L extends TSchema>(list: L) {
  return Type.Union([list, Type.Object({ results: list })])
}

export const entriesOf = <T>(body: readonly T[] | { readonly results: readonly T[] }): readonly T[] =>
  'results' in body ? body.results : body

export const roleIdOf = ({ roleId }: User): string | undefined => (roleId ? idIn(roleId) : undefined)
export const groupIdsOf = ({ groups }: Pick<User, 'groups'>): readonly string[] => (groups ?? []).map(idIn)

export const Users = listed(People(User))

/** `GET /api/users/loggedin`: whose token this is. */
export const LoggedIn = Type.Object({
  _id: id,
  roleId: Type.Optional(nullableString),
  roleName: Type.Optional(nullableString),
  baseRoleName: Type.Optional(nullableString),
  tenantId: Type.Optional(nullableString),
})
export type LoggedIn = Static<typeof LoggedIn>

/** `POST /api/users` takes and gives a list. */
export const Created = Type.Union([User, Type.Array(User, { minItems: 1 })])

export const Role = Type.Object({
  _id: id,
  name: Type.String({ minLength: 1 }),
  displayName: Type.Optional(nullableString),
})
export type Role = Static<typeof Role>
export const Roles = listed(Rows(Role))

export const Group = Type.Object({
  _id: id,
  name: Type.String({ minLength: 1 }),
  /** System groups. */
  everyone: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  admins: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  created: Type.Optional(nullableString),
})
export type Group = Static<typeof Group>
export const Groups = listed(Rows(Group))

export const Login = Type.Object({
  access_token: Type.String({ minLength: 1 }),
  success: Type.Optional(Type.Boolean()),
})

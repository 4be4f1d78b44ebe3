import Type, { type Static } from 'typebox'
import type { FalconUser } from '../client/client.ts'
import { plainCid } from '../auth/regions.ts'

/** `uuid` is the id, `uid` the e-mail address; nothing tells when the user was made. gofalcon `domain.UserMetadata`, 2026-07. */
const User = Type.Object({
  uuid: Type.String({ minLength: 1 }),
  uid: Type.String({ minLength: 1 }),
  firstName: Type.Optional(Type.String()),
  lastName: Type.Optional(Type.String()),
  customer: Type.Optional(Type.String()),
})
type User = Static<typeof User>

export const Users = Type.Object({ resources: Type.Union([Type.Null(), Type.Array(User)]) })

export function toUser({ uuid, uid, firstName, lastName, customer }: User): FalconUser {
  return {
    id: uuid,
    login: uid,
    givenName: firstName,
    familyName: lastName,
    cid: customer && plainCid(customer),
    facts: {},
  }
}

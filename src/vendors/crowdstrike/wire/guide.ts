import Type, { type Static } from 'typebox'
import type { FalconUser } from '../client/client.ts'
import { plainCid } from '../auth/regions.ts'
import { instant } from './envelope.ts'

/** `uid` is the id, `username` the e-mail address; a `roles` array, should one come, is not believed. */
const User = Type.Object({
  uid: Type.String({ minLength: 1 }),
  username: Type.String({ minLength: 1 }),
  first_name: Type.Optional(Type.String()),
  last_name: Type.Optional(Type.String()),
  customer_id: Type.Optional(Type.String()),
  created_at: Type.Optional(Type.String()),
  updated_at: Type.Optional(Type.String()),
})
type User = Static<typeof User>

export const Users = Type.Object({ resources: Type.Union([Type.Null(), Type.Array(User)]) })

export function toUser(user: User): FalconUser {
  const updatedAt = instant(user.updated_at)
  return {
    id: user.uid,
    login: user.username,
    givenName: user.first_name,
    familyName: user.last_name,
    cid: user.customer_id && plainCid(user.customer_id),
    createdAt: instant(user.created_at),
    facts: updatedAt ? { updatedAt } : {},
  }
}

import Type, { type Static } from 'typebox'

/** Around every answer. `errors` may come with a 2xx. */
export const Envelope = Type.Object({
  meta: Type.Optional(Type.Object({ trace_id: Type.Optional(Type.String()) })),
  errors: Type.Optional(
    Type.Union([
      Type.Null(),
      Type.Array(
        Type.Object({
          code: Type.Optional(Type.Union([Type.Integer(), Type.String()])),
          message: Type.Optional(Type.String()),
        }),
      ),
    ]),
  ),
})

/** Go writes an empty list as `null` in places. */
export const StringResources = Type.Object({
  resources: Type.Union([Type.Null(), Type.Array(Type.String())]),
})

/** What an update answers; in the guide's example without the login, so it is not read as a user. */
export const Updated = Type.Object({
  resources: Type.Optional(Type.Union([Type.Null(), Type.Array(Type.Unknown())])),
})

export const Meta = Type.Object({
  pagination: Type.Optional(Type.Object({ total: Type.Integer({ minimum: 0 }) })),
})

/** A page of ids. */
export const IdPage = Type.Object({ ...StringResources.properties, meta: Type.Optional(Meta) })

export const Token = Type.Object({
  access_token: Type.String({ minLength: 1 }),
  expires_in: Type.Optional(Type.Number({ minimum: 0 })),
})
export type Token = Static<typeof Token>

/** A role; only the fields relied on. A custom one is not global, and belongs to a CID. */
const RoleEntity = Type.Object({
  id: Type.String(),
  display_name: Type.Optional(Type.String()),
  cid: Type.Optional(Type.String()),
  is_global: Type.Optional(Type.Boolean()),
})
export type RoleEntity = Static<typeof RoleEntity>

export const RoleEntities = Type.Object({ resources: Type.Union([Type.Null(), Type.Array(RoleEntity)]) })

/** Go writes a time that never was as the year 1. */
export function instant(value: string | undefined): string | undefined {
  return value === undefined || value === '' || value.startsWith('0001-') ? undefined : value
}

import Type, { type Static, type TSchema } from 'typebox'
import { Identity, People, Receipt, Rows } from '../kit/shape.ts'

/** Around every answer. `errors` may come with a 2xx. */
const AnyAnswer = Type.Object({
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

/** What a write answers where nothing of it is read. */
export const Envelope = Receipt(AnyAnswer)

const Meta = Type.Object({
  pagination: Type.Optional(Type.Object({ total: Type.Integer({ minimum: 0 }) })),
})

/** Go writes an empty list as `null` in places, or leaves it out; then at least `meta` shows that it is Falcon's answer. */
export function listing<L extends TSchema>(list: L) {
  return Type.Intersect([
    Type.Object({
      resources: Type.Optional(Identity(Type.Union([Type.Null(), list]))),
      meta: Type.Optional(Meta),
    }),
    Type.Union([Type.Object({ resources: Type.Unknown() }), Type.Object({ meta: Type.Object({}) })]),
  ])
}

/** What an update answers; in the guide's example without the login, so it is not read as a user. */
export const Updated = Receipt(
  Type.Object({ resources: Type.Optional(Type.Union([Type.Null(), Type.Array(Type.Unknown())])) }),
)

/** Ids of roles: what somebody holds is never read as less than it is. */
export const StringResources = listing(Type.Array(Type.String({ minLength: 1 })))
/** Ids of what there is, each of which can be done without. */
export const IdList = listing(Rows(Type.String({ minLength: 1 })))
/** A page of ids of users. */
export const IdPage = listing(People(Type.String({ minLength: 1 })))

export const Token = Type.Object({
  access_token: Type.String({ minLength: 1 }),
  expires_in: Type.Optional(Type.Number({ minimum: 0 })),
})
export type Token = Static<typeof Token>

/** A role; only the fields relied on. A custom one is not global, and belongs to a CID. */
const RoleEntity = Type.Object({
  id: Type.String({ minLength: 1 }),
  display_name: Type.Optional(Type.String()),
  cid: Type.Optional(Type.String()),
  is_global: Type.Optional(Type.Boolean()),
})
export type RoleEntity = Static<typeof RoleEntity>

export const RoleEntities = listing(Rows(RoleEntity))

/** Go writes a time that never was as the year 1. */
export function instant(value: string | undefined): string | undefined {
  return value === undefined || value === '' || value.startsWith('0001-') ? undefined : value
}

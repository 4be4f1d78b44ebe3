import Type, { type TSchema } from 'typebox'

/** Around every answer that holds something. */
export function enveloped<T extends TSchema>(data: T) {
  return Type.Object({ data })
}

/** Around a page. `totalItems` may be 0 with a cursor or without a count, so it is not read. */
export function paged<T extends TSchema>(data: T) {
  return Type.Object({
    data,
    pagination: Type.Optional(
      Type.Object({ nextCursor: Type.Optional(Type.Union([Type.String(), Type.Null()])) }),
    ),
  })
}

/** What a write answers where nothing of it is read. */
export const Done = enveloped(Type.Unknown())

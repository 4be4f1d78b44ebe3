import { Type, type TProperties, type TSchema } from 'typebox'

/** Shapes that several routes use, for validation, serialisation and the OpenAPI document. */

export const instant = Type.String({ format: 'date-time' })
export const id = Type.String({ format: 'uuid' })
export const name = Type.String({ minLength: 1, maxLength: 200 })
export const anything = Type.Unknown()
export const record = Type.Record(Type.String(), Type.Unknown())

export const closed = <T extends TProperties>(properties: T) =>
  Type.Object(properties, { additionalProperties: false })

/** `next` is the cursor of the page that follows; absent on the last one. */
export const listOf = <T extends TSchema>(items: T) =>
  Type.Object({ items: Type.Array(items), next: Type.Optional(Type.String()) })

export const pageQuery = {
  after: Type.Optional(Type.String({ maxLength: 100, description: 'The `next` of the page before.' })),
  limit: Type.Integer({ minimum: 1, maximum: 500, default: 100 }),
}

/** Of one item more than the page holds: the cursor of the next page. */
export function pageOf<T extends { readonly id: string }>(
  found: readonly T[],
  limit: number,
): { items: T[]; next?: string } {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  return found.length > limit && last ? { items, next: last.id } : { items }
}

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

/** What stands for a secret that was shown once; never anything of the secret. */
export const secretSummary = {
  id,
  name,
  hint: Type.String(),
  state: Type.Enum(['live', 'expired', 'revoked']),
  createdAt: instant,
  expiresAt: Type.Optional(instant),
  lastUsedAt: Type.Optional(instant),
  revokedAt: Type.Optional(instant),
}

/** Of the audit. */
export const event = {
  id: Type.String(),
  at: instant,
  directory: Type.Optional(Type.String()),
  actor: Type.String(),
  requestId: Type.Optional(Type.String()),
  action: Type.String(),
  resourceType: Type.String(),
  resourceId: Type.String(),
  detail: anything,
}

export const pageQuery = {
  after: Type.Optional(Type.String({ maxLength: 100, description: 'The `next` of the page before.' })),
  limit: Type.Integer({ minimum: 1, maximum: 500, default: 100 }),
}

/** A page of events: of a directory, from an instant on, before another one. */
export const eventsQuery = {
  ...pageQuery,
  after: Type.Optional(
    Type.String({ pattern: '^\\d{1,18}$', description: 'The `next` of the page before.' }),
  ),
  directory: Type.Optional(Type.String()),
  since: Type.Optional(instant),
  until: Type.Optional(instant),
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

import type { SisenseState } from './state/state.ts'

/** A refusal in Sisense's form; thrown by the routes. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly code: number
  constructor(status: number, code: number, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export const noSuchUser = () => new Refusal(404, 2001, 'User not found')
export const notAdmin = () => new Refusal(403, 0, 'Access denied: insufficient permissions')

export function bodyOf({ code, message, status }: Refusal): object {
  const httpMessage = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found' }[status]
  return { error: { ...(code === 0 ? {} : { code }), message, status, ...(httpMessage && { httpMessage }) } }
}

const objectId = /^[0-9a-f]{24}$/

/** v1 takes nothing but the internal id. */
export function demandId(id: string): string {
  if (!objectId.test(id)) throw new Refusal(422, 601, 'Invalid ObjectID')
  return id
}

export interface Paging {
  readonly skip?: string
  readonly limit?: string
}

/** A bare array. Without `limit` everything in `current`, 50 in the guide. */
export function page<T>(
  { toggles, profile }: SisenseState,
  items: readonly T[],
  query: Paging,
): readonly T[] {
  if (toggles.paging === 'ignored') return items
  const skip = Number(query.skip ?? 0)
  const limit = Number(query.limit ?? (profile === 'guide' ? 50 : Number.POSITIVE_INFINITY))
  if (!(skip >= 0) || !(limit >= 1)) throw new Refusal(422, 601, 'skip or limit out of range')
  return items.slice(skip, skip + Math.min(limit, toggles.pageCap))
}

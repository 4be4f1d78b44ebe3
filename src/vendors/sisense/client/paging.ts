import Type, { type Static, type TSchema } from 'typebox'
import type { Call, Requester } from '../../kit/http.ts'
import { failure } from '../errors.ts'

/** Asked of every page; nothing says how many an instance really gives. */
export const pageSize = 200

interface Item {
  readonly _id: string
}

/**
 * Follows `skip` until a page comes empty: an instance may give fewer than asked for, so a short page is not the last
 * one. More than asked for, or nothing new on a page that is not full, is an instance that gives all at once.
 */
export async function* everyPage<S extends TSchema>(
  send: Requester,
  call: Call,
  item: S,
): AsyncGenerator<readonly (Static<S> & Item)[]> {
  const schema = Type.Array(item)
  const seen = new Set<string>()
  for (let skip = 0; ;) {
    const reply = await send({ ...call, query: { ...call.query, skip, limit: pageSize } }, schema)
    // Every item that is listed here has an `_id`.
    const page = reply.body as readonly (Static<S> & Item)[]
    const fresh = page.filter(({ _id }) => !seen.has(_id))
    if (page.length === 0) return
    if (fresh.length === 0) {
      if (page.length < pageSize) return
      const details = { pathClass: call.pathClass, certainlyNotDone: true }
      throw failure('unexpected', call.operation, 'the listing goes round in circles', details)
    }
    for (const { _id } of fresh) seen.add(_id)
    yield fresh
    if (page.length > pageSize) return
    skip += page.length
  }
}

export async function everything<T>(pages: AsyncIterable<readonly T[]>): Promise<readonly T[]> {
  const all: T[] = []
  for await (const page of pages) all.push(...page)
  return all
}

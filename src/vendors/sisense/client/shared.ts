import type { Receipt } from '../../contract.ts'
import { type Call, type Reply, type Requester, segment } from '../../kit/http.ts'
import { failure, isMissingRoute } from '../errors.ts'
import { needs, type Requests } from '../requests.ts'
import { type Role, Roles, User } from '../wire.ts'
import type { UserChange, UserDraft } from './client.ts'

type Bare = Omit<Call, 'pathClass' | 'needs'>

/** Nothing is published about limits; reads and writes are kept apart so that a flood of reads pauses no write. */
export function reads(call: Omit<Bare, 'method'>): Call {
  return { ...call, method: 'GET', pathClass: 'read', needs }
}

export function writes(call: Bare): Call {
  return { ...call, pathClass: 'write', needs }
}

/** Ids are the instance's own: 24 hexadecimal digits. A user name in their place would reach somebody on other routes. */
const objectId = /^[0-9a-f]{24}$/i

export function idSegment(operation: string, id: string): string {
  return segment(checkedId(operation, id))
}

export function checkedId(operation: string, id: string): string {
  if (objectId.test(id)) return id
  throw failure('invalid', operation, `${JSON.stringify(id.slice(0, 60))} is not an id of Sisense`, {
    certainlyNotDone: true,
  })
}

/** Calls on one user that both profiles make alike, below a base that the profile finds. */
export function userCalls(requests: Requests, base: (operation: string) => Promise<string>) {
  const pathOf = async (operation: string, id: string) => {
    const last = idSegment(operation, id)
    return `${await base(operation)}/users/${last}`
  }
  return {
    async user(operation: string, id: string): Promise<User> {
      return (await requests.user(reads({ operation, path: await pathOf(operation, id) }), User)).body
    },

    async change(operation: string, id: string, body: object): Promise<Receipt> {
      await requests.change(writes({ operation, method: 'PATCH', path: await pathOf(operation, id), body }))
      return {}
    },

    async remove(id: string): Promise<Receipt> {
      const path = await pathOf('remove', id)
      await requests.change(writes({ operation: 'remove', method: 'DELETE', path }))
      return {}
    },
  }
}

/** The fields that go out; what is undefined is left out. */
export function bodyOf<D extends UserDraft | UserChange>(
  { locale, ...fields }: D,
  preferences: (locale: string) => object,
): object {
  return { ...fields, ...(locale === undefined ? {} : { preferences: preferences(locale) }) }
}

/** Sources put the roles at two addresses: the profile's own is tried first, and the one that answers is kept. */
export function rolesReader(
  send: Requester,
  paths: (operation: string) => Promise<readonly [string, string]>,
) {
  let other = false
  return async (operation: string): Promise<readonly Role[]> => {
    const [first, second] = await paths(operation)
    const at = (path: string) => send(reads({ operation, path }), Roles)
    if (other) return (await at(second)).body
    try {
      return (await at(first)).body
    } catch (error) {
      if (!isMissingRoute(error)) throw error
      const { body } = await at(second)
      other = true
      return body
    }
  }
}

/** Undefined when the path is not there. */
export async function ifThere<R>(call: Promise<Reply<R>>): Promise<R | undefined> {
  return call.then(
    ({ body }) => body,
    (error: unknown) => {
      if (isMissingRoute(error)) return undefined
      throw error
    },
  )
}

import { randomInt } from 'node:crypto'
import type { Static, TSchema } from 'typebox'
import { ignoring } from '../../model/errors.ts'
import type { Receipt } from '../contract.ts'
import { type Call, type Reply, type Requester, segment } from '../kit/http.ts'
import { guardListing } from '../kit/paginate.ts'
import { failure, isMissingRoute } from './errors.ts'
import { needs, type Requests } from './requests.ts'
import { entriesOf, Group, Groups, listed, type LoggedIn, type Role, Roles, User } from './wire.ts'
import { People, Rows } from '../kit/shape.ts'

const kinds = [
  'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  'abcdefghijklmnopqrstuvwxyz',
  '0123456789',
  '!#$%*+-.:=?@_~',
] as const
const every = kinds.join('')
const length = 32

/** A password that nobody knows: 32 random characters, some of every kind. Never kept, never logged. */
export function newPassword(): string {
  const characters = [...kinds, ...Array.from({ length: length - kinds.length }, () => every)].map(pick)
  return shuffled(characters).join('')
}

function pick(alphabet: string): string {
  return alphabet.charAt(randomInt(alphabet.length))
}

/** Fisher and Yates: the kinds that are sure must not stand in known places. */
function shuffled(characters: string[]): string[] {
  for (let at = characters.length - 1; at > 0; at -= 1) {
    const other = randomInt(at + 1)
    const [one = '', two = ''] = [characters[at], characters[other]]
    characters[at] = two
    characters[other] = one
  }
  return characters
}

export interface UserDraft {
  readonly userName: string
  readonly email: string
  readonly firstName?: string | undefined
  readonly lastName?: string | undefined
  readonly roleId: string
  readonly groups?: readonly string[] | undefined
  readonly locale?: string | undefined
}

/** Fields that are absent are left alone by the vendor. */
export interface UserChange {
  readonly userName?: string | undefined
  readonly email?: string | undefined
  readonly firstName?: string | undefined
  readonly lastName?: string | undefined
  readonly locale?: string | undefined
  readonly active?: boolean | undefined
  readonly roleId?: string | undefined
  /** The whole set. */
  readonly groups?: readonly string[] | undefined
}

export interface GroupKeeping {
  /** Groups whose name may be this one; every one whose name is, is among them. */
  groupsCalled(operation: string, name: string): Promise<readonly Group[]>
  /** Rejects with `conflict` when the name is taken. */
  createGroup(name: string): Promise<Group>
  /** Rejects with `not-found` when there is no such group. */
  renameGroup(id: string, name: string): Promise<Receipt>
  removeGroup(id: string): Promise<Receipt>
}

/** Users, roles and groups, whatever the API profile. `operation` names the call in logs and errors. */
export interface SisenseClient {
  /** One small read that only an instance of this profile answers in this form. */
  probe(): Promise<boolean>
  /** All users that the token sees, page by page, each once. */
  users(operation: string): AsyncGenerator<readonly User[]>
  /** Rejects with `not-found` when the vendor says that there is no such user. */
  user(operation: string, id: string): Promise<User>
  /** Users who may have this user name or e-mail address; everybody who has is among them. */
  candidates(operation: string, value: string): Promise<readonly User[]>
  /** Rejects with `conflict` when the name or the address is taken. Without a password, where one is needed, nobody knows it. */
  create(draft: UserDraft, password?: string): Promise<User>
  change(operation: string, id: string, change: UserChange): Promise<Receipt>
  remove(id: string): Promise<Receipt>
  roles(operation: string): Promise<readonly Role[]>
  groups(operation: string): Promise<readonly Group[]>
  /** Whose credentials these are, as far as the profile can tell. */
  whoami(operation: string): Promise<LoggedIn | undefined>
  /** One user joins or leaves one group, the others stay. Absent where only the whole set can be written. */
  join?(id: string, group: string): Promise<Receipt>
  leave?(id: string, group: string): Promise<Receipt>
  /** Present where groups themselves can be changed. */
  readonly keeping?: GroupKeeping
  /** Revokes every token of the user. */
  endSessions?(id: string): Promise<Receipt>
}

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
  const isOfPeople = (item as TSchema) === User
  const schema = listed(isOfPeople ? People(item) : Rows(item))
  const seen = new Set<string>()
  const guard = guardListing(send.vendor, call)
  for (let skip = 0; ;) {
    const reply = await send({ ...call, query: { ...call.query, skip, limit: pageSize } }, schema)
    // Every item that is listed here has an `_id`.
    const page = entriesOf(reply.body) as readonly (Static<S> & Item)[]
    const count = page.length + (reply.leftOut ?? 0)
    const fresh = page.filter(({ _id }) => !seen.has(_id))
    if (count === 0) return
    if (fresh.length === 0) {
      if (count < pageSize) return
      const details = { pathClass: call.pathClass, certainlyNotDone: true }
      throw failure('unexpected', call.operation, 'the listing goes round in circles', details)
    }
    for (const { _id } of fresh) seen.add(_id)
    yield fresh
    if (count > pageSize) return
    skip += count
    guard(reply, count, { skip })
  }
}

export async function everything<T>(pages: AsyncIterable<readonly T[]>): Promise<readonly T[]> {
  const all: T[] = []
  for await (const page of pages) all.push(...page)
  return all
}

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
    if (other) return entriesOf((await at(second)).body)
    try {
      return entriesOf((await at(first)).body)
    } catch (error) {
      if (!isMissingRoute(error)) throw error
      const { body } = await at(second)
      other = true
      return entriesOf(body)
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

/**
 * The API guide has no search, so the users are listed and remembered by user name and e-mail address. A hit is read
 * again by id; a miss counts only after a listing that began later than the question. Questions that come meanwhile
 * share one.
 */
export function loginIndex(
  users: (operation: string) => AsyncIterable<readonly User[]>,
  user: (operation: string, id: string) => Promise<User>,
): (operation: string, value: string) => Promise<readonly User[]> {
  let known = new Map<string, ReadonlySet<string>>()
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined

  async function listAll(operation: string): Promise<void> {
    const names = new Map<string, Set<string>>()
    for await (const page of users(operation)) {
      for (const { _id, userName, email } of page) {
        for (const name of [userName, email]) {
          if (!name) continue
          const ids = names.get(name.toLowerCase()) ?? new Set()
          names.set(name.toLowerCase(), ids.add(_id))
        }
      }
    }
    known = names
  }

  function start(operation: string): Promise<void> {
    const listing = listAll(operation).finally(() => {
      if (running === listing) running = undefined
    })
    running = listing
    return listing
  }

  /** A listing that begins from now on. */
  function fresh(operation: string): Promise<void> {
    if (!running) return start(operation)
    next ??= running
      .catch(() => undefined)
      .then(() => {
        next = undefined
        return start(operation)
      })
    return next
  }

  async function present(operation: string, name: string): Promise<readonly User[]> {
    const ids = [...(known.get(name) ?? [])]
    const found = await Promise.all(ids.map((id) => user(operation, id).catch(ignoring('not-found'))))
    return found.filter((each) => each !== undefined).filter((each) => isCalled(each, name))
  }

  return async (operation, value) => {
    const name = value.toLowerCase()
    const remembered = await present(operation, name)
    if (remembered.length > 0) return remembered
    await fresh(operation)
    return present(operation, name)
  }
}

export function isCalled({ userName, email }: User, name: string): boolean {
  return [userName, email].some((each) => each?.toLowerCase() === name.toLowerCase())
}

const v1 = 'api/v1'
const v09 = 'api'

/** Groups are made and removed by v1 and renamed by v0.9, whose answer is a write result. */
export function groupKeeping({ list, create, change }: Requests): GroupKeeping {
  return {
    async groupsCalled(operation, name) {
      const query = { name, skip: 0, limit: pageSize, sort: '_id' }
      return entriesOf((await list(reads({ operation, path: `${v1}/groups`, query }), Groups)).body)
    },

    async createGroup(name) {
      const call = { operation: 'createGroup', method: 'POST', path: `${v1}/groups`, body: { name } } as const
      return (await create(writes(call), Group)).body
    },

    async renameGroup(id, name) {
      const operation = 'renameGroup'
      const path = `${v09}/groups/${idSegment(operation, id)}`
      await change(writes({ operation, method: 'PUT', path, body: { name } }))
      return {}
    },

    async removeGroup(id) {
      const operation = 'removeGroup'
      const path = `${v1}/groups/${idSegment(operation, id)}`
      await change(writes({ operation, method: 'DELETE', path }))
      return {}
    },
  }
}

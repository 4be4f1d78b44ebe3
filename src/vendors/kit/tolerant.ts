import { AsyncLocalStorage } from 'node:async_hooks'
import type { Account, AccountSummary, Entitlement } from '../../model/account.ts'
import type { Attribute } from '../../model/capabilities.ts'
import { VendorError } from '../../model/errors.ts'
import type { Target } from '../contract.ts'
import type { SetAside } from './shape.ts'

/** What becomes of a person whose entry cannot be read. */
type Aside = (entry: SetAside) => void

interface Scope {
  readonly person: Aside
  /** A role, group or place could not be read. */
  readonly thing: () => void
}

const scope = new AsyncLocalStorage<Scope>()

/** Whoever reads at this moment says what becomes of an entry that cannot be read; undefined: nobody does. */
export const asideNow = (): Scope | undefined => scope.getStore()

const nobody: Aside = () => {}
const nothing = (): void => {}

/** A target whose lists go on past entries that cannot be read, and which proves nobody absent because of them. */
export interface TolerantTarget extends Target {
  /** `besides`: an account that must not be among what could not be read. */
  find(attribute: Attribute, value: string, besides?: string): Promise<readonly Account[]>
  /** `aside` is told of everybody who could not be read: a list with such an entry proves nobody missing. */
  list(aside?: Aside): AsyncIterable<AccountSummary>
  /** `unread` is told of each entry that could not be read: a catalogue with one proves nothing gone. */
  catalogue(unread?: () => void): Promise<readonly Entitlement[]>
}

/**
 * One entry of somebody else that cannot be read stops nothing; one that may be the very account that is looked for makes
 * `get` and `find` reject with `unexpected` instead of saying that there is no such account.
 */
export function tolerant(target: Target, vendor: string): TolerantTarget {
  const unread = (operation: string): VendorError =>
    new VendorError('unexpected', 'an entry that may be this account cannot be read', { vendor, operation })

  async function collecting<T>(work: () => Promise<T>): Promise<readonly [T, readonly SetAside[]]> {
    const entries: SetAside[] = []
    const result = await scope.run({ person: (entry) => void entries.push(entry), thing: nothing }, work)
    return [result, entries]
  }

  const wrapped = Object.create(target) as Record<string, unknown>
  for (const [name, method] of Object.entries(target)) {
    if (typeof method !== 'function' || name === 'examine') continue
    wrapped[name] = (...given: unknown[]) =>
      scope.run({ person: nobody, thing: nothing }, () => Reflect.apply(method, target, given))
  }
  return Object.assign(wrapped as unknown as TolerantTarget, {
    async get(id: string, known?: Account) {
      const [account, aside] = await collecting(() => target.get(id, known))
      if (!account && aside.some((each) => (each.id ?? id) === id)) throw unread('get')
      return account
    },
    async find(attribute: Attribute, value: string, besides?: string) {
      const [accounts, aside] = await collecting(() => target.find(attribute, value))
      const wanted = value.trim().toLowerCase()
      const hides = ({ id, login = wanted }: SetAside): boolean =>
        id === undefined ? login === wanted : id === besides
      if (accounts.length === 0 && aside.some(hides)) throw unread('find')
      return accounts
    },
    catalogue: (unread: () => void = nothing) =>
      scope.run({ person: nobody, thing: unread }, () => target.catalogue()),
    async *list(aside: Aside = nobody) {
      const listing = target.list()[Symbol.asyncIterator]()
      for (;;) {
        const next = await scope.run({ person: aside, thing: nothing }, () => listing.next())
        if (next.done) return
        yield next.value
      }
    },
  })
}

/** An answer came, and it is not what was asked for. */
const isUnreadable = (error: unknown): boolean =>
  error instanceof VendorError &&
  error.failure === 'unexpected' &&
  error.status !== undefined &&
  error.status >= 200 &&
  error.status < 300

const isGone = (error: unknown): boolean => error instanceof VendorError && error.failure === 'not-found'

/**
 * Reads people by their ids, at most so many in a call. Those that are gone are left out, and whoever spoils the answer for the
 * others is set aside: a call that is refused, or whose answer cannot be read, is halved until only they are missing. Rejects
 * where no half can be read: then it is not about one of them.
 */
export async function readTogether<T>(
  ids: readonly string[],
  most: number,
  read: (ids: readonly string[]) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  if (ids.length === 0) return []
  const middle = Math.ceil(ids.length / 2)
  const halves = [ids.slice(0, middle), ids.slice(middle)]
  if (ids.length > most) return inTurn(halves, most, read)
  try {
    return await read(ids)
  } catch (error) {
    if (isGone(error)) return ids.length === 1 ? [] : inTurn(halves, most, read)
    if (!isUnreadable(error) || ids.length === 1 || !scope.getStore()) throw error
    return apart(halves, most, read, error)
  }
}

async function inTurn<T>(
  parts: readonly (readonly string[])[],
  most: number,
  read: (ids: readonly string[]) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const found: T[] = []
  for (const part of parts) found.push(...(await readTogether(part, most, read)))
  return found
}

async function apart<T>(
  halves: readonly (readonly string[])[],
  most: number,
  read: (ids: readonly string[]) => Promise<readonly T[]>,
  whole: unknown,
): Promise<readonly T[]> {
  const found: T[] = []
  let unread = 0
  for (const half of halves) {
    try {
      found.push(...(await readTogether(half, most, read)))
    } catch (error) {
      if (!isUnreadable(error) || half.length > 1) throw error
      unread += 1
      if (unread === halves.length) throw whole
      const [id] = half
      scope.getStore()?.person({ id })
    }
  }
  return found
}

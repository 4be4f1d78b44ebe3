import { ignoring } from '../../../model/errors.ts'
import type { User } from '../wire.ts'

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

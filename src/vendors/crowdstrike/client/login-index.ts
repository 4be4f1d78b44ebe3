import type { FalconUser, FalconUsers } from './client.ts'
import { chunks } from './shared.ts'

type Reading = Pick<FalconUsers, 'userIds' | 'users' | 'idsPerRead'>

export interface LoginIndex {
  /** Ids of users whose login was this one when last read, letter case aside; reads what is new on a miss. */
  find(operation: string, login: string, afresh: boolean): Promise<readonly string[]>
  /** Keeps what a write has shown. */
  keep(user: Pick<FalconUser, 'id' | 'login'>): void
  forget(id: string): void
}

/** A login that somebody changed in Falcon is seen at the latest after this. */
const fullReadEveryMs = 10 * 60_000

/**
 * Logins by id, for the guide's API, which has no search. Filled on the first miss; later misses read the list of ids
 * and only the users that are new, so that a run of many creations does not read everybody again and again.
 */
export function loginIndex(client: Reading, now: () => number): LoginIndex {
  const logins = new Map<string, string>()
  let fullReadAt: number | undefined
  let reading: Promise<void> | undefined

  async function read(operation: string): Promise<void> {
    const gone = new Set(logins.keys())
    for await (const page of client.userIds(operation)) {
      const unknown = page.filter((id) => !gone.delete(id) && !logins.has(id))
      for (const batch of chunks(unknown, client.idsPerRead)) {
        for (const user of await client.users(operation, batch)) keep(user)
      }
    }
    for (const id of gone) logins.delete(id)
  }

  function keep({ id, login }: Pick<FalconUser, 'id' | 'login'>): void {
    logins.set(id, login.toLowerCase())
  }

  function refresh(operation: string, afresh: boolean): Promise<void> {
    if (afresh || fullReadAt === undefined || now() - fullReadAt > fullReadEveryMs) {
      logins.clear()
      fullReadAt = now()
    }
    return read(operation).catch((error: unknown) => {
      fullReadAt = undefined
      throw error
    })
  }

  function known(login: string): readonly string[] {
    return [...logins].filter(([, each]) => each === login).map(([id]) => id)
  }

  /** One reading at a time; whoever waited for another one first looks at what that brought. */
  async function find(operation: string, login: string, afresh: boolean): Promise<readonly string[]> {
    const found = afresh ? [] : known(login)
    if (found.length > 0) return found
    const other = reading
    if (other !== undefined) {
      await other.catch(() => undefined)
      return find(operation, login, afresh)
    }
    reading = refresh(operation, afresh).finally(() => {
      reading = undefined
    })
    await reading
    return known(login)
  }

  return {
    keep,
    forget: (id) => void logins.delete(id),
    find: (operation, login, afresh) => find(operation, login.toLowerCase(), afresh),
  }
}

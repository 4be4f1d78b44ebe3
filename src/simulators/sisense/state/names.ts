import type { SimUser } from '../model.ts'

/** Who has a name or an address, whatever its letter case: a large instance answers as fast as a small one. */
export function createNames(users: ReadonlyMap<string, SimUser>) {
  const ids = new Map<string, Set<string>>()
  return {
    /** To be told of each user that was added or changed. */
    keep({ _id, userName, email }: SimUser): void {
      for (const name of [userName, email].map((each) => each.toLowerCase())) {
        const holders = ids.get(name) ?? new Set()
        ids.set(name, holders.add(_id))
      }
    },

    holders(name: string): readonly SimUser[] {
      const folded = name.toLowerCase()
      return [...(ids.get(folded) ?? [])].flatMap((id) => {
        const user = users.get(id)
        // Whoever left, or has another name by now, is no holder.
        const isHolder = user && [user.userName, user.email].some((each) => each.toLowerCase() === folded)
        return isHolder ? [user] : []
      })
    },

    clear: (): void => ids.clear(),
  }
}

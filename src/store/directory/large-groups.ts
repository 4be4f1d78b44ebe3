/** Groups that lately had more members than are shown, by how many more. */
export interface Crowded {
  /** Whether the Group has more than `most` also after `removed` have gone, as far as this process knows. */
  holds(groupId: string, most: number, removed: number): boolean
  /** A Group was counted: so many more than `most`, or less. */
  counted(groupId: string, most: number, more: number): void
  /** A Group got so many more without counting, or less. */
  moved(groupId: string, more: number): void
}

/** So long a count is believed, in milliseconds: other processes take members out, too. */
const believedMs = 30_000
const mostKept = 10_000

/**
 * Counting a Group up to what is shown costs as much as changing it. One that was too large by more than what has gone
 * since is not counted again for a while; whether it is shown decides about an answer's form and nothing else.
 */
export function createCrowded(now: () => number = Date.now): Crowded {
  const groups = new Map<string, { readonly most: number; more: number; readonly until: number }>()
  return {
    holds(groupId, most, removed) {
      const known = groups.get(groupId)
      return known !== undefined && known.most === most && known.more > removed && known.until > now()
    },
    counted(groupId, most, more) {
      if (more <= 0) {
        groups.delete(groupId)
        return
      }
      if (groups.size >= mostKept) groups.clear()
      groups.set(groupId, { most, more, until: now() + believedMs })
    },
    moved(groupId, more) {
      const known = groups.get(groupId)
      if (known) known.more += more
    },
  }
}

import type { Beginning } from '../../model/work.ts'

/** Accounts that were claimed as they were made, until the run that they were claimed for asks for them. */
export interface Handover {
  /** `until`: when their leases end, in milliseconds since the epoch. */
  give(userId: string, beginning: Beginning, until: number): void
  /** Once; undefined also when their leases have ended. */
  take(userId: string): Beginning | undefined
  /** Another write comes: what was read is of the past. */
  drop(userId: string): void
}

export function createHandover(now: () => number = Date.now): Handover {
  const given = new Map<string, { readonly beginning: Beginning; readonly until: number }>()
  // In the order in which they came, and so in that in which they end.
  const forgetEnded = (): void => {
    for (const [userId, { until }] of given) {
      if (until > now()) return
      given.delete(userId)
    }
  }
  return {
    give(userId, beginning, until) {
      forgetEnded()
      given.set(userId, { beginning, until })
    },
    take(userId) {
      forgetEnded()
      const found = given.get(userId)
      given.delete(userId)
      return found?.beginning
    },
    drop: (userId) => void given.delete(userId),
  }
}

import type { Limit } from './kit.ts'

/** Tokens of limits that several processes share. */
export interface SharedBudget {
  /** Processes that share; one draws from nobody. */
  processes(): number
  /** At most `most` calls that may go out within `holdMs`; none: when some may. `urgent` may take what is kept for shut-outs. */
  draw(
    limit: Limit,
    most: number,
    urgent: boolean,
  ): Promise<{ readonly granted: number; readonly holdMs: number; readonly nextMs: number }>
}

interface Purse {
  tokens: number
  until: number
  drawing: Promise<number> | undefined
  /** Who waits, so that one draw serves all. */
  asking: number
}

/** A turn that the store is too slow for is given up after this. */
const minimumWaitMs = 5

/** Tokens as they were drawn, by limit and urgency; what is not used in time is lost. */
export function createPurses(budget: SharedBudget, now: () => number) {
  const purses = new Map<string, Purse>()

  /** One token: 0 once it is there, else the milliseconds after which to ask again. */
  async function take(limit: Limit, urgent: boolean): Promise<number> {
    const key = `${urgent} ${limit.key}`
    const purse = purses.get(key) ?? { tokens: 0, until: 0, drawing: undefined, asking: 0 }
    purses.set(key, purse)
    purse.asking += 1
    try {
      for (;;) {
        if (purse.tokens > 0 && now() < purse.until) {
          purse.tokens -= 1
          return 0
        }
        purse.drawing ??= draw(purse, limit, urgent).finally(() => (purse.drawing = undefined))
        const nextMs = await purse.drawing
        if (nextMs > 0) return nextMs
      }
    } finally {
      purse.asking -= 1
    }
  }

  async function draw(purse: Purse, limit: Limit, urgent: boolean): Promise<number> {
    const asked = now()
    const { granted, holdMs, nextMs } = await budget.draw(limit, purse.asking, urgent)
    if (granted === 0) return Math.max(minimumWaitMs, nextMs)
    purse.tokens = granted
    // Counted from before the question: the store's clock began to run somewhere in between.
    purse.until = Math.max(asked + holdMs, now() + minimumWaitMs)
    return 0
  }

  return { take }
}

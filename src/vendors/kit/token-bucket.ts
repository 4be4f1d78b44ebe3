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

interface TokenBucket {
  tokens: number
  until: number
  drawing: Promise<number> | undefined
  /** Who waits, so that one draw serves all. */
  asking: number
  /** Of the last draw: how many it brought, and when. */
  granted: number
  drawnAt: number
}

/** A turn that the store is too slow for is given up after this. */
const minimumWaitMs = 5

/** Tokens as they were drawn, by limit and urgency; what is not used in time is lost. */
export function createTokenBuckets(budget: SharedBudget, now: () => number) {
  const buckets = new Map<string, TokenBucket>()

  /** One token: 0 once it is there, else the milliseconds after which to ask again. */
  async function take(limit: Limit, urgent: boolean): Promise<number> {
    const key = `${urgent} ${limit.key}`
    const bucket = buckets.get(key) ?? {
      ...{ tokens: 0, until: 0, drawing: undefined, asking: 0 },
      ...{ granted: 0, drawnAt: 0 },
    }
    buckets.set(key, bucket)
    bucket.asking += 1
    try {
      for (;;) {
        if (bucket.tokens > 0 && now() < bucket.until) {
          bucket.tokens -= 1
          return 0
        }
        bucket.drawing ??= draw(bucket, limit, urgent).finally(() => (bucket.drawing = undefined))
        const nextMs = await bucket.drawing
        if (nextMs > 0) return nextMs
      }
    } finally {
      bucket.asking -= 1
    }
  }

  async function draw(bucket: TokenBucket, limit: Limit, urgent: boolean): Promise<number> {
    const asked = now()
    // What is kept for shut-outs is never drawn on suspicion.
    const wish = urgent ? bucket.asking : Math.max(bucket.asking, expected(bucket, asked))
    const { granted, holdMs, nextMs } = await budget.draw(limit, wish, urgent)
    if (granted === 0) return Math.max(minimumWaitMs, nextMs)
    bucket.tokens = granted
    bucket.granted = granted
    bucket.drawnAt = asked
    // Counted from before the question: the store's clock began to run somewhere in between.
    bucket.until = Math.max(asked + holdMs, now() + minimumWaitMs)
    return 0
  }

  return { take }
}

/**
 * As many as went out in the time of the last draw, twice as many where those were gone in half of it: a question for each
 * call would have all processes wait for one row of the store. After a quiet time nothing is expected.
 */
function expected({ granted, tokens, drawnAt, until }: TokenBucket, at: number): number {
  const heldMs = until - drawnAt
  if (at > until + heldMs) return 0
  return tokens === 0 && at < drawnAt + heldMs / 2 ? granted * 2 : granted - tokens
}

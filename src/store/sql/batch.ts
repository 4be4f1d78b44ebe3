import { StoreUnavailable } from './failures.ts'

const mostTogether = 32

interface Asked<A, R> {
  readonly what: A
  resolve(result: R): void
  reject(error: unknown): void
}

/**
 * What is asked for in one turn of the event loop is done together: a round trip and a commit cost more than what most
 * statements do. `all` gives an answer for each, or does nothing and rejects; then each is done by itself, so that nobody
 * hears of another's failure. A store that cannot be reached may have done it: that is told as it is.
 */
export function gathered<A, R>(
  all: (asked: readonly A[]) => Promise<readonly (R | Error)[]>,
): (what: A) => Promise<R> {
  async function run(asked: readonly Asked<A, R>[]): Promise<void> {
    try {
      const results = await all(asked.map(({ what }) => what))
      asked.forEach(({ resolve, reject }, at) => {
        const result = results[at]!
        if (result instanceof Error) reject(result)
        else resolve(result)
      })
    } catch (error) {
      if (asked.length > 1 && !(error instanceof StoreUnavailable))
        await Promise.all(asked.map((each) => run([each])))
      else for (const { reject } of asked) reject(error)
    }
  }

  const ask = byTurn<Asked<A, R>>(mostTogether, (asked) => void run(asked))
  return (what) => new Promise((resolve, reject) => ask({ what, resolve, reject }))
}

/** Hands on what is given in one turn of the event loop together, in its order, at most so many at a time. */
export function byTurn<A>(most: number, handOn: (all: readonly A[]) => void): (given: A) => void {
  let waiting: A[] = []
  const send = (): void => {
    const all = waiting
    waiting = []
    for (let at = 0; at < all.length; at += most) handOn(all.slice(at, at + most))
  }
  return (given) => {
    if (waiting.length === 0) setImmediate(send)
    waiting.push(given)
  }
}

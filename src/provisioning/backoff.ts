const firstMs = 1_000

/** The longest of the short ones. */
export const shortCapMs = 15_000

const shortTries = 10

const longMs = 5 * 60_000

/** A failed shut-out is tried again this often until it is proven. */
export const shutOutRetryMs = 60 * 60_000

/** So that many accounts do not come back at once. */
const jitter = 0.2

const baseMs = (attempts: number): number =>
  attempts > shortTries ? longMs : Math.min(shortCapMs, firstMs * 2 ** Math.max(0, attempts - 1))

/**
 * Milliseconds until the next try after `attempts` failed ones: 1 s, doubled, at most 15 s for the first ten, then
 * 5 minutes; ±20 %.
 */
export function backoffMs(attempts: number, random: () => number = Math.random): number {
  return Math.round(baseMs(attempts) * (1 - jitter + 2 * jitter * random()))
}

/**
 * How many tries have failed when another one has. One that a request brought forward, while the wait after the last was
 * on, does not count: an identity provider that asks again and again would use the short waits up within seconds.
 */
export function triesAfter({ attempts, settledMsAgo }: Tried): number {
  const isEarly = attempts > 0 && settledMsAgo !== undefined && settledMsAgo < baseMs(attempts) * (1 - jitter)
  return isEarly ? attempts : attempts + 1
}

export interface Tried {
  readonly attempts: number
  /** Since the last try ended. */
  readonly settledMsAgo?: number
}

const firstMs = 1_000
const shortestCapMs = 15_000
const shortTries = 10
const longMs = 5 * 60_000

/** A failed shut-out is tried again this often until it is proven. */
export const shutOutRetryMs = 60 * 60_000

/**
 * Milliseconds until the next try after `attempts` failed ones: 1 s, doubled, at most 15 s for the first ten, then
 * 5 minutes; ±20 % so that many accounts do not come back at once.
 */
export function backoffMs(attempts: number, random: () => number = Math.random): number {
  const base =
    attempts > shortTries ? longMs : Math.min(shortestCapMs, firstMs * 2 ** Math.max(0, attempts - 1))
  return Math.round(base * (0.8 + 0.4 * random()))
}

import type { Shares } from '../model/work.ts'

/** A run as long as this one holds a place that others could use. */
const slowAfterMs = 10_000
/** Its connection is taken for slow so long after the last of them. */
const slowForMs = 60_000

/** The places of a loop, and which connections hold them. */
export interface Places {
  free(): number
  /** What a claim keeps to. */
  shares(): Shares
  /** A run begins; gives what ends it. */
  take(connectionId: string): () => void
}

/**
 * A connection holds half of the places at most, an eighth while its runs take long, and a directory three quarters: a
 * vendor that does not answer takes its own places and nobody else's. A quarter is for shut-outs and revokes alone.
 */
export function createPlaces(all: () => number, now: () => number = () => performance.now()): Places {
  const held = new Map<string, Set<{ readonly since: number }>>()
  const slowUntil = new Map<string, number>()
  let taken = 0

  const isSlow = (connectionId: string): boolean => {
    const runs = held.get(connectionId)
    const oldest = runs?.values().next().value
    if (oldest && now() - oldest.since > slowAfterMs) return true
    const until = slowUntil.get(connectionId)
    if (until === undefined) return false
    if (until > now()) return true
    slowUntil.delete(connectionId)
    return false
  }

  return {
    free: () => all() - taken,
    shares() {
      const places = all()
      const part = (share: number): number => Math.max(1, Math.floor(places * share))
      const ids = new Set([...held.keys(), ...slowUntil.keys()])
      return {
        connections: [...ids].map((id) => ({
          id,
          holds: held.get(id)?.size ?? 0,
          most: part(isSlow(id) ? 1 / 8 : 1 / 2),
        })),
        mostOfConnection: part(1 / 2),
        mostOfDirectory: part(3 / 4),
        unhurried: part(3 / 4) - taken,
      }
    },
    take(connectionId) {
      const run = { since: now() }
      const runs = held.get(connectionId) ?? new Set()
      held.set(connectionId, runs.add(run))
      taken += 1
      return () => {
        taken -= 1
        runs.delete(run)
        if (runs.size === 0) held.delete(connectionId)
        if (now() - run.since > slowAfterMs) slowUntil.set(connectionId, now() + slowForMs)
      }
    },
  }
}

import type { Limit } from './kit.ts'

/** Kept for shut-outs, of whatever is used. */
const reserve = 0.1
export const shutOut = 0

/**
 * What counts under one limit. The vendor may count a call at any moment between its sending and its answer, so it counts
 * here while it is out, and for the length of the window afterwards.
 */
interface Lane {
  /** Instants of answers, oldest first. */
  ended: number[]
  running: number
}

export interface Lanes {
  isFree(limit: Limit, priority: number): boolean
  /** Milliseconds until so many more than now could go out, as far as can be told. */
  untilFree(limit: Limit, priority: number, ahead: number): number
  /** When the window lets the next one go; undefined while only those that are out can. */
  nextEnd(limit: Limit): number | undefined
  /** Counts a call under each of these limits; gives what ends it, or takes it back when it was never made. */
  take(limits: readonly Limit[]): (uncounted?: 'uncounted') => void
}

/** The limits of one process, by key. */
export function createLanes(now: () => number): Lanes {
  const lanes = new Map<string, Lane>()

  function laneOf({ key, perMs }: Limit): Lane {
    const lane = lanes.get(key) ?? { ended: [], running: 0 }
    lanes.set(key, lane)
    const since = now() - perMs
    if ((lane.ended[0] ?? since + 1) <= since) lane.ended = lane.ended.filter((at) => at > since)
    return lane
  }

  return {
    isFree(limit, priority) {
      const { ended, running } = laneOf(limit)
      const room = open(limit.requests, priority) - running - ended.length
      return room > 0 && running < open(limit.concurrent, priority)
    },

    untilFree(limit, priority, ahead) {
      const { ended, running } = laneOf(limit)
      const most = open(limit.requests, priority)
      const turn = ended.length + running + ahead - most
      if (turn < 0) return 0
      const round = Math.floor(turn / most) + 1
      return (ended[turn % most] ?? now()) + round * limit.perMs - now()
    },

    nextEnd(limit) {
      const [first] = laneOf(limit).ended
      return first === undefined ? undefined : first + limit.perMs
    },

    take(limits) {
      const held = limits.map(laneOf)
      for (const lane of held) lane.running += 1
      return (uncounted) => {
        for (const lane of held) {
          lane.running -= 1
          if (!uncounted) lane.ended.push(now())
        }
      }
    },
  }
}

/** What of a figure is open to a priority. */
function open(figure: number | undefined, priority: number): number {
  if (figure === undefined) return Number.POSITIVE_INFINITY
  return priority <= shutOut || figure < 2 ? figure : figure - Math.max(1, Math.round(figure * reserve))
}

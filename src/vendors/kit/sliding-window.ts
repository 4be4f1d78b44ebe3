import type { Limit } from './kit.ts'

/** Kept for shut-outs, of whatever is used. */
const reserve = 0.1
export const shutOut = 0

/**
 * What counts under one limit. The vendor may count a call at any moment between its sending and its answer, so it counts
 * here while it is out, and for the length of the window afterwards.
 */
interface Window {
  /** Instants of answers, oldest first. */
  ended: number[]
  running: number
}

interface SlidingWindows {
  isFree(limit: Limit, priority: number): boolean
  /** Milliseconds until so many more than now could go out, as far as can be told. */
  untilFree(limit: Limit, priority: number, ahead: number): number
  /** When the window lets the next one go; undefined while only those that are out can. */
  nextEnd(limit: Limit): number | undefined
  /** Counts a call under each of these limits; gives what ends it, or takes it back when it was never made. */
  take(limits: readonly Limit[]): (uncounted?: 'uncounted') => void
}

/** The limits of one process, by key. */
export function createSlidingWindows(now: () => number): SlidingWindows {
  const windows = new Map<string, Window>()

  function windowOf({ key, perMs }: Limit): Window {
    const window = windows.get(key) ?? { ended: [], running: 0 }
    windows.set(key, window)
    const since = now() - perMs
    if ((window.ended[0] ?? since + 1) <= since) window.ended = window.ended.filter((at) => at > since)
    return window
  }

  return {
    isFree(limit, priority) {
      const { ended, running } = windowOf(limit)
      const room = open(limit.requests, priority) - running - ended.length
      return room > 0 && running < open(limit.concurrent, priority)
    },

    untilFree(limit, priority, ahead) {
      const { ended, running } = windowOf(limit)
      const most = open(limit.requests, priority)
      const turn = ended.length + running + ahead - most
      if (turn < 0) return 0
      const round = Math.floor(turn / most) + 1
      return (ended[turn % most] ?? now()) + round * limit.perMs - now()
    },

    nextEnd(limit) {
      const [first] = windowOf(limit).ended
      return first === undefined ? undefined : first + limit.perMs
    },

    take(limits) {
      const held = limits.map(windowOf)
      for (const window of held) window.running += 1
      return (uncounted) => {
        for (const window of held) {
          window.running -= 1
          if (!uncounted) window.ended.push(now())
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

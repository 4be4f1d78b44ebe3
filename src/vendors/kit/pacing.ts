import { AsyncLocalStorage } from 'node:async_hooks'
import type { ConnectionPace, Limit, Pacing } from './kit.ts'

/** No call waits longer for its turn: a lease must outlive the wait and the write that follows it. */
const longestMs = 2_500
/** Share of a published limit that is used unless a connection says otherwise, in percent. */
export const usualPercent = 90
/** Kept for shut-outs, of whatever is used. */
const reserve = 0.1
const shutOut = 0
/** Of calls that belong to no run. */
const usualPriority = 2

/** The limit that is kept of a published one. At least one request and one at a time. */
export function shareOf(limit: Limit, percent = usualPercent): Limit {
  const part = (figure: number): number => Math.max(1, Math.floor((figure * percent) / 100))
  const { concurrent } = limit
  return {
    ...limit,
    requests: part(limit.requests),
    ...(concurrent === undefined ? {} : { concurrent: part(concurrent) }),
  }
}

interface Context {
  readonly priority: number
  readonly paused: Map<string, number>
}

/**
 * What counts under one limit. The vendor may count a call at any moment between its sending and its answer, so it counts
 * here while it is out, and for the length of the window afterwards.
 */
interface Lane {
  /** Instants of answers, oldest first. */
  ended: number[]
  running: number
}

interface Waiting {
  readonly priority: number
  readonly limits: readonly Limit[]
  readonly admit: () => void
}

/**
 * Keeps published rate limits within this process: in no window do more calls go out than the limit allows, the most
 * urgent first, a tenth kept for shut-outs. Whoever would wait more than a few seconds is sent away with the time.
 */
export function createPacing(now: () => number = () => performance.now()): Pacing {
  const contexts = new AsyncLocalStorage<Context>()
  const lanes = new Map<string, Lane>()
  const waiting: Waiting[] = []
  let alarm: NodeJS.Timeout | undefined

  function laneOf({ key, perMs }: Limit): Lane {
    const lane = lanes.get(key) ?? { ended: [], running: 0 }
    lanes.set(key, lane)
    const since = now() - perMs
    if ((lane.ended[0] ?? since + 1) <= since) lane.ended = lane.ended.filter((at) => at > since)
    return lane
  }

  const isFree = (limit: Limit, priority: number): boolean => {
    const { ended, running } = laneOf(limit)
    const room = open(limit.requests, priority) - running - ended.length
    return room > 0 && running < open(limit.concurrent, priority)
  }

  /** Milliseconds until there is room in the window, as far as can be told now. */
  function untilFree(limit: Limit, priority: number): number {
    const { ended, running } = laneOf(limit)
    const most = open(limit.requests, priority)
    const ahead = waiting.filter((each) => each.priority <= priority && shares(each, limit)).length
    const turn = ended.length + running + ahead - most
    if (turn < 0) return 0
    const round = Math.floor(turn / most) + 1
    return (ended[turn % most] ?? now()) + round * limit.perMs - now()
  }

  function take(limits: readonly Limit[]): () => void {
    const held = limits.map(laneOf)
    for (const lane of held) lane.running += 1
    return () => {
      for (const lane of held) {
        lane.running -= 1
        lane.ended.push(now())
      }
      serve()
    }
  }

  function serve(): void {
    for (const each of [...waiting].sort((a, b) => a.priority - b.priority)) {
      if (each.limits.every((limit) => isFree(limit, each.priority))) each.admit()
    }
    clearTimeout(alarm)
    const ends = waiting
      .flatMap(({ limits }) => limits)
      .flatMap((limit) =>
        laneOf(limit)
          .ended.slice(0, 1)
          .map((first) => first + limit.perMs),
      )
    if (ends.length === 0) return
    alarm = setTimeout(serve, Math.max(1, Math.ceil(Math.min(...ends) - now()))).unref()
  }

  function queue(priority: number, limits: readonly Limit[]): Promise<(() => void) | number> {
    return new Promise((resolve) => {
      const end = (answer: (() => void) | number): void => {
        waiting.splice(waiting.indexOf(entry), 1)
        clearTimeout(patience)
        resolve(answer)
      }
      const entry: Waiting = { priority, limits, admit: () => end(take(limits)) }
      waiting.push(entry)
      const patience = setTimeout(() => end(longestMs), longestMs)
    })
  }

  return {
    connection: () => paceOf(contexts, now),

    pause(pathClass, waitMs) {
      const paused = contexts.getStore()?.paused
      if (paused) hold(paused, pathClass, now() + waitMs)
    },

    async turn(pathClass, limits) {
      const { priority = usualPriority, paused } = contexts.getStore() ?? {}
      const quietMs = (paused?.get(pathClass) ?? 0) - now()
      if (quietMs > 0) return Math.ceil(quietMs)
      const [first] = waiting
      if (!first && limits.every((limit) => isFree(limit, priority))) return take(limits)
      const dueMs = Math.max(0, ...limits.map((limit) => untilFree(limit, priority)))
      if (dueMs > longestMs) return Math.ceil(dueMs)
      const turn = queue(priority, limits)
      serve()
      return turn
    },
  }
}

function paceOf(contexts: AsyncLocalStorage<Context>, now: () => number): ConnectionPace {
  const paused = new Map<string, number>()
  return {
    during: (priority, work) => contexts.run({ priority, paused }, work),
    pause: (pathClass, waitMs) => hold(paused, pathClass, now() + waitMs),
  }
}

function hold(paused: Map<string, number>, pathClass: string, until: number): void {
  paused.set(pathClass, Math.max(paused.get(pathClass) ?? 0, until))
}

/** What of a figure is open to a priority. */
function open(figure: number | undefined, priority: number): number {
  if (figure === undefined) return Number.POSITIVE_INFINITY
  return priority <= shutOut || figure < 2 ? figure : figure - Math.max(1, Math.round(figure * reserve))
}

function shares({ limits }: Waiting, { key }: Limit): boolean {
  return limits.some((each) => each.key === key)
}

import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import type { ConnectionPace, Limit, Pacing } from './kit.ts'
import { createSlidingWindows, shutOut } from './sliding-window.ts'
import { createTokenBuckets, type SharedBudget } from './token-bucket.ts'

/** No call waits longer for its turn: a lease must outlive the wait and the write that follows it. */
const longestMs = 2_500
/** Share of a published limit that is used unless a connection says otherwise, in percent. */
const usualPercent = 90
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
  readonly patient?: 'patient' | undefined
}

interface Waiting {
  readonly priority: number
  readonly limits: readonly Limit[]
  readonly admit: () => void
}

/**
 * Keeps published rate limits within this process: in no window do more calls go out than the limit allows, the most
 * urgent first, a tenth kept for shut-outs. Whoever would wait more than a few seconds is sent away with the time. With
 * `budget` the limits hold over all processes: calls at once are divided, and each call needs a token of the store's.
 */
export function createPacing(now: () => number = () => performance.now(), budget?: SharedBudget): Pacing {
  const contexts = new AsyncLocalStorage<Context>()
  const line = createLine(now)
  const inSum = budget && sharing(budget, line, now)
  return {
    connection: () => paceOf(contexts, now),
    priority: () => contexts.getStore()?.priority ?? usualPriority,

    pause(pathClass, waitMs) {
      const paused = contexts.getStore()?.paused
      if (paused) hold(paused, pathClass, now() + waitMs)
    },

    async turn(pathClass, limits) {
      const { priority = usualPriority, paused, patient } = contexts.getStore() ?? {}
      for (;;) {
        const quietMs = (paused?.get(pathClass) ?? 0) - now()
        const shared = inSum && budget.processes() > 1 ? inSum : line
        const turn = quietMs > 0 ? Math.ceil(quietMs) : await shared(priority, limits)
        if (typeof turn !== 'number' || !patient) return turn
        await delay(turn, undefined, { ref: false })
      }
    },
  }
}

type Turn = ((uncounted?: 'uncounted') => void) | number
type Line = (priority: number, limits: readonly Limit[]) => Promise<Turn>

/** A turn of this process, and then a token of each limit. Whoever cannot get one in time is sent away. */
function sharing(budget: SharedBudget, line: Line, now: () => number): Line {
  const buckets = createTokenBuckets(budget, now)

  async function tokens(priority: number, limits: readonly Limit[], deadline: number): Promise<number> {
    for (const limit of limits) {
      for (;;) {
        const waitMs = await buckets.take(limit, priority <= shutOut)
        if (waitMs === 0) break
        if (now() + waitMs > deadline) return waitMs
        await delay(waitMs, undefined, { ref: false })
      }
    }
    return 0
  }

  return async (priority, limits) => {
    const deadline = now() + longestMs
    const turn = await line(
      priority,
      limits.map((limit) => divided(limit, budget.processes())),
    )
    if (typeof turn === 'number') return turn
    try {
      const waitMs = await tokens(priority, limits, deadline)
      if (waitMs === 0) return turn
      turn('uncounted')
      return waitMs
    } catch (error) {
      turn('uncounted')
      throw error
    }
  }
}

function divided(limit: Limit, processes: number): Limit {
  const { concurrent } = limit
  return concurrent === undefined
    ? limit
    : { ...limit, concurrent: Math.max(1, Math.floor(concurrent / processes)) }
}

/** Whoever asks gets a turn, now or a little later, or the milliseconds after which to come back. */
function createLine(now: () => number): Line {
  const windows = createSlidingWindows(now)
  const waiting: Waiting[] = []
  let alarm: NodeJS.Timeout | undefined

  function take(limits: readonly Limit[]): Exclude<Turn, number> {
    const end = windows.take(limits)
    return (uncounted) => {
      end(uncounted)
      serve()
    }
  }

  function serve(): void {
    for (const { limits, priority, admit } of [...waiting].sort((a, b) => a.priority - b.priority)) {
      if (limits.every((limit) => windows.isFree(limit, priority))) admit()
    }
    clearTimeout(alarm)
    const ends = waiting.flatMap(({ limits }) => limits.flatMap((limit) => windows.nextEnd(limit) ?? []))
    if (ends.length === 0) return
    alarm = setTimeout(serve, Math.max(1, Math.ceil(Math.min(...ends) - now()))).unref()
  }

  function queue(priority: number, limits: readonly Limit[]): Promise<Turn> {
    return new Promise((resolve) => {
      const end = (turn: Turn): void => {
        waiting.splice(waiting.indexOf(entry), 1)
        clearTimeout(patience)
        resolve(turn)
      }
      const entry: Waiting = { priority, limits, admit: () => end(take(limits)) }
      const patience = setTimeout(() => end(longestMs), longestMs)
      waiting.push(entry)
      serve()
    })
  }

  return async (priority, limits) => {
    if (waiting.length === 0 && limits.every((limit) => windows.isFree(limit, priority))) return take(limits)
    const before = waiting.filter((each) => each.priority <= priority)
    const waits = limits.map((limit) => {
      const ahead = before.filter((each) => each.limits.some(({ key }) => key === limit.key)).length
      return windows.untilFree(limit, priority, ahead)
    })
    const dueMs = Math.max(0, ...waits)
    return dueMs > longestMs ? Math.ceil(dueMs) : queue(priority, limits)
  }
}

function paceOf(contexts: AsyncLocalStorage<Context>, now: () => number): ConnectionPace {
  const paused = new Map<string, number>()
  return {
    during: (priority, work, patient) => contexts.run({ priority, paused, patient }, work),
    pause: (pathClass, waitMs) => hold(paused, pathClass, now() + waitMs),
  }
}

function hold(paused: Map<string, number>, pathClass: string, until: number): void {
  paused.set(pathClass, Math.max(paused.get(pathClass) ?? 0, until))
}

import { setTimeout as delay } from 'node:timers/promises'

/** Which requests: absent means any. A string must equal the path; a pattern is tested on it. */
export interface Matcher {
  readonly method?: string | undefined
  readonly path?: string | RegExp | undefined
}

/** What to answer instead of the vendor. */
export interface Fault extends Matcher {
  /** Absent with `drop`. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** A string is sent as it is, anything else as JSON. */
  readonly body?: unknown
  /** Default: `text/html` for a string that starts with `<`, else `application/json`. */
  readonly contentType?: string
  /** Destroys the socket instead of answering; the vendor never sees the request. */
  readonly drop?: true
  /** Default 1. */
  readonly times?: number
}

export interface LostAnswer extends Matcher {
  /** Default 1. */
  readonly times?: number
}

export interface HoldRequest extends Matcher {
  /** `after` (default): the vendor has committed, the answer waits. `before`: the vendor has not seen it yet. */
  readonly when?: 'before' | 'after'
}

export interface Hold {
  /** Resolves when a request is held. */
  readonly arrived: Promise<void>
  release(): void
}

export interface Slowness extends Matcher {
  readonly ms: number
}

/** An answer of the vendor on its way out. */
export interface Outgoing {
  readonly status: number
  /** Undefined when empty; the text where it is not JSON. */
  readonly body: unknown
}

/** The vendor does what it was asked to, and answers otherwise. */
export interface Rewriting extends Matcher {
  readonly change: (answer: Outgoing, request: { readonly path: string; readonly query: string }) => Outgoing
}

interface Request {
  readonly method: string
  readonly path: string
}

interface Held {
  readonly when: 'before' | 'after'
  readonly matcher: Matcher
  readonly arrive: () => void
  readonly released: Promise<void>
  readonly release: () => void
}

interface Counted<T> {
  readonly what: T
  left: number
}

export type Faults = ReturnType<typeof createFaults>

/** The faults of one simulator. Each request asks in order: `delayed`, `held('before')`, `failure`, `isLost`, `held('after')`. */
export function createFaults() {
  const failures: Counted<Fault>[] = []
  const losses: Counted<LostAnswer>[] = []
  const slownesses: Slowness[] = []
  const rewritings: Rewriting[] = []
  const holds: Held[] = []
  const waiting = new Set<Held>()
  let cleared = new AbortController()

  function hold({ when = 'after', ...matcher }: HoldRequest): Hold {
    const arrival = Promise.withResolvers<void>()
    const departure = Promise.withResolvers<void>()
    const { promise: released, resolve: release } = departure
    const held = { when, matcher, arrive: arrival.resolve, released, release }
    holds.push(held)
    return {
      arrived: arrival.promise,
      release() {
        remove(holds, held)
        release()
      },
    }
  }

  return {
    failNext: (fault: Fault): void => void failures.push({ what: fault, left: fault.times ?? 1 }),
    loseAnswer: (lost: LostAnswer): void => void losses.push({ what: lost, left: lost.times ?? 1 }),
    slow: (slowness: Slowness): void => void slownesses.push(slowness),
    rewrite: (rewriting: Rewriting): void => void rewritings.push(rewriting),
    hold,

    clear(): void {
      cleared.abort()
      cleared = new AbortController()
      for (const held of [...holds, ...waiting]) held.release()
      for (const list of [failures, losses, slownesses, rewritings, holds]) list.length = 0
      waiting.clear()
    },

    /** Resolves when a slow request may go on: after its time, or when the faults are cleared. */
    async delayed(request: Request): Promise<void> {
      const ms = slownesses
        .filter((each) => matches(each, request))
        .reduce((sum, slowness) => sum + slowness.ms, 0)
      if (ms > 0) await delay(ms, undefined, { signal: cleared.signal }).catch(() => {})
    },

    rewritings: (request: Request): readonly Rewriting[] =>
      rewritings.filter((each) => matches(each, request)),
    failure: (request: Request): Fault | undefined => take(failures, request),
    isLost: (request: Request): boolean => take(losses, request) !== undefined,

    /** Resolves when the request may go on. One hold holds one request. */
    async held(when: 'before' | 'after', request: Request): Promise<void> {
      const held = holds.find((each) => each.when === when && matches(each.matcher, request))
      if (!held) return
      remove(holds, held)
      waiting.add(held)
      held.arrive()
      await held.released
      waiting.delete(held)
    },
  }
}

function matches({ method, path }: Matcher, request: Request): boolean {
  if (method !== undefined && method.toUpperCase() !== request.method) return false
  if (path === undefined) return true
  return typeof path === 'string'
    ? path === request.path
    : new RegExp(path.source, path.flags.replace(/[gy]/g, '')).test(request.path)
}

function take<T extends Matcher>(list: Counted<T>[], request: Request): T | undefined {
  const found = list.find(({ what, left }) => left > 0 && matches(what, request))
  if (!found) return undefined
  found.left -= 1
  if (found.left === 0) remove(list, found)
  return found.what
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item)
  if (index !== -1) list.splice(index, 1)
}

/** How calls of one kind are gathered into few. */
export interface Batching<Asked, Answer> {
  /** Most in one call. */
  readonly most: number
  /** How long a call waits for more, in milliseconds. Default 0: to the end of this turn of the event loop. */
  readonly windowMs?: number
  /** What has the same key is done one after the other, in its order. */
  readonly key?: (asked: Asked) => string
  /** For one batch: whether it takes this as well, although it may hold the same key already. Default: each key once. */
  readonly accepts?: () => (asked: Asked) => boolean
  /** Calls under way at once. Default: any number. */
  readonly atOnce?: number
  /** After so long a call holds up no others, in milliseconds. */
  readonly patienceMs?: number
  /** What has not begun after so long is refused with `late`, in milliseconds. */
  readonly longestWaitMs?: number
  readonly late?: () => Error
  /**
   * All of them, or none of them and a rejection; the answers in the order of what was asked. An `Error` is the answer to
   * one of them; one that is undefined was left out, and is done by itself.
   */
  together(asked: readonly Asked[]): Promise<readonly (Answer | Error | undefined)[]>
  /** Default: `together` with one. */
  alone?(asked: Asked): Promise<Answer>
  /** Whether it may have been done in spite of this failure: it is told as it is then, and nothing is done twice. */
  mayBeDone?(error: unknown): boolean
}

interface Waiting<Asked, Answer> {
  readonly asked: Asked
  readonly since: number
  resolve(answer: Answer): void
  reject(error: unknown): void
}

/**
 * The one way to save round trips (docs/adr/0027): what is asked for within a window is done in one call. What comes alone
 * waits for nothing but the window. Where a call fails, each is done by itself, so that nobody hears of another's failure.
 */
export function createBatcher<Asked, Answer>(
  how: Batching<Asked, Answer>,
): (asked: Asked) => Promise<Answer> {
  const {
    most,
    windowMs = 0,
    key,
    accepts,
    atOnce = Number.POSITIVE_INFINITY,
    patienceMs,
    longestWaitMs,
  } = how
  const busy = new Set<string>()
  let waiting: Waiting<Asked, Answer>[] = []
  let running = 0
  let begins = false
  let watch: NodeJS.Timeout | undefined

  function begin(): void {
    if (begins || waiting.length === 0) return
    begins = true
    if (windowMs > 0) setTimeout(go, windowMs).unref()
    else setImmediate(go)
  }

  function go(): void {
    begins = false
    while (running < atOnce && waiting.length > 0) {
      const batch = take()
      if (batch.length === 0) return
      start(batch)
    }
  }

  function take(): readonly Waiting<Asked, Answer>[] {
    if (!key) return waiting.splice(0, most)
    const accept = accepts?.()
    const passed = new Set<string>()
    const [batch, rest]: [Waiting<Asked, Answer>[], Waiting<Asked, Answer>[]] = [[], []]
    for (const each of waiting) {
      const own = key(each.asked)
      const taken =
        batch.length < most && !busy.has(own) && !passed.has(own) && (accept?.(each.asked) ?? true)
      if (taken) batch.push(each)
      else rest.push(each)
      if (!taken || !accept) passed.add(own)
    }
    waiting = rest
    return batch
  }

  function start(batch: readonly Waiting<Asked, Answer>[]): void {
    const groups = key ? Map.groupBy(batch, ({ asked }) => key(asked)) : undefined
    for (const own of groups?.keys() ?? []) busy.add(own)
    const free = (own: string): void => {
      busy.delete(own)
      begin()
    }
    running++
    let counts = true
    const makeRoom = (): void => {
      if (counts) running--
      counts = false
      begin()
    }
    const slow = patienceMs === undefined ? undefined : setTimeout(makeRoom, patienceMs)
    void carryOut(how, batch, groups, free).finally(() => {
      clearTimeout(slow)
      makeRoom()
    })
  }

  /** Nothing of what is refused here was begun. */
  function refuseLate(longest: number): void {
    const latest = performance.now() - longest
    const late = waiting.filter(({ since }) => since <= latest)
    waiting = waiting.filter(({ since }) => since > latest)
    for (const { reject } of late) reject(how.late?.() ?? new Error('waited too long'))
    const [oldest] = waiting
    watch = oldest && setTimeout(refuseLate, Math.max(1, oldest.since - latest), longest).unref()
  }

  return (asked) =>
    new Promise((resolve, reject) => {
      waiting.push({ asked, since: longestWaitMs === undefined ? 0 : performance.now(), resolve, reject })
      if (longestWaitMs !== undefined) watch ??= setTimeout(refuseLate, longestWaitMs, longestWaitMs).unref()
      begin()
    })
}

/** Answers every one; those of a key are over when it is freed. Never rejects. */
async function carryOut<Asked, Answer>(
  how: Batching<Asked, Answer>,
  batch: readonly Waiting<Asked, Answer>[],
  groups: ReadonlyMap<string, readonly Waiting<Asked, Answer>[]> | undefined,
  free: (key: string) => void,
): Promise<void> {
  const left = batch.length > 1 ? await allTogether(how, batch) : new Set(batch)
  if (!groups) {
    await Promise.all([...left].map((each) => byItself(how, each)))
    return
  }
  const finish = async ([key, those]: readonly [
    string,
    readonly Waiting<Asked, Answer>[],
  ]): Promise<void> => {
    for (const each of those) if (left.has(each)) await byItself(how, each)
    free(key)
  }
  await Promise.all([...groups].map(finish))
}

/** Gives those that are still to be done. */
async function allTogether<Asked, Answer>(
  how: Batching<Asked, Answer>,
  batch: readonly Waiting<Asked, Answer>[],
): Promise<ReadonlySet<Waiting<Asked, Answer>>> {
  try {
    const answers = await how.together(batch.map(({ asked }) => asked))
    return new Set(batch.filter((each, at) => !answered(each, answers[at])))
  } catch (error) {
    if (!how.mayBeDone?.(error)) return new Set(batch)
    for (const { reject } of batch) reject(error)
    return new Set()
  }
}

async function byItself<Asked, Answer>(
  how: Batching<Asked, Answer>,
  each: Waiting<Asked, Answer>,
): Promise<void> {
  try {
    if (how.alone) each.resolve(await how.alone(each.asked))
    else if (!answered(each, (await how.together([each.asked]))[0])) throw new Error('no answer')
  } catch (error) {
    each.reject(error)
  }
}

function answered<Answer>(
  { resolve, reject }: Pick<Waiting<unknown, Answer>, 'resolve' | 'reject'>,
  answer: Answer | Error | undefined,
): boolean {
  if (answer instanceof Error) reject(answer)
  else if (answer !== undefined) resolve(answer)
  return answer !== undefined
}

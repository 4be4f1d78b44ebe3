import { StoreUnavailable } from '../../sql/failures.ts'

/** How writes of one kind are gathered. */
export interface Gathering<Asked, Row> {
  /** Writes with the same key come one after the other, unless `pick` lets them go together. */
  keyOf(asked: Asked): string
  /** Which of those that wait, of free keys only, are written in one statement. */
  pick(waiting: readonly Asked[], busy: ReadonlySet<string>): ReadonlySet<Asked>
  /** All in one transaction; what is left out of the answer was not written. */
  together(asked: readonly Asked[]): Promise<ReadonlyMap<Asked, Row>>
  alone(asked: Asked): Promise<Row | undefined>
}

/** Most statements at once. */
const mostAtOnce = 2
/** After so long a statement holds up no others, in milliseconds: it may wait for a row. */
const patienceMs = 50
/** What has not begun after so long is refused, in milliseconds: a Group may be held for much longer. */
const usualWaitMs = 10_000

/**
 * Writes that are asked for while others are written are gathered and written in one transaction, because starting a
 * statement and committing it costs more than a short write does. Each is answered once it is committed. One that comes
 * alone waits for nothing, and what cannot be written together with others is written by itself.
 */
export function createGather<Asked, Row>(
  how: Gathering<Asked, Row>,
  { longestWaitMs = usualWaitMs } = {},
): (asked: Asked) => Promise<Row | undefined> {
  const busy = new Set<string>()
  const line: Line<Asked, Row> = { waiting: [], watch: undefined }
  let running = 0
  let begins = false

  function begin(): void {
    if (begins || line.waiting.length === 0) return
    begins = true
    setImmediate(() => {
      begins = false
      while (running < mostAtOnce && line.waiting.length > 0) {
        const picked = how.pick(
          line.waiting.map(({ asked }) => asked),
          busy,
        )
        if (picked.size === 0) return
        const batch = line.waiting.filter(({ asked }) => picked.has(asked))
        line.waiting = line.waiting.filter(({ asked }) => !picked.has(asked))
        start(batch)
      }
    })
  }

  function start(batch: readonly Write<Asked, Row>[]): void {
    const byKey = Map.groupBy(batch, ({ asked }) => how.keyOf(asked))
    for (const key of byKey.keys()) busy.add(key)
    running++
    let counts = true
    const makeRoom = (): void => {
      if (counts) running--
      counts = false
      begin()
    }
    const slow = setTimeout(makeRoom, patienceMs)
    const free = (key: string): void => {
      busy.delete(key)
      begin()
    }
    void write(how, byKey, batch, free).finally(() => {
      clearTimeout(slow)
      makeRoom()
    })
  }

  return (asked) =>
    new Promise((resolve, reject) => {
      line.waiting.push({ asked, since: performance.now(), resolve, reject })
      line.watch ??= setTimeout(refuseLate, longestWaitMs, line, longestWaitMs).unref()
      begin()
    })
}

interface Write<Asked, Row> {
  readonly asked: Asked
  readonly since: number
  resolve(row: Row | undefined): void
  reject(error: unknown): void
}

/** Writes in the order in which they came. */
interface Line<Asked, Row> {
  waiting: Write<Asked, Row>[]
  watch: NodeJS.Timeout | undefined
}

/** Nothing of what is refused here was written. */
function refuseLate<Asked, Row>(line: Line<Asked, Row>, longestWaitMs: number): void {
  const latest = performance.now() - longestWaitMs
  const late = line.waiting.filter(({ since }) => since <= latest)
  line.waiting = line.waiting.filter(({ since }) => since > latest)
  for (const { reject } of late) reject(new StoreUnavailable('other writes took too long'))
  const [oldest] = line.waiting
  const nextMs = oldest && Math.max(1, oldest.since - latest)
  line.watch = nextMs === undefined ? undefined : setTimeout(refuseLate, nextMs, line, longestWaitMs).unref()
}

/** Answers every one; those of a key are over when it is freed. */
async function write<Asked, Row>(
  how: Gathering<Asked, Row>,
  byKey: ReadonlyMap<string, readonly Write<Asked, Row>[]>,
  batch: readonly Write<Asked, Row>[],
  free: (key: string) => void,
): Promise<void> {
  const left = batch.length > 1 ? await together(how, batch) : new Set(batch)
  const finish = async ([key, writes]: readonly [string, readonly Write<Asked, Row>[]]): Promise<void> => {
    for (const each of writes) if (left.has(each)) await alone(how, each)
    free(key)
  }
  await Promise.all([...byKey].map(finish))
}

/** Gives those that are not answered by it. */
async function together<Asked, Row>(
  how: Gathering<Asked, Row>,
  batch: readonly Write<Asked, Row>[],
): Promise<ReadonlySet<Write<Asked, Row>>> {
  try {
    const rows = await how.together(batch.map(({ asked }) => asked))
    for (const { asked, resolve } of batch) if (rows.has(asked)) resolve(rows.get(asked))
    return new Set(batch.filter(({ asked }) => !rows.has(asked)))
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) return new Set(batch)
    // Perhaps it was committed: nobody is told that it was, and nothing is done twice.
    for (const { reject } of batch) reject(error)
    return new Set()
  }
}

async function alone<Asked, Row>(how: Gathering<Asked, Row>, write: Write<Asked, Row>): Promise<void> {
  try {
    write.resolve(await how.alone(write.asked))
  } catch (error) {
    write.reject(error)
  }
}

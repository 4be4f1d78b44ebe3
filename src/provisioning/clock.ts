import type { Logger } from 'pino'

/** Times that decide anything are the database's, so that processes on machines whose clocks differ agree. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  close(): void
}

const compareEveryMs = 30_000
/** A difference that people should know of. */
const noticeableMs = 2_000

/** Compares this machine's clock with the database's now and then; a store that is away leaves the last difference. */
export async function openClock(
  store: { readonly clock: () => Promise<number> },
  log: Pick<Logger, 'warn' | 'debug'>,
  { here = Date.now, everyMs = compareEveryMs } = {},
): Promise<Clock> {
  let aheadMs = 0
  let isKnown = false
  const compare = async (): Promise<void> => {
    const asked = here()
    const there = await store.clock()
    const answered = here()
    // It may be half of that time wrong: a busy store says nothing about the clock.
    if (isKnown && answered - asked > noticeableMs) return
    isKnown = true
    const before = aheadMs
    aheadMs = there - (asked + answered) / 2
    if (Math.abs(aheadMs) > noticeableMs && Math.abs(aheadMs - before) > noticeableMs)
      log.warn({ differenceMs: Math.round(aheadMs) }, 'this clock differs from the database’s, which counts')
  }
  await compare()
  const timer = setInterval(
    () => void compare().catch((err: unknown) => log.debug({ err }, 'clocks not compared')),
    everyMs,
  ).unref()
  return { now: () => Math.round(here() + aheadMs), close: () => clearInterval(timer) }
}

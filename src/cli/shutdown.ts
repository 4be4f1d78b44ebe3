import type { Output } from './output.ts'

const longestCloseMs = 20_000
/** One Ctrl-C in a terminal reaches the process twice: from the terminal and from npm, which forwards it. */
const sameKeyPressMs = 1_000

/**
 * Runs something that goes on until SIGINT or SIGTERM. The first signal aborts `stopped`, and the run is waited for;
 * a second one, a second later or more, and a close that takes longer than 20 s end the process with exit code 1.
 */
export async function runUntilStopped<T>(
  output: Output,
  start: (stopped: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController()
  let stoppedAt = 0
  const onSignal = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) {
      if (Date.now() - stoppedAt >= sameKeyPressMs) giveUp(output, `second ${signal}`)
      return
    }
    stoppedAt = Date.now()
    stop.abort()
    setTimeout(
      () => giveUp(output, `closing took longer than ${longestCloseMs / 1000} s`),
      longestCloseMs,
    ).unref()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  try {
    return await start(stop.signal)
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

export function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

function giveUp(output: Output, reason: string): never {
  output.problem(`stopped before everything was closed: ${reason}`)
  process.exit(1)
}

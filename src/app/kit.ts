import type { Logger } from 'pino'
import type { Environment } from '../model/configuration.ts'
import { createDispatcher } from '../egress.ts'
import { createLogger } from '../logger.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Processes } from '../model/processes.ts'
import type { Database } from '../store/open.ts'
import type { TracedCall } from '../model/trace.ts'
import type { Kit } from '../vendors/kit/kit.ts'
import { createPacing } from '../vendors/kit/pacing.ts'

export interface KitDeps {
  readonly environment: Environment
  readonly log: Logger
  readonly store: Pick<Database, 'drawTokens'>
  readonly processes: Processes
  readonly metrics: Metrics
  /** Absent: calls are not traced. */
  readonly traceCall?: ((call: TracedCall) => void) | undefined
  /** Longest wait for one reply of a vendor. */
  readonly timeoutMs: number
}

/** What the connectors are lent: one pool of connections, one clock, one pace for the process. */
export function openKit(deps: KitDeps): Kit & { close(): Promise<void> } {
  const { environment, log, store, processes, metrics, traceCall, timeoutMs } = deps
  const dispatcher = createDispatcher(environment.insecureTargets, environment.vendorProxy)
  const stop = new AbortController()
  // A store that does not answer grants nothing: whoever asks comes back a little later.
  const none = { granted: 0, holdMs: 0, nextMs: 1_000 }
  const pacing = createPacing(undefined, {
    processes: processes.live,
    draw: (limit, most, urgent) => store.drawTokens(limit, most, urgent).catch(() => none),
  })
  return {
    log,
    dispatcher,
    signal: stop.signal,
    now: Date.now,
    timeoutMs,
    pacing,
    waited: ({ vendor, pathClass, ended, ms }) => metrics.vendorWait(vendor, pathClass, ended, ms / 1_000),
    observe: (exchange) => {
      const { vendor, operation, status, startedAt, endedAt } = exchange
      metrics.vendorCall(vendor, operation, status, (endedAt - startedAt) / 1_000)
      traceCall?.(exchange)
    },
    async close() {
      stop.abort()
      await dispatcher.destroy()
    },
  }
}

const errandTimeoutMs = 30_000

/** Lends a kit for one errand outside of a gateway: no log, no pace. */
export async function withKit<T>(
  { insecureTargets, vendorProxy }: Pick<Environment, 'insecureTargets' | 'vendorProxy'>,
  work: (kit: Kit) => Promise<T>,
): Promise<T> {
  const dispatcher = createDispatcher(insecureTargets, vendorProxy)
  const stop = new AbortController()
  const log = createLogger('silent')
  try {
    return await work({ log, dispatcher, signal: stop.signal, now: Date.now, timeoutMs: errandTimeoutMs })
  } finally {
    stop.abort()
    await dispatcher.destroy()
  }
}

import type { FastifyInstance } from 'fastify'
import { control } from './control.ts'
import {
  createFaults,
  type Fault,
  type Hold,
  type HoldRequest,
  type LostAnswer,
  type Slowness,
} from './faults.ts'
import { serve } from './server.ts'
import { createTrace, type TraceEntry } from './trace.ts'
import type { ApiProfile } from '../model/account.ts'

export type { Fault, Hold, HoldRequest, LostAnswer, Matcher, Slowness } from './faults.ts'
export type { TraceEntry } from './trace.ts'

/** A stand-in for a vendor on a real loopback socket: the vendor's own paths and quirks, and faults on demand. */
export interface Simulator {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string
  /** Every request served, oldest first, the last 10,000; the same array for the simulator's life. */
  readonly trace: readonly TraceEntry[]
  /** Answers instead of the vendor, for the next `times` requests that match (default 1). */
  failNext(fault: Fault): void
  /** The vendor commits, then the socket dies before the answer. */
  loseAnswer(lost: LostAnswer): void
  /** Holds the next request that matches, after the vendor committed it (or before), until released. */
  hold(request: HoldRequest): Hold
  /** Delays every request that matches, before the vendor sees it, until the faults are cleared. */
  slow(slowness: Slowness): void
  /** Forgets all faults and lets held requests go. */
  clearFaults(): void
  /** Back to the state at the start: no faults, no trace, the vendor's first state. */
  reset(): void
  close(): Promise<void>
}

/** A person as the vendor has them, for `drawbridge demo` and for checks over many people. */
export interface SimulatedPerson {
  readonly login: string
  readonly state: 'active' | 'disabled' | 'invited'
  /** In the form of `entitlementKey`, sorted. */
  readonly entitlements: readonly string[]
}

/** What every `start…` of a simulator module gives. */
export interface VendorSimulator<State = unknown> extends Simulator {
  readonly vendor: string
  /** The vendor's own test access: accounts, seeds, toggles. */
  readonly state: State
  /** What a connection to this simulator needs, `baseUrl` included. */
  connection(profile: ApiProfile): {
    readonly settings: Readonly<Record<string, unknown>>
    readonly credentials: Readonly<Record<string, string>>
  }
  people(): readonly SimulatedPerson[]
}

/** Options that every simulator takes; a vendor adds its own. */
export interface SimulatorOptions {
  /** Default: any free port. */
  readonly port?: number
}

export interface HarnessOptions extends SimulatorOptions {
  /** Puts the vendor's state back to the start. */
  readonly reset: () => void
  /** What `GET /__simulator/state` answers, as JSON. */
  readonly state?: () => unknown
  /** Requests that change the vendor's state. Default: every method but GET and HEAD. */
  readonly isMutating?: (request: Pick<TraceEntry, 'method' | 'path' | 'query'>) => boolean
}

/**
 * Puts a vendor's routes behind a real socket with faults and a trace. Under `/__simulator/` the same is had by HTTP,
 * for other processes: `GET trace`, `GET state`, `POST reset`, `POST faults`, `DELETE faults`.
 */
export async function startSimulator(app: FastifyInstance, options: HarnessOptions): Promise<Simulator> {
  const isMutating = options.isMutating ?? (({ method }) => method !== 'GET' && method !== 'HEAD')
  const faults = createFaults()
  const trace = createTrace(isMutating)
  await app.ready()

  const parts = {
    trace: trace.entries,
    failNext: faults.failNext,
    loseAnswer: faults.loseAnswer,
    hold: faults.hold,
    slow: faults.slow,
    clearFaults: faults.clear,
    reset() {
      faults.clear()
      trace.clear()
      options.reset()
    },
  }
  const server = await serve({
    app,
    faults,
    trace,
    control: control(parts, options.state),
    port: options.port ?? 0,
  })

  return {
    ...parts,
    origin: server.origin,
    async close() {
      faults.clear()
      await server.close()
      await app.close()
    },
  }
}

import type { FastifyInstance } from 'fastify'
import type { ApiProfile } from '../model/account.ts'
import type { Rule } from '../model/policy.ts'
import {
  createFaults,
  type Fault,
  type Hold,
  type HoldRequest,
  type LostAnswer,
  type Rewriting,
  type Slowness,
} from './faults.ts'
import { type Answer, type Control, serve } from './server.ts'
import { createTrace, type TraceEntry } from './trace.ts'

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
  /** The vendor does what it was asked to, and every answer that matches goes out otherwise, until the faults are cleared. */
  rewrite(rewriting: Rewriting): void
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

/** As a rule of the configuration writes it. */
type SimulatedGrant = Pick<Rule, 'role' | 'team' | 'vendorGroup'>

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
  /** Two right sides of rules that this simulator has in its catalogue, the usual one first. */
  readonly grants?: readonly [SimulatedGrant, SimulatedGrant]
}

/** Options that every simulator takes; a vendor adds its own. */
export interface SimulatorOptions {
  /** Default: any free port. */
  readonly port?: number
}

interface HarnessOptions extends SimulatorOptions {
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
    rewrite: faults.rewrite,
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

type Parts = Omit<Simulator, 'origin' | 'close'>

/** A fault as JSON: `kind`, and the path as the source of a pattern. */
interface FaultRequest extends Omit<Fault, 'path'> {
  readonly kind?: 'fail' | 'lose' | 'hold' | 'slow'
  readonly path?: string
  readonly when?: 'before' | 'after'
  readonly ms?: number
}

/**
 * The harness by HTTP, under `/__simulator/`:
 * `GET trace` · `GET state` · `POST reset` · `DELETE faults` · `POST faults` `{kind, method?, path?, …}` where a hold
 * answers its `id` · `GET holds/<id>` `{arrived}` · `POST holds/<id>/release`.
 */
function control(parts: Parts, state: () => unknown = () => ({})): Control {
  const holds = new Map<string, Hold & { hasArrived: boolean }>()

  function addFault(body: string): Answer {
    const { kind = 'fail', path, when, ms = 0, ...fault } = JSON.parse(body || '{}') as FaultRequest
    const matcher = { method: fault.method, path: path === undefined ? undefined : new RegExp(path) }
    if (kind === 'slow') parts.slow({ ...matcher, ms })
    else if (kind === 'lose') parts.loseAnswer({ ...matcher, times: fault.times ?? 1 })
    else if (kind === 'fail') parts.failNext({ ...fault, ...matcher })
    else return addHold(parts.hold({ ...matcher, when: when ?? 'after' }))
    return json(201, { kind })
  }

  function addHold(hold: Hold): Answer {
    const id = String(holds.size + 1)
    const entry = { ...hold, hasArrived: false }
    void hold.arrived.then(() => (entry.hasArrived = true))
    holds.set(id, entry)
    return json(201, { kind: 'hold', id })
  }

  function onHold(method: string, id: string, action: string | undefined): Answer {
    const hold = holds.get(id)
    if (!hold) return json(404, { error: 'no such hold' })
    if (method === 'POST' && action === 'release') hold.release()
    return json(200, { arrived: hold.hasArrived })
  }

  return (method, path, body) => {
    const [resource = '', id, action] = path.slice('/__simulator/'.length).split('/')
    if (resource === 'holds' && id) return onHold(method, id, action)
    switch (`${method} ${resource}`) {
      case 'GET trace':
        return json(200, parts.trace)
      case 'GET state':
        return json(200, state())
      case 'POST reset':
        parts.reset()
        return json(200, {})
      case 'DELETE faults':
        parts.clearFaults()
        return json(200, {})
      case 'POST faults':
        return addFault(body)
      default:
        return json(404, { error: 'trace, state, reset, faults or holds' })
    }
  }
}

function json(status: number, body: unknown): Answer {
  return { status, headers: { 'content-type': 'application/json' }, payload: JSON.stringify(body) }
}

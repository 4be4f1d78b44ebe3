import type { Fault, Hold } from './faults.ts'
import type { Answer, Control } from './server.ts'
import type { Simulator } from './simulator.ts'

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
export function control(parts: Parts, state: () => unknown = () => ({})): Control {
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

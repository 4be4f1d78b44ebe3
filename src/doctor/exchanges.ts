import type { DoctorFinding, Route } from '../vendors/contract.ts'
import type { Exchange, Kit } from '../vendors/kit/kit.ts'
import type { RouteFinding } from './checks.ts'

/** Keeps what was exchanged with a vendor while somebody looked. */
interface Recorder {
  readonly observe: (exchange: Exchange) => void
  readonly exchanges: readonly Exchange[]
  readonly deviated: NonNullable<Kit['deviated']>
  /** How often each field was not as documented. */
  readonly deviations: ReadonlyMap<string, number>
}

export function createRecorder(): Recorder {
  const exchanges: Exchange[] = []
  const deviations = new Map<string, number>()
  return {
    exchanges,
    observe: (exchange) => void exchanges.push(exchange),
    deviations,
    deviated({ method, path, field }) {
      const key = `${method} ${path} ${field}`
      deviations.set(key, (deviations.get(key) ?? 0) + 1)
    },
  }
}

/** A clock that differs by more than this makes waits and ends of tokens wrong. */
const skewMs = 60_000

/** How each route that the connector uses answered; one that was not asked is unknown. */
export function routeFindings(
  routes: readonly Route[],
  exchanges: readonly Exchange[],
): readonly RouteFinding[] {
  const asked = Map.groupBy(exchanges, (exchange) => routeOf(routes, exchange))
  return routes.map((route) => {
    const { method, path, purpose, writes = false } = route
    return { method, path, purpose, writes, ...outcome(asked.get(route) ?? [], route) }
  })
}

/** The route that a call takes; one without placeholders goes before one with them. */
export function routeOf(
  routes: readonly Route[],
  { method, path }: Pick<Exchange, 'method' | 'path'>,
): Route | undefined {
  const exact = routes.find((route) => route.method === method && route.path === path)
  return exact ?? routes.find((route) => route.method === method && patternOf(route.path).test(path))
}

function patternOf(path: string): RegExp {
  const parts = path.split(/\{[^}]*\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('[^/]+')}$`)
}

const absent = new Set([401, 403, 404, 405, 410])

function outcome(
  exchanges: readonly Exchange[],
  { writes, optional }: Route,
): Pick<RouteFinding, 'state' | 'detail'> {
  const last = exchanges.at(-1)
  if (!last)
    return { state: 'unknown', detail: writes ? 'not tried: it would change something' : 'not asked' }
  const good = exchanges.findLast(({ status = 0 }) => status >= 200 && status < 300)
  if (good) return { state: 'ok', detail: `answers (${good.status} in ${good.endedAt - good.startedAt} ms)` }
  const { status } = last
  if (status === undefined) return { state: 'failed', detail: 'no answer' }
  if (optional && [404, 405].includes(status))
    return { state: 'unknown', detail: `answers ${status}, which it may` }
  const isThere = writes && status < 500 && !absent.has(status)
  return isThere
    ? { state: 'ok', detail: `answers (${status} to an empty request)` }
    : { state: 'failed', detail: `answers ${status}` }
}

/** The vendor's clock beside ours, told by the replies' `Date` (RFC 9110 §6.6.1), which knows whole seconds. */
export function clockFinding(exchanges: readonly Exchange[]): DoctorFinding {
  const check = 'clock'
  const skews = exchanges.flatMap(({ headers, startedAt, endedAt }) => {
    const sent = Date.parse(String(headers['date'] ?? ''))
    return Number.isNaN(sent) ? [] : [sent + 500 - (startedAt + endedAt) / 2]
  })
  if (skews.length === 0) return { check, state: 'unknown', detail: 'no reply tells its date' }
  const skew = skews.toSorted((a, b) => a - b)[Math.floor(skews.length / 2)] ?? 0
  const seconds = Math.round(Math.abs(skew) / 1000)
  if (Math.abs(skew) <= skewMs) return { check, state: 'ok', detail: `differs by ${seconds} s` }
  const direction = skew > 0 ? 'behind' : 'ahead of'
  const detail = `this machine is ${seconds} s ${direction} the vendor; set its clock by NTP`
  return { check, state: 'warning', detail }
}

/** Rate limits as the replies' headers tell them. */
export function limitsFinding(exchanges: readonly Exchange[]): DoctorFinding {
  const check = 'limits'
  const seen = new Map<string, string>()
  for (const { headers } of exchanges) {
    for (const [name, value] of Object.entries(headers)) {
      if (/rate-?limit|^retry-after$/i.test(name) && value !== undefined) seen.set(name, String(value))
    }
  }
  if (exchanges.some(({ status }) => status === 429)) {
    return { check, state: 'warning', detail: `the vendor asked to slow down (429)${listed(seen)}` }
  }
  if (seen.size === 0) return { check, state: 'unknown', detail: 'the replies tell no limits' }
  return { check, state: 'ok', detail: [...seen].map(([name, value]) => `${name} ${value}`).join(', ') }
}

function listed(seen: ReadonlyMap<string, string>): string {
  return [...seen].map(([name, value]) => `; ${name} ${value}`).join('')
}

/** Whether every field that the connector reads came as documented. */
export function repliesFinding(deviations: ReadonlyMap<string, number>): DoctorFinding {
  const check = 'replies'
  if (deviations.size === 0)
    return { check, state: 'ok', detail: 'every field that was read is as documented' }
  const fields = [...deviations].map(([field, count]) => `${field} (${count}×)`)
  const detail = `not as documented, so taken for absent: ${fields.join(', ')}`
  return { check, state: 'warning', detail }
}

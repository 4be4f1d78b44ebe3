import { Counter, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Gauges } from '../model/gauges.ts'
import { storedGauges } from './stored.ts'

/** What is measured in this process, and what the store tells when it is looked at. */
export interface Metrics {
  /** A SCIM request was answered; `route` is a pattern, never an address. */
  scimRequest(route: string, method: string, status: number, seconds: number): void
  vendorCall(vendor: string, operation: string, status: number | undefined, seconds: number): void
  /** A call waited for its turn; `outcome` is served or postponed. */
  vendorWait(vendor: string, pathClass: string, outcome: string, seconds: number): void
  /** A shut-out became proven so many seconds after the identity provider asked for it. */
  shutOutProven(connection: string, seconds: number): void
  guardTripped(connection: string, kind: string): void
  /** The text for Prometheus. */
  text(): Promise<string>
  readonly contentType: string
}

const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const clockBuckets = [0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400]

/** Instruments of one process. `gauges` is asked at each look; while it fails, the rest is told without it. */
export function createMetrics(gauges: () => Promise<Gauges>, processMetrics = true): Metrics {
  const registry = new Registry()
  const registers = [registry]
  if (processMetrics) collectDefaultMetrics({ register: registry, prefix: 'drawbridge_' })

  const scim = new Histogram({
    name: 'drawbridge_scim_request_seconds',
    help: 'SCIM requests by route, method and status, with their duration.',
    labelNames: ['route', 'method', 'status'],
    buckets: requestBuckets,
    registers,
  })
  const calls = new Histogram({
    name: 'drawbridge_vendor_call_seconds',
    help: 'Calls to vendors by operation and outcome (a status class, or lost), with their duration.',
    labelNames: ['vendor', 'operation', 'outcome'],
    buckets: requestBuckets,
    registers,
  })
  const waits = new Histogram({
    name: 'drawbridge_vendor_wait_seconds',
    help: 'Waits of calls for their turn under the limits of vendors, by path class; postponed ones come back later.',
    labelNames: ['vendor', 'path_class', 'outcome'],
    buckets: requestBuckets,
    registers,
  })
  const clock = new Histogram({
    name: 'drawbridge_shut_out_seconds',
    help: 'The leaver’s clock: from the identity provider’s request to the proof at the vendor.',
    labelNames: ['connection'],
    buckets: clockBuckets,
    registers,
  })
  const trips = new Counter({
    name: 'drawbridge_guard_trips_total',
    help: 'Writes that a limit of the guard held back, by connection and kind.',
    labelNames: ['connection', 'kind'],
    registers,
  })
  const stored = storedGauges(registers)

  return {
    contentType: registry.contentType,
    scimRequest: (route, method, status, seconds) => scim.observe({ route, method, status }, seconds),
    vendorCall: (vendor, operation, status, seconds) =>
      calls.observe({ vendor, operation, outcome: outcomeOf(status) }, seconds),
    vendorWait: (vendor, pathClass, outcome, seconds) =>
      waits.observe({ vendor, path_class: pathClass, outcome }, seconds),
    shutOutProven: (connection, seconds) => clock.observe({ connection }, seconds),
    guardTripped: (connection, kind) => trips.inc({ connection, kind }),
    async text() {
      const now = await gauges().catch(() => undefined)
      stored.keep(now)
      return registry.metrics()
    },
  }
}

function outcomeOf(status: number | undefined): string {
  return status === undefined ? 'lost' : status === 429 ? '429' : `${Math.trunc(status / 100)}xx`
}

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Gauges } from '../model/gauges.ts'

const priorityNames = ['shut-out', 'revoke', 'live', 'backlog'] as const

/** Gauges of what the store tells when it is looked at. */
function storedGauges(registers: Registry[]): { keep(gauges: Gauges | undefined): void } {
  const gauge = <const L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> =>
    new Gauge({ name: `drawbridge_${name}`, help, labelNames: [...labelNames], registers })
  const of = ['connection', 'vendor'] as const
  const up = gauge('store_up', '1 while the store answers.', [])
  const processes = gauge('processes', 'Gateway processes that live on this store.', [])
  const looked = {
    parked: gauge('connection_parked', '1 while a connection is parked.', of),
    paused: gauge('connection_paused_path_classes', 'Path classes that a vendor asked to leave alone.', of),
    accounts: gauge('accounts', 'Accounts by status.', [...of, 'status']),
    unproven: gauge('accounts_unproven', 'Accounts whose wanted state is not proven.', of),
    leavers: gauge('shut_outs_unproven', 'People who should have lost access and are not proven to.', of),
    oldest: gauge('shut_out_oldest_seconds', 'Age of the oldest shut-out that is not proven.', of),
    odd: gauge('reply_deviations', 'Fields of the vendor’s replies that are not as documented.', of),
    unserved: gauge('accounts_unserved', 'Accounts due for more than a minute that nobody works on.', of),
    waiting: gauge('plans_waiting', 'Plans that wait for an operator.', of),
    due: gauge('due_accounts', 'Accounts that are due, by priority.', [...of, 'priority']),
    dueSeconds: gauge('due_oldest_seconds', 'How long the first of them has been due.', [...of, 'priority']),
    notices: gauge('notices_open', 'Open notices by kind.', ['kind']),
    ends: gauge('token_expires_seconds', 'Seconds until credentials or a token end; negative after.', [
      'kind',
      'name',
      'hint',
    ]),
  }

  return {
    keep(gauges) {
      up.set(gauges ? 1 : 0)
      for (const each of Object.values(looked)) each.reset()
      if (!gauges) return
      processes.set(gauges.processes)
      for (const [kind, count] of Object.entries(gauges.notices)) looked.notices.set({ kind }, count)
      for (const { seconds, ...labels } of gauges.endings) looked.ends.set(labels, seconds)
      for (const row of gauges.connections) {
        const labels = { connection: `${row.directory}/${row.connection}`, vendor: row.vendor }
        looked.parked.set(labels, row.parked ? 1 : 0)
        looked.paused.set(labels, row.paused)
        looked.unproven.set(labels, row.unproven)
        looked.leavers.set(labels, row.shutOutsUnproven)
        looked.oldest.set(labels, row.oldestShutOutSeconds)
        looked.odd.set(labels, row.replyDeviations)
        looked.unserved.set(labels, row.unserved)
        looked.waiting.set(labels, row.plansWaiting)
        for (const [status, count] of Object.entries(row.accounts))
          looked.accounts.set({ ...labels, status }, count)
        for (const { priority, accounts: count, seconds } of row.due) {
          const which = { ...labels, priority: priorityNames[priority] ?? String(priority) }
          looked.due.set(which, count)
          looked.dueSeconds.set(which, seconds)
        }
      }
    },
  }
}

/** What is measured in this process, and what the store tells when it is looked at. */
export interface Metrics {
  /** A SCIM request was answered; `route` is a pattern, never an address. */
  scimRequest(route: string, method: string, status: number, seconds: number): void
  /** A request that looks like one of SCIM came to an address outside the base URL. */
  wrongBaseUrl(): void
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
  const wrongBaseUrls = new Counter({
    name: 'drawbridge_scim_wrong_base_url_total',
    help: 'Requests of SCIM clients to addresses outside the base URL.',
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
    wrongBaseUrl: () => wrongBaseUrls.inc(),
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

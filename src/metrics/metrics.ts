import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client'
import type { Gauges } from './ports.ts'

/** What is measured in this process, and what the store tells when it is looked at. */
export interface Metrics {
  /** A SCIM request was answered; `route` is a pattern, never an address. */
  scimRequest(route: string, method: string, status: number, seconds: number): void
  vendorCall(vendor: string, operation: string, status: number | undefined, seconds: number): void
  /** A shut-out became proven so many seconds after the identity provider asked for it. */
  shutOutProven(connection: string, seconds: number): void
  guardTripped(connection: string, kind: string): void
  /** The text for Prometheus. */
  text(): Promise<string>
  readonly contentType: string
}

export const priorityNames = ['shut-out', 'revoke', 'live', 'backlog'] as const

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

function storedGauges(registers: Registry[]): { keep(gauges: Gauges | undefined): void } {
  const gauge = <const L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> =>
    new Gauge({ name: `drawbridge_${name}`, help, labelNames: [...labelNames], registers })
  const of = ['connection', 'vendor'] as const
  const up = gauge('store_up', '1 while the store answers.', [])
  const processes = gauge('processes', 'Gateway processes that live on this store.', [])
  const parked = gauge('connection_parked', '1 while a connection is parked.', of)
  const paused = gauge(
    'connection_paused_path_classes',
    'Path classes that a vendor asked to leave alone.',
    of,
  )
  const accounts = gauge('accounts', 'Accounts by status.', [...of, 'status'])
  const unproven = gauge('accounts_unproven', 'Accounts whose wanted state is not proven.', of)
  const leavers = gauge('shut_outs_unproven', 'People who should have lost access and are not proven to.', of)
  const oldest = gauge('shut_out_oldest_seconds', 'Age of the oldest shut-out that is not proven.', of)
  const waiting = gauge('plans_waiting', 'Plans that wait for an operator.', of)
  const due = gauge('due_accounts', 'Accounts that are due, by priority.', [...of, 'priority'])
  const dueSeconds = gauge('due_oldest_seconds', 'How long the first of them has been due.', [
    ...of,
    'priority',
  ])
  const notices = gauge('notices_open', 'Open notices by kind.', ['kind'])
  const ends = gauge('token_expires_seconds', 'Seconds until credentials or a token end; negative after.', [
    'kind',
    'name',
    'hint',
  ])
  const each = [parked, paused, accounts, unproven, leavers, oldest, waiting, due, dueSeconds, notices, ends]

  return {
    keep(gauges) {
      up.set(gauges ? 1 : 0)
      for (const one of each) one.reset()
      if (!gauges) return
      processes.set(gauges.processes)
      for (const [kind, count] of Object.entries(gauges.notices)) notices.set({ kind }, count)
      for (const { seconds, ...labels } of gauges.endings) ends.set(labels, seconds)
      for (const row of gauges.connections) {
        const labels = { connection: `${row.directory}/${row.connection}`, vendor: row.vendor }
        parked.set(labels, row.parked ? 1 : 0)
        paused.set(labels, row.paused)
        unproven.set(labels, row.unproven)
        leavers.set(labels, row.shutOutsUnproven)
        oldest.set(labels, row.oldestShutOutSeconds)
        waiting.set(labels, row.plansWaiting)
        for (const [status, count] of Object.entries(row.accounts)) accounts.set({ ...labels, status }, count)
        for (const { priority, accounts: count, seconds } of row.due) {
          const which = { ...labels, priority: priorityNames[priority] ?? String(priority) }
          due.set(which, count)
          dueSeconds.set(which, seconds)
        }
      }
    },
  }
}

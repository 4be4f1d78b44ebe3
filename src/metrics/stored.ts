import { Gauge, type Registry } from 'prom-client'
import type { Gauges } from '../model/gauges.ts'

export const priorityNames = ['shut-out', 'revoke', 'live', 'backlog'] as const

/** Gauges of what the store tells when it is looked at. */
export function storedGauges(registers: Registry[]): { keep(gauges: Gauges | undefined): void } {
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

import type { Provisioner } from '../provisioning/account/run.ts'
import { startGroupWorker } from '../provisioning/groups/worker.ts'
import { createInventories, type Inventories } from '../operations/inventory/inventory.ts'
import { createLeaseKeeper } from '../provisioning/engine.ts'
import type { Processes } from '../model/processes.ts'
import { createReconciliation, type Reconciliation } from '../operations/reconciliation/runs.ts'
import { startSweeper } from '../provisioning/sweeps/walk.ts'
import { startWorker, workerDefaults } from '../provisioning/account/provision.ts'
import type { Schedule } from '../model/schedule.ts'
import { openSchedule } from '../schedule/schedule.ts'
import type { Store } from './stores.ts'
import type { Opened } from './resources.ts'

/** Jobs can wait for the start to be over. */
const jobsAfterMs = 1_000

/** With notices: what goes on by itself tells nobody else. */
export type Working = Provisioner & Required<Pick<Provisioner, 'notices'>>

/** Everything that goes on by itself. */
export interface Work {
  /** Something became due: all who work look at once, in every process. */
  wake(): void
  /** Another process told so. */
  wakeHere(): void
  alive(): boolean
  readonly schedule: Schedule
  readonly reconciliation: Reconciliation
  readonly inventories: Inventories
}

export function startWork(by: Working, store: Store, processes: Processes, opened: Opened): Work {
  const { log } = by
  const worker = opened.keep(startWorker(by, { ...workerDefaults, processes: processes.live }))
  const leases = opened.keep(createLeaseKeeper(store.groups, log))
  const groupWorker = opened.keep(startGroupWorker({ ...by, links: store.groups, leases }))
  const wakeHere = (): void => {
    worker.wake()
    groupWorker.wake()
  }
  const wakeWorkers = (): void => {
    wakeHere()
    processes.tell('due')
  }
  const sweeper = opened.keep(startSweeper({ ...by, sweeps: store.sweeps, wake: wakeWorkers }))
  const schedule = opened.keep(openSchedule({ database: store.jobsDatabase(), log, delayMs: jobsAfterMs }))
  const operating = { ...by, db: store.db, wake: wakeWorkers }
  return {
    wake() {
      wakeWorkers()
      sweeper.wake()
    },
    wakeHere,
    alive: worker.alive,
    schedule,
    reconciliation: createReconciliation({ ...operating, schedule }),
    inventories: createInventories(operating),
  }
}

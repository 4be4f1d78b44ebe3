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
import type { Notices } from '../model/notice.ts'
import type { Database } from '../store/open.ts'
import type { Resources } from './resources.ts'

/** Jobs can wait for the start to be over. */
const jobsAfterMs = 1_000

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

export function startWork(
  provisioner: Provisioner & { readonly notices: Notices },
  store: Database,
  processes: Processes,
  resources: Resources,
): Work {
  const { log } = provisioner
  const worker = resources.keep(startWorker(provisioner, { ...workerDefaults, processes: processes.live }))
  const leases = resources.keep(createLeaseKeeper(store.groups, log))
  const groupWorker = resources.keep(startGroupWorker({ ...provisioner, links: store.groups, leases }))
  const wakeHere = (): void => {
    worker.wake()
    groupWorker.wake()
  }
  const wakeWorkers = (): void => {
    wakeHere()
    processes.tell('due')
  }
  const sweeper = resources.keep(startSweeper({ ...provisioner, sweeps: store.sweeps, wake: wakeWorkers }))
  const schedule = resources.keep(openSchedule({ database: store.jobsDatabase(), log, delayMs: jobsAfterMs }))
  const deps = { ...provisioner, db: store.db, wake: wakeWorkers }
  return {
    wake() {
      wakeWorkers()
      sweeper.wake()
    },
    wakeHere,
    alive: worker.alive,
    schedule,
    reconciliation: createReconciliation({ ...deps, schedule }),
    inventories: createInventories(deps),
  }
}

import type { Schedule } from '../../model/schedule.ts'
import type { OpenConnection } from '../../provisioning/connections.ts'
import { importAccounts } from '../import/import.ts'
import { reconcile, type ReconciliationDeps } from './reconciliation.ts'
import { endRecovery, isRecovering, type ReconciliationRun } from './store.ts'

interface Deps extends ReconciliationDeps {
  readonly schedule: Schedule
}

/** The names of the jobs, too. */
type Kind = 'reconcile' | 'import'

interface Job {
  readonly connectionId: string
}

/** Reconciliation and import: on schedule, and when an operator asks. */
export interface Reconciliation {
  /** Compares now, in this process; a comparison that runs here already is waited for. Undefined: no such connection. */
  reconcile(connectionId: string): Promise<ReconciliationRun | undefined>
  import(connectionId: string): Promise<ReconciliationRun | undefined>
  /** Has a job do it, in whichever process; false when one waits or runs already. */
  request(kind: Kind, connectionId: string): Promise<boolean>
  /** Lets work go on that waits since the store was restored; gives how many accounts are due. */
  recovered(connectionId: string): Promise<number>
  /** Keeps the schedule in step with the connections that there are. Never rejects. */
  follow(connections: readonly OpenConnection[]): Promise<void>
}

export function createReconciliation(deps: Deps): Reconciliation {
  const { db, schedule, notices, log, wake } = deps
  const never = new AbortController().signal
  const running = new Map<string, Promise<ReconciliationRun | undefined>>()

  const once = (kind: Kind, connectionId: string, signal = never): Promise<ReconciliationRun | undefined> => {
    const key = `${kind}/${connectionId}`
    const start = kind === 'reconcile' ? reconcile : importAccounts
    const run = running.get(key) ?? start(deps, connectionId, signal).finally(() => void running.delete(key))
    running.set(key, run)
    return run
  }
  const request = (kind: Kind, connectionId: string): Promise<boolean> =>
    schedule.enqueue(kind, connectionId, { connectionId })

  const work = (kind: Kind): Promise<void> =>
    schedule.work<Job>(
      kind,
      async ({ connectionId }, signal) => void (await once(kind, connectionId, signal)),
    )
  work('reconcile')
    .then(() => work('import'))
    .catch((err: unknown) => log.debug({ err }, 'reconciliation jobs are not taken'))

  const followOne = async ({ id: connectionId, name, policy }: OpenConnection): Promise<void> => {
    if (await isRecovering(db, connectionId)) {
      const text = `The database is not the one of the last start: it was restored from a backup. At ${name} only shut-outs run until a reconciliation finds nothing that contradicts it.`
      await notices.raise({ kind: 'store-restored', connectionId, text })
      await request('reconcile', connectionId)
    }
    if (policy.reconcile)
      await schedule.repeat('reconcile', connectionId, policy.reconcile.everyMs, { connectionId })
  }
  return {
    reconcile: (connectionId) => once('reconcile', connectionId),
    import: (connectionId) => once('import', connectionId),
    request,
    async recovered(connectionId) {
      const due = await endRecovery(db, connectionId)
      await notices.resolve({ kind: 'store-restored', connectionId })
      wake()
      return due
    },
    async follow(connections) {
      try {
        for (const connection of connections) await followOne(connection)
      } catch (err) {
        log.error({ err }, 'reconciliation is not scheduled')
      }
    },
  }
}

import type { Schedule } from '../../model/schedule.ts'
import type { OpenConnection } from '../../provisioning/connections.ts'
import { importAccounts, type Importing } from '../import/import.ts'
import type { Survey } from '../../model/reconciliation.ts'
import { reconcile, type Surveyor } from './reconcile.ts'

const jobs = { reconcile: 'reconcile', import: 'import' } as const

interface Asked {
  readonly connectionId: string
}

/** Walks through vendors' lists: on schedule, and when an operator asks. */
export interface Surveys {
  /** Compares now, in this process; a comparison that runs here already is waited for. Undefined: no such connection. */
  reconcile(connectionId: string, signal?: AbortSignal): Promise<Survey | undefined>
  import(connectionId: string, signal?: AbortSignal): Promise<Survey | undefined>
  /** Has a job do it, in whichever process; false when one waits or runs already. */
  request(kind: keyof typeof jobs, connectionId: string): Promise<boolean>
  /** Lets work go on that waits since the store was restored; gives how many accounts are due. */
  recovered(connectionId: string): Promise<number>
  /** Keeps the schedule in step with the connections that there are. Never rejects. */
  follow(connections: readonly OpenConnection[]): Promise<void>
}

export function createSurveys(by: Surveyor & Importing & { readonly schedule: Schedule }): Surveys {
  const running = new Map<string, Promise<Survey | undefined>>()
  const never = new AbortController().signal

  const once = (
    name: keyof typeof jobs,
    connectionId: string,
    run: () => Promise<Survey | undefined>,
  ): Promise<Survey | undefined> => {
    const key = `${name}/${connectionId}`
    const going = running.get(key) ?? run().finally(() => running.delete(key))
    running.set(key, going)
    return going
  }
  const surveys: Surveys = {
    reconcile: (id, signal = never) => once('reconcile', id, () => reconcile(by, id, signal)),
    import: (id, signal = never) => once('import', id, () => importAccounts(by, id, signal)),
    request: (kind, connectionId) => by.schedule.enqueue(jobs[kind], connectionId, { connectionId }),
    async recovered(connectionId) {
      const due = await by.surveys.recovered(connectionId)
      await by.notices.resolve({ kind: 'store-restored', connectionId })
      by.wake()
      return due
    },
    async follow(connections) {
      try {
        for (const connection of connections) await follow(by, surveys, connection)
      } catch (err) {
        by.log.error({ err }, 'reconciliation is not scheduled')
      }
    },
  }
  by.schedule
    .work<Asked>(
      jobs.reconcile,
      async (asked, signal) => void (await surveys.reconcile(asked.connectionId, signal)),
    )
    .then(() =>
      by.schedule.work<Asked>(
        jobs.import,
        async (asked, signal) => void (await surveys.import(asked.connectionId, signal)),
      ),
    )
    .catch((err: unknown) => by.log.debug({ err }, 'jobs of surveys not taken'))
  return surveys
}

async function follow(
  { schedule, surveys: store, notices }: Surveyor & { readonly schedule: Schedule },
  surveys: Surveys,
  { id: connectionId, name, policy }: OpenConnection,
): Promise<void> {
  if (await store.isRecovering(connectionId)) {
    const text = `The store is not the one of the last start: it was restored. At ${name} only shut-outs run until a reconciliation finds nothing that contradicts it.`
    await notices.raise({ kind: 'store-restored', connectionId, text })
    await surveys.request('reconcile', connectionId)
  }
  if (policy.reconcile)
    await schedule.repeat(jobs.reconcile, connectionId, policy.reconcile.everyMs, { connectionId })
}

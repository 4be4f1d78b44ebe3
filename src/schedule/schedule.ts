import type { PgBoss } from 'pg-boss'
import { recurrence } from './interval.ts'
import type { JobsDatabase, Schedule } from '../model/schedule.ts'

interface ScheduleLog {
  info(values: object, message: string): void
  warn(values: object, message: string): void
  error(values: object, message: string): void
}

export interface ScheduleOptions {
  readonly database: JobsDatabase
  readonly log: ScheduleLog
  /** Jobs wait so long after the opening: a start has better things to do. */
  readonly delayMs?: number
  /** For tests: how often dead processes and due repetitions are looked for, in seconds. */
  readonly watchSeconds?: number
  /** For tests: pause before a job that rejected is run again, in seconds; doubled up to five minutes. */
  readonly retrySeconds?: number
}

/** How long a job outlives the process that ran it before another takes it. Also the shortest that pg-boss allows. */
const heartbeatSeconds = 10
const closeMs = 10_000
const startAgainMs = 5_000

/** Opens the queue of jobs in the background: what is asked of it meanwhile waits. */
export function openSchedule(options: ScheduleOptions): Schedule {
  const { log, retrySeconds = 5 } = options
  const stop = new AbortController()
  let opened: PgBoss | undefined

  const ready = startUntilItWorks(options, stop.signal).then((boss) => (opened = boss))
  // Callers that wait for it learn of a stop; there may be none.
  ready.catch(() => {})

  const queue = queuesOf(retrySeconds)

  return {
    async work<T extends object>(name: string, run: (data: T, signal: AbortSignal) => Promise<void>) {
      const boss = await ready
      await queue(boss, name)
      const tuning = {
        batchSize: 2,
        localConcurrency: 2,
        burstWhenBatchFull: true,
        perJobResults: true,
        pollingIntervalSeconds: 2,
        notifyPollingIntervalSeconds: 2,
      } as const
      await boss.work<T, void, typeof tuning>(name, tuning, (jobs) =>
        Promise.all(
          jobs.map(async ({ id, data, signal }) => {
            try {
              await run(data, AbortSignal.any([stop.signal, signal]))
            } catch (err) {
              if (!stop.signal.aborted) log.error({ err, job: name }, 'job failed; it is run again')
              return { id, status: 'failed' as const }
            }
            return { id, status: stop.signal.aborted ? ('failed' as const) : ('completed' as const) }
          }),
        ),
      )
    },

    async enqueue(name, key, data) {
      const boss = await ready
      await queue(boss, name)
      return (await boss.send(name, data, { singletonKey: key })) !== null
    },

    async repeat(name, key, everyMs, data) {
      const boss = await ready
      await queue(boss, name)
      const place = key.replace(/[^\w.\-/]/g, '_')
      if (everyMs === undefined) await boss.unschedule(name, place)
      else {
        const rule = recurrence(key, everyMs)
        const now = await boss.getSchedule(name, place)
        // The same rule again would only move the mark of what was missed.
        if (now?.cron === rule && JSON.stringify(now.data) === JSON.stringify(data)) return
        await boss.schedule(name, rule, data, { key: place, singletonKey: key, missed: 'once' })
      }
    },

    async close() {
      stop.abort(new Error('the gateway stops'))
      await ready.catch(() => {})
      await opened?.stop({ graceful: true, close: true, timeout: closeMs })
    },
  }
}

/** A queue is made when it is first needed, in any process. */
function queuesOf(retrySeconds: number): (boss: PgBoss, name: string) => Promise<void> {
  const known = new Map<string, Promise<void>>()
  return (boss, name) => {
    const made =
      known.get(name) ??
      boss.createQueue(name, {
        policy: 'exclusive',
        notify: true,
        retryLimit: 1_000_000,
        retryDelay: retrySeconds,
        retryBackoff: true,
        retryDelayMax: 300,
        heartbeatSeconds,
        expireInSeconds: 23 * 3_600,
        deleteAfterSeconds: 24 * 3_600,
      })
    known.set(name, made)
    made.catch(() => known.delete(name))
    return made
  }
}

/** The store may be away for a moment at the start, and two processes may make the tables at once. */
async function startUntilItWorks(options: ScheduleOptions, signal: AbortSignal): Promise<PgBoss> {
  await pause(options.delayMs ?? 0, signal)
  for (;;) {
    signal.throwIfAborted()
    try {
      return await start(options)
    } catch (err) {
      options.log.warn(
        { error: err instanceof Error ? err.message : String(err) },
        'jobs wait: their queue cannot be opened',
      )
      await pause(startAgainMs, signal)
    }
  }
}

async function start({ database, log, watchSeconds = 10 }: ScheduleOptions): Promise<PgBoss> {
  // Half a second of reading code that no request needs.
  const { PgBoss } = await import('pg-boss')
  const boss = new PgBoss({
    connectionString: database.connectionString,
    schema: database.schema,
    application_name: 'drawbridge jobs',
    max: 3,
    connectionTimeoutMillis: 5_000,
    useListenNotify: true,
    superviseIntervalSeconds: watchSeconds,
    monitorIntervalSeconds: watchSeconds,
    cronMonitorIntervalSeconds: Math.min(30, watchSeconds),
    cronWorkerIntervalSeconds: Math.min(5, watchSeconds),
  })
  boss.on('error', (error) => log.warn({ error: error.message }, 'queue of jobs'))
  try {
    await boss.start()
  } catch (error) {
    await boss.stop({ graceful: false, close: true }).catch(() => {})
    throw error
  }
  return boss
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(done, ms).unref()
    signal.addEventListener('abort', done, { once: true })
  })
}

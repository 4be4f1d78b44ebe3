/**
 * Schedules and long jobs. A job runs in one process at a time; one that broke off with its process, or rejected, is run
 * again, so a job keeps its own progress in the store and is safe to repeat. Queues and names are fixed in code.
 */
export interface Schedule {
  /**
   * What runs for a job of this name, in this process; `signal` fires when the process is to stop. A run that ends after
   * that is taken for unfinished, and the job goes to another process or the next start.
   */
  work<T extends object>(name: string, run: (data: T, signal: AbortSignal) => Promise<void>): Promise<void>
  /** At most one waiting or running job for each key. Answers false when there is one already. */
  enqueue(name: string, key: string, data: object): Promise<boolean>
  /**
   * Repeats a job for this key; replaces an earlier interval. Undefined ends it. What was missed while nothing ran is made
   * up for once. Whole seconds.
   */
  repeat(name: string, key: string, everyMs: number | undefined, data: object): Promise<void>
  /** Takes no more jobs, signals those that run, and waits for them. */
  close(): Promise<void>
}

/** Where jobs are kept. Holds the database's password: never for a log. */
export interface JobsDatabase {
  readonly connectionString: string
  /** Schema of the tables of jobs, beside those of the store. */
  readonly schema: string
}

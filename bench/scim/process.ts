import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Memory {
  /** Bytes, of the process as the system sees it. */
  readonly rss: number
  /** Bytes, right after a collection. */
  readonly heap: number
}

/** What the parent asks. */
type Question = 'collect' | 'rss' | 'cpu'

export interface ServerProcess {
  readonly port: number
  /** Bytes, of the process as the system sees it. */
  rss(): Promise<number>
  /** After a collection: it throws compiled code away, so it is for the beginning and the end. */
  collect(): Promise<Memory>
  /** Processor time so far, in microseconds. */
  cpu(): Promise<number>
  stop(): Promise<void>
}

export interface Start {
  readonly databaseUrl: string
  readonly token: string
  readonly publicUrl: string
}

/** Starts one of the servers of this folder in a process of its own; its log goes nowhere, as a pipe would cost it. */
export async function startServer(
  file: './gateway.ts' | './baseline.ts',
  start: Start,
  nodeOptions: readonly string[] = [],
): Promise<ServerProcess> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [], {
    execArgv: ['--expose-gc', ...nodeOptions],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const { port } = await ask<{ port: number }>(child, start)
  return {
    port,
    rss: () => ask<number>(child, 'rss'),
    collect: () => ask<Memory>(child, 'collect'),
    cpu: () => ask<number>(child, 'cpu'),
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve())
        child.send('stop')
      }),
  }
}

function ask<T>(child: ChildProcess, question: Question | Start): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`a server ended with code ${code}`))
    child.once('exit', ended)
    child.once('message', (answer) => {
      child.off('exit', ended)
      resolve(answer as T)
    })
    child.send(question)
  })
}

/** The other side of `startServer`. */
export function serveParent(
  open: (start: Start) => Promise<{ readonly port: number; close(): Promise<unknown> }>,
): void {
  let close: (() => Promise<unknown>) | undefined
  process.on('message', (question: Question | 'stop' | Start) => {
    void (async () => {
      if (question === 'rss') process.send?.(process.memoryUsage.rss())
      else if (question === 'collect') {
        globalThis.gc?.()
        const { rss, heapUsed } = process.memoryUsage()
        process.send?.({ rss, heap: heapUsed } satisfies Memory)
      } else if (question === 'cpu') {
        const { user, system } = process.cpuUsage()
        process.send?.(user + system)
      } else if (question === 'stop') {
        await close?.()
        process.disconnect()
      } else {
        const opened = await open(question)
        close = () => opened.close()
        process.send?.({ port: opened.port })
      }
    })()
  })
  // The parent is gone: nobody would end this process any more.
  process.on('disconnect', () => process.exit())
}

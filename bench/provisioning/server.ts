import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Configuration } from '../../src/model/configuration.ts'
import type { Start } from '../scim/process.ts'

export interface BenchGateway {
  readonly pid: number
  readonly port: number
  /** Bytes, of the process as the system sees it. */
  rss(): Promise<number>
  /** Has it compare its connection with the vendor's list; the store tells when it has. */
  reconcile(): void
  stop(): Promise<void>
}

/** A gateway in a process of its own; its log goes nowhere. */
export async function startBenchGateway(start: Start, configuration: Configuration): Promise<BenchGateway> {
  const child = fork(fileURLToPath(new URL('./gateway.ts', import.meta.url)), [], {
    env: { ...process.env, BENCH_CONFIGURATION: JSON.stringify(configuration) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const answer = async (): Promise<unknown> => {
    const answered = new AbortController()
    const { signal } = answered
    const ended = once(child, 'exit', { signal }).then(() => {
      throw new Error('a gateway ended')
    })
    try {
      const [message] = (await Promise.race([once(child, 'message', { signal }), ended])) as [unknown]
      return message
    } finally {
      ended.catch(() => undefined)
      answered.abort()
    }
  }
  const started = answer()
  child.send(start)
  const { port } = (await started) as { port: number }
  return {
    port,
    pid: child.pid!,
    rss: async () => {
      const told = answer()
      child.send('rss')
      return (await told) as number
    },
    reconcile: () => void child.kill('SIGUSR2'),
    stop: async () => {
      const gone = once(child, 'exit')
      child.send('stop')
      await gone
    },
  }
}

/** Gives each of them a share of one core until the answer is called. */
export function holdTo(share: number, gateways: readonly BenchGateway[]): () => Promise<void> {
  const args = [share, ...gateways.map(({ pid }) => pid)].map(String)
  const child = fork(fileURLToPath(new URL('./hold.ts', import.meta.url)), args)
  return async () => {
    const gone = once(child, 'exit')
    child.disconnect()
    await gone
  }
}

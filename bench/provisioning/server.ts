import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Configuration } from '../../src/config/model.ts'
import type { Start } from '../scim/process.ts'

export interface BenchGateway {
  readonly port: number
  /** Bytes, of the process as the system sees it. */
  rss(): Promise<number>
  stop(): Promise<void>
}

/** A gateway in a process of its own; its log goes nowhere. */
export async function startBenchGateway(start: Start, configuration: Configuration): Promise<BenchGateway> {
  const child = fork(fileURLToPath(new URL('./gateway.ts', import.meta.url)), [], {
    env: { ...process.env, BENCH_CONFIGURATION: JSON.stringify(configuration) },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const answer = async (): Promise<unknown> => {
    const ended = once(child, 'exit').then(() => {
      throw new Error('a gateway ended')
    })
    const [message] = (await Promise.race([once(child, 'message'), ended])) as [unknown]
    return message
  }
  const started = answer()
  child.send(start)
  const { port } = (await started) as { port: number }
  return {
    port,
    rss: async () => {
      const told = answer()
      child.send('rss')
      return (await told) as number
    },
    stop: async () => {
      const gone = once(child, 'exit')
      child.send('stop')
      await gone
    },
  }
}

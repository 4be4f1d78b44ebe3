import { readdir, readFile } from 'node:fs/promises'
import type pg from 'pg'
import type { BenchGateway } from './server.ts'

/** Processor milliseconds: of the gateways, of PostgreSQL, and of this process, in which the simulator runs. */
export interface Spent {
  readonly gateway: number
  readonly store: number
  readonly simulator: number
}

/** The kernel counts in hundredths of a second for every architecture that Node runs on. */
const tickMs = 10

interface Stat {
  readonly parent: number
  /** With what its ended children used. */
  readonly ms: number
}

/** What was used so far. Undefined where the system does not tell it as Linux does. */
export async function spentBy(
  client: pg.Client,
  gateways: readonly BenchGateway[],
): Promise<Spent | undefined> {
  const { rows } = await client.query<{ pid: number }>(
    "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'",
  )
  const checkpointer = await statOf(rows[0]!.pid)
  if (!checkpointer) return undefined
  const own = process.cpuUsage()
  return {
    gateway: await sum(gateways.map(({ pid }) => pid)),
    store: await sum([checkpointer.parent, ...(await childrenOf(checkpointer.parent))]),
    simulator: (own.user + own.system) / 1_000,
  }
}

/** For one of `count`, between two looks. */
export function spentEach(before: Spent | undefined, after: Spent | undefined, count: number): string {
  if (!before || !after) return 'processor time unknown'
  const each = (part: keyof Spent): string => ((after[part] - before[part]) / count).toFixed(2)
  return `CPU ms each: gateway ${each('gateway')}, store ${each('store')}, simulator ${each('simulator')}`
}

async function sum(pids: readonly number[]): Promise<number> {
  const stats = await Promise.all(pids.map(statOf))
  return stats.reduce((all, stat) => all + (stat?.ms ?? 0), 0)
}

async function childrenOf(parent: number): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => pid > 0)
  const stats = await Promise.all(pids.map(async (pid) => ({ pid, stat: await statOf(pid) })))
  return stats.filter(({ stat }) => stat?.parent === parent).map(({ pid }) => pid)
}

async function statOf(pid: number): Promise<Stat | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  // The name of the command, in parentheses, may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [parent, ...times] = [1, 11, 12, 13, 14].map((at) => Number(fields[at]))
  return { parent: parent!, ms: times.reduce((all, ticks) => all + ticks, 0) * tickMs }
}

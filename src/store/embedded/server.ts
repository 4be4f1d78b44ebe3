import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { GatewayError } from '../../model/errors.ts'
import type { Binaries } from './binaries.ts'
import { asOperator, type Operator } from './operator.ts'

export interface ServerOptions {
  readonly data: string
  readonly socketDir: string
  readonly binaries: Binaries
  readonly operator: Operator
  readonly settings: Readonly<Record<string, string>>
  /** A line that PostgreSQL wrote. */
  readonly onLine: (line: string) => void
}

export interface RunningServer {
  readonly pid: number
  /** The exit code, once the server has ended for whatever reason. */
  readonly exited: Promise<number | null>
  stop(): Promise<void>
}

// fd 3 is a pipe from this process. When this process ends in any way, `cat` ends and PostgreSQL gets a fast shutdown.
const watchdog = `"$@" 3<&- & p=$!
( cat <&3 >/dev/null; kill -INT $p 2>/dev/null ) & w=$!
exec 3<&-
wait $p; rc=$?; kill $w 2>/dev/null; exit $rc`

/** Starts PostgreSQL under the watchdog and resolves once it accepts connections. */
export async function launch(options: ServerOptions): Promise<RunningServer> {
  await waitForPredecessor(options.data)
  const child = spawn(
    '/bin/sh',
    ['-c', watchdog, 'sh', options.binaries.postgres, ...argumentsFor(options)],
    {
      ...asOperator(options.operator),
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      detached: true,
    },
  )
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const stop = async (): Promise<void> => {
    child.ref()
    child.stdio[3]?.destroy()
    await exited
  }
  try {
    await ready(child, exited, options.onLine)
  } catch (error) {
    await stop()
    throw error
  }
  child.unref()
  for (const stream of [child.stderr, child.stdio[3]])
    if (stream && 'unref' in stream) (stream.unref as () => void)()
  return { pid: await postmasterOf(options.data), exited, stop }
}

function argumentsFor({ data, socketDir, settings }: ServerOptions): string[] {
  const all = {
    listen_addresses: '',
    port: '5432',
    // Quoted: the value is a comma-separated list.
    unix_socket_directories: `"${socketDir.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    max_connections: '60',
    shared_buffers: '64MB',
    // The first import fills empty tables within minutes: until they are analysed, plans are those of empty ones.
    autovacuum_naptime: '15s',
    lc_messages: 'C',
    ...settings,
  }
  return ['-D', data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

async function ready(child: ChildProcess, exited: Promise<number | null>, onLine: (line: string) => void) {
  let said = ''
  const accepting = new Promise<void>((resolve) => {
    let rest = ''
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      said = (said + chunk).slice(-2000)
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      lines.forEach(onLine)
      if (said.includes('ready to accept connections')) resolve()
    })
  })
  const failed = Promise.race([exited, once(child, 'error').then(([error]) => String(error))]).then((how) => {
    const why = said.trim().split('\n').slice(-3).join(' ')
    throw new GatewayError('POSTGRES_START', `PostgreSQL did not start (${how}): ${why}`)
  })
  await Promise.race([accepting, failed])
  failed.catch(() => undefined)
}

/**
 * Waits for a server whose gateway was killed: its own watchdog is stopping it. One that stays up belongs to a gateway
 * that runs.
 */
async function waitForPredecessor(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid')
  let up = 0
  for (let waited = 0; existsSync(file); waited += 50) {
    const [pid, state] = await readPidFile(file)
    if (!pid || !(await serves(pid, data))) {
      // PostgreSQL takes any live process of that number for the old server, as after a restart of a container.
      if (pid && alive(pid)) await rm(file, { force: true })
      return
    }
    up = state === 'ready' ? up + 50 : 0
    if (up >= 3_000 || waited >= 60_000) {
      throw new GatewayError(
        'DATA_DIR_IN_USE',
        `another gateway already runs on the data directory ${data} (PostgreSQL process ${pid}): stop it, give this one another DRAWBRIDGE_DATA_DIR, or let both share a DATABASE_URL`,
      )
    }
    await pause(50)
  }
}

async function readPidFile(file: string): Promise<readonly [number, string | undefined]> {
  const lines = await readFile(file, 'utf8').then(
    (text) => text.split('\n'),
    () => [],
  )
  return [Number(lines[0] ?? 0), lines[7]?.trim()]
}

async function postmasterOf(data: string): Promise<number> {
  return (await readPidFile(join(data, 'postmaster.pid')))[0]
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Whether that process is a PostgreSQL on this directory; where the system does not tell, any live process counts. */
async function serves(pid: number, data: string): Promise<boolean> {
  if (!alive(pid)) return false
  if (!existsSync('/proc/self/cmdline')) return true
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined)
  if (command === undefined) return alive(pid)
  return command.split('\0').includes(data)
}

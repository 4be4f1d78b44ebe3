import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { GatewayError } from '../../model/errors.ts'

const run = promisify(execFile)

/** The system user that PostgreSQL runs as; it refuses to run as root. */
export interface Operator {
  readonly name: string
  /** Absent: the user of this process. */
  readonly uid?: number
  readonly gid?: number
}

/** This process's own user; for root `postgres`, else `nobody`. */
export async function operatorOf(): Promise<Operator> {
  if (process.getuid?.() !== 0) return { name: 'the user of this process' }
  for (const name of ['postgres', 'nobody']) {
    try {
      const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
      return { name: `user ${name}`, uid: Number(uid.stdout), gid: Number(gid.stdout) }
    } catch {
      // No such user here: try the next.
    }
  }
  throw new GatewayError(
    'NO_SYSTEM_USER',
    'PostgreSQL never runs as root and this system has neither a user postgres nor a user nobody: run Drawbridge as an ordinary user, or set DATABASE_URL',
  )
}

/** The options of `spawn` that make a program run as the operator, with nothing of our environment. */
export function asOperator(operator: Operator): {
  uid?: number
  gid?: number
  env: NodeJS.ProcessEnv
  cwd: string
} {
  const ids =
    operator.uid === undefined || operator.gid === undefined ? {} : { uid: operator.uid, gid: operator.gid }
  // LC_ALL: the messages of the server are read. PGPORT and friends must not reach it.
  return {
    ...ids,
    cwd: '/',
    env: { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin' },
  }
}

/** Rejects, naming the first directory on the way that the operator may not enter. */
export async function checkReachable(dir: string, operator: Operator): Promise<void> {
  if (await canEnter(dir, operator)) return
  const closed = await firstClosed(dir, operator)
  throw new GatewayError(
    'DATA_DIR_NOT_ENTERABLE',
    `PostgreSQL runs as ${operator.name}, which may not enter ${closed}: allow it with "chmod a+x ${closed}", set DRAWBRIDGE_DATA_DIR to another place, or set DATABASE_URL`,
  )
}

/** Asks the system itself, so that access lists and read-only mounts count. */
export async function canEnter(dir: string, operator: Operator): Promise<boolean> {
  return run('/bin/sh', ['-c', 'cd -- "$1"', 'sh', dir], asOperator(operator)).then(
    () => true,
    () => false,
  )
}

async function firstClosed(dir: string, operator: Operator): Promise<string> {
  const path = [dir]
  while (dirname(path[0]!) !== path[0]) path.unshift(dirname(path[0]!))
  for (const step of path)
    if ((await stat(step).catch(() => undefined)) && !(await canEnter(step, operator))) return step
  return dir
}

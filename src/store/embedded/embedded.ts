import pg from 'pg'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, chown, lstat, mkdir, mkdtemp, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { GatewayError } from '../../model/errors.ts'
import { type Binaries, findBinaries } from './binaries.ts'
import { asOperator, checkReachable, type Operator, operatorOf } from './operator.ts'
import { launch, type RunningServer, type ServerOptions } from './server.ts'

const run = promisify(execFile)

export interface EmbeddedLog {
  debug(values: object, message: string): void
  info(values: object, message: string): void
  warn(values: object, message: string): void
  error(values: object, message: string): void
}

export interface EmbeddedOptions {
  /** Settings of the server beside the usual ones. */
  readonly settings?: Readonly<Record<string, string>>
  readonly log?: EmbeddedLog
  /** Directories searched for an installed PostgreSQL. */
  readonly path?: readonly string[]
}

export interface Embedded {
  /** Connection string of a database of the server. */
  url(database: string): string
  /** Which PostgreSQL it is, and where it is from. */
  readonly version: string
  pid(): number
  stop(): Promise<void>
}

/**
 * Runs a PostgreSQL of our own in `<dir>/postgres`: unix socket only, never as root, ended with this process however
 * that ends, started again when it ends alone. Rejects with a `GatewayError` of one sentence.
 */
export async function startEmbedded(dir: string, options: EmbeddedOptions = {}): Promise<Embedded> {
  if (process.platform === 'win32') {
    throw new GatewayError(
      'NO_POSTGRES',
      'Drawbridge runs no PostgreSQL of its own on Windows: set DATABASE_URL',
    )
  }
  const place = await prepare(resolve(dir))
  const binaries = await findBinaries({
    operator: place.operator,
    cacheDir: join(resolve(dir), 'server'),
    wantedMajor: await majorIn(place.data),
    path: options.path ?? ['/usr/local/bin', '/usr/bin', '/opt/homebrew/bin', '/usr/local/pgsql/bin'],
  })
  options.log?.info({ postgres: binaries.from, directory: place.home }, 'starting postgresql')
  await initialise(place, binaries)
  const socketDir = await socketDirFor(place)
  const supervised = await supervise(
    {
      data: place.data,
      socketDir,
      binaries,
      operator: place.operator,
      settings: options.settings ?? {},
      onLine: (line) =>
        options.log?.[/ (WARNING|FATAL|PANIC|ERROR): /.test(line) ? 'warn' : 'debug']({ line }, 'postgresql'),
    },
    options.log,
  )
  const host = encodeURIComponent(socketDir)
  return {
    url: (database) => `postgresql://postgres@localhost:5432/${encodeURIComponent(database)}?host=${host}`,
    version: `PostgreSQL ${binaries.major}, ${binaries.from}`,
    pid: supervised.pid,
    stop: async () => {
      await supervised.stop()
      if (socketDir !== place.home) await rm(socketDir, { recursive: true, force: true })
    },
  }
}

interface Place {
  /** 0700, the operator's own. */
  readonly home: string
  readonly data: string
  readonly operator: Operator
}

async function prepare(dir: string): Promise<Place> {
  try {
    return await prepareWritable(dir)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof GatewayError || code === undefined) throw error
    throw new GatewayError(
      'DATA_DIR_NOT_WRITABLE',
      `${resolve(dir)} cannot be used as the data directory (${code}): let this user write there, or set DRAWBRIDGE_DATA_DIR to another place`,
      { cause: error },
    )
  }
}

async function prepareWritable(dir: string): Promise<Place> {
  const home = join(dir, 'postgres')
  const data = join(home, 'data')
  await makePassable(dir)
  const operator = await ownerOf(data, await operatorOf())
  await checkReachable(dir, operator)
  await mkdir(home, { recursive: true, mode: 0o700 })
  if (operator.uid !== undefined && operator.gid !== undefined) await chown(home, operator.uid, operator.gid)
  try {
    await chmod(home, 0o700)
    await readdir(home)
  } catch (cause) {
    throw new GatewayError(
      'DATA_DIR_NOT_OURS',
      `the data directory ${home} belongs to another user: start Drawbridge as that user or as root, or set DRAWBRIDGE_DATA_DIR to another place`,
      { cause },
    )
  }
  return { home, data, operator }
}

/** Others may pass through, but see nothing: the operator has to reach its own directory below. */
async function makePassable(dir: string): Promise<void> {
  const first = await mkdir(dir, { recursive: true })
  // Only what was made just now, whatever the umask; directories that were there are their owner's to open.
  for (let made = dir; first !== undefined && made.length >= first.length; made = dirname(made))
    await chmod(made, 0o711)
}

/** Root keeps the owner of existing data: another one could not read it. */
async function ownerOf(data: string, operator: Operator): Promise<Operator> {
  if (operator.uid === undefined) return operator
  const owner = await stat(data).catch(() => undefined)
  if (!owner || owner.uid === 0 || owner.uid === operator.uid) return operator
  return { name: `user ${owner.uid}`, uid: owner.uid, gid: owner.gid }
}

async function majorIn(data: string): Promise<number | undefined> {
  const text = await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => undefined)
  return text === undefined ? undefined : Number(text.trim())
}

/** Makes the cluster beside its place and renames it, so that a start that was killed half-way leaves nothing behind. */
async function initialise({ data, home, operator }: Place, { initdb }: Binaries): Promise<void> {
  if (existsSync(join(data, 'PG_VERSION'))) return
  for (const name of await readdir(home)) {
    if (name.startsWith('unfinished-')) await rm(join(home, name), { recursive: true, force: true })
  }
  const unfinished = join(home, `unfinished-${process.pid}`)
  const how = [
    '-U',
    'postgres',
    '--auth-local=trust',
    '--auth-host=reject',
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
  ]
  try {
    await run(initdb, ['-D', unfinished, ...how], asOperator(operator))
    await rename(unfinished, data)
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true })
    if (existsSync(join(data, 'PG_VERSION'))) return
    const said = String((cause as { stderr?: string }).stderr ?? cause)
      .trim()
      .split('\n')
      .at(-1)
    throw new GatewayError('POSTGRES_INIT', `the database directory ${data} could not be made: ${said}`, {
      cause,
    })
  }
}

/** The home itself, or a short private directory where the socket's path would be too long for the system (107 bytes). */
async function socketDirFor({ home, operator }: Place): Promise<string> {
  const fits = (dir: string) => Buffer.byteLength(join(dir, '.s.PGSQL.5432.lock')) <= 100
  if (fits(home)) return home
  const name = `drawbridge-${createHash('sha256').update(home).digest('hex').slice(0, 12)}`
  const base = fits(join(tmpdir(), name)) ? tmpdir() : '/tmp'
  const uid = operator.uid ?? process.getuid?.()
  const claim = async (dir: string): Promise<string> => {
    if (operator.uid !== undefined && operator.gid !== undefined) await chown(dir, operator.uid, operator.gid)
    return dir
  }
  try {
    await mkdir(join(base, name), { mode: 0o700 })
    return await claim(join(base, name))
  } catch {
    // Left by a run that was killed, or laid there by somebody else: only our own private one is good.
    const there = await lstat(join(base, name)).catch(() => undefined)
    if (there?.isDirectory() && there.uid === uid && (there.mode & 0o077) === 0) return join(base, name)
    return claim(await mkdtemp(join(base, 'drawbridge-')))
  }
}

/** Starts the server again when it ends without having been asked to. */
async function supervise(options: ServerOptions, log: EmbeddedLog | undefined) {
  let stopping = false
  let server: RunningServer = await launch(options)
  const watch = async (): Promise<void> => {
    for (;;) {
      const code = await server.exited
      for (let wait = 200; !stopping; wait = Math.min(wait * 2, 10_000)) {
        log?.error({ code }, 'postgresql ended; starting it again')
        const next = await launch(options).catch((error: unknown) =>
          log?.error({ error: String(error) }, 'postgresql does not start'),
        )
        if (next) {
          server = next
          break
        }
        await pause(wait, undefined, { ref: false })
      }
      if (stopping) return
    }
  }
  const watching = watch()
  return {
    pid: () => server.pid,
    stop: async () => {
      stopping = true
      await server.stop()
      await watching
    },
  }
}

export const embeddedDatabase = 'drawbridge'

/** The embedded server has no database of ours after its first start. */
export async function makeDatabase(embedded: Embedded): Promise<void> {
  const client = new pg.Client({ connectionString: embedded.url('postgres') })
  await client.connect()
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [embeddedDatabase])
    if (rowCount === 0) await client.query(`CREATE DATABASE ${embeddedDatabase}`)
  } finally {
    await client.end()
  }
}

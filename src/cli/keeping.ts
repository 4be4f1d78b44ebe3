import { createReadStream, createWriteStream } from 'node:fs'
import { access, rename, rm } from 'node:fs/promises'
import { loadEnvironment } from '../config/environment.ts'
import { GatewayError } from '../errors.ts'
import { withDatabase } from '../store/backup/database.ts'
import { dump } from '../store/backup/dump.ts'
import { load } from '../store/backup/load.ts'
import { move } from '../store/backup/move.ts'
import { migrate } from '../store/migrate.ts'
import { exitCodes, type ExitCode } from './exit-codes.ts'
import type { Output, Surroundings } from './output.ts'

interface Options {
  readonly json?: boolean
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }

export function backup(
  file: string,
  { json }: Options,
  { env, stderr }: Surroundings,
  output: Output,
): Promise<ExitCode> {
  return onDatabase(env, output, async (url) => {
    if (await exists(file))
      throw new GatewayError('FILE_EXISTS', `${file} exists already; nothing was written`)
    await migrate(url)
    const unfinished = `${file}.unfinished`
    try {
      const done = await dump(url, createWriteStream(unfinished, { mode: 0o600 }), (table, rows) => {
        if (stderr.isTTY) stderr.write(`  ${table}: ${rows}\n`)
      })
      await rename(unfinished, file)
      if (json) output.json({ file, ...done })
      else output.line(`${file}: ${done.rows} rows of ${done.tables} tables, as of ${done.takenAt}`)
    } catch (error) {
      await rm(unfinished, { force: true })
      throw error
    }
    return exitCodes.ok
  })
}

export function restore(
  file: string,
  { json }: Options,
  { env, stderr }: Surroundings,
  output: Output,
): Promise<ExitCode> {
  return onDatabase(env, output, async (url) => {
    if (!(await exists(file))) throw new GatewayError('FILE_MISSING', `there is no file ${file}`)
    const done = await load(url, createReadStream(file), (table) => {
      if (stderr.isTTY) stderr.write(`  ${table}\n`)
    })
    if (json) output.json({ file, ...done })
    else {
      output.line(
        `${done.rows} rows, as of ${done.takenAt}. Every account is in doubt now: only shut-outs run until`,
      )
      output.line('reconciliation agrees with what is held, or "drawbridge recovered" is said.')
    }
    return exitCodes.ok
  })
}

export function moveStore(
  { to, json }: Options & { readonly to: string },
  { env, stderr }: Surroundings,
  output: Output,
): Promise<ExitCode> {
  return onDatabase(env, output, async (url) => {
    if (!/^postgres(ql)?:\/\//.test(to) || !URL.canParse(to))
      throw new GatewayError(
        'DATABASE_URL',
        '--to is not of the form postgresql://user:password@host:5432/database',
      )
    const done = await move(url, to, (table) => {
      if (stderr.isTTY) stderr.write(`  ${table}\n`)
    })
    if (json) output.json(done)
    else
      output.line(`${done.rows} rows were moved. Start the gateways with DATABASE_URL on the new database.`)
    return exitCodes.ok
  })
}

async function onDatabase(
  env: Surroundings['env'],
  output: Output,
  work: (url: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  const loaded = loadEnvironment(env)
  if (!loaded.ok) {
    for (const { name, message } of loaded.problems) output.problem(`environment: ${name} ${message}`)
    return exitCodes.usage
  }
  try {
    return await withDatabase({ ...loaded.environment, log: silent }, work)
  } catch (error) {
    const known = error instanceof GatewayError || (error as NodeJS.ErrnoException).code !== undefined
    if (!known) throw error
    output.problem((error as Error).message)
    return exitCodes.failed
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

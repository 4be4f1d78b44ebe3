import { createReadStream, createWriteStream } from 'node:fs'
import { access, rename, rm } from 'node:fs/promises'
import { loadEnvironment } from '../../config/environment.ts'
import { GatewayError } from '../../model/errors.ts'
import { withDatabase } from '../../store/backup/format.ts'
import { dump } from '../../store/backup/dump.ts'
import { load } from '../../store/backup/load.ts'
import { move } from '../../store/backup/move.ts'
import { migrate } from '../../store/migrate.ts'
import { CommandFailure, exitCodes, type ExitCode } from '../../cli/exit-codes.ts'
import { requireStore } from '../../cli/client.ts'
import { createProgress } from '../../cli/progress.ts'
import type { Output, Io } from '../../cli/output.ts'

interface Options {
  readonly json?: boolean
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }

export function backup(
  file: string,
  { json }: Options,
  { env, stderr }: Io,
  output: Output,
): Promise<ExitCode> {
  return onDatabase(env, output, 'there', async (url) => {
    if (await exists(file))
      throw new GatewayError('FILE_EXISTS', `${file} already exists; nothing was written`)
    await migrate(url)
    const unfinished = `${file}.unfinished`
    try {
      const progress = createProgress({ stderr })
      const done = await dump(url, createWriteStream(unfinished, { mode: 0o600 }), (table, share) =>
        progress.show(`backup: ${table}`, share),
      )
      progress.end()
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
  { env, stderr }: Io,
  output: Output,
): Promise<ExitCode> {
  return onDatabase(env, output, 'new', async (url) => {
    if (!(await exists(file))) throw new GatewayError('FILE_MISSING', `there is no file ${file}`)
    const progress = createProgress({ stderr })
    const done = await load(url, createReadStream(file), (table, share) =>
      progress.show(`restore: ${table}`, share),
    )
    progress.end()
    if (json) output.json({ file, ...done })
    else {
      output.line(
        `${done.rows} rows restored, as of ${done.takenAt}. Every account is now in doubt: only shut-outs run until`,
      )
      output.line(
        'reconciliation finds nothing that contradicts the store, or you run "drawbridge recovered".',
      )
    }
    return exitCodes.ok
  })
}

export function moveStore(
  { to, json }: Options & { readonly to: string },
  { env, stderr }: Io,
  output: Output,
): Promise<ExitCode> {
  return onDatabase(env, output, 'there', async (url) => {
    if (!/^postgres(ql)?:\/\//.test(to) || !URL.canParse(to))
      throw new GatewayError(
        'DATABASE_URL',
        '--to is not of the form postgresql://user:password@host:5432/database',
      )
    const progress = createProgress({ stderr })
    const done = await move(url, to, (table, share) => progress.show(`move: ${table}`, share))
    progress.end()
    if (json) output.json(done)
    else output.line(`${done.rows} rows moved. Start the gateways with DATABASE_URL set to the new database.`)
    return exitCodes.ok
  })
}

async function onDatabase(
  env: Io['env'],
  output: Output,
  store: 'there' | 'new',
  work: (url: string) => Promise<ExitCode>,
): Promise<ExitCode> {
  const loaded = loadEnvironment(env)
  if (!loaded.ok) {
    for (const { name, message } of loaded.problems) output.problem(`environment: ${name} ${message}`)
    return exitCodes.usage
  }
  if (store === 'there') requireStore(loaded.environment)
  try {
    return await withDatabase({ ...loaded.environment, log: silent }, work)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (error instanceof GatewayError || code === undefined) throw error
    throw new CommandFailure(exitCodes.failed, message)
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

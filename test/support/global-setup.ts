import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { shareTestServers } from './database.ts'
import { endFilesThatHang } from './watchdog.ts'

const compiled = fileURLToPath(new URL('../../node_modules/.cache/compiled-for-tests', import.meta.url))

let stop: (() => Promise<void>) | undefined

/** As the runner has it: what it was told, or one less than there are cores. */
function filesAtOnce(): number {
  const flag = '--test-concurrency='
  const told = process.execArgv.find((argument) => argument.startsWith(flag))?.slice(flag.length)
  return Number(told) || Math.max(1, availableParallelism() - 1)
}

/** Called once by `node --test --test-global-setup`, before any test file. */
export async function globalSetup(): Promise<void> {
  // Files and the gateways they start load the same modules: types are stripped and code is compiled once.
  process.env['NODE_COMPILE_CACHE'] ??= compiled
  stop = await shareTestServers(filesAtOnce())
  endFilesThatHang()
}

export async function globalTeardown(): Promise<void> {
  await stop?.()
}

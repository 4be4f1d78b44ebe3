import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { stringify } from 'yaml'

const main = new URL('../../src/main.ts', import.meta.url).pathname

export interface GatewayProcess {
  readonly url: string
  readonly child: ChildProcess
}

/** A gateway as a process of its own, so that it can be killed. */
export async function serve(
  t: TestContext,
  file: string,
  databaseUrl: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [main, 'serve', '--config', file], {
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      PORT: '0',
      DRAWBRIDGE_INSECURE_TARGETS: '127.0.0.1',
      LOG_LEVEL: 'info',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  for await (const line of createInterface({ input: child.stdout! })) {
    const entry = JSON.parse(line) as { msg?: string; url?: string }
    if (entry.msg === 'gateway ready' && entry.url) {
      child.stdout!.resume()
      return { url: entry.url, child }
    }
  }
  throw new Error('the gateway ended before it was ready')
}

export async function kill({ child }: GatewayProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

/** As a supervisor stops it: gives the code with which it ended. */
export async function stop({ child }: GatewayProcess): Promise<number | null> {
  const gone = once(child, 'exit')
  child.kill('SIGTERM')
  const [code] = (await gone) as [number | null]
  return code
}

/** Writes a configuration file that the gateway's process may read; removed when the test ends. */
export async function configurationFile(t: TestContext, configuration: object): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-process-'))
  await chmod(folder, 0o711)
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'drawbridge.yaml')
  await writeFile(file, stringify(configuration, { aliasDuplicateObjects: false }))
  return file
}

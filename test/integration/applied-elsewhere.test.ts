import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, it, type TestContext } from 'node:test'
import { stringify } from 'yaml'
import { freshDatabase } from '../support/database.ts'
import { aUser, adminToken, deactivate, scim, until } from '../support/gateway.ts'
import { operate } from '../support/operator.ts'
import { configurationFile, type GatewayProcess, kill, serve } from '../support/process.ts'
import { person, startFalcon } from '../support/vendors.ts'

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const token = 'applied-elsewhere-0123456789abcdef'

async function stage(t: TestContext) {
  const falcon = await startFalcon(t)
  const { settings, credentials, ...rest } = { ...falcon.connection('current') }
  const configurationOf = (more: object): object => ({
    directories: {
      corp: {
        client: 'okta',
        tokens: [{ name: 'test', secret: token }],
        connections: {
          falcon: {
            vendor: 'crowdstrike',
            ...rest,
            settings: { ...settings, readLagMs: 0 },
            credentials,
            default: { role: 'event_viewer' },
            reply: { budget: '2s' },
            ...more,
          },
        },
      },
    },
  })
  const file = await configurationFile(t, configurationOf({}))
  const databaseUrl = await freshDatabase()
  return {
    falcon,
    databaseUrl,
    start: () => serve(t, file, databaseUrl, { DRAWBRIDGE_ADMIN_TOKEN: adminToken }),
    /** Writes the file as it is to be, and gives its text. */
    async change(more: object): Promise<string> {
      const text = stringify(configurationOf(more), { aliasDuplicateObjects: false })
      await writeFile(file, text)
      return text
    },
    /** `drawbridge apply` in a shell that knows the database, and no gateway. */
    async applyInShell(): Promise<string> {
      const child = spawn(process.execPath, [main, 'apply', '--yes', '--config', file], {
        env: {
          ...process.env,
          DATABASE_URL: databaseUrl,
          DRAWBRIDGE_INSECURE_TARGETS: '127.0.0.1',
          LOG_LEVEL: 'error',
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let out = ''
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (out += String(part)))
      const [code] = (await once(child, 'exit')) as [number]
      assert.equal(code, 0, out)
      return out
    },
  }
}

const join = async ({ url }: GatewayProcess, name: string): Promise<string> =>
  (await scim(url, token, 'POST', '/Users', aUser(name))).body.id

/** Gives how many milliseconds the leaver kept access. */
async function leave({ url }: GatewayProcess, id: string, hasLeft: () => boolean): Promise<number> {
  const from = performance.now()
  await scim(url, token, 'PATCH', `/Users/${id}`, deactivate)
  await until('the shut-out', hasLeft, 30_000)
  return performance.now() - from
}

const otherRole = { default: { role: 'help_desk' } }

describe('a configuration that was applied elsewhere', { timeout: 300_000 }, () => {
  it('by a shell beside the gateway is taken up: the leaver is shut out within 10 s', async (t) => {
    const { falcon, start, change, applyInShell } = await stage(t)
    const gateway = await start()
    const id = await join(gateway, 'ada')
    await change(otherRole)
    const told = await applyInShell()
    assert.match(told, /1 change applied to the store; the running gateway takes it up within seconds/)
    assert.ok((await leave(gateway, id, () => person(falcon, 'ada')?.entitlements.length === 0)) < 10_000)
    await join(gateway, 'eve')
    await until('the role of the new rules', () =>
      Boolean(person(falcon, 'eve')?.entitlements.includes('role:help_desk@cid')),
    )
  })

  it('by a process that dies at once is taken up by the other: the leaver is shut out within 10 s', async (t) => {
    const { falcon, start, change } = await stage(t)
    const [first, second] = [await start(), await start()]
    const id = await join(second, 'ada')
    const text = await change(otherRole)
    const applied = await operate(first.url, 'PUT', '/configuration', { body: { text } })
    assert.equal(applied.status, 200)
    assert.equal(applied.body.gateways, 2)
    await kill(first)
    assert.ok((await leave(second, id, () => person(falcon, 'ada')?.entitlements.length === 0)) < 10_000)
  })

  it('with other settings is not taken up without the file: it is told, and works again once it is put back', async (t) => {
    const { falcon, start, change, applyInShell } = await stage(t)
    const gateway = await start()
    await join(gateway, 'ada')
    const { settings } = falcon.connection('current')
    await change({
      settings: { ...settings, readLagMs: 0, memberCids: ['0123456789abcdef0123456789abcdef'] },
    })
    assert.match(await applyInShell(), /lack the credentials of corp\/falcon/)
    const notices = async (): Promise<readonly { kind: string }[]> =>
      (await operate(gateway.url, 'GET', '/notices?open=true')).body.items
    await until('the notice', async () => (await notices()).some(({ kind }) => kind === 'connection-behind'))
    await change({})
    await applyInShell()
    await until('no notice', async () => !(await notices()).some(({ kind }) => kind === 'connection-behind'))
    await join(gateway, 'eve')
    await until('the account of eve', () => person(falcon, 'eve') !== undefined)
  })
})

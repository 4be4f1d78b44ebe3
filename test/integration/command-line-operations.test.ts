import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { startSentry } from '../../src/simulators/sentry/index.ts'
import { createCommandLine } from '../support/command-line.ts'
import { aUser, deactivate, scim, until } from '../support/gateway.ts'

const key = (): string => randomBytes(32).toString('base64')

/** What an admin does in the first weeks, by the command line alone: watch, enforce, audit, back up, restore, change keys. */
describe('operating by the command line', { timeout: 480_000 }, () => {
  const masterKeys = [key(), key()] as const
  const line = createCommandLine({ DRAWBRIDGE_MASTER_KEY: `first:${masterKeys[0]}` })
  const { json, drawbridge, folder, env } = line
  const file = join(folder, 'drawbridge.yaml')
  const backupFile = join(folder, 'store.backup')
  let sentry: Awaited<ReturnType<typeof startSentry>>
  let token = ''
  let ada = ''

  before(async () => {
    sentry = await startSentry({ profile: 'current' })
    configure('shadow')
  })
  after(async () => {
    line.close()
    await sentry.close()
  })

  function configure(mode: string): void {
    const { settings, credentials } = sentry.connection('current')
    const connection = { vendor: 'sentry', mode, settings, credentials, default: { role: 'member' } }
    writeFileSync(file, JSON.stringify({ directories: { corp: { connections: { sentry: connection } } } }))
  }
  const apply = () => json('apply', '--yes', '--config', file)
  const accountOf = async (userName: string) =>
    (await json('account', 'list', '--user', userName)).accounts[0] as
      { status: string; proven: boolean } | undefined
  const members = (): number => sentry.people().filter(({ login }) => login.endsWith('@example.com')).length

  it('checks the file, makes directory and token, and watches without writing', async () => {
    assert.equal((await drawbridge(['check', '--config', file])).code, 0)
    await apply()
    token = (await json('token', 'create', 'okta')).secret
    await line.serve(file)
    const before = members()
    const { body, status } = await scim(line.url(), token, 'POST', '/Users', aUser('ada'))
    assert.equal(status, 201)
    ada = body.id
    await until('a recorded plan', async () => (await accountOf('ada@example.com'))?.status === 'waiting')
    const { plans } = await json('plan', 'sentry')
    assert.deepEqual([plans.length, plans[0].state], [1, 'recorded'])
    assert.match((await drawbridge(['plan', 'sentry'])).out, /ada@example\.com/)
    assert.equal(members(), before)
  })

  it('enforces what was seen', async () => {
    configure('enforce')
    await apply()
    await until('proof', async () => (await accountOf('ada@example.com'))?.proven === true)
    assert.match((await drawbridge(['explain', 'ada@example.com'])).out, /member/)
  })

  it('seals credentials of its own connections, and changes the key while people are pushed', async () => {
    const { settings, credentials } = sentry.connection('current')
    const document = join(folder, 'connection.json')
    writeFileSync(document, JSON.stringify({ vendor: 'sentry', settings, credentials }))
    await json('connection', 'create', 'second', document, '--directory', 'corp')
    await line.stop()
    env['DRAWBRIDGE_MASTER_KEY'] = `second:${masterKeys[1]},first:${masterKeys[0]}`
    await line.serve(file)
    const pushes = Array.from({ length: 10 }, (_, at) =>
      scim(line.url(), token, 'POST', '/Users', aUser(`person-${at}`)),
    )
    const rotated = await json('keys', 'rotate')
    assert.equal(rotated.connections, 1)
    assert.deepEqual(
      (await Promise.all(pushes)).map(({ status }) => status),
      pushes.map(() => 201),
    )
    assert.match((await drawbridge(['keys', 'list'])).out, /second/)
    await json('connection', 'detach', 'corp/second')
  })

  it('backs up while the gateway runs', async () => {
    const { rows } = await json('backup', backupFile)
    assert.ok(rows > 20)
    assert.equal((await drawbridge(['backup', backupFile])).code, 1)
    assert.ok(!readFileSync(backupFile).includes(token))
  })

  it('exports and verifies the audit, and finds the one row that was changed', async () => {
    const exported = (await drawbridge(['audit', 'export'])).out.trim().split('\n')
    const events = exported.map((each) => JSON.parse(each) as { action: string; actor: string })
    assert.ok(events.some(({ action, actor }) => action === 'user.created' && actor === 'token:okta'))
    assert.match(
      (await drawbridge(['audit', 'export', '--format', 'csv'])).out,
      /^at,directory,position,actor/,
    )
    assert.equal((await json('audit', 'verify')).ok, true)
    await onStore(
      `UPDATE events SET actor = 'operator:nobody' WHERE action = 'user.created' AND resource_id = '${ada}'`,
    )
    const verified = await drawbridge(['audit', 'verify'])
    assert.equal(verified.code, 1)
    assert.match(verified.out, /FAULT corp[^]*edited: event \d+ \(user\.created\)/)
  })

  it('restores into an empty data directory, where shut-outs alone run until it has recovered', async () => {
    assert.equal(await line.stop(), 0)
    env['DRAWBRIDGE_DATA_DIR'] = join(folder, 'restored')
    assert.match((await drawbridge(['restore', backupFile])).out, /Every account is now in doubt/)
    assert.equal((await json('audit', 'verify')).ok, true)
    await line.serve(file)
    const left = await scim(line.url(), token, 'PATCH', `/Users/${ada}`, deactivate)
    assert.ok([200, 503].includes(left.status))
    await until('gone', async () => !sentry.people().some(({ login }) => login === 'ada@example.com'))
    assert.equal((await scim(line.url(), token, 'POST', '/Users', aUser('new'))).status, 201)
    assert.equal((await accountOf('new@example.com'))?.proven, false)
    assert.equal((await drawbridge(['recovered', 'sentry'])).code, 0)
    await until('proof', async () => (await accountOf('new@example.com'))?.proven === true)
    assert.equal(await line.stop(), 0)
  })

  async function onStore(statement: string): Promise<void> {
    const pid = readFileSync(join(env['DRAWBRIDGE_DATA_DIR']!, 'postgres', 'data', 'postmaster.pid'), 'utf8')
    const socket = pid.split('\n')[4]!.trim()
    const client = new pg.Client({ host: socket, user: 'postgres', database: 'drawbridge' })
    await client.connect()
    await client.query(statement)
    await client.end()
  }
})

import assert from 'node:assert/strict'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { startSentry } from '../../src/simulators/sentry/index.ts'
import { createCommandLine } from '../support/command-line.ts'
import { aUser, scim, until } from '../support/gateway.ts'

/** Everything by the command line, on a fresh data directory: no database elsewhere, no token set up. */
describe('the command line alone', { timeout: 300_000 }, () => {
  const line = createCommandLine()
  const { drawbridge, json, url } = line
  const file = join(line.folder, 'drawbridge.yaml')
  const gatewayFile = join(line.env['DRAWBRIDGE_DATA_DIR']!, 'gateway.json')
  let sentry: Awaited<ReturnType<typeof startSentry>>
  let secret = ''

  before(async () => {
    sentry = await startSentry({ profile: 'current' })
    writeFileSync(file, configuration())
  })
  after(async () => {
    line.close()
    await sentry.close()
  })

  function configuration(rules = ''): string {
    const { settings, credentials } = sentry.connection('current')
    const connection = { vendor: 'sentry', settings, credentials, default: { role: 'member' } }
    const text = JSON.stringify({ directories: { corp: { connections: { sentry: connection } } } })
    return rules === '' ? text : text.replace('"default"', `"rules":${rules},"default"`)
  }

  const people = async (token: string) => (await scim(url(), token, 'GET', '/Users')).status

  it('needs a gateway for what asks vendors, and says so', async () => {
    const { code, err } = await drawbridge(['retry', 'sentry'])
    assert.equal(code, 3)
    assert.match(err, /No gateway is running/)
  })

  it('makes a directory from a file and a token, before any gateway runs', async () => {
    const refused = await drawbridge(['apply', '--config', file])
    assert.equal(refused.code, 2)
    assert.match(refused.out, /directory corp added/)
    assert.match(refused.err, /Nothing was changed/)
    const applied = await json('apply', '--yes', '--config', file)
    assert.equal(applied.running, false)
    assert.ok(applied.changes.includes('connection corp/sentry added'))
    const made = await json('token', 'create', 'okta', '--expires-in', '90d')
    secret = made.secret
    assert.equal(made.state, 'live')
    assert.deepEqual((await json('token', 'list')).tokens[0].hint, made.hint)
  })

  it('finds the gateway that runs on the data directory', async () => {
    await line.serve(file)
    assert.equal(statSync(gatewayFile).mode & 0o777, 0o600)
    const status = await json('status')
    assert.equal(status.running, true)
    assert.equal(status.connections[0].name, 'sentry')
  })

  it('shows how a pushed person stands, and why', async () => {
    assert.equal((await scim(url(), secret, 'POST', '/Users', aUser('ada'))).status, 201)
    await until('an account', async () => {
      const [account] = (await json('account', 'list', '--user', 'ada@example.com')).accounts
      return account?.proven === true
    })
    const { people: explained } = await json('explain', 'ada@example.com')
    assert.match(JSON.stringify(explained), /sentry/)
    const [account] = (await json('account', 'list', '--user', 'ada@example.com')).accounts
    const { operations } = await json('account', 'journal', account.id)
    assert.ok(
      operations.some(
        (each: { op: string; outcome: string }) => each.op === 'create' && each.outcome === 'done',
      ),
    )
    const unchanged = await json('plan', 'sentry', '--now')
    assert.deepEqual([unchanged.accounts, unchanged.totals.kinds.unchanged], [[], 1])
    assert.match(
      (await drawbridge(['plan', 'sentry', '--now'])).out,
      /1 account at sentry\n +1 already as wanted/,
    )
    const shown = await drawbridge(['status'])
    assert.match(shown.out, /corp\/sentry +sentry +enforce +ready +1 +1 +0/)
  })

  it('rotates a token with overlap, and ends one at once', async () => {
    const old = secret
    const next = await json('token', 'rotate', 'okta', '--overlap', '1h')
    assert.deepEqual([await people(old), await people(next.secret)], [200, 200])
    const { tokens } = await json('token', 'list')
    const former = tokens.find((each: { hint: string }) => each.hint !== next.hint)
    await json('token', 'revoke', former.hint)
    assert.deepEqual([await people(old), await people(next.secret)], [401, 200])
    secret = next.secret
  })

  it('applies a changed file to the running gateway after showing the difference', async () => {
    writeFileSync(file, configuration('[{"group":"Engineering","team":"core"}]'))
    const shown = await drawbridge(['apply', '--config', file])
    assert.match(
      shown.out,
      /connection corp\/sentry changed; every account is looked at again\n +rules: \+ \{"group":"Engineering","team":"core"\}/,
    )
    const { changes, running } = await json('apply', '--yes', '--config', file)
    assert.equal(running, true)
    assert.equal(changes.length, 1)
    const again = await drawbridge(['apply', '--config', file])
    assert.deepEqual([again.code, again.out.trim()], [0, 'no changes'])
  })

  it('lists a vendor now, compares it, and shuts a person out who is held', async () => {
    const inventory = await drawbridge(['inventory', 'sentry', '--live'])
    assert.equal(inventory.code, 0, inventory.err)
    assert.match(inventory.out, /^connection,vendor,accountId,login.*\r\n/)
    assert.match(inventory.out, /ada@example\.com/)
    const { run, survey } = await json('reconcile', 'corp/sentry')
    assert.equal(run.state, 'done')
    assert.deepEqual(survey, run)
    await json('hold', 'ada@example.com', '--reason', 'laptop stolen')
    await until('gone', async () => (await drawbridge(['evidence', '--user', 'ada@example.com'])).out !== '')
    await json('release', 'ada@example.com')
    const nobody = await drawbridge(['evidence', '--user', 'nobody@example.com'])
    assert.equal(nobody.code, 1)
    assert.match(nobody.err, /Directory corp has no User nobody@example\.com, not even one who was deleted/)
    const { plans } = await json('plan', 'sentry')
    assert.ok(Array.isArray(plans))
    assert.equal((await drawbridge(['notices'])).code, 0)
  })

  it('lets an operator do what the role allows, and tells who did it', async () => {
    const viewer = await json('operator', 'create', 'ada', '--role', 'viewer')
    const as = { DRAWBRIDGE_ADMIN_TOKEN: viewer.secret, DRAWBRIDGE_URL: url() }
    assert.equal((await drawbridge(['status'], as)).code, 0)
    const refused = await drawbridge(['token', 'create', 'mine', '--directory', 'corp'], as)
    assert.equal(refused.code, 4)
    assert.match(refused.err, /Operator ada has the role viewer; this needs the role admin/)
    await json('operator', 'revoke', 'ada')
    assert.equal((await drawbridge(['status'], as)).code, 4)
  })

  it('lets go of a connection only when it is told so', async () => {
    writeFileSync(file, JSON.stringify({ directories: { corp: { connections: {} } } }))
    const refused = await drawbridge(['apply', '--yes', '--config', file])
    assert.equal(refused.code, 1)
    assert.match(refused.err, /CONNECTION_MISSING/)
    const { changes } = await json('apply', '--yes', '--config', file, '--detach', 'corp/sentry')
    assert.match(
      changes[0],
      /connection corp\/sentry detached; its accounts at the vendor \(1\) stay as they are/,
    )
    assert.deepEqual((await json('status')).connections, [])
  })

  it('stops cleanly and takes its file away', async () => {
    assert.equal(await line.stop(), 0)
    assert.equal(existsSync(gatewayFile), false)
    assert.equal((await json('status')).running, false)
  })
})

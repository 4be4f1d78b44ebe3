import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { run } from '../../../src/app/program.ts'

const env = { SCIM_TOKEN: 'okta-0123456789abcdef', SENTRY_TOKEN: 'sntryu_hush_hush' }

const valid = `
directories:
  corp:
    tokens: [{ name: okta, secret: "\${SCIM_TOKEN}" }]
    connections:
      sentry:
        vendor: sentry
        settings: { organization: corp }
        credentials: { token: "\${SENTRY_TOKEN}" }
        rules: [{ group: Engineering, team: core }]
        default: { role: member }
`

async function commandLine(argv: readonly string[], variables: Readonly<Record<string, string>> = env) {
  const written = { out: '', err: '' }
  const code = await run(argv, {
    env: variables,
    stdout: { write: (text: string) => (written.out += text) },
    stderr: { write: (text: string) => (written.err += text) },
  })
  return { code, ...written }
}

describe('the command line', () => {
  let folder = ''
  const file = (name: string) => join(folder, name)
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'drawbridge-cli-'))
    writeFileSync(file('valid.yaml'), valid)
    writeFileSync(
      file('broken.yaml'),
      valid.replace('team: core', 'tema: core').replace('organization', 'org'),
    )
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  for (const argv of [
    ['--help'],
    ['serve', '--help'],
    ['demo', '--help'],
    ['simulate', '--help'],
    ['check', '--help'],
  ]) {
    it(`explains itself: ${argv.join(' ')}`, async () => {
      const { code, out } = await commandLine(argv)
      assert.equal(code, 0)
      assert.match(out, /Usage: drawbridge/)
      assert.match(out, argv.length > 1 ? /Examples:/ : /Exit codes:/)
    })
  }

  it('answers for help with what stands in the definitions alone, and so at once', () => {
    const hook = `import { registerHooks } from 'node:module'
      registerHooks({ load(url, context, next) { process.stderr.write(url + '\\n'); return next(url, context) } })`
    const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))
    const arguments_ = ['--import', `data:text/javascript,${encodeURIComponent(hook)}`, main, '--help']
    const { status, stderr } = spawnSync(process.execPath, arguments_, { encoding: 'utf8' })
    assert.equal(status, 0)
    const loaded = stderr.split('\n').filter((url) => url.startsWith('file:'))
    const packages = loaded.flatMap((url) => /node_modules\/([^/]+)/.exec(url)?.[1] ?? [])
    assert.deepEqual([...new Set(packages)], ['commander'])
    assert.ok(loaded.length < 80, loaded.join('\n'))
  })

  it('prints its version', async () => {
    const { code, out } = await commandLine(['--version'])
    assert.equal(code, 0)
    assert.match(out, /^\d+\.\d+\.\d+\n$/)
  })

  const misuses: readonly (readonly string[])[] = [
    [],
    ['nonsense'],
    ['check', '--nonsense'],
    ['check', 'extra'],
    ['simulate'],
    ['simulate', 'nonsense'],
    ['simulate', 'sentry', '--port', '65536'],
    ['simulate', 'sentry', '--profile', 'nonsense'],
    ['simulate', 'sentry', '--profile', 'legacy'],
  ]
  for (const argv of misuses) {
    it(`answers 2 and says why: ${argv.join(' ') || 'no command'}`, async () => {
      const { code, out, err } = await commandLine(argv)
      assert.equal(code, 2)
      assert.equal(out, '')
      assert.notEqual(err, '')
    })
  }

  it('shows what a valid file means, defaults included, and no secret', async () => {
    const { code, out, err } = await commandLine(['check', '--config', file('valid.yaml')])
    assert.deepEqual([code, err], [0, ''])
    assert.match(out, /when inactive +remove/)
    assert.match(out, /when deleted +remove/)
    assert.match(out, /rule +group "Engineering" grants team "core"/)
    assert.ok(!out.includes(env.SCIM_TOKEN) && !out.includes(env.SENTRY_TOKEN))
  })

  it('shows the same as JSON', async () => {
    const { code, out } = await commandLine(['check', '--json', '--config', file('valid.yaml')])
    const shown = JSON.parse(out) as {
      ok: boolean
      directories: { tokens: string[]; connections: { vendor: string; policy: { adopt: string } }[] }[]
    }
    assert.equal(code, 0)
    assert.equal(shown.ok, true)
    assert.deepEqual(shown.directories[0]?.tokens, ['okta'])
    assert.equal(shown.directories[0]?.connections[0]?.policy.adopt, 'always')
    assert.ok(!out.includes('hush') && !out.includes(env.SCIM_TOKEN))
  })

  it('lists every problem of a file with its line and answers 2', async () => {
    const { code, out, err } = await commandLine(['check', '--config', file('broken.yaml')])
    assert.deepEqual([code, out], [2, ''])
    const at = (line: number) => `${file('broken.yaml')}:${line}: directories.corp.connections.sentry`
    assert.deepEqual(err.trimEnd().split('\n'), [
      'The configuration cannot be used: 3 problems.',
      `${at(8)}.settings.organization is required`,
      `${at(8)}.settings.org is not a known key; known keys: ${err.match(/known keys: (.*)/)?.[1]}`,
      `${at(10)}.rules[0].tema is not a known key; did you mean "team"?`,
      'see: drawbridge errors configuration-settings',
      'see: drawbridge errors configuration-rules',
    ])
  })

  it('starts nothing with a broken file or a broken environment, and lists the problems of both', async () => {
    const { code, err } = await commandLine(['serve', '--config', file('broken.yaml')], {
      ...env,
      PORT: 'http',
    })
    assert.equal(code, 2)
    assert.match(err, /4 problems/)
    assert.match(err, /environment: PORT must be a port/)
    assert.match(err, /rules\[0\]\.tema/)
  })

  it('explains an error by its code alone, and answers 1 to one that there is not', async () => {
    const one = await commandLine(['errors', 'account-mass-change'])
    assert.equal(one.code, 0)
    assert.match(one.out, /^account-mass-change\n {2}means: .*\n {2}to do: .*approve.*\n {2}where: /)
    const { errors } = JSON.parse((await commandLine(['errors', 'NOT-FOUND', '--json'])).out) as {
      errors: readonly { anchor: string }[]
    }
    assert.deepEqual(
      errors.map(({ anchor }) => anchor),
      ['scim-not-found', 'account-not-found', 'operator-not-found'],
    )
    assert.match((await commandLine(['errors'])).out, /gateway-NO_POSTGRES {2}No PostgreSQL/)
    const none = await commandLine(['errors', 'nonsense'])
    assert.deepEqual([none.code, none.out], [1, ''])
  })

  it('names the explanation of every failure on the error stream', async () => {
    const { code, err } = await commandLine(['status', '--url', 'ftp://gateway'])
    assert.equal(code, 2)
    assert.match(err, /\nsee: drawbridge errors exit-2\n$/)
    const kept = await commandLine(['restore', file('missing.backup')], {
      ...env,
      DATABASE_URL: 'postgresql://u@127.0.0.1:1/x',
    })
    assert.equal(kept.code, 1)
    assert.match(kept.err, /^FILE_MISSING: [^]*\nsee: drawbridge errors gateway-FILE_MISSING\n$/)
  })

  it('answers 2 when there is no file', async () => {
    const { code, err } = await commandLine(['serve', '--config', file('missing.yaml')])
    assert.equal(code, 2)
    assert.match(err, /missing\.yaml: cannot be read \(ENOENT\)/)
  })
})

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { run } from '../../src/app/program.ts'
import { freshDatabase } from '../support/database.ts'

const valid = `
directories:
  corp:
    client: okta
    tokens: [{ name: okta, secret: okta-0123456789abcdef }]
    connections: {}
`
const password = 'hush-hush-0123456789'

let folder = ''
const file = (name: string): string => join(folder, name)

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'drawbridge-start-'))
  writeFileSync(file('valid.yaml'), valid)
  writeFileSync(file('utf16.yaml'), Buffer.from(`\uFEFF${valid}`, 'utf16le'))
  writeFileSync(file('loop.yaml'), 'directories: &all\n  corp: *all\n')
  writeFileSync(file('plain'), 'no folder')
})
after(() => rmSync(folder, { recursive: true, force: true }))

async function drawbridge(argv: readonly string[], env: Readonly<Record<string, string>>) {
  const written = { out: '', err: '' }
  const code = await run(argv, {
    env: { LOG_LEVEL: 'silent', ...env },
    stdout: { write: (text: string) => (written.out += text) },
    stderr: { write: (text: string) => (written.err += text) },
  })
  return { code, ...written }
}

/** Says what a PostgreSQL says when it lets somebody not in: an ErrorResponse with this SQLSTATE. */
async function refusing(t: TestContext, sqlState: string): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => {
      const fields = `SFATAL\0VFATAL\0C${sqlState}\0Mno\0\0`
      const length = Buffer.alloc(4)
      length.writeInt32BE(fields.length + 4)
      socket.end(Buffer.concat([Buffer.from('E'), length, Buffer.from(fields, 'latin1')]))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

async function taken(t: TestContext): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return String((server.address() as AddressInfo).port)
}

/** `postgresql://` of a user with a password that no message may show. */
const at = (place: string, database = 'drawbridge'): string =>
  `postgresql://drawbridge:${password}@${place}/${database}`

type Setting = Readonly<Record<string, string>>

describe('a start that cannot be', () => {
  let database = ''
  before(async () => {
    database = await freshDatabase()
  })

  const cases: readonly (readonly [string, RegExp, (t: TestContext) => Setting | Promise<Setting>])[] = [
    [
      'on a port that is taken',
      /^PORT_IN_USE: port \d+ of 127\.0\.0\.1 is taken: stop what listens there, or set PORT to another one$/,
      async (t) => ({ DATABASE_URL: database, PORT: await taken(t) }),
    ],
    [
      'on an address of another machine',
      /^HOST_NOT_LOCAL: 192\.0\.2\.7 is no address of this machine: set HOST to one, such as 127\.0\.0\.1, or to 0\.0\.0\.0 for all of them$/,
      () => ({ DATABASE_URL: database, HOST: '192.0.2.7', PORT: '0' }),
    ],
    [
      'on a host that nobody knows',
      /^HOST_NOT_LOCAL: nowhere\.invalid is no address of this machine/,
      () => ({ DATABASE_URL: database, HOST: 'nowhere.invalid', PORT: '0' }),
    ],
    [
      'with files that are no certificate',
      /^TLS_UNUSABLE: TLS_CERT and TLS_KEY cannot be used \(ERR_OSSL_PEM_NO_START_LINE\): they must name/,
      () => ({ DATABASE_URL: database, TLS_CERT: file('plain'), TLS_KEY: file('plain'), PORT: '0' }),
    ],
    [
      'with a data directory below a file',
      /^DATA_DIR_NOT_WRITABLE: .*plain\/data cannot be used as the data directory \(ENOTDIR\): let this user write there, or set DRAWBRIDGE_DATA_DIR to another place$/,
      () => ({ DRAWBRIDGE_DATA_DIR: file('plain/data') }),
    ],
    [
      'with a data directory that is a file',
      /^DATA_DIR_NOT_WRITABLE: .*plain cannot be used as the data directory \(EEXIST\)/,
      () => ({ DRAWBRIDGE_DATA_DIR: file('plain') }),
    ],
    [
      'where PostgreSQL does not run',
      /^DATABASE_REFUSED: nothing accepts connections at 127\.0\.0\.1:1: start PostgreSQL there, or correct DATABASE_URL$/,
      () => ({ DATABASE_URL: at('127.0.0.1:1') }),
    ],
    [
      'with a database host that nobody knows',
      /^DATABASE_HOST: the host nowhere\.invalid of DATABASE_URL cannot be found: correct DATABASE_URL$/,
      () => ({ DATABASE_URL: at('nowhere.invalid') }),
    ],
    [
      'with a wrong password',
      /^DATABASE_LOGIN: PostgreSQL at 127\.0\.0\.1:\d+ does not accept the user or the password of DATABASE_URL: correct them/,
      async (t) => ({ DATABASE_URL: at(`127.0.0.1:${await refusing(t, '28P01')}`) }),
    ],
    [
      'as a user who may not come from here',
      /^DATABASE_LOGIN: .*pg_hba\.conf\)$/,
      async (t) => ({ DATABASE_URL: at(`127.0.0.1:${await refusing(t, '28000')}`) }),
    ],
    [
      'where too many are connected',
      /^DATABASE_UNAVAILABLE: PostgreSQL at 127\.0\.0\.1:\d+ cannot be used \(53300\): see that it runs/,
      async (t) => ({ DATABASE_URL: at(`127.0.0.1:${await refusing(t, '53300')}`) }),
    ],
    [
      'on a database that is not there',
      /^DATABASE_MISSING: PostgreSQL at \S+ has no database "nothing here": create it, or correct DATABASE_URL$/,
      () => {
        const url = new URL(database)
        url.pathname = '/nothing%20here'
        return { DATABASE_URL: url.href }
      },
    ],
  ]

  for (const [what, sentence, settingOf] of cases) {
    it(`${what} is told in one sentence with its code`, { timeout: 30_000 }, async (t) => {
      const setting = await settingOf(t)
      const { code, out, err } = await drawbridge(['serve', '--config', file('valid.yaml')], setting)
      assert.equal(code, 1, err)
      assert.equal(out, '')
      const [told = '', see = '', ...rest] = err.trimEnd().split('\n')
      assert.match(told, sentence)
      assert.equal(see, `see: drawbridge errors gateway-${told.split(':')[0]}`)
      assert.deepEqual(rest, [], 'no stack')
      assert.ok(!err.includes(password))
    })
  }

  const files: readonly (readonly [string, string, RegExp])[] = [
    ['is not there', 'missing.yaml', /missing\.yaml: cannot be read \(ENOENT\): there is no such file$/],
    ['is a folder', '.', /: cannot be read \(EISDIR\): it is a folder$/],
    ['is UTF-16', 'utf16.yaml', /utf16\.yaml: is not a text in UTF-8 \(perhaps UTF-16\): save it as UTF-8$/],
    [
      'has an alias in its own block',
      'loop.yaml',
      /loop\.yaml:1: an alias \(\*name\) is inside of the block that it stands for \(&name\)$/,
    ],
  ]
  for (const [what, name, sentence] of files) {
    for (const command of ['serve', 'check', 'apply']) {
      it(`with a file that ${what} is told in one sentence: ${command}`, async () => {
        const setting = { DATABASE_URL: database }
        const { code, err } = await drawbridge([command, '--config', file(name)], setting)
        assert.equal(code, 2, err)
        const [count, told = '', see, ...rest] = err.trimEnd().split('\n')
        assert.equal(count, 'The configuration cannot be used: 1 problem.')
        assert.match(told, sentence)
        assert.equal(see, 'see: drawbridge errors configuration-file')
        assert.deepEqual(rest, [])
      })
    }
  }

  it('shows where it happened with LOG_LEVEL=debug alone', async () => {
    const setting = { DATABASE_URL: at('127.0.0.1:1'), LOG_LEVEL: 'debug' }
    const { err } = await drawbridge(['status'], setting)
    assert.match(err, /^DATABASE_REFUSED: [^\n]*\nGatewayError: [^]*\n +at /)
    assert.ok(!err.includes(password))
  })
})

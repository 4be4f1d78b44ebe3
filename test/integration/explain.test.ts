import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { run } from '../../src/app/program.ts'
import { addMember, aGroup, aPatch, aUser, removeMember, startTestGateway } from '../support/gateway.ts'
import { startFalcon, startSentryWithTeams, type Falcon } from '../support/vendors.ts'
import { explainPerson } from '../../src/operations/explain/explain.ts'
import { explanationLines } from '../../src/translators/explain/words.ts'

const rules = [
  { group: 'Analysts', role: 'Detection Monitor', line: 9 },
  { group: 'Night Shift', role: 'Falcon Administratr', line: 10 },
]

interface Stage {
  readonly falcon: Falcon
  readonly ada: string
  readonly file: (name: string, text: string) => string
  /** Runs a command on the gateway's database. */
  readonly command: (...argv: readonly string[]) => Promise<{ code: number; out: string; err: string }>
  readonly scim: Awaited<ReturnType<typeof startTestGateway>>['scim']
  readonly groups: Readonly<Record<string, string>>
}

async function stage(t: TestContext): Promise<Stage> {
  const [falcon, sentry] = [await startFalcon(t), await startSentryWithTeams(t)]
  const { scim, databaseUrl, until } = await startTestGateway(t, {
    connections: [
      { name: 'falcon', simulator: falcon, policy: { rules } },
      { name: 'errors', simulator: sentry, policy: { default: { role: 'member' } } },
    ],
  })
  const ada = (await scim('POST', '/Users', aUser('ada'))).body.id
  await scim('POST', '/Users', aUser('bob'))
  const groups: Record<string, string> = {}
  for (const name of ['Analysts', 'Night Shift', 'team-core'])
    groups[name] = (await scim('POST', '/Groups', aGroup(name))).body.id
  await scim('PATCH', `/Groups/${groups['Analysts']}`, addMember(ada))
  await until('the grant', () => falcon.people().some(({ entitlements }) => entitlements.length > 0))

  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-explain-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return {
    falcon,
    ada,
    scim,
    groups,
    file(name, text) {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    },
    async command(...argv) {
      const written = { out: '', err: '' }
      const code = await run(argv, {
        env: { DATABASE_URL: databaseUrl, DRAWBRIDGE_INSECURE_TARGETS: '127.0.0.1' },
        stdout: { write: (text: string) => (written.out += text) },
        stderr: { write: (text: string) => (written.err += text) },
      })
      return { code, ...written }
    },
  }
}

describe('explain and plan --rules', () => {
  it('[M-09][R1-11] show what a person has and why, what would be, and what new rules would do', async (t) => {
    const { command, file, falcon, scim, groups, ada } = await stage(t)
    const trace = falcon.trace.length

    const shown = await command('explain', 'ADA@example.com', '--connection', 'falcon')
    assert.equal(shown.code, 0, shown.err)
    assert.match(shown.out, /ada@example\.com in directory corp: active/)
    assert.match(
      shown.out,
      /rule 1 \(line 9\): grants role "Detection Monitor" in cid .* \(member of "Analysts"\)/,
    )
    assert.match(shown.out, /rule 2 \(line 10\): does not apply — not a member of Night Shift/)
    assert.match(
      shown.out,
      /because +rule 1 \(line 9\) through "Analysts"\n +last call +change of entitlements at .*: done/,
    )
    assert.ok(!shown.out.includes('errors (sentry)'))

    const supposed = await command(
      ...['explain', 'ada@example.com', '--connection', 'corp/falcon', '--json'],
      ...['--without-group', 'Analysts', '--with-group', 'Night Shift'],
    )
    const [person] = JSON.parse(supposed.out).people
    const { whatIf } = person.connections[0]
    assert.deepEqual(whatIf.gains, [])
    assert.match(whatIf.loses[0].name, /^role "Detection Monitor" in cid/)
    assert.match(
      whatIf.deviations[0].detail,
      /no role "Falcon Administratr" \(line 10\)\. Nearest: "Falcon Administrator"/,
    )

    const changed = file(
      'new.yaml',
      'rules:\n  - { group: Analysts, role: Falcon Administrator }\n  - { group: Analysts, role: nobody }\ndefault: { role: Dashboard Viewr }\n',
    )
    const effect = await command('plan', 'falcon', '--rules', changed, '--json')
    assert.equal(effect.code, 0, effect.err)
    const { people, changed: count, entitlements, changes, unresolved } = JSON.parse(effect.out)
    assert.deepEqual([people, count], [2, 1])
    const counts = entitlements.map((each: { name: string; gains: number; loses: number }) => [
      each.name.split('"')[1],
      each.gains,
      each.loses,
    ])
    assert.deepEqual(counts, [
      ['Falcon Administrator', 1, 0],
      ['Detection Monitor', 0, 1],
    ])
    assert.equal(changes[0].userName, 'ada@example.com')
    assert.deepEqual(unresolved.map((each: { people: number }) => each.people).toSorted(), [1, 2])

    const broken = await command(
      'plan',
      'falcon',
      '--rules',
      file('bad.yaml', 'rules:\n  - { group: "/(?=a)/", role: x }\n'),
    )
    assert.equal(broken.code, 2)
    assert.match(broken.err, /bad\.yaml:2: rules\[0\]\.group look-ahead/)
    assert.equal((await command('explain', 'nobody@example.com')).code, 1)
    const unknown = await command('plan', 'falcn', '--rules', changed)
    assert.match(
      unknown.err,
      /no connection called falcn \(did you mean falcon\?\); there are: corp\/errors, corp\/falcon/,
    )
    assert.equal(falcon.trace.length, trace, 'no vendor was asked')

    await scim('PATCH', `/Groups/${groups['Analysts']}`, removeMember(ada))
    await scim('PATCH', `/Users/${ada}`, aPatch({ op: 'replace', value: { active: false } }))
    const gone = await command('explain', 'ada@example.com', '--connection', 'falcon')
    assert.match(gone.out, /to be shut out\. The User is not active/)
  })

  it('says when the next try is and what an account waits for', async (t) => {
    const falcon = await startFalcon(t)
    const policy = { rules: [], default: { role: 'Falcon Analyst - Read Only' }, mode: 'approve' } as const
    const { scim, gateway } = await startTestGateway(t, {
      connections: [{ name: 'falcon', simulator: falcon, policy }],
    })
    await scim('POST', '/Users', aUser('ada'))
    const explained = async (): Promise<string> => {
      const [ada] = await explainPerson(gateway.store.db, { userName: 'ada@example.com' })
      return ada!.connections.flatMap(explanationLines).join('\n')
    }
    assert.match(
      await explained(),
      /waits for +a decision: run "drawbridge approve corp\/falcon --plan [0-9a-f-]{36}", or "reject"/,
    )
    const set = (table: 'accounts' | 'connections', assignments: string) =>
      gateway.store.db.rows({ text: `UPDATE ${table} SET ${assignments}`, values: [] })
    await gateway.store.db.rows({ text: 'DELETE FROM plans', values: [] })
    await set('accounts', `status = 'pending', attempts = 2, due_at = '2040-01-01T00:00:00Z'`)
    assert.match(await explained(), /next try +2040-01-01T00:00:00.000Z, after 2 failed tries/)
    assert.doesNotMatch(await explained(), /waits for/)
    await set('connections', `pauses = '{"users": "2039-01-01T00:00:00Z"}'`)
    assert.match(await explained(), /waits for +the rate limit of the vendor, until 2039-01-01T00:00:00.000Z/)
    await set('connections', `status = 'parked', parked_reason = '{"detail": "the secret is wrong"}'`)
    assert.match(await explained(), /waits for +the connection, which is parked \(the secret is wrong\)/)
    await set('accounts', 'unmanaged = true')
    assert.match(await explained(), /waits for +an operator, who took the account out of provisioning/)
  })

  it('[M-09] check --live compares rules with catalogue and directory, and writes nothing', async (t) => {
    const { command, file, falcon } = await stage(t)
    const { settings, credentials } = falcon.connection('current')
    const config = {
      directories: {
        corp: {
          connections: {
            falcon: {
              vendor: 'crowdstrike',
              settings: { ...settings, apiProfile: 'current' },
              credentials,
              rules: [
                { group: 'Analysts', role: 'Falcon Administratr' },
                { group: 'Nowhere', role: 'Falcon Administrator', except: ['Nobody'] },
                { group: '/^team-(?<role>.+)$/', role: '{role}' },
                { attribute: 'title eq "Queen"', role: 'Falcon Administrator' },
                { roles: 'gone', role: 'Falcon Administrator' },
              ],
            },
          },
        },
      },
    }
    const before = falcon.trace.length
    const { code, out } = await command(
      'check',
      '--live',
      '--json',
      '--config',
      file('live.json', JSON.stringify(config)),
    )
    const { hints, ok } = JSON.parse(out)
    assert.deepEqual([code, ok], [1, false])
    const found = hints
      .map(({ rule, state, detail }: Record<string, unknown>) => `${rule} ${state} ${detail}`)
      .join('\n')
    assert.match(
      found,
      /0 failed The vendor has no role "Falcon Administratr"\. Nearest: "Falcon Administrator"/,
    )
    assert.match(found, /1 hint never matches: the directory has no group "Nowhere"/)
    assert.match(found, /1 hint excepts "Nobody", but the directory has no such group/)
    assert.match(found, /2 failed The vendor has no role "core"/)
    assert.match(found, /3 hint never matches: no one in the directory satisfies/)
    assert.match(found, /4 hint never matches: no one in the directory has "gone"/)
    assert.ok(falcon.trace.slice(before).every(({ mutating, path }) => !mutating || path === '/oauth2/token'))
  })

  it('check --live has Falcon judge the creations that are planned (validate_only), and makes nobody', async (t) => {
    const { command, file, falcon, scim } = await stage(t)
    const { settings, credentials } = falcon.connection('current')
    const connection = {
      vendor: 'crowdstrike',
      settings: { ...settings, apiProfile: 'current' },
      credentials,
      default: { role: 'Help Desk Analyst' },
    }
    const live = (name: string, domains?: readonly string[]) =>
      file(
        `${name}.json`,
        JSON.stringify({
          directories: { corp: { ...(domains && { domains }), connections: { falcon: connection } } },
        }),
      )
    falcon.state.toggles.allowedDomains = ['example.com']
    for (const name of ['eve', 'joe', 'kim', 'lea'])
      await scim('POST', '/Users', aUser(name, { userName: `${name}@blocked.example`, emails: [] }))
    const before = { trace: falcon.trace.length, people: falcon.people() }
    const judged = async (path: string, ...more: readonly string[]) => {
      const { code, out } = await command('check', '--live', '--json', ...more, '--config', path)
      return {
        code,
        hints: JSON.parse(out).hints.map(({ state, detail }: Record<string, string>) => `${state} ${detail}`),
      }
    }
    const known = await judged(live('known'))
    assert.equal(known.code, 1)
    assert.match(
      known.hints.join('\n'),
      /^failed .*blocked\.example, .*blocked\.example, .*blocked\.example and 1 more: the vendor would refuse the creation: .*domain/m,
    )
    assert.deepEqual(falcon.people(), before.people)
    const asked = falcon.trace.slice(before.trace).filter(({ path }) => path.endsWith('/entities/users/v1'))
    assert.deepEqual(
      asked.map(({ method, query }) => [method, query['validate_only']]),
      asked.map(() => ['POST', 'true']),
    )
    assert.equal(asked.length, 4, 'who has an account is not asked about')
  })

  it('check --live without a store asks about each domain of the directory', async (t) => {
    const falcon = await startFalcon(t)
    falcon.state.toggles.allowedDomains = ['corp.example']
    const { settings, credentials } = falcon.connection('current')
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-check-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const path = join(folder, 'drawbridge.json')
    const falconAt = { vendor: 'crowdstrike', settings: { ...settings, apiProfile: 'current' }, credentials }
    const domains = ['corp.example', 'sister.example']
    writeFileSync(
      path,
      JSON.stringify({ directories: { corp: { domains, connections: { falcon: falconAt } } } }),
    )
    let out = ''
    const code = await run(['check', '--live', '--json', '--config', path], {
      env: { DRAWBRIDGE_INSECURE_TARGETS: '127.0.0.1' },
      stdout: { write: (text: string) => (out += text) },
      stderr: { write: () => undefined },
    })
    const { hints } = JSON.parse(out)
    assert.equal(code, 1)
    assert.equal(hints.length, 1)
    assert.match(
      hints[0].detail,
      /^drawbridge-check@sister\.example: the vendor would refuse the creation: .*domain/,
    )
  })
})

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { run } from '../../../src/app/program.ts'
import { parseMasterKeys } from '../../../src/secrets/keys.ts'
import { adminToken, aUser, startTestGateway, until } from '../../support/gateway.ts'
import { person, startFalcon } from '../../support/vendors.ts'

describe('drawbridge connection and keys', () => {
  it('make, check, enable, change and detach a connection from files with references', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-connection-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const falcon = await startFalcon(t)
    const parsed = parseMasterKeys(`2026:${randomBytes(32).toString('base64')}`, () => '')
    assert.ok('keys' in parsed)
    const { gateway, scim } = await startTestGateway(t, {
      connections: [],
      environment: { masterKeys: parsed.keys },
    })
    const { settings, credentials } = falcon.connection('current')
    const { clientId, clientSecret } = credentials as Record<string, string>
    const env = {
      DRAWBRIDGE_URL: gateway.url,
      DRAWBRIDGE_ADMIN_TOKEN: adminToken,
      FALCON_SECRET: clientSecret,
    }
    const drawbridge = async (...argv: readonly string[]) => {
      const written = { out: '', err: '' }
      const code = await run(argv, {
        env,
        stdout: { write: (text: string) => (written.out += text) },
        stderr: { write: (text: string) => (written.err += text) },
      })
      assert.ok(!`${written.out}${written.err}`.includes(clientSecret!))
      return { code, ...written }
    }
    const done = async (words: RegExp, ...argv: readonly string[]) => {
      const { code, out, err } = await drawbridge(...argv)
      assert.equal(code, 0, err)
      assert.match(out, words)
    }
    const file = (name: string, content: object): string => {
      const path = join(folder, name)
      writeFileSync(path, JSON.stringify(content))
      return path
    }
    const secret = { clientId, clientSecret: '${FALCON_SECRET}' }
    const draft = {
      vendor: 'crowdstrike',
      settings: { ...settings, apiProfile: 'current' },
      credentials: secret,
    }

    const missing = file('missing.yaml', { ...draft, credentials: { clientId, clientSecret: '${NOT_SET}' } })
    const refused = await drawbridge('connection', 'create', 'falcon', missing)
    assert.deepEqual([refused.code, /NOT_SET is not set/.test(refused.err)], [2, true])
    await done(/corp\/falcon created, disabled/, 'connection', 'create', 'falcon', file('falcon.yaml', draft))
    assert.match((await drawbridge('connection', 'enable', 'falcon')).err, /NOT_CHECKED/)
    await done(/corp\/falcon works: tenant crowdstrike:/, 'connection', 'check', 'falcon')
    await done(/enabled, 0 people to admit/, 'connection', 'enable', 'corp/falcon')
    await scim('POST', '/Users', aUser('ada'))
    await until('ada is there', () => person(falcon, 'ada') !== undefined)
    await done(
      /credentials of corp\/falcon changed/,
      'connection',
      'credentials',
      'falcon',
      file('s.yaml', secret),
    )
    const wrong = file('wrong.yaml', { clientId, clientSecret: 'a-wrong-secret-0123456789' })
    const refusal = await drawbridge('connection', 'credentials', 'falcon', wrong)
    assert.equal(refusal.code, 1)
    assert.match(
      refusal.err,
      /^Nothing was changed: .*What was in force stays in force\. .*\(check-failed, request /,
    )
    await done(/credentials of .* changed/, 'connection', 'credentials', 'falcon', wrong, '--force')
    await done(/credentials of .* changed/, 'connection', 'credentials', 'falcon', file('s.yaml', secret))
    const { credentials: _, ...rest } = draft
    const watching = file('watching.yaml', { ...rest, mode: 'shadow' })
    await done(/corp\/falcon changed/, 'connection', 'update', 'falcon', watching)
    await done(/corp\/falcon +crowdstrike +shadow +console +ready/, 'connection', 'list')
    await done(/^2026 +yes +yes +1 +0$/m, 'keys', 'list')
    await done(/^0 connections sealed/, 'keys', 'rotate')
    await done(/detached; its accounts at the vendor \(1\) stay/, 'connection', 'detach', 'falcon')
  })
})

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import pino from 'pino'
import { parseConfiguration } from '../../src/config/load.ts'
import type { Report } from '../../src/doctor/checks.ts'
import { openStore } from '../../src/app/stores.ts'
import { vendors } from '../../src/vendors/registry.ts'
import { freshDatabase } from '../support/database.ts'
import { startFalcon } from '../support/vendors.ts'
import { commandLineIn } from './doctor.ts'

/** A store that has the connection applied, and the doctor looking at it. */
async function stage(t: TestContext) {
  const falcon = await startFalcon(t)
  const databaseUrl = await freshDatabase()
  const store = await openStore({ databaseUrl, dataDir: '/nonexistent', log: pino({ level: 'silent' }) })
  t.after(() => store.close())
  const { settings, credentials } = falcon.connection('current')
  const connection = { vendor: 'crowdstrike', settings, credentials }
  const file = { directories: { corp: { connections: { falcon: connection } } } }
  const loaded = parseConfiguration(
    JSON.stringify(file),
    { DRAWBRIDGE_INSECURE_TARGETS: '127.0.0.1' },
    vendors,
  )
  assert.ok(loaded.ok)
  const { connectionIds } = await store.applyConfiguration(loaded.configuration)
  const { id } = connectionIds.get('corp/falcon')!
  const ask = async (url: string, ...options: readonly string[]) => {
    const { out, err } = await commandLineIn(
      { DATABASE_URL: url },
      file,
      'doctor',
      'falcon',
      '--json',
      ...options,
    )
    return { err, report: JSON.parse(out) as Report }
  }
  return { falcon, databaseUrl, ask, kept: async () => (await store.connections.profile(id))?.profile }
}

const profileOf = ({ findings }: Report): string =>
  findings.find(({ check }) => check === 'profile')?.detail ?? ''

describe('doctor --reprobe', () => {
  it('[M-15] keeps what it finds in the store; without it what is kept is used and nothing is kept', async (t) => {
    const { falcon, databaseUrl, ask, kept } = await stage(t)
    assert.match(profileOf((await ask(databaseUrl)).report), /^current, found by asking/)
    assert.equal(await kept(), undefined)
    await ask(databaseUrl, '--reprobe')
    assert.equal(await kept(), 'current')

    falcon.state.toggles.routes = 'guide'
    const { report } = await ask(databaseUrl)
    assert.match(profileOf(report), /^current, found 20.* and kept; --reprobe asks again$/)
    const { report: again } = await ask(databaseUrl, '--reprobe')
    assert.deepEqual(again.profile, { configured: 'auto', used: 'guide' })
    assert.equal(await kept(), 'guide')
  })

  it('goes on without a store that does not answer', async (t) => {
    const { ask } = await stage(t)
    const { err, report } = await ask('postgresql://nobody@127.0.0.1:1/none', '--reprobe')
    assert.match(err, /store of DATABASE_URL does not tell/)
    assert.equal(report.profile.used, 'current')
    assert.equal(report.ok, true)
  })
})

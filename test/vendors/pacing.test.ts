import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { VendorError } from '../../src/model/errors.ts'
import type { Target } from '../../src/vendors/contract.ts'
import { createPacing } from '../../src/vendors/kit/pacing.ts'
import { vendorOf } from '../../src/vendors/registry.ts'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import { paceOf } from '../../src/vendors/sisense/settings.ts'
import { simulators } from '../../src/simulators/registry.ts'
import type { SimulatorOptions, VendorSimulator } from '../../src/simulators/simulator.ts'
import { openKit, openTarget, type Opening } from '../contract/target.ts'
import type { ApiProfile } from '../../src/model/account.ts'

interface Pair {
  readonly simulator: VendorSimulator
  /** Another connection of the same process. */
  readonly open: (opening?: Opening) => Target
}

async function pair(t: TestContext, vendor: string, profile: ApiProfile): Promise<Pair> {
  const start = await simulators[vendor]!()
  const simulator = await start({ profile } as SimulatorOptions)
  // Time stands still, so that a limit once used up stays so.
  const kit = openKit({ pacing: createPacing(() => 0) })
  t.after(async () => {
    await simulator.close()
    await kit.dispatcher.close()
  })
  return {
    simulator,
    open: (opening) => openTarget(vendorOf(vendor)!, simulator, profile, kit, opening),
  }
}

/** Reads until the pace says no; how many went out. */
async function untilHeldBack(read: () => Promise<unknown>): Promise<number> {
  for (let count = 0; count < 10_000; count += 1) {
    const error = await read().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    if (error instanceof VendorError && error.failure === 'rate-limited') {
      assert.match(error.detail, /held back/)
      assert.equal(error.certainlyNotDone, true)
      return count
    }
    if (error) throw error
  }
  return assert.fail('nothing holds it back')
}

/** One small call, what of the limit is left to it, and how two connections share or do not. */
const shared = [
  {
    title: '[R0-32] sentinelone: two connections with one API token',
    vendor: 'sentinelone',
    profile: 'current',
    percent: 20,
    call: (target: Target) => target.get('123456789012345678'),
    same: {},
    other: { credentials: { apiToken: 'another-token-0123456789' } },
  },
  {
    title: '[R3-27] crowdstrike: two connections with one client, "rate limits are per API client":',
    vendor: 'crowdstrike',
    profile: 'guide',
    percent: 1,
    call: (target: Target) => target.get('00000000-0000-4000-8000-000000000000'),
    same: {},
    other: { credentials: { clientId: 'another-client' } },
  },
  {
    title: '[R4-25] sentry: two connections with one token, about 100 requests per 10 seconds:',
    vendor: 'sentry',
    profile: 'guide',
    percent: 90,
    call: (target: Target) => target.get('999'),
    same: {},
    other: { credentials: { token: 'sntryu_another' }, settings: { organization: 'other' } },
  },
] as const

describe('the pace of a credential', () => {
  for (const { title, vendor, profile, percent, call, same, other } of shared) {
    it(`${title} share one limit, another credential has its own`, async (t) => {
      const { simulator, open } = await pair(t, vendor, profile)
      const settings = { ratePercent: percent }
      const opened = (more: Opening) => open({ ...more, settings: { ...settings, ...more.settings } })
      const [first, second] = [opened(same), opened(same)]
      assert.ok((await untilHeldBack(() => call(first))) > 2)
      const asked = simulator.trace.length
      const used = await untilHeldBack(() => call(second))
      // What a token or a tenant costs of its own is not counted under the class of paths that is used up.
      assert.equal(used, 0)
      assert.ok(simulator.trace.length - asked <= 2)
      const stranger = await call(opened(other)).catch((error: unknown) => error)
      assert.ok(!(stranger instanceof VendorError) || stranger.failure !== 'rate-limited', String(stranger))
    })
  }

  it('[R4-25] is 90 of the 100 requests of the guide, a tenth of those kept for shut-outs', async (t) => {
    const { open } = await pair(t, 'sentry', 'guide')
    const target = open()
    assert.equal(await untilHeldBack(() => target.get('999')), 81)
  })

  it('[R4-25] is shared by an organization, whosever token it is', async (t) => {
    const { open } = await pair(t, 'sentry', 'guide')
    const first = open()
    await untilHeldBack(() => first.get('999'))
    const second = open({ credentials: { token: 'sntryu_somebody_else' } })
    assert.equal(await untilHeldBack(() => second.get('999')), 0)
  })

  it('[R2-23] of Sisense is Drawbridge’s own choice: 50 a second unless configured, all of it used', async (t) => {
    const { open } = await pair(t, 'sisense', 'current')
    const target = open({ settings: { requestsPerSecond: 10 } })
    const gone = () => target.remove!('000000000000000000000001')
    assert.equal(await untilHeldBack(gone), 9)
    const perSecond = (settings: object) =>
      paceOf({ baseUrl: 'https://bi.example', ...settings }, { apiToken: 'x' }).perSecond
    assert.deepEqual([{}, { requestsPerSecond: 10 }, { ratePercent: 50 }].map(perSecond), [50, 10, 25])
  })

  it('[R0-37] "bulk user operations are not supported": 100 joiners are 100 creations, paced, without a 429', async (t) => {
    const simulator = await startSentinelone({ profile: 'guide', toggles: { limits: true } })
    const kit = openKit()
    t.after(async () => {
      await simulator.close()
      await kit.dispatcher.close()
    })
    const target = openTarget(vendorOf('sentinelone')!, simulator, 'guide', kit)
    const viewer = (await target.catalogue()).find(({ name }) => name === 'Viewer')!
    const entitlements = [{ kind: viewer.kind, id: viewer.id, scope: viewer.scope! }]
    const names = Array.from({ length: 100 }, (_, at) => `joiner${at}@corp.example`)
    const join = async (login: string) =>
      target.create({ login, profile: { email: login, displayName: login }, entitlements })
    for (let at = 0; at < names.length; at += 20) await Promise.all(names.slice(at, at + 20).map(join))
    const created = simulator.trace.filter(({ method, path }) => method === 'POST' && path.endsWith('/users'))
    assert.equal(created.length, 100)
    assert.deepEqual(
      simulator.trace.filter(({ status = 0 }) => status >= 400),
      [],
    )
  })
})

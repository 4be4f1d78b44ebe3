import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { crowdstrike } from '../../../src/vendors/crowdstrike/index.ts'
import { isFalconOrigin, plainCid, startOrigin } from '../../../src/vendors/crowdstrike/auth.ts'
import { startCrowdstrike } from '../../../src/simulators/crowdstrike/index.ts'
import { openKit, openTarget } from '../../contract/target.ts'
import { falconBench, rejection } from './harness.ts'
import { regionHosts, regions } from '../../../src/vendors/crowdstrike/settings.ts'

const tokenCalls = ({ trace }: { readonly trace: readonly { readonly path: string }[] }) =>
  trace.filter(({ path }) => path === '/oauth2/token').length

describe('regions', () => {
  it('[R3-06] have a host each, and us-1 is where a region that is not known is asked', () => {
    for (const region of regions) assert.equal(startOrigin({ region }), `https://${regionHosts[region]}`)
    assert.equal(startOrigin({}), 'https://api.crowdstrike.com')
    assert.equal(startOrigin({ region: 'auto' }), 'https://api.crowdstrike.com')
    assert.equal(
      startOrigin({ region: 'eu-1', baseUrl: 'https://falcon.example/' }),
      'https://falcon.example',
    )
  })

  for (const [url, trusted] of [
    ['https://api.us-2.crowdstrike.com/oauth2/token', true],
    ['https://api.us-gov-2.crowdstrike.mil/oauth2/token', true],
    ['http://api.us-2.crowdstrike.com/', false],
    ['https://api.us-2.crowdstrike.com:8443/', false],
    ['https://crowdstrike.com.evil.example/', false],
    ['https://evilcrowdstrike.com/', false],
    ['https://evil.mil/', false],
    ['http://127.0.0.1/', false],
  ] as const) {
    it(`${trusted ? 'sends' : 'never sends'} credentials to ${url}`, () => {
      assert.equal(isFalconOrigin(new URL(url)), trusted)
    })
  }

  it('write a CID in lower case and without its checksum', () => {
    assert.equal(plainCid('0123456789ABCDEF0123456789ABCDEF-4A'), '0123456789abcdef0123456789abcdef')
  })
})

describe('a wrong region in profile current', async () => {
  const { simulator, state, open, calls } = await falconBench('current')
  const other = await startCrowdstrike({ profile: 'current', toggles: { region: 'eu-1' } })

  it('is a clear failure when the region is given: the redirect is not followed', async (t) => {
    t.after(() => other.reset())
    state.toggles.wrongCloud = { origin: other.origin, region: 'eu-1', answer: 'redirect' }
    const error = await rejection(open().test())
    assert.equal(error.failure, 'unauthenticated')
    assert.match(error.detail, /wrong region/)
    assert.match(error.detail, /X-Cs-Region eu-1/)
    assert.ok(error.detail.includes(new URL(other.origin).host))
    assert.equal(tokenCalls(other), 0)
    assert.equal(tokenCalls(simulator), 1)
  })

  it('is found by the token call when the region is auto, and the host is kept', async () => {
    state.toggles.wrongCloud = { origin: other.origin, region: 'eu-1', answer: 'redirect' }
    const target = open({ settings: { region: 'auto', simulatorOrigins: [other.origin] } })
    await target.test()
    await target.test()
    assert.equal(tokenCalls(simulator), 1)
    assert.equal(tokenCalls(other), 1)
    assert.deepEqual(calls(), [])
  })

  it('asks the pinned host first when the token is renewed', async () => {
    state.toggles.wrongCloud = { origin: other.origin, region: 'eu-1', answer: 'redirect' }
    const target = open({ settings: { region: 'auto', simulatorOrigins: [other.origin] } })
    await target.test()
    other.state.tokens.clear()
    const before = tokenCalls(simulator)
    await target.test()
    assert.equal(tokenCalls(simulator), before)
  })

  it('sends nothing to a host that is not CrowdStrike’s, whatever the redirect says', async () => {
    other.reset()
    state.toggles.wrongCloud = { origin: other.origin, region: 'eu-1', answer: 'redirect' }
    const error = await rejection(open({ settings: { region: 'auto' } }).test())
    assert.equal(error.failure, 'unauthenticated')
    assert.match(error.detail, /not CrowdStrike's/)
    assert.equal(other.trace.length, 0)
  })

  it('ends a circle of redirects', async () => {
    state.toggles.wrongCloud = { origin: simulator.origin, region: 'us-1', answer: 'redirect' }
    const settings = { region: 'auto', simulatorOrigins: [simulator.origin] }
    assert.match((await rejection(open({ settings }).test())).detail, /again and again/)
    await other.close()
  })
})

describe('a wrong region in profile guide', async () => {
  const { simulator, state, open, calls } = await falconBench('guide')

  it('[R3-07] returns authentication errors, not a redirect', async () => {
    state.toggles.wrongCloud = { origin: simulator.origin, region: 'eu-1', answer: 'refusal' }
    const error = await rejection(open().test())
    assert.equal(error.failure, 'unauthenticated')
    assert.match(error.detail, /wrong region, or wrong client id or secret \(tried 127\.0\.0\.1:\d+\)/)
    assert.deepEqual(calls(), [])
  })

  it('[R3-07] tries the published hosts once each when the region is auto, and keeps the one that answers', async (t) => {
    const right = await startCrowdstrike({ profile: 'guide' })
    t.after(() => right.close())
    state.toggles.wrongCloud = { origin: right.origin, region: 'eu-1', answer: 'refusal' }
    const kit = openKit()
    t.after(() => kit.dispatcher.close())
    const settings = { region: 'auto', simulatorOrigins: [right.origin] }
    const target = openTarget(crowdstrike, simulator, 'guide', kit, { settings })
    await target.test()
    await target.test()
    assert.equal(tokenCalls(simulator), 1)
    assert.equal(tokenCalls(right), 1)
  })

  it('fails API calls with a token of another region as unauthenticated, after one new token', async () => {
    const target = open()
    await target.test()
    state.toggles.wrongCloud = { origin: simulator.origin, region: 'eu-1', answer: 'refusal' }
    const error = await rejection(target.test())
    assert.equal(error.failure, 'unauthenticated')
    assert.equal(tokenCalls(simulator), 2)
  })
})

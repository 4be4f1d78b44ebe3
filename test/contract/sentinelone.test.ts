import { sentinelone } from '../../src/vendors/sentinelone/index.ts'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import { describeVendorContract } from './vendor-contract.ts'

const refusal = (code: number, title: string, detail: string) => ({ errors: [{ code, title, detail }] })

for (const profile of ['current', 'guide'] as const) {
  describeVendorContract({
    vendor: sentinelone,
    profile,
    start: () => startSentinelone({ profile, toggles: { pageCap: 100, trailingEmptyPage: true } }),
    seed: ({ state }, count) => state.seedUsers(count),
    createCall: { method: 'POST', path: /\/users$/ },
    getCall: { method: 'GET', path: /\/users\/\d+$/ },
    rateLimited: (seconds) => ({
      status: 429,
      headers: { 'retry-after': String(seconds) },
      body: refusal(4290010, 'Too many requests', 'Rate limit exceeded'),
    }),
    lacksScope: {
      status: 403,
      body: refusal(4030010, 'Forbidden', 'Insufficient permissions to perform this action'),
    },
  })
}

import { sentry } from '../../src/vendors/sentry/index.ts'
import { startSentry } from '../../src/simulators/sentry/index.ts'
import { describeVendorContract } from './vendor-contract.ts'

for (const profile of ['current', 'guide'] as const) {
  describeVendorContract({
    vendor: sentry,
    profile,
    start: () => startSentry({ profile }),
    seed: ({ state }, count) => state.seedMembers(count),
    createCall: { method: 'POST', path: /\/members\/$/ },
    getCall: { method: 'GET', path: /\/members\/\d+\/$/ },
    rateLimited: (seconds) => ({
      status: 429,
      headers:
        profile === 'guide'
          ? { 'retry-after': String(seconds), 'x-sentry-rate-limit': '100' }
          : { 'x-sentry-rate-limit-reset': String(Math.floor(Date.now() / 1000) + seconds) },
      body: JSON.stringify('You are attempting to use this endpoint too frequently.'),
    }),
    lacksScope: { status: 403, body: { detail: 'You do not have permission to perform this action.' } },
  })
}

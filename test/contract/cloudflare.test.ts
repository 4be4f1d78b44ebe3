import { startCloudflare } from '../../src/simulators/cloudflare/index.ts'
import { cloudflare } from '../../src/vendors/cloudflare/index.ts'
import { describeVendorContract } from './vendor-contract.ts'

describeVendorContract({
  vendor: cloudflare,
  profile: 'current',
  start: () => startCloudflare(),
  seed: ({ state }, count) => state.seedMembers(count),
  createCall: { method: 'POST', path: /\/members$/ },
  getCall: { method: 'GET', path: /\/members\/[0-9a-f]{32}$/ },
  rateLimited: (seconds) => ({
    status: 429,
    headers: { 'retry-after': String(seconds), ratelimit: `"default";r=0;t=${seconds}` },
    body: { success: false, errors: [{ code: 971, message: 'Please wait' }], messages: [], result: null },
  }),
  lacksScope: {
    status: 403,
    body: { success: false, errors: [{ code: 10_000, message: 'Authentication error' }], result: null },
  },
  withoutAccount: true,
})

import { startDatadog } from '../../src/simulators/datadog/index.ts'
import { datadog } from '../../src/vendors/datadog/index.ts'
import { describeVendorContract } from './vendor-contract.ts'

describeVendorContract({
  vendor: datadog,
  profile: 'current',
  start: () => startDatadog(),
  seed: ({ state }, count) => state.seedUsers(count),
  createCall: { method: 'POST', path: /\/users$/ },
  getCall: { method: 'GET', path: /\/users\/[0-9a-f-]{36}$/ },
  rateLimited: (seconds) => ({
    status: 429,
    headers: { 'x-ratelimit-reset': String(seconds), 'x-ratelimit-limit': '10', 'x-ratelimit-period': '60' },
    body: { errors: ['Too many requests'] },
  }),
  lacksScope: { status: 403, body: { errors: ['Forbidden'] } },
})

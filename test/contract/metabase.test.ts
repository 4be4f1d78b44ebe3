import { startMetabase } from '../../src/simulators/metabase/index.ts'
import { metabase } from '../../src/vendors/metabase/index.ts'
import { describeVendorContract } from './vendor-contract.ts'

describeVendorContract({
  vendor: metabase,
  profile: 'current',
  start: () => startMetabase(),
  seed: ({ state }, count) => state.seedUsers(count),
  createCall: { method: 'POST', path: /\/api\/user$/ },
  getCall: { method: 'GET', path: /\/api\/user\/\d+$/ },
  rateLimited: (seconds) => ({ status: 429, headers: { 'retry-after': String(seconds) }, body: {} }),
  lacksScope: { status: 403, body: "You don't have permissions to do that.", contentType: 'text/plain' },
  withoutAccount: true,
})

import { sisense } from '../../src/vendors/sisense/index.ts'
import { type SisenseState } from '../../src/simulators/sisense/state/state.ts'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import { describeVendorContract } from './vendor-contract.ts'

for (const profile of ['current', 'guide'] as const) {
  describeVendorContract<VendorSimulator<SisenseState>>({
    vendor: sisense,
    profile,
    start: () => startSisense({ profile, toggles: { active: 'switch', pageCap: 100 } }),
    seed: ({ state }, count) => state.seedUsers(count),
    createCall: { method: 'POST', path: /\/users$/ },
    getCall: { method: 'GET', path: /\/users\/[0-9a-f]{24}$/ },
    rateLimited: (seconds) => ({
      status: 429,
      headers: { 'retry-after': String(seconds) },
      body: { error: { message: 'Too many requests', status: 429 } },
    }),
    lacksScope: { status: 403, body: { error: { message: 'Access denied', status: 403 } } },
    ...(profile === 'guide' ? { expireTokens: ({ state }) => state.tokens.clear() } : {}),
  })
}

import { crowdstrike } from '../../src/vendors/crowdstrike/index.ts'
import { startCrowdstrike } from '../../src/simulators/crowdstrike/index.ts'
import { describeVendorContract } from './vendor-contract.ts'

const usersPath = {
  current: '/user-management/entities/users',
  legacy: '/users/entities/users',
  guide: '/users/entities/users',
}
const refusal = (code: number, message: string) => ({ errors: [{ code, message }], resources: [] })

for (const profile of ['current', 'legacy', 'guide'] as const) {
  describeVendorContract({
    vendor: crowdstrike,
    profile,
    start: () => startCrowdstrike({ profile, toggles: { pageCap: 100 } }),
    seed: ({ state }, count) => state.seedUsers(count),
    createCall: { method: 'POST', path: `${usersPath[profile]}/v1` },
    getCall:
      profile === 'current'
        ? { method: 'POST', path: /\/users\/GET\/v1$/ }
        : { method: 'GET', path: /\/users\/v1$/ },
    rateLimited: (seconds) => ({
      status: 429,
      headers: { 'x-ratelimit-retryafter': String(Math.ceil(Date.now() / 1000) + seconds) },
      body: refusal(429, 'API rate limit exceeded'),
    }),
    lacksScope: { status: 403, body: refusal(403, 'access denied, authorization failed') },
    expireTokens: ({ state }) => state.tokens.clear(),
    withoutAccount: true,
  })
}

import type { TestContext } from 'node:test'
import { simulatedCredentials } from '../../src/simulators/crowdstrike/access.ts'
import { ownerToken } from '../../src/simulators/sentinelone/state.ts'
import { startSentinelone } from '../../src/simulators/sentinelone/index.ts'
import { simulatedToken } from '../../src/simulators/sisense/state/seed.ts'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import type { ConnectionUnderTest } from './gateway.ts'
import type { Secrets } from './secrets.ts'
import {
  falconPolicy,
  sentryPolicy,
  startFalcon,
  startSentryWithTeams,
  type Falcon,
  type Sentry,
} from './vendors.ts'

export interface SecretVendors {
  readonly falcon: Falcon
  readonly sentry: Sentry
  readonly bi: Awaited<ReturnType<typeof startSisense>>
  readonly console: Awaited<ReturnType<typeof startSentinelone>>
  readonly connections: readonly ConnectionUnderTest[]
  /** Tokens that the vendors gave out meanwhile become secrets of the run. */
  learn(): void
}

/** All four vendors, whose credentials are secrets of this run and not the simulators' own. */
export async function startSecretVendors(t: TestContext, secrets: Secrets): Promise<SecretVendors> {
  const [falcon, sentry] = await Promise.all([startFalcon(t), startSentryWithTeams(t)])
  const [bi, console] = await Promise.all([
    startSisense({ profile: 'guide' }),
    startSentinelone({ profile: 'current', toggles: { onboarding: false } }),
  ])
  t.after(async () => void (await Promise.all([bi.close(), console.close()])))
  const clientSecret = Object.assign(simulatedCredentials, {
    clientSecret: secrets.make('client secret'),
  }).clientSecret
  const token = secrets.make('sentry token', 'sntryu_')
  sentry.state.tokens.set(token, [...sentry.state.tokens.values()][0]!)
  const password = secrets.make('sisense password')
  for (const user of bi.state.users.values()) if (user.userName === 'drawbridge') user.password = password
  const apiToken = secrets.make('sentinelone token')
  console.state.tokens.set(apiToken, console.state.tokens.get(ownerToken)!)
  secrets.add('invite link', '5ecret1nv1te')

  // Nobody waits long for a vendor that fails on purpose.
  const reply = { budgetMs: 1_500, pendingShutOut: 'retry' } as const
  const viewer = { default: { role: 'Viewer' }, reply }
  return {
    falcon,
    sentry,
    bi,
    console,
    connections: [
      {
        name: 'falcon',
        simulator: falcon,
        policy: { ...falconPolicy, reply },
        credentials: { clientSecret },
      },
      { name: 'sentry', simulator: sentry, policy: { ...sentryPolicy, reply }, credentials: { token } },
      { name: 'bi', simulator: bi, profile: 'guide', policy: viewer, credentials: { password } },
      {
        name: 'console',
        simulator: console,
        policy: viewer,
        settings: { onboarding: false },
        credentials: { apiToken },
      },
    ],
    learn() {
      for (const issued of falcon.state.tokens.keys()) secrets.add('falcon issued token', issued)
      for (const issued of bi.state.tokens.keys())
        if (issued !== simulatedToken) secrets.add('sisense issued token', issued)
    },
  }
}

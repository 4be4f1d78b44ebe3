import { after, before, beforeEach } from 'node:test'
import type { Target } from '../../../src/vendors/contract.ts'
import { sentry } from '../../../src/vendors/sentry/index.ts'
import { type SentryOptions, type SentryState } from '../../../src/simulators/sentry/state.ts'
import { startSentry } from '../../../src/simulators/sentry/index.ts'
import type { VendorSimulator } from '../../../src/simulators/simulator.ts'
import { type Opening, openKit, openTarget } from '../../contract/target.ts'
import type { ApiProfile } from '../../../src/model/account.ts'

export interface SentryBench {
  readonly simulator: () => VendorSimulator<SentryState>
  readonly state: () => SentryState
  readonly target: () => Target
  /** Another connection to the same simulator. */
  readonly open: (opening: Opening) => Target
  /** `METHOD path body` of every writing call, the organization's prefix left out. */
  readonly writes: () => readonly string[]
}

/** A simulator for the describe block that calls it, emptied before every test. */
export function useSentry(
  profile: ApiProfile & SentryOptions['profile'],
  options: SentryOptions = {},
): SentryBench {
  const kit = openKit()
  let simulator: VendorSimulator<SentryState>
  let target: Target
  const open = (opening: Opening) => openTarget(sentry, simulator, profile, kit, opening)
  before(async () => {
    simulator = await startSentry({ ...options, profile })
  })
  beforeEach(() => {
    simulator.reset()
    target = open({})
  })
  after(async () => {
    await simulator.close()
    await kit.dispatcher.close()
  })
  return {
    simulator: () => simulator,
    state: () => simulator.state,
    target: () => target,
    open,
    writes: () =>
      simulator.trace
        .filter(({ mutating }) => mutating)
        .map(({ method, path, body }) =>
          [method, path.replace('/api/0/organizations/acme', ''), body && JSON.stringify(body)]
            .filter(Boolean)
            .join(' '),
        ),
  }
}

export const role = (id: string) => ({ kind: 'role', id }) as const
export const team = (id: string) => ({ kind: 'group', id }) as const
export const teamAdmin = (id: string) =>
  ({ kind: 'role', id: 'admin', scope: { level: 'team', id } }) as const
export const draft = (
  login: string,
  ...entitlements: Parameters<Target['create']>[0]['entitlements'][number][]
) => ({
  login,
  profile: { email: login },
  entitlements,
})

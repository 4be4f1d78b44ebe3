import { after, beforeEach } from 'node:test'
import assert from 'node:assert/strict'
import { VendorError } from '../../../src/model/errors.ts'
import type { Target } from '../../../src/vendors/contract.ts'
import { crowdstrike } from '../../../src/vendors/crowdstrike/index.ts'
import {
  type CrowdstrikeSimulatorOptions,
  startCrowdstrike,
} from '../../../src/simulators/crowdstrike/index.ts'
import { type CrowdstrikeState, homeCid } from '../../../src/simulators/crowdstrike/state.ts'
import type { VendorSimulator } from '../../../src/simulators/simulator.ts'
import { openKit, openTarget, type Opening } from '../../contract/target.ts'
import type { Account } from '../../../src/model/account.ts'

export type Profile = 'current' | 'legacy' | 'guide'

export interface FalconBench {
  readonly simulator: VendorSimulator<CrowdstrikeState>
  readonly state: CrowdstrikeState
  /** A new target; its token cache is its own. */
  open(opening?: Opening): Target
  /** The paths served, with their methods, token calls left out. */
  calls(): readonly string[]
  writes(): number
  /** Moves the simulator's and the target's clock. */
  advance(ms: number): void
}

/** A simulator for one test file, emptied before each test. */
export async function falconBench(
  profile: Profile,
  options: CrowdstrikeSimulatorOptions = {},
): Promise<FalconBench> {
  let skew = 0
  const now = () => Date.now() + skew
  const kit = openKit({ now })
  const simulator = await startCrowdstrike({ profile, now, ...options })
  beforeEach(() => {
    skew = 0
    simulator.reset()
  })
  after(async () => {
    await simulator.close()
    await kit.dispatcher.close()
  })
  return {
    simulator,
    state: simulator.state,
    open: (opening) => openTarget(crowdstrike, simulator, profile, kit, opening),
    calls: () =>
      simulator.trace
        .filter(({ path }) => path !== '/oauth2/token')
        .map(({ method, path }) => `${method} ${path}`),
    writes: () => simulator.trace.filter(({ mutating }) => mutating).length,
    advance(ms) {
      skew += ms
    },
  }
}

export const role = (id: string, cid: string = homeCid) =>
  ({ kind: 'role', id, scope: { level: 'cid', id: cid } }) as const

export const draftOf = (login: string) => ({
  login,
  profile: { email: login, givenName: 'Jane', familyName: 'Doe' },
  entitlements: [],
})

export async function create(target: Target, login = 'jane@corp.example'): Promise<Account> {
  const { account } = await target.create(draftOf(login))
  assert.ok(account)
  return account
}

export async function rejection(promise: Promise<unknown>): Promise<VendorError> {
  const error = await promise.then(
    () => assert.fail('expected a rejection'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof VendorError, String(error))
  return error
}

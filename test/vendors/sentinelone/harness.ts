import assert from 'node:assert/strict'
import { after, beforeEach } from 'node:test'
import { VendorError } from '../../../src/model/errors.ts'
import type { Target } from '../../../src/vendors/contract.ts'
import { sentinelone } from '../../../src/vendors/sentinelone/index.ts'
import {
  type SentineloneSimulatorOptions,
  startSentinelone,
} from '../../../src/simulators/sentinelone/index.ts'
import { type SentineloneState, type SimUser } from '../../../src/simulators/sentinelone/state.ts'
import type { TraceEntry } from '../../../src/simulators/trace.ts'
import type { VendorSimulator } from '../../../src/simulators/simulator.ts'
import { openKit, openTarget, type Opening } from '../../contract/target.ts'
import type { Account, EntitlementRef, Scope } from '../../../src/model/account.ts'

export type Profile = 'current' | 'guide'

export const base = '/web/api/v2.1'
export const login = 'ada@corp.example'

export interface SentineloneBench {
  readonly simulator: VendorSimulator<SentineloneState>
  readonly state: SentineloneState
  open(opening?: Opening): Target
  /** `METHOD path`, the base path left out. */
  calls(): readonly string[]
  writes(): readonly TraceEntry[]
  /** What the last call of this kind held under `data`. */
  sent(method: string, path?: RegExp): Readonly<Record<string, unknown>>
  /** A role of the simulator in a scope, as the profile names it. */
  role(name: string, scope?: Scope): EntitlementRef & { readonly scope: Scope }
  account(name?: string): Scope
  site(name: string): Scope
  /** Creates Ada through the target. */
  create(target: Target, ...roles: readonly EntitlementRef[]): Promise<Account>
  user(email?: string): SimUser
  /** Names of the roles that somebody has at the vendor, each with its scope's id. */
  rolesOf(email?: string): readonly string[]
}

/** A simulator for one test file, emptied before each test. */
export async function sentineloneBench(
  profile: Profile,
  options: SentineloneSimulatorOptions = {},
): Promise<SentineloneBench> {
  const kit = openKit()
  const simulator = await startSentinelone({ profile, ...options })
  const { state, trace } = simulator
  beforeEach(() => simulator.reset())
  after(async () => {
    await simulator.close()
    await kit.dispatcher.close()
  })
  const account = (name = 'Acme'): Scope => ({ level: 'account', id: state.accountId(name) })
  const user = (email = login): SimUser => state.userCalled(email)
  return {
    simulator,
    state,
    account,
    user,
    site: (name) => ({ level: 'site', id: state.siteId(name) }),
    open: (opening) => openTarget(sentinelone, simulator, profile, kit, opening),
    calls: () => trace.map(({ method, path }) => `${method} ${path.replace(base, '')}`),
    writes: () => trace.filter(({ mutating }) => mutating),
    sent(method, path = /./) {
      const call = trace.findLast((entry) => entry.method === method && path.test(entry.path))
      return (call?.body as { data?: Record<string, unknown> } | undefined)?.data ?? {}
    },
    role: (name, scope = account()) => ({
      kind: 'role',
      id: profile === 'guide' ? name : state.roleId(name),
      scope,
    }),
    async create(target, ...entitlements) {
      const profileOf = { email: login, displayName: 'Ada Lovelace' }
      const created = await target.create({ login, profile: profileOf, entitlements })
      assert.ok(created.account)
      return created.account
    },
    rolesOf: (email = login) =>
      user(email).scopeRoles.map(
        ({ id, roleId }) => `${state.roles.find((role) => role.id === roleId)?.name}@${id}`,
      ),
  }
}

export async function rejection(promise: Promise<unknown>): Promise<VendorError> {
  const error = await promise.then(
    () => assert.fail('expected a rejection'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof VendorError, String(error))
  return error
}

import assert from 'node:assert/strict'
import { after, beforeEach } from 'node:test'
import { VendorError } from '../../../src/model/errors.ts'
import type { Target } from '../../../src/vendors/contract.ts'
import { sisense } from '../../../src/vendors/sisense/index.ts'
import { type SisenseSimulatorOptions } from '../../../src/simulators/sisense/model.ts'
import { type SisenseState } from '../../../src/simulators/sisense/state/state.ts'
import { startSisense } from '../../../src/simulators/sisense/index.ts'
import type { TraceEntry } from '../../../src/simulators/trace.ts'
import type { VendorSimulator } from '../../../src/simulators/simulator.ts'
import { openKit, openTarget, type Opening } from '../../contract/target.ts'
import type { Account, AccountDraft, EntitlementRef } from '../../../src/model/account.ts'

export type Profile = 'current' | 'guide'

export interface SisenseBench {
  readonly simulator: VendorSimulator<SisenseState>
  readonly state: SisenseState
  /** A new target; what it knows is its own. */
  open(opening?: Opening): Target
  /** The same with exactly these credentials. */
  openWith(credentials: Readonly<Record<string, string>>): Target
  /** `METHOD path` of every call, logins left out. */
  calls(): readonly string[]
  /** `METHOD path body` of every writing call. */
  writes(): readonly string[]
  last(method: string, path: string | RegExp): TraceEntry | undefined
  /** Moves the simulator's and the target's clock. */
  advance(ms: number): void
  /** Everything that was logged. */
  readonly logged: string[]
}

/** A simulator for one describe block, emptied before each test. */
export async function sisenseBench(
  profile: Profile,
  options: SisenseSimulatorOptions = {},
): Promise<SisenseBench> {
  let skew = 0
  const now = () => Date.now() + skew
  const logged: string[] = []
  const write = (...parts: readonly unknown[]) => void logged.push(JSON.stringify(parts))
  const log = {
    level: 'trace',
    fatal: write,
    error: write,
    warn: write,
    info: write,
    debug: write,
    trace: write,
  }
  const kit = openKit({ now, log: { ...log, silent: () => undefined } as never })
  const simulator = await startSisense({ profile, now, ...options })
  beforeEach(() => {
    skew = 0
    logged.length = 0
    simulator.reset()
  })
  after(async () => {
    await simulator.close()
    await kit.dispatcher.close()
  })
  const { trace } = simulator
  return {
    simulator,
    state: simulator.state,
    logged,
    open: (opening) => openTarget(sisense, simulator, profile, kit, opening),
    openWith(credentials) {
      const connection = () => ({ ...simulator.connection(profile), credentials })
      return openTarget(sisense, { ...simulator, connection }, profile, kit)
    },
    calls: () =>
      trace.filter(({ path }) => !path.endsWith('/login')).map(({ method, path }) => `${method} ${path}`),
    writes: () =>
      trace
        .filter(({ mutating }) => mutating)
        .map(({ method, path, body }) =>
          [method, path, body && JSON.stringify(body)].filter(Boolean).join(' '),
        ),
    last: (method, path) =>
      trace.findLast(
        (entry) =>
          entry.method === method && (typeof path === 'string' ? path === entry.path : path.test(entry.path)),
      ),
    advance(ms) {
      skew += ms
    },
  }
}

export const role = (id: string) => ({ kind: 'role', id }) as const
export const group = (id: string) => ({ kind: 'group', id }) as const

export const draftOf = (login: string, ...entitlements: readonly EntitlementRef[]): AccountDraft => ({
  login,
  profile: { userName: login, email: login, givenName: 'Jane', familyName: 'Doe' },
  entitlements,
})

export async function create(target: Target, login = 'jane@corp.example'): Promise<Account> {
  const { account } = await target.create(draftOf(login))
  assert.ok(account)
  return account
}

export async function rejection(promise: Promise<unknown> | undefined): Promise<VendorError> {
  const error = await Promise.resolve(promise).then(
    () => assert.fail('expected a rejection'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof VendorError, String(error))
  return error
}

export async function logins(target: Target): Promise<readonly string[]> {
  const all: string[] = []
  for await (const { login } of target.list()) all.push(login)
  return all
}

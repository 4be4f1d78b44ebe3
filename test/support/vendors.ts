import type { TestContext } from 'node:test'
import { startCrowdstrike } from '../../src/simulators/crowdstrike/index.ts'
import { type CrowdstrikeState } from '../../src/simulators/crowdstrike/state.ts'
import { startSentry } from '../../src/simulators/sentry/index.ts'
import { type SentryState } from '../../src/simulators/sentry/state.ts'
import type { SimulatedPerson, VendorSimulator } from '../../src/simulators/simulator.ts'
import type { TraceEntry } from '../../src/simulators/trace.ts'
import type { ConnectionUnderTest } from './gateway.ts'
import type { ApiProfile } from '../../src/model/account.ts'
import type { Policy } from '../../src/model/policy.ts'

export type Falcon = VendorSimulator<CrowdstrikeState>
export type Sentry = VendorSimulator<SentryState>

export interface BothVendors {
  readonly falcon: Falcon
  readonly sentry: Sentry
  readonly connections: readonly ConnectionUnderTest[]
}

/** What the rules of `bothVendors` grant. */
export const falconPolicy: Partial<Policy> = {
  default: { role: 'event_viewer' },
  rules: [
    { group: 'Analysts', role: 'Detection Monitor' },
    { group: 'Administrators', role: 'Falcon Administrator' },
  ],
}
export const sentryPolicy: Partial<Policy> = {
  default: { role: 'Member', team: 'everyone' },
  rules: [
    { group: 'Analysts', team: 'analysts' },
    { group: 'Administrators', team: 'admins' },
  ],
}

export async function startFalcon(t: TestContext, profile: ApiProfile = 'current'): Promise<Falcon> {
  const falcon = await startCrowdstrike({ profile })
  t.after(() => falcon.close())
  return falcon
}

export async function startSentryWithTeams(
  t: TestContext,
  profile: 'current' | 'guide' = 'current',
): Promise<Sentry> {
  const sentry = await startSentry({ profile })
  t.after(() => sentry.close())
  for (const slug of ['everyone', 'analysts', 'admins']) sentry.state.addTeam(slug)
  return sentry
}

export async function bothVendors(t: TestContext, profile: ApiProfile = 'current'): Promise<BothVendors> {
  const simulated = profile === 'guide' ? 'guide' : 'current'
  const [falcon, sentry] = await Promise.all([startFalcon(t, simulated), startSentryWithTeams(t, simulated)])
  return {
    falcon,
    sentry,
    connections: [
      { name: 'falcon', simulator: falcon, profile, policy: falconPolicy },
      { name: 'sentry', simulator: sentry, profile, policy: sentryPolicy },
    ],
  }
}

/** The person as the vendor has them now; scopes shortened to their level. */
export function person(simulator: VendorSimulator, name: string): SimulatedPerson | undefined {
  const found = simulator.people().find(({ login }) => login === `${name}@example.com`)
  return found && withoutScopeIds(found)
}

/** Everybody by name: for many at once. */
export function peopleByName(simulator: VendorSimulator): ReadonlyMap<string, SimulatedPerson> {
  return new Map(
    simulator.people().map((each) => [each.login.replace('@example.com', ''), withoutScopeIds(each)]),
  )
}

function withoutScopeIds(person: SimulatedPerson): SimulatedPerson {
  return { ...person, entitlements: person.entitlements.map((key) => key.replace(/@(\w+):.*/, '@$1')) }
}

const marks = new WeakMap<VendorSimulator, number>()

/** From here on `writes` counts anew. */
export function forget(simulator: VendorSimulator): void {
  marks.set(simulator, simulator.trace.length)
}

/** The changing calls that reached a vendor since `forget`, each by what it does. */
export function writes(simulator: VendorSimulator): string[] {
  return simulator.trace.slice(marks.get(simulator) ?? 0).flatMap((entry) => meaning(entry) ?? [])
}

function meaning({ method, path, body, mutating }: TraceEntry): string | undefined {
  if (!mutating || path.startsWith('/oauth2/')) return undefined
  const action = (body as { action?: string } | undefined)?.action
  if (path.includes('user-role')) return action ?? (method === 'DELETE' ? 'revoke' : 'grant')
  if (/\/teams\/[^/]+\/$/.test(path)) return { POST: 'join', DELETE: 'leave', PUT: 'team-role' }[method]
  const isSentry = path.startsWith('/api/0/')
  return { POST: isSentry ? 'invite' : 'create', PUT: 'replace', PATCH: 'update', DELETE: 'remove' }[method]
}

import { setTimeout as delay } from 'node:timers/promises'
import type { TestContext } from 'node:test'
import type { ApiProfile } from '../../../src/model/account.ts'
import type { Policy } from '../../../src/model/policy.ts'
import { listDrift } from '../../../src/operations/reconciliation/store.ts'
import type { Rewriting } from '../../../src/simulators/faults.ts'
import type { SentineloneState } from '../../../src/simulators/sentinelone/state.ts'
import type { SentryState } from '../../../src/simulators/sentry/state.ts'
import { simulators } from '../../../src/simulators/registry.ts'
import type { SimulatedPerson, SimulatorOptions, VendorSimulator } from '../../../src/simulators/simulator.ts'
import { sql } from '../../../src/store/sql/statement.ts'
import { vendorOf } from '../../../src/vendors/registry.ts'
import {
  aUser,
  type ConnectionUnderTest,
  deactivate,
  type GatewayUnderTest,
  startTestGateway,
} from '../../support/gateway.ts'
import { freshDatabase } from '../../support/database.ts'
import { operate } from '../../support/operator.ts'
import type { Change } from './change.ts'

/** A change of what a vendor answers, tried at a connection of its own. */
export interface Trial {
  readonly vendor: string
  readonly profile: ApiProfile
  readonly change: Pick<Change, 'id' | 'isFact' | 'whose' | 'rewriting'> & {
    /** Whether `status` must name a field; default: it need not. */
    readonly isNamed?: boolean
  }
  readonly settings?: Readonly<Record<string, unknown>>
}

const grants: Readonly<Record<string, Policy['default']>> = {
  crowdstrike: { role: 'event_viewer' },
  sentinelone: { role: 'Viewer' },
  sentry: { role: 'Member', team: 'everyone' },
  sisense: { role: 'Viewer', vendorGroup: 'Sales Team' },
}

interface Stand {
  readonly trial: Trial
  readonly name: string
  readonly simulator: VendorSimulator
  readonly credentials: Readonly<Record<string, string>>
}

async function standFor(t: TestContext, trial: Trial, at: number): Promise<Stand> {
  const start = await simulators[trial.vendor]!()
  const toggles = trial.vendor === 'sisense' ? { activation: false } : undefined
  const simulator = await start({ profile: trial.profile, ...(toggles && { toggles }) } as SimulatorOptions)
  t.after(() => simulator.close())
  // Ids of accounts are unique over all connections of a tenant, and every console here is the same one.
  if (trial.vendor === 'sentinelone')
    for (let spent = 0; spent < at * 10; spent += 1) (simulator.state as SentineloneState).nextId()
  if (trial.vendor === 'sentry') (simulator.state as SentryState).addTeam('everyone')
  return { trial, name: `c${at}`, simulator, credentials: ownCredentials(simulator, trial.profile, at) }
}

/** Limits are kept by token: one for each stand, or they would wait for each other. */
function ownCredentials(
  simulator: VendorSimulator,
  profile: ApiProfile,
  at: number,
): Readonly<Record<string, string>> {
  const { credentials } = simulator.connection(profile)
  const [name, secret] = Object.entries(credentials)[0]!
  const { tokens } = simulator.state as { readonly tokens?: Map<string, unknown> }
  const token = tokens?.get(secret)
  if (token === undefined) return credentials
  tokens?.set(`${secret}${at}`, token)
  return { ...credentials, [name]: `${secret}${at}` }
}

interface Seen {
  readonly status: string
  readonly proven: boolean
  readonly failure?: { readonly kind?: string; readonly detail?: string }
  readonly vendorAccountId?: string
}

const urlOf = ({ gateway }: GatewayUnderTest): string => gateway.url

/** Every account of a person, by connection. */
async function accountsOf(gateway: GatewayUnderTest, name: string): Promise<ReadonlyMap<string, Seen>> {
  const { body } = await operate(urlOf(gateway), 'GET', `/accounts?userName=${name}@example.com&limit=200`)
  return new Map((body.items as (Seen & { connection: string })[]).map((each) => [each.connection, each]))
}

/** Whether somebody can still do something at the vendor: the lowest roles, and the one without permissions, count as nothing. */
function hasAccess(simulator: VendorSimulator, person: SimulatedPerson | undefined): boolean {
  if (!person || person.state === 'disabled') return false
  const { roles = [] } = simulator.state as { readonly roles?: readonly { id?: string; name: string }[] }
  const nothing = [
    'consumer',
    'member',
    ...roles.flatMap(({ id, name }) => (name === 'No Access' && id ? id : [])),
  ]
  return person.entitlements.some((key) => !nothing.some((id) => key.split('@')[0] === `role:${id}`))
}

const at = (simulator: VendorSimulator, name: string): SimulatedPerson | undefined =>
  simulator.people().find(({ login }) => login.toLowerCase() === `${name}@example.com`)

export interface Verdict {
  readonly trial: Trial
  /** Whether any reply was changed. */
  readonly isSent: boolean
  /** What went wrong at the connection; empty: nothing did. */
  readonly faults: readonly string[]
}

/** How long what must come is waited for; and what may, or may not. */
const patienceMs = 15_000
const shortPatienceMs = 2_500

function connectionAt({ trial, name, simulator, credentials }: Stand): ConnectionUnderTest {
  const vendor = vendorOf(trial.vendor)!
  const steps = vendor.deprovisionFor?.(simulator.connection(trial.profile).settings) ?? vendor.deprovision
  return {
    name,
    simulator,
    credentials,
    profile: trial.profile,
    settings: { ...(trial.vendor === 'crowdstrike' ? { readLagMs: 0 } : {}), ...trial.settings },
    policy: {
      default: grants[trial.vendor] ?? simulator.grants?.[0] ?? {},
      deprovision: { ...steps, graceDays: 0 },
      reply: { budgetMs: 1_000, pendingShutOut: 'accept' },
      reconcile: { repair: ['lacking', 'reactivated', 'missing'] },
    },
  }
}

/**
 * One gateway, a connection and a simulator for each trial. Three people join; then every vendor answers otherwise; one joins, one
 * becomes inactive, one is deleted; a reconciliation and an import run. What the gateway says is held against what the vendor has.
 */
export async function tryOut(t: TestContext, trials: readonly Trial[]): Promise<readonly Verdict[]> {
  const stands = await Promise.all(trials.map((trial, index) => standFor(t, trial, index)))
  const databaseUrl = await freshDatabase()
  const token = 'token-of-odd-replies'
  const connections = stands.map(connectionAt)
  const open = async (): Promise<GatewayUnderTest> =>
    startTestGateway(t, { client: 'okta', connections, databaseUrl, token })
  let gateway = await open()
  const join = async (name: string): Promise<string> =>
    (await gateway.scim('POST', '/Users', aUser(name))).body.id
  const settled = async (name: string, isFine: (seen: Seen, stand: Stand) => boolean): Promise<void> => {
    const from = performance.now()
    for (;;) {
      const seen = await accountsOf(gateway, name)
      const left = stands.filter((stand) => {
        const account = seen.get(stand.name)
        return account ? !isFine(account, stand) : ids.get(name) === undefined || !isAway(name)
      })
      const waited = performance.now() - from
      const isExpected = left.some(({ trial: { change } }) => change.isFact || change.whose !== 'all')
      if (left.length === 0 || waited > (isExpected ? patienceMs : shortPatienceMs)) return
      await delay(100)
    }
  }
  const isDone = ({ proven }: Seen): boolean => proven
  const isAway = (name: string): boolean => name === 'innocent'
  const ids = new Map<string, string>()
  for (const name of ['stayer', 'leaver', 'innocent']) ids.set(name, await join(name))
  for (const name of ids.keys()) await settled(name, isDone)
  const before = new Map<string, ReadonlyMap<string, Seen>>()
  for (const name of ids.keys()) before.set(name, await accountsOf(gateway, name))

  const sent = new Set<string>()
  for (const { trial, name, simulator } of stands) {
    const { whose, rewriting } = trial.change
    const person = before.get(whose === 'all' ? 'stayer' : whose)?.get(name)?.vendorAccountId ?? '?'
    const { change, ...matcher } = rewriting(person)
    const counted: Rewriting['change'] = (answer, asked) => {
      const next = change(answer, asked)
      if (JSON.stringify(next) !== JSON.stringify(answer)) sent.add(name)
      return next
    }
    simulator.rewrite({ ...matcher, change: counted })
  }
  // What a gateway reads once and keeps is read otherwise too: tenant, own account, catalogue.
  await gateway.gateway.close()
  gateway = await open()
  await gateway.gateway.store.db.rows(sql`UPDATE connections SET catalogue_fetched_at = NULL`)
  ids.set('joiner', await join('joiner'))
  await gateway.scim('PATCH', `/Users/${ids.get('leaver')}`, deactivate)
  await gateway.scim('DELETE', `/Users/${ids.get('innocent')}`)
  for (const name of ['joiner', 'leaver', 'innocent']) await settled(name, isDone)

  return Promise.all(
    stands.map(async (stand) => {
      const faults = await faultsOf(gateway, stand)
      return { trial: stand.trial, isSent: sent.has(stand.name), faults }
    }),
  )
}

/** What is odd about replies is kept now and then. */
async function namesOddity(gateway: GatewayUnderTest, name: string): Promise<boolean> {
  for (let time = 0; time < 50; time += 1) {
    const { body } = await operate(urlOf(gateway), 'GET', '/status')
    const [standing] = (body.items as { name: string; replyDeviations: unknown[] }[]).filter(
      (each) => each.name === name,
    )
    if (standing && standing.replyDeviations.length > 0) return true
    await delay(100)
  }
  return false
}

async function faultsOf(
  gateway: GatewayUnderTest,
  { trial, name, simulator }: Stand,
): Promise<readonly string[]> {
  const { gateway: running } = gateway
  const connectionId = running.connections
    .ofDirectory(running.directories[0]!.id)
    .find((each) => each.name === name)!.id
  const { isFact, whose } = trial.change
  const faults: string[] = []
  const seenOf = async (person: string): Promise<Seen | undefined> =>
    (await accountsOf(gateway, person)).get(name)
  const why = (seen: Seen | undefined): string => `${seen?.status}: ${seen?.failure?.detail ?? ''}`

  const joiner = await seenOf('joiner')
  if (!at(simulator, 'joiner') && (isFact || whose === 'leaver'))
    faults.push(`joiner not made (${why(joiner)})`)
  for (const person of ['leaver', 'innocent']) {
    const seen = await seenOf(person)
    const isProven = seen === undefined || seen.proven
    const mayWait = !isFact && (whose === 'all' || whose === person)
    if (isProven && hasAccess(simulator, at(simulator, person)))
      faults.push(`${person} proven, and has access`)
    else if (!isProven && !mayWait) faults.push(`${person} not proven (${why(seen)})`)
    else if (!isProven && !seen.failure?.detail && seen.status !== 'verifying')
      faults.push(`${person} waits without a reason (${seen.status})`)
  }

  const reconciled = await running.reconciliation.reconcile(connectionId)
  // A list that cannot be believed is refused, and says why.
  const mustList = isFact || whose === 'stayer'
  if (reconciled?.state !== 'done' && (mustList || !reconciled?.failure))
    faults.push(`reconciliation ${reconciled?.state}: ${reconciled?.failure}`)
  const missing = (await listDrift(running.store.db, connectionId, { limit: 100 })).filter(
    ({ kind, login }) => kind === 'missing' && login?.startsWith('stayer@'),
  )
  if (missing.length > 0) faults.push('somebody who is there is told missing')
  const imported = await running.reconciliation.import(connectionId)
  if (imported?.state !== 'done' && (mustList || !imported?.failure))
    faults.push(`import ${imported?.state}: ${imported?.failure}`)
  if (trial.change.isNamed && !(await namesOddity(gateway, name))) faults.push('status names no field')
  return faults
}

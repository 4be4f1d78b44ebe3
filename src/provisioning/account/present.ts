import { isDeepStrictEqual } from 'node:util'
import { VendorError } from '../../errors.ts'
import { grantedAfter } from '../../translators/granted.ts'
import { plan } from '../../translators/plan.ts'
import { wantedOf } from '../../translators/wanted.ts'
import type { Plan, Wanted } from '../../translators/model.ts'
import type { Account, Entitlement } from '../../vendors/contract.ts'
import { adopt, findAccount, judge } from './correlate.ts'
import { execute, refresh, type Executed } from './execute.ts'
import { needsFreshRead, objectionTo } from './guard.ts'
import { awaitingPerson, renewExpired } from './invitation.ts'
import { failureOf, iso, keep, learn, proven, unlink, type Ending, type Run } from './run.ts'

export type Present = Extract<Wanted, { kind: 'present' }>

/** What the directory wants of this account; names are looked up again once when the catalogue does not know them. */
export async function wantedBy(run: Run): Promise<Wanted | Ending> {
  const first = resolve(run, await catalogueFor(run, false))
  if (first.kind !== 'present' || first.frozen.length === 0) return ended(run, first)
  return ended(run, resolve(run, await catalogueFor(run, true)))
}

function resolve({ work, connection }: Run, catalogue: readonly Entitlement[]): ReturnType<typeof wantedOf> {
  const { user, groups } = work
  return wantedOf({
    resource: user.resource,
    active: user.active,
    deleted: user.deleted,
    groups,
    policy: connection.policy,
    catalogue,
    capabilities: connection.can,
  })
}

/** A person who is to be shut out, and one whom no rule can concern, need no catalogue. */
async function catalogueFor({ work, connection }: Run, refresh: boolean): Promise<readonly Entitlement[]> {
  const { rules, default: byDefault } = connection.policy
  const grantsByDefault = Object.keys(byDefault).length > 0
  if (!work.user.active || work.user.deleted) return []
  if (!grantsByDefault && (rules.length === 0 || work.groups.length === 0)) return []
  return connection.catalogue({ refresh })
}

function ended(run: Run, wanted: ReturnType<typeof wantedOf>): Wanted | Ending {
  if (wanted.kind !== 'refused') return wanted
  return { ...proven(), status: 'failed', failure: failureOf(run, wanted.failure, wanted.detail) }
}

/** Makes what is wanted true: create, link, profile, grants, then revokes. */
export async function provide(run: Run, wanted: Present): Promise<Ending> {
  await renewExpired(run)
  const first = planFor(run, wanted)
  const objection = await guard(run, first)
  if (objection) return objection
  const outcome = await executeAll(run, first, wanted)
  if (outcome !== 'done') {
    const adopted = await adoptExisting(run, wanted, outcome.exists)
    if (adopted) return adopted
    return provide(run, wanted)
  }
  await refreshGranted(run, wanted)
  const left = planFor(run, wanted).deviations
  if (!left.some(({ code }) => code === 'entitlement-deferred')) await forgetSnapshot(run)
  const status = run.held?.account.state === 'invited' ? 'invited' : 'proven'
  const { amiss, ...due } = awaitingPerson(run)
  return { ...proven(status), ...due, deviations: [...wanted.deviations, ...left, ...amiss] }
}

function planFor(run: Run, wanted: Present): Plan {
  const { can, policy } = run.connection
  return plan(wanted, run.held, can, policy, run.snapshot, iso(run.by.now()))
}

async function guard(run: Run, { operations }: Plan): Promise<Ending | undefined> {
  if (!run.held) return undefined
  let { account } = run.held
  if (needsFreshRead(account, operations)) {
    const fresh = await refresh(run)
    // Gone in the meantime: the write would say so too, and the failure table links anew.
    if (!fresh) throw notFound(run)
    account = fresh
    await keep(run, account)
  }
  const failure = await objectionTo(run, account, operations)
  return failure && { ...proven(), status: 'failed', failure }
}

function notFound({ connection: { vendor } }: Run): VendorError {
  return new VendorError('not-found', 'the linked account is gone', { vendor, operation: 'get' })
}

async function executeAll(run: Run, { operations }: Plan, wanted: Present): Promise<Executed> {
  for (const operation of operations) {
    if (operation.op === 'shut-out' || operation.op === 'end-sessions')
      throw new Error('a plan for a present person shuts nobody out')
    const executed = await execute(run, operation, wanted.entitlements)
    if (executed !== 'done') return executed
  }
  return 'done'
}

/** The vendor said that the login is taken: whose account it is decides the policy. */
async function adoptExisting(
  run: Run,
  { person }: Present,
  shown: Account | undefined,
): Promise<Ending | undefined> {
  const circumstances = { login: person.login, shutOut: false }
  const found = shown ? await judge(run, [shown], circumstances) : await findAccount(run, circumstances)
  const adopted = await adopt(run, found)
  if (adopted === 'linked') return undefined
  if (adopted !== 'none') return adopted
  const detail = `${run.connection.name} says that ${person.login} exists, yet shows no such account: it belongs to another tenant or is blocked there.`
  return { ...proven(), status: 'failed', failure: failureOf(run, 'conflict', detail) }
}

/** Which rules ask for what was granted earlier: a right side that stops resolving must still freeze it. */
async function refreshGranted(run: Run, { entitlements }: Present): Promise<void> {
  const { held } = run
  if (!held || held.granted.length === 0) return
  const granted = grantedAfter(held.granted, entitlements, [], run.connection.can)
  if (isDeepStrictEqual(granted, held.granted)) return
  await learn(run, { held: { ...held, granted } })
}

/** What was kept for the return has been given back. */
async function forgetSnapshot(run: Run): Promise<void> {
  if (run.snapshot) await learn(run, { snapshot: null })
}

/** The linked account is gone at the vendor: the link is dropped, once, and correlation starts anew. */
export async function relink(run: Run): Promise<void> {
  await run.connection.tenant(0)
  await learn(run, unlink)
}

import { setTimeout as delay } from 'node:timers/promises'
import type { AccountOutcome, Objection, Provisioning } from '../scim/ports.ts'
import type { CreationSecret } from '../model/account.ts'
import { explainedAt } from '../model/errors.ts'
import { loginOf, whyNoLogin } from '../translators/person.ts'
import type { OpenConnection } from './connections.ts'
import { provision } from './account/provision.ts'
import type { Provisioner } from './account/run.ts'
import { within } from './engine.ts'
import { mostInline, proving, type AccountStanding, type AccountStatus, type Begun } from '../model/work.ts'
import type { DirectoryRef, ResourceBody } from '../model/directory.ts'

const pollMs = 50
const defaultRetryAfterSeconds = 10
const longestRetryAfterSeconds = 300

/** What a SCIM request does about the accounts it made due, within its reply budget. */
export function createProvisioning(deps: Provisioner, wake: () => void): Provisioning {
  const standings = async (directory: DirectoryRef, userId: string): Promise<readonly AccountStanding[]> => {
    const known = new Set(deps.connections.ofDirectory(directory.id).map(({ id }) => id))
    if (known.size === 0) return []
    return (await deps.queue.outcomes(userId)).filter(({ connectionId }) => known.has(connectionId))
  }
  const outcomes = async (directory: DirectoryRef, userId: string): Promise<readonly AccountOutcome[]> =>
    (await standings(directory, userId)).map((standing) => outcomeOf(deps, standing))

  return {
    objection: (directory, body) => objection(deps.connections.ofDirectory(directory.id), directory, body),
    outcomes,
    wake,

    async run(directory, userId, secret = {}) {
      const known = deps.connections.ofDirectory(directory.id).map(({ id }) => id)
      if (known.length === 0) return []
      const { standings: those, begun } = await deps.queue.begin(userId, known, mostInline)
      const all = those.filter(({ connectionId }) => known.includes(connectionId))
      const open = toRun(all, begun)
      const deadline = deps.now() + budgetOf(deps, open)
      const runs = open.map((standing) => {
        const ours = begun.find(({ claimed }) => claimed.lease.id === standing.accountId)
        return runOne(deps, userId, standing, { deadline, secret, begun: ours })
      })
      const ended = Promise.all(runs).catch((err: unknown) => deps.log.error({ err }, 'inline run broke off'))
      // A run goes on past the budget, and past a disconnect: it holds its lease and its journal.
      const proven = await within(deadline - deps.now(), ended)
      // What the runs themselves proved need not be read; anything else may have changed in other hands.
      const now = proven && provenOf(all, proven)
      return now ? now.map((standing) => outcomeOf(deps, standing)) : outcomes(directory, userId)
    },

    async extension(directory, userIds) {
      const each = userIds.map(async (id) => [id, extensionOf(deps, await standings(directory, id))] as const)
      return new Map(await Promise.all(each))
    },
  }
}

/** The shortest budget of the connections concerned: the identity provider waits for all of them. */
function budgetOf(deps: Provisioner, open: readonly AccountStanding[]): number {
  const budgets = open.map(
    ({ connectionId }) => deps.connections.byId(connectionId)?.policy.reply.budgetMs ?? 0,
  )
  return budgets.length === 0 ? 0 : Math.min(...budgets)
}

/** What is begun is leased, and so always run; with the rest not more than a request may. */
function toRun(all: readonly AccountStanding[], begun: readonly Begun[]): readonly AccountStanding[] {
  const ours = new Set(begun.map(({ claimed }) => claimed.lease.id))
  const [leased, rest] = [true, false].map((is) => {
    return all.filter(({ accountId, proven }) => ours.has(accountId) === is && (is || !proven))
  }) as [AccountStanding[], AccountStanding[]]
  return [...leased, ...rest.slice(0, Math.max(0, mostInline - leased.length))]
}

/** How all stand, where everything that was run is proven. */
function provenOf(
  all: readonly AccountStanding[],
  proven: readonly (AccountStanding | undefined)[],
): readonly AccountStanding[] | undefined {
  if (!proven.every((each) => each !== undefined)) return undefined
  const now = new Map(proven.map((each) => [each.accountId, each]))
  return all.every((each) => each.proven || now.has(each.accountId))
    ? all.map((each) => now.get(each.accountId) ?? each)
    : undefined
}

interface Running {
  readonly deadline: number
  readonly secret: CreationSecret
  /** What the request has claimed already. */
  readonly begun: Begun | undefined
}

/** Settled, refused, or waiting for something that this request cannot bring about. */
function isOver({ proven, dueInMs }: AccountStanding, isBusy: boolean): boolean {
  return proven || (!isBusy && (dueInMs ?? 1) > 0)
}

/** How the account stands when this run proved it. */
async function runOne(
  deps: Provisioner,
  userId: string,
  standing: AccountStanding,
  { deadline, secret, begun }: Running,
): Promise<AccountStanding | undefined> {
  const { accountId } = standing
  for (let next = begun; next || deps.now() < deadline; next = undefined) {
    const claimed = next?.claimed ?? (await deps.queue.claim(accountId))
    if (claimed === 'gone' || claimed === 'paused') return undefined
    if (claimed !== 'busy') {
      const status = await provision(deps, claimed, { secret, ...(next && { read: next.work }) })
      if (status && proving.has(status)) return asProven(standing, status)
    }
    const now = (await deps.queue.outcomes(userId)).find((each) => each.accountId === accountId)
    if (!now || isOver(now, claimed === 'busy')) return undefined
    if (claimed === 'busy') await delay(pollMs, undefined, { ref: false })
  }
  return undefined
}

function asProven(
  { failure: _, dueInMs: __, ...standing }: AccountStanding,
  status: AccountStatus,
): AccountStanding {
  return { ...standing, status, proven: true, uncertain: false }
}

function outcomeOf(deps: Provisioner, standing: AccountStanding): AccountOutcome {
  const { connectionId, connection, proven, status, linked, uncertain, failure, dueInMs, excused } = standing
  const { mode, reply } = deps.connections.byId(connectionId)?.policy ?? {}
  // Nothing is done there, and nobody is to wait for it (ADR 0009).
  const aside = mode === 'shadow' || excused === true
  const pendingShutOut = aside ? 'accept' : (reply?.pendingShutOut ?? 'retry')
  return {
    connection,
    state: proven ? 'proven' : status === 'failed' && !aside ? 'refused' : 'pending',
    ...(failure ? { detail: failure.detail, failure: failure.kind } : {}),
    mayExist: linked || uncertain,
    pendingShutOut,
    retryAfter: status === 'waiting' ? longestRetryAfterSeconds : retryAfter(dueInMs),
  }
}

function retryAfter(dueInMs: number | undefined): number {
  if (dueInMs === undefined) return defaultRetryAfterSeconds
  return Math.min(longestRetryAfterSeconds, Math.max(1, Math.ceil(dueInMs / 1_000)))
}

function objection(
  connections: readonly OpenConnection[],
  { domains }: DirectoryRef,
  body: ResourceBody,
): Objection | undefined {
  // Whom a `mapped` connection provisions depends on groups, which come later.
  const assigned = connections.filter(
    ({ policy }) => policy.people === 'assigned' && policy.mode !== 'shadow',
  )
  for (const { name, policy } of assigned) {
    const login = loginOf(body, policy.login)
    if (login === undefined) {
      return { kind: 'no-login', detail: `${name}: ${whyNoLogin(body, policy.login)}` }
    }
    const domain = login.slice(login.lastIndexOf('@') + 1)
    if (domains.length > 0 && !domains.includes(domain)) {
      const detail = `The domain of ${login} is not among the domains of this directory (${domains.join(', ')}).`
      return { kind: 'domain', detail }
    }
  }
  return undefined
}

/** The value of the provisioning extension, as `/Schemas` declares it. */
function extensionOf(
  deps: Provisioner,
  standings: readonly AccountStanding[],
): Readonly<Record<string, unknown>> {
  return {
    connections: standings.map((each) => ({
      value: each.connection,
      vendor: deps.connections.byId(each.connectionId)?.vendor,
      status: each.status,
      ...(each.vendorAccountId === undefined ? {} : { accountId: each.vendorAccountId }),
      ...(each.provenAt === undefined ? {} : { provenAt: each.provenAt }),
      ...(each.failure
        ? { failure: each.failure.detail, see: explainedAt('account', each.failure.kind) }
        : {}),
      ...(each.deviations.length > 0 ? { deviations: each.deviations.map(({ detail }) => detail) } : {}),
    })),
  }
}

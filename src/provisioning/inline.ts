import { setTimeout as delay } from 'node:timers/promises'
import type {
  AccountOutcome,
  CreationSecret,
  DirectoryRef,
  Provisioning,
  ResourceBody,
} from '../scim/ports.ts'
import { loginOf } from '../translators/person.ts'
import type { OpenConnection } from './connections.ts'
import { provision } from './account/provision.ts'
import type { Provisioner } from './account/run.ts'
import type { AccountStanding } from './ports.ts'

/** Accounts that a request runs by itself; the rest is the workers'. */
const mostInline = 8
const pollMs = 50
const defaultRetryAfterSeconds = 10
const longestRetryAfterSeconds = 300

/** What a SCIM request does about the accounts it made due, within its reply budget. */
export function createProvisioning(by: Provisioner, wake: () => void): Provisioning {
  const standings = async (directory: DirectoryRef, userId: string): Promise<readonly AccountStanding[]> => {
    const known = new Set(by.connections.ofDirectory(directory.id).map(({ id }) => id))
    if (known.size === 0) return []
    return (await by.queue.outcomes(userId)).filter(({ connectionId }) => known.has(connectionId))
  }
  const outcomes = async (directory: DirectoryRef, userId: string): Promise<readonly AccountOutcome[]> =>
    (await standings(directory, userId)).map((standing) => outcomeOf(by, standing))

  return {
    objection: (directory, body) => objection(by.connections.ofDirectory(directory.id), directory, body),
    outcomes,
    wake,

    async run(directory, userId, secret = {}) {
      const all = await standings(directory, userId)
      const open = all.filter(({ proven }) => !proven).slice(0, mostInline)
      if (open.length === 0) return all.map((standing) => outcomeOf(by, standing))
      const deadline = by.now() + budgetOf(by, open)
      const runs = open.map((standing) => runOne(by, userId, standing.accountId, deadline, secret))
      const ended = Promise.all(runs).catch((err: unknown) => by.log.error({ err }, 'inline run broke off'))
      // A run goes on past the budget, and past a disconnect: it holds its lease and its journal.
      await Promise.race([ended, delay(Math.max(0, deadline - by.now()), undefined, { ref: false })])
      return outcomes(directory, userId)
    },

    async extension(directory, userIds) {
      const each = userIds.map(async (id) => [id, extensionOf(by, await standings(directory, id))] as const)
      return new Map(await Promise.all(each))
    },
  }
}

/** The shortest budget of the connections concerned: the identity provider waits for all of them. */
function budgetOf(by: Provisioner, open: readonly AccountStanding[]): number {
  const budgets = open.map(
    ({ connectionId }) => by.connections.byId(connectionId)?.policy.reply.budgetMs ?? 0,
  )
  return budgets.length === 0 ? 0 : Math.min(...budgets)
}

async function runOne(
  by: Provisioner,
  userId: string,
  accountId: string,
  deadline: number,
  secret: CreationSecret,
): Promise<void> {
  while (by.now() < deadline) {
    const claimed = await by.queue.claim(accountId)
    if (claimed === 'gone' || claimed === 'paused') return
    if (claimed !== 'busy') await provision(by, claimed, secret)
    const now = (await by.queue.outcomes(userId)).find((each) => each.accountId === accountId)
    // Settled, refused, or waiting for something that this request cannot bring about.
    if (!now || now.proven || (claimed !== 'busy' && (now.dueInMs ?? 1) > 0)) return
    if (claimed === 'busy') await delay(pollMs, undefined, { ref: false })
  }
}

function outcomeOf(by: Provisioner, standing: AccountStanding): AccountOutcome {
  const { connectionId, connection, proven, status, linked, uncertain, failure, dueInMs, excused } = standing
  const { mode, reply } = by.connections.byId(connectionId)?.policy ?? {}
  // Nothing is done there, and nobody is to wait for it (ADR 0009).
  const aside = mode === 'shadow' || excused === true
  const pendingShutOut = aside ? 'accept' : (reply?.pendingShutOut ?? 'retry')
  return {
    connection,
    state: proven ? 'proven' : status === 'failed' && !aside ? 'refused' : 'pending',
    ...(failure ? { detail: failure.detail } : {}),
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
): string | undefined {
  // Whom a `mapped` connection provisions depends on groups, which come later.
  const assigned = connections.filter(
    ({ policy }) => policy.people === 'assigned' && policy.mode !== 'shadow',
  )
  for (const { name, policy } of assigned) {
    const login = loginOf(body, policy.login)
    if (login === undefined) {
      return `${name} knows people by e-mail address, and neither userName nor emails holds one (addresses with #EXT# do not count). Map an e-mail address to userName or to emails[primary eq true].`
    }
    const domain = login.slice(login.lastIndexOf('@') + 1)
    if (domains.length > 0 && !domains.includes(domain)) {
      return `The domain of ${login} is not among the domains of this directory (${domains.join(', ')}).`
    }
  }
  return undefined
}

/** The value of the provisioning extension, as `/Schemas` declares it. */
function extensionOf(
  by: Provisioner,
  standings: readonly AccountStanding[],
): Readonly<Record<string, unknown>> {
  return {
    connections: standings.map((each) => ({
      value: each.connection,
      vendor: by.connections.byId(each.connectionId)?.vendor,
      status: each.status,
      ...(each.vendorAccountId === undefined ? {} : { accountId: each.vendorAccountId }),
      ...(each.provenAt === undefined ? {} : { provenAt: each.provenAt }),
      ...(each.failure ? { failure: each.failure.detail } : {}),
      ...(each.deviations.length > 0 ? { deviations: each.deviations.map(({ detail }) => detail) } : {}),
    })),
  }
}

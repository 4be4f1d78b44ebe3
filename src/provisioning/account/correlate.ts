import { correlate, type Correlation } from '../../translators/correlation.ts'
import { loginOf } from '../../translators/person.ts'
import { learn, linkTo, proven, unlink, type Ending, type Run } from './run.ts'
import type { Account } from '../../model/account.ts'
import { failureOf, iso } from '../engine.ts'

const askAgainMs = 60 * 60_000

interface Circumstances {
  readonly login: string
  readonly shutOut: boolean
  /** ISO 8601 instant of our own open create, if there is one. */
  readonly ownOpenCreateAt?: string
}

/** Looks for the person's account at the vendor by login and decides by policy whether it is theirs. */
export async function findAccount(run: Run, { login, ...rest }: Circumstances): Promise<Correlation> {
  const { target, can } = run.connection
  const [key] = can.correlateBy
  return judge(run, await target.find(key, login), { login, ...rest })
}

/** Decides by policy which of the accounts that the vendor has under the login is the person's. */
export async function judge(
  run: Run,
  candidates: readonly Account[],
  circumstances: Circumstances,
): Promise<Correlation> {
  if (candidates.length === 0) return { kind: 'none' }
  const { connection, work, deps } = run
  const [self, tenant] = await Promise.all([connection.self(), connection.tenant()])
  const ids = candidates.map(({ id }) => id)
  const elsewhere = await deps.queue.linkedElsewhere(work.accountId, tenant, ids)
  return correlate(candidates, {
    ...circumstances,
    adopt: connection.policy.adopt,
    ...(self === undefined ? {} : { self }),
    protect: connection.policy.guard.protect,
    linkedElsewhere: (id) => elsewhere.has(id),
  })
}

/** Links what was found, or says how the run ends without it. */
export async function adopt(run: Run, found: Correlation): Promise<Ending | 'linked' | 'none'> {
  switch (found.kind) {
    case 'none':
      return 'none'
    case 'adopt':
      await linkTo(run, found.account)
      run.log.info({ vendorAccountId: found.account.id }, 'account adopted')
      return 'linked'
    case 'wait':
      return {
        ...proven(),
        status: 'waiting',
        failure: failureOf(run, 'ambiguous', found.detail),
        dueInMs: askAgainMs,
      }
    case 'refuse':
      return { ...proven(), status: 'failed', failure: failureOf(run, found.failure, found.detail) }
  }
}

/**
 * Forgets the link. The login under which the vendor knew the account stays until somebody is linked again: a userName that was
 * renamed since would not lead to it.
 */
export async function dropLink(run: Run): Promise<void> {
  const login = run.held?.account.login
  const takenAt = iso(run.deps.now())
  const isKept = run.snapshot !== undefined || login === undefined
  await learn(run, {
    ...unlink,
    ...(isKept ? {} : { snapshot: { takenAt, login, entitlements: [], granted: [] } }),
  })
  if (login !== undefined) run.formerLogin = login
}

/** The login under which the vendor knows, or knew, the account: never a userName that was renamed since. */
export function loginAtVendor({
  held,
  formerLogin,
  snapshot,
  work,
  connection,
}: Pick<Run, 'held' | 'snapshot' | 'work' | 'formerLogin'> & {
  readonly connection: Pick<Run['connection'], 'policy'>
}): string | undefined {
  return (
    held?.account.login ??
    formerLogin ??
    snapshot?.login ??
    loginOf(work.user.resource, connection.policy.login)
  )
}

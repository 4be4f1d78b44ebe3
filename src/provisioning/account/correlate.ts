import { correlate, type Correlation } from '../../translators/correlation.ts'
import { loginOf } from '../../translators/person.ts'
import { learn, linkTo, proven, unlink, type Ending, type Run } from './run.ts'
import type { Account } from '../../model/account.ts'
import { failureOf, iso } from '../engine.ts'
import type { Holder } from '../../model/work.ts'

const askAgainMs = 60 * 60_000

interface Circumstances {
  readonly login: string
  readonly shutOut: boolean
  /** ISO 8601 instant of our own open create, if there is one. */
  readonly ownOpenCreateAt?: string
}

/** Looks for the person's account at the vendor by login and decides by policy whether it is theirs. */
export async function findAccount(run: Run, { login, ...rest }: Circumstances): Promise<Found> {
  const { target, can } = run.connection
  const [key] = can.correlateBy
  const besides = run.link ?? run.work.vendorAccountId
  return judge(run, await target.find(key, login, besides), { login, ...rest })
}

/** Decides by policy which of the accounts that the vendor has under the login is the person's. */
export async function judge(
  run: Run,
  candidates: readonly Account[],
  circumstances: Circumstances,
): Promise<Found> {
  if (candidates.length === 0) return { kind: 'none' }
  const { connection, work, deps } = run
  const [self, tenant] = await Promise.all([connection.self(), connection.tenant()])
  const ids = candidates.map(({ id }) => id)
  const holders = await deps.queue.holders(work.accountId, tenant, ids)
  const holderOf = (id: string): Holder | undefined =>
    holders.find(({ vendorAccountId }) => vendorAccountId === id)
  const isFree = (id: string): boolean => !circumstances.shutOut && holderOf(id)?.isFree === true
  const found = correlate(candidates, {
    ...circumstances,
    adopt: connection.policy.adopt,
    ...(self === undefined ? {} : { self }),
    protect: connection.policy.guard.protect,
    linkedElsewhere: (id) => holderOf(id) !== undefined && !isFree(id),
  })
  const holder = found.kind === 'adopt' ? holderOf(found.account.id) : undefined
  return holder && found.kind === 'adopt' ? { ...found, holder } : found
}

/** `holder`: the account is to be taken over from another User, who is proven shut out. */
type Found =
  Exclude<Correlation, { kind: 'adopt' }> | (Extract<Correlation, { kind: 'adopt' }> & { holder?: Holder })

/** Links what was found, or says how the run ends without it. */
export async function adopt(run: Run, found: Found): Promise<Ending | 'linked' | 'none'> {
  switch (found.kind) {
    case 'none':
      return 'none'
    case 'adopt':
      if (found.holder && !(await run.deps.queue.takeOver(run.lease.current(), found.holder)))
        return waitsFor(
          run,
          found.account,
          'The account of this login is just being changed for another User.',
        )
      // What was granted to the former holder is ours to take away, and not there by hand.
      await linkTo(run, found.account, found.holder?.granted)
      run.log.info({ vendorAccountId: found.account.id }, 'account adopted')
      return 'linked'
    case 'elsewhere':
      return waitsFor(run, found.account, found.detail)
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

function waitsFor(run: Run, { id }: Account, detail: string): Ending {
  return {
    ...proven(),
    status: 'waiting',
    failure: failureOf(run, 'ambiguous', detail),
    waitsFor: id,
    dueInMs: askAgainMs,
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

import { correlate } from '../../translators/correlation.ts'
import { namesFrom, inWords } from '../../translators/words.ts'
import type { LiveConnection } from '../connections.ts'
import { planHash } from '../guard.ts'
import type { AccountWork } from '../../model/work.ts'
import type { Admitted, ClaimedSweep, FoundLink, SweepStore } from '../../model/sweep.ts'
import type { Account, AccountSummary } from '../../model/account.ts'
import { judge, type Judgement, type Surroundings } from './judge.ts'

/** More people than this are not created at a connection that was just added before somebody has approved it. */
export const mostUnasked = 25
const partSize = 500

/** Streams the vendor's accounts into the store. False: another process goes on with it. */
export async function list(
  store: SweepStore,
  sweep: ClaimedSweep,
  { target }: LiveConnection,
  signal: AbortSignal,
): Promise<boolean> {
  let part: AccountSummary[] = []
  for await (const summary of target.list()) {
    signal.throwIfAborted()
    part.push(summary)
    if (part.length < partSize) continue
    if (!(await store.keepListed(sweep, part))) return false
    part = []
  }
  return store.keepListed(sweep, part)
}

/** People of a page whose account was found in the list, and people who have none. */
export interface Correlated {
  readonly links: readonly FoundLink[]
  readonly creates: ReadonlyMap<string, Extract<Judgement, { kind: 'differs' }>>
}

/** Correlates a page in bulk. Whoever is in neither answer gets a run of their own. */
export async function correlatePage(
  store: SweepStore,
  sweep: ClaimedSweep,
  works: readonly AccountWork[],
  surroundings: Surroundings,
): Promise<Correlated> {
  const { connection } = surroundings
  const drafts = new Map<string, Extract<Judgement, { kind: 'differs' }>>()
  for (const work of works) {
    // A write of the directory has come first: its own run decides.
    if (work.vendorAccountId !== undefined || work.wantedVersion > 1 || work.provenVersion > 0) continue
    const judged = judge(work, surroundings)
    if (judged.kind === 'differs' && judged.as === 'create') drafts.set(work.accountId, judged)
  }
  const logins = new Map(
    [...drafts].flatMap(([id, { operations }]) => {
      const [create] = operations
      return create?.op === 'create' ? [[id, create.draft.login.toLowerCase()] as const] : []
    }),
  )
  const listed = await store.listed(sweep, [...new Set(logins.values())])
  const [self, vendorTenant] = await Promise.all([connection.self(), connection.tenant()])
  const links: FoundLink[] = []
  const taken = new Set<string>()
  for (const [accountId, login] of logins) {
    const candidates = listed.get(login)
    if (!candidates) continue
    drafts.delete(accountId)
    if (!candidates.every(isComplete)) continue
    const found = correlate(candidates, {
      login,
      shutOut: false,
      adopt: connection.policy.adopt,
      ...(self === undefined ? {} : { self }),
      protect: connection.policy.guard.protect,
      linkedElsewhere: (id) => taken.has(id),
    })
    if (found.kind !== 'adopt') continue
    taken.add(found.account.id)
    links.push({ accountId, vendorTenant, held: { account: found.account, granted: [] } })
  }
  return { links, creates: drafts }
}

/** Where the list shows no entitlements each account is read by itself, in its own run. */
function isComplete(summary: AccountSummary): summary is Account {
  return summary.entitlements !== undefined
}

/** Creations as one batch of plans. */
export function plansOf(
  creates: Correlated['creates'],
  { connection, catalogue }: Surroundings,
): Admitted['plans'] {
  const nameOf = namesFrom(catalogue)
  return [...creates].map(([accountId, { operations, wanted }]) => ({
    accountId,
    draft: {
      reason: 'admission',
      batch: batchOf(connection),
      hash: planHash(operations),
      operations,
      words: {
        login: wanted.kind === 'present' ? wanted.person.login : '',
        lines: inWords(operations, nameOf, [], wanted),
      },
    },
  }))
}

export const batchOf = ({ name }: Pick<LiveConnection, 'name'>): string => `admission:${name}`

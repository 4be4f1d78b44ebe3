import type { Logger } from 'pino'
import { matching } from '../../config/matching.ts'
import type { Notices } from '../../model/notice.ts'
import type { Wanted } from '../../model/plan.ts'
import { type AccountWork, priorities } from '../../model/work.ts'
import type { Connections, LiveConnection } from '../../provisioning/connections.ts'
import { isSameName } from '../../provisioning/groups/make.ts'
import { loginOf } from '../../translators/person.ts'
import { groupWanted, makesGroups } from '../../translators/rules/vendor-groups.ts'
import { type Classified, contradicts, driftOf } from './classify.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { keepList, ListingRefused } from './listing.ts'
import {
  accountsToCompare,
  beginRun,
  type Compared,
  type DriftDraft,
  endRecovery,
  failRun,
  finishRun,
  type GroupDrift,
  isRecovering,
  keepCompared,
  keepGroupDrift,
  keepOrphans,
  type KeptGroup,
  keptGroups,
  type Mark,
  type ReconciliationRun,
  type RunCounts,
  unlinkedByLogin,
} from './store.ts'
import type { AccountSummary, Entitlement } from '../../model/account.ts'
import type { RepairableDrift } from '../../model/policy.ts'
import { wantedInput } from '../../provisioning/wanted-input.ts'
import { wantedOf } from '../../translators/wanted.ts'

/**
 * Compares the vendor's groups with the links of a connection that makes groups; writes nothing to the vendor. A run that
 * broke off does it again. Rejects with `ListingRefused` where the answer cannot be believed.
 */
async function compareGroups({
  deps: { db, wake },
  run,
  connection,
}: Pick<Comparing, 'deps' | 'run' | 'connection'>): Promise<RunCounts> {
  const { policy, can, target, name } = connection
  if (!makesGroups(policy) || !can.entitlements.group) return {}
  // Read first: what was linked before the vendor was asked must be in its answer.
  const links = await keptGroups(db, connection.id)
  const kept = links.filter(({ group }) => groupWanted(policy, group, { matching }) !== undefined)
  let unread = 0
  const listed = (await target.catalogue(() => void unread++)).filter(({ kind }) => kind === 'group')
  const linked = new Set(kept.map((each) => each.linked.id))
  if (listed.length * 2 < linked.size)
    throw new ListingRefused(`${name} listed ${listed.length} groups, where ${linked.size} are kept`)
  const compared = withoutMissing(await driftOfLinks(kept, listed, connection), unread)
  const drift = { ...compared, drafts: [...compared.drafts, ...orphansIn(listed, links)], kept }
  const counts = await keepGroupDrift(db, run, drift)
  if (drift.marks.length > 0) wake()
  return counts
}

/** A catalogue with an entry that cannot be read proves no group gone. */
function withoutMissing(drift: Omit<GroupDrift, 'kept'>, unread: number): Omit<GroupDrift, 'kept'> {
  if (unread === 0) return drift
  const drafts = drift.drafts.filter(({ kind }) => kind !== 'group-missing')
  return { drafts, marks: drafts.length === drift.drafts.length ? drift.marks : [] }
}

async function driftOfLinks(
  kept: readonly KeptGroup[],
  listed: readonly Entitlement[],
  connection: LiveConnection,
): Promise<Omit<GroupDrift, 'kept'>> {
  const shown = new Map(listed.map((group) => [group.id, group.name]))
  const repair: ReadonlySet<string> = new Set<RepairableDrift>(connection.policy.reconcile?.repair)
  const drafts: GroupDrift['drafts'][number][] = []
  const marks: string[] = []
  for (const { linkId, group, linked, busy } of kept) {
    const name = shown.get(linked.id)
    const isThere = name !== undefined
    if (busy || (isThere && (await isCalled(linked, name, connection)))) continue
    const kind = isThere ? 'group-renamed' : 'group-missing'
    const about = { vendorGroupId: linked.id, name: linked.name, groupId: group.id }
    const detail = { group: group.displayName, madeHere: linked.madeHere, ...(isThere ? { now: name } : {}) }
    drafts.push({ kind, group: about, detail })
    // A group that somebody else made is not renamed by us.
    if (repair.has(kind) && (linked.madeHere || !isThere)) marks.push(linkId)
  }
  return { drafts, marks }
}

/** Groups that the vendor needs for itself are nobody's. */
function orphansIn(listed: readonly Entitlement[], links: readonly KeptGroup[]): GroupDrift['drafts'] {
  const known = new Set(links.map(({ linked }) => linked.id))
  return listed
    .filter(({ id, privileged }) => !known.has(id) && !privileged)
    .map(({ id, name }) => ({ kind: 'group-orphan', group: { vendorGroupId: id, name }, detail: {} }))
}

/** Vendors may write a name in another way than it was given: where it looks different the vendor is asked. */
async function isCalled(
  { id, name }: KeptGroup['linked'],
  shown: string,
  { target }: LiveConnection,
): Promise<boolean> {
  if (isSameName(name, shown) || !target.findGroups) return true
  return (await target.findGroups(name)).some((found) => found.id === id)
}

export interface ReconciliationDeps {
  readonly db: Sql
  readonly connections: Connections
  readonly notices: Notices
  readonly log: Logger
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Accounts became due. */
  readonly wake: () => void
}

/** What one comparison needs. */
interface Comparing {
  readonly deps: ReconciliationDeps
  readonly run: ReconciliationRun
  readonly connection: LiveConnection
  readonly catalogue: readonly Entitlement[]
  readonly recovering: boolean
  /** Every entry of the list could be read: only then is somebody missing from it gone. */
  readonly isWhole: boolean
}

/**
 * Compares what the vendor lists with what is wanted, and writes nothing to the vendor: accounts with a drift that the policy
 * repairs are marked, and their run reads them by id before it plans. Paced behind all live work. Goes on where it broke off.
 */
export async function reconcile(
  deps: ReconciliationDeps,
  connectionId: string,
  signal: AbortSignal,
): Promise<ReconciliationRun | undefined> {
  const { db, connections, notices, log } = deps
  const opened = connections.byId(connectionId)
  if (!opened) return undefined
  const run = await beginRun(db, connectionId, 'reconcile')
  return opened.patiently(async () => {
    const refusal = { kind: 'survey-refused', connectionId } as const
    try {
      const connection = await opened.ready()
      const { unread } =
        run.progress.phase === 'listing' ? await keepList(run, { db, connection, signal }) : run.progress
      const recovering = await isRecovering(db, connectionId)
      const catalogue = await connection.catalogue()
      const compared = await compareAll(
        { deps, run, connection, catalogue, recovering, isWhole: unread === 0 },
        signal,
      )
      const all = sum(compared, await groupsToo({ deps, run, connection }))
      const counts = unread > 0 ? sum(all, { unread }) : all
      const done = await finishRun(db, run, counts)
      await notices.resolve(refusal)
      await conclude(deps, connection, counts, recovering)
      log.info({ connection: opened.name, ...counts }, 'reconciled')
      return done
    } catch (error) {
      if (signal.aborted) throw error
      if (!(error instanceof ListingRefused) && (error as Error).name !== 'VendorError') throw error
      const detail = (error as Error).message
      const failed = await failRun(db, run, detail)
      log.warn({ connection: opened.name, error: detail }, 'reconciliation refused')
      const text = `${opened.name} could not be compared with the directory, and nothing was concluded: ${detail}.`
      await notices.raise({ ...refusal, text })
      return failed
    }
  })
}

/** What was found of accounts stands, whatever becomes of the groups. */
async function groupsToo(comparing: Parameters<typeof compareGroups>[0]): Promise<RunCounts> {
  const {
    connection,
    deps: { notices, log },
  } = comparing
  const refusal = { kind: 'survey-refused', connectionId: connection.id, subject: 'groups' } as const
  try {
    const counts = await compareGroups(comparing)
    await notices.resolve(refusal)
    return counts
  } catch (error) {
    if (!(error instanceof ListingRefused) && (error as Error).name !== 'VendorError') throw error
    const detail = (error as Error).message
    log.warn({ connection: connection.name, error: detail }, 'groups not compared')
    const text = `The groups of ${connection.name} could not be compared with the directory, and nothing was concluded about them: ${detail}.`
    await notices.raise({ ...refusal, text })
    return {}
  }
}

async function compareAll(comparing: Comparing, signal: AbortSignal): Promise<RunCounts> {
  const {
    run,
    connection,
    deps: { db, wake },
  } = comparing
  const lagMs = connection.can.readLagMs ?? 0
  let { position, counts } = run.progress
  for (;;) {
    signal.throwIfAborted()
    const page = await accountsToCompare(db, run, position, lagMs)
    const last = page.at(-1)
    if (!last) break
    const found = await comparePage(comparing, page)
    position = last.work.accountId
    counts = sum(counts, found.counts)
    const marked = await keepCompared(db, run, { ...found, position, counts, lagMs })
    counts = sum(counts, { marked })
    if (marked > 0) wake()
    for (const drift of found.drifts)
      if (drift.kind === 'reactivated') await tellReactivated(comparing, drift)
  }
  const orphan = await keepOrphans(db, run, await connection.self())
  return { ...counts, orphan }
}

interface Found {
  readonly counts: RunCounts
  readonly drifts: readonly DriftDraft[]
  readonly marks: readonly Mark[]
}

async function comparePage(comparing: Comparing, page: readonly Compared[]): Promise<Found> {
  const { deps, run, recovering, connection } = comparing
  const drifts: DriftDraft[] = []
  const marks: Mark[] = []
  let counts: RunCounts = { compared: page.length }
  const shownByLogin = await unlinkedByLogin(
    deps.db,
    run,
    page.flatMap(({ work }) => loginsOf(work, connection)),
  )
  for (const { work, busy, listed: linked } of page) {
    const byLogin = loginsOf(work, connection).map((login) => shownByLogin.get(login))
    const listed = linked ?? byLogin.find((account) => account !== undefined)
    if (recovering && (await isContradicted(work, listed, connection)))
      counts = sum(counts, { contradictions: 1 })
    if (busy || work.provenVersion < work.wantedVersion) {
      counts = sum(counts, { busy: 1 })
      continue
    }
    const wanted = wantedIn(comparing, work)
    const found = (wanted ? driftOf(work, wanted, listed, circumstances(comparing)) : []).filter(
      ({ kind }) => comparing.isWhole || kind !== 'missing',
    )
    for (const drift of found) {
      const { kind } = drift
      counts = sum(counts, { [kind]: 1 })
      drifts.push(toDraft(work, listed, drift))
    }
    const mark = toMark(work, found, connection)
    if (mark) marks.push(mark)
  }
  return { counts, drifts, marks }
}

function wantedIn({ deps, connection, catalogue }: Comparing, work: AccountWork): Wanted | undefined {
  const wanted = wantedOf(wantedInput(work, connection, catalogue, new Date(deps.now()).toISOString()))
  return wanted.kind === 'refused' ? undefined : wanted
}

function circumstances({ deps, connection: { can, policy } }: Comparing) {
  return { can, policy, now: new Date(deps.now()).toISOString() }
}

/** Under which an account may be that no link leads to. */
function loginsOf(
  { vendorAccountId, snapshot, user }: AccountWork,
  { policy }: LiveConnection,
): readonly string[] {
  if (vendorAccountId !== undefined) return []
  const logins = [snapshot?.login, loginOf(user.resource, policy.login)]
  return [...new Set(logins.flatMap((login) => (login === undefined ? [] : [login.toLowerCase()])))]
}

/** After a restore nothing may be concluded from a list that leaves something out: the account itself is read. */
async function isContradicted(
  { user, held, vendorAccountId }: AccountWork,
  listed: AccountSummary | undefined,
  { target }: LiveConnection,
): Promise<boolean> {
  if (!user.active || user.deleted) return false
  const isWhole = !listed || listed.entitlements !== undefined
  const shown = isWhole || vendorAccountId === undefined ? listed : await target.get(vendorAccountId)
  return contradicts(held, shown)
}

function toDraft(
  work: AccountWork,
  listed: AccountSummary | undefined,
  { kind, detail }: Classified,
): DriftDraft {
  const login = listed?.login ?? work.held?.account.login ?? work.snapshot?.login ?? ''
  const vendorAccountId = listed?.id ?? work.vendorAccountId
  return {
    kind,
    accountId: work.accountId,
    login,
    detail,
    ...(vendorAccountId === undefined ? {} : { vendorAccountId }),
  }
}

function toMark(
  work: AccountWork,
  found: readonly Classified[],
  { policy }: LiveConnection,
): Mark | undefined {
  const repair: ReadonlySet<string> = new Set<RepairableDrift>(policy.reconcile?.repair)
  const due = found.filter(({ kind, repairable }) => repairable && repair.has(kind))
  if (due.length === 0 || work.unmanaged) return undefined
  const leaver = due.some(({ kind }) => kind === 'reactivated')
  return { accountId: work.accountId, leaver, priority: leaver ? priorities['shut-out'] : priorities.backlog }
}

function sum(one: RunCounts, other: RunCounts): RunCounts {
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return Object.fromEntries([...names].map((name) => [name, (one[name] ?? 0) + (other[name] ?? 0)]))
}

async function tellReactivated(
  { deps, connection }: Comparing,
  { accountId, login = '' }: DriftDraft,
): Promise<void> {
  const repairs = connection.policy.reconcile?.repair.includes('reactivated') ?? false
  const next = repairs
    ? 'The access is being ended.'
    : 'The policy does not repair it; end the access by hand.'
  await deps.notices.raise({
    kind: 'reactivated-leaver',
    connectionId: connection.id,
    ...(accountId === undefined ? {} : { subject: accountId }),
    text: `${login} was shut out, and ${connection.name} shows access again. ${next}`,
    detail: { accountId },
  })
}

/** Groups that Drawbridge did not make are usual, and no news. */
const newsworthy = [
  'missing',
  'orphan',
  'lacking',
  'excess',
  'profile',
  'group-missing',
  'group-renamed',
] as const

async function conclude(
  { db, notices }: ReconciliationDeps,
  { id: connectionId, name }: LiveConnection,
  counts: RunCounts,
  recovering: boolean,
): Promise<void> {
  const found = newsworthy.filter((kind) => (counts[kind] ?? 0) > 0).map((kind) => `${counts[kind]} ${kind}`)
  const notice = { kind: 'drift-found', connectionId } as const
  if (found.length === 0) await notices.resolve(notice)
  else
    await notices.raise({
      ...notice,
      text: `${name} differs from the directory: ${found.join(', ')}.`,
      detail: { counts },
    })
  if (!recovering) return
  const contradictions = counts['contradictions'] ?? 0
  if (contradictions === 0) {
    await endRecovery(db, connectionId)
    await notices.resolve({ kind: 'store-restored', connectionId })
    return
  }
  await notices.raise({
    kind: 'store-restored',
    connectionId,
    text: `The store was restored from a backup, and what ${name} shows contradicts it for ${contradictions === 1 ? '1 account' : `${contradictions} accounts`}: only shut-outs run there. Have the identity provider push everybody, then run "drawbridge recovered".`,
    detail: { contradictions },
  })
}

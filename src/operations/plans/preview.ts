import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type { Operation, Plan, Wanted } from '../../model/plan.ts'
import type { AccountWork } from '../../model/work.ts'
import type { Connections, LiveConnection } from '../../provisioning/connections.ts'
import { becauseOf, plan } from '../../translators/plan.ts'
import { graceOf } from '../../translators/shut-out.ts'
import { loginOf } from '../../translators/person.ts'
import { inWords, type NameOf, namesFrom } from '../../translators/words.ts'
import type { Entitlement, EntitlementRef } from '../../model/account.ts'
import { workPage } from '../../store/queue/work.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { wantedInput } from '../../provisioning/wanted-input.ts'
import { wantedOf } from '../../translators/wanted.ts'

type PreviewLine =
  | { readonly account: PreviewedAccount }
  | { readonly totals: PreviewTotals; readonly words: readonly string[] }

const mostWaiting = 100

/** A preview as a stream that is computed no faster than it is read; the totals come last, nothing for no connection. */
export async function* previewLines(
  deps: PreviewDeps,
  connectionId: string,
  options: { readonly unchanged?: boolean } = {},
): AsyncGenerator<PreviewLine> {
  const lines = new PassThrough({ objectMode: true, highWaterMark: mostWaiting })
  const left = new AbortController()
  const { signal } = left
  const each = async (account: PreviewedAccount): Promise<void> => {
    if (!lines.write({ account })) await once(lines, 'drain', { signal })
  }
  previewConnection(deps, connectionId, each, { ...options, signal }).then(
    (totals) => {
      if (totals) lines.write({ totals, words: totalsInWords(totals) })
      lines.end()
    },
    (error: unknown) => lines.destroy(error as Error),
  )
  try {
    for await (const line of lines) yield line as PreviewLine
  } finally {
    left.abort()
  }
}

/** What would happen to one account. */
interface PreviewedAccount {
  readonly accountId: string
  readonly userId: string
  readonly userName: string
  readonly login?: string
  readonly kind: PreviewKind
  readonly operations: readonly Operation[]
  /** In people's words: one sentence for each operation, deviations after them. */
  readonly lines: readonly string[]
}

interface PreviewDeps {
  readonly db: Sql
  readonly connections: Connections
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

interface PreviewOptions {
  /** Includes accounts to which nothing would happen, and those that are ignored. */
  readonly unchanged?: boolean
  readonly signal?: AbortSignal
}

const notNews: ReadonlySet<PreviewKind> = new Set(['unchanged', 'ignored'])
const pageSize = 200

/**
 * Computes what would happen now for every account of a connection, and writes nothing, neither there nor here. The catalogue
 * is read live; accounts that are not linked are looked for in one listing. `each` hears of an account at a time. Undefined:
 * there is no such connection. Rejects with `VendorError` when the vendor does not answer.
 */
export async function previewConnection(
  { db, connections, now }: PreviewDeps,
  connectionId: string,
  each: (account: PreviewedAccount) => void | Promise<void> = () => {},
  options: PreviewOptions = {},
): Promise<PreviewTotals | undefined> {
  const opened = connections.byId(connectionId)
  if (!opened) return undefined
  const { signal, unchanged = false } = options
  return opened.patiently(async () => {
    const connection = await opened.ready()
    const catalogue = await connection.catalogue({ refresh: true })
    const seen: PreviewContext = {
      connection,
      catalogue,
      nameOf: namesFrom(catalogue),
      now,
      present: listedOnce(connection),
    }
    const totals = newTotals(connection.name, new Date(now()).toISOString())
    for (let after: string | undefined; ;) {
      signal?.throwIfAborted()
      const page = await workPage(db, connectionId, {
        limit: pageSize,
        ...(after === undefined ? {} : { after }),
      })
      for (const work of page) {
        const account = await previewed(work, seen)
        countIn(totals, account, seen.nameOf)
        if (unchanged || !notNews.has(account.kind)) await each(account)
      }
      after = page.at(-1)?.accountId
      if (page.length < pageSize) return totals
    }
  })
}

interface PreviewContext {
  readonly connection: LiveConnection
  readonly catalogue: readonly Entitlement[]
  readonly nameOf: NameOf
  readonly now: () => number
  /** Logins that the vendor has, in lower case; listed when they are first asked for. */
  readonly present: () => Promise<ReadonlySet<string>>
}

function listedOnce({ target }: LiveConnection): PreviewContext['present'] {
  let listed: Promise<ReadonlySet<string>> | undefined
  const list = async (): Promise<ReadonlySet<string>> => {
    const logins = new Set<string>()
    for await (const { login } of target.list()) logins.add(login.toLowerCase())
    return logins
  }
  return () => (listed ??= list())
}

async function previewed(work: AccountWork, seen: PreviewContext): Promise<PreviewedAccount> {
  const { resource } = work.user
  const { connection } = seen
  const login = work.held?.account.login ?? loginOf(resource, connection.policy.login)
  const userName = resource['userName']
  const account = {
    accountId: work.accountId,
    userId: work.user.id,
    userName: typeof userName === 'string' ? userName : '',
    ...(login === undefined ? {} : { login }),
  }
  if (work.unmanaged || work.user.unclaimed) return { ...account, kind: 'ignored', operations: [], lines: [] }
  const now = new Date(seen.now()).toISOString()
  const wanted = wantedOf(wantedInput(work, connection, seen.catalogue, now))
  if (wanted.kind === 'refused')
    return { ...account, kind: 'refused', operations: [], lines: [wanted.detail] }
  const { operations, deviations } = planned(work, wanted, seen)
  const own = wanted.kind === 'present' ? wanted.deviations : []
  const lines = inWords(operations, seen.nameOf, [...own, ...deviations], wanted)
  if (!work.held && login !== undefined && (operations.length > 0 || wanted.kind === 'shut-out')) {
    if ((await seen.present()).has(login.toLowerCase())) return { ...account, ...found(wanted, login) }
  }
  return { ...account, kind: kindOf(operations), operations, lines }
}

function planned(work: AccountWork, wanted: Wanted, { connection, now: clock }: PreviewContext): Plan {
  const { can, policy } = connection
  const { held, snapshot } = work
  const now = new Date(clock()).toISOString()
  if (wanted.kind !== 'present' && held) {
    const grace = graceOf(becauseOf(wanted), held.account, snapshot, { can, policy, now })
    if (grace.kind === 'delayed') return { operations: [], deviations: [] }
    if (grace.kind === 'over') return { operations: [{ op: 'shut-out', steps: ['remove'] }], deviations: [] }
  }
  const returning = wanted.kind === 'present' ? snapshot : undefined
  return plan({ wanted, held, can, policy, snapshot: returning, now })
}

/** Of an account that is not linked yet the listing tells only that it is there. */
function found(wanted: Wanted, login: string): Pick<PreviewedAccount, 'kind' | 'operations' | 'lines'> {
  return wanted.kind === 'present'
    ? {
        kind: 'adopt',
        operations: [],
        lines: [`Link the existing account ${login}, as the policy "adopt" allows.`],
      }
    : {
        kind: 'shut-out',
        operations: [],
        lines: [`Shut out the existing account ${login}.`],
      }
}

function kindOf(operations: readonly Operation[]): PreviewKind {
  const ops = new Set(operations.map(({ op }) => op))
  if (ops.has('create')) return ops.has('shut-out') ? 'recreate' : 'create'
  if (ops.has('shut-out')) return 'shut-out'
  return operations.length > 0 ? 'change' : 'unchanged'
}

/** What would become of an account. `adopt`: one that is there already is linked. `ignored`: unmanaged, or unclaimed. */
type PreviewKind =
  'create' | 'adopt' | 'recreate' | 'change' | 'shut-out' | 'refused' | 'ignored' | 'unchanged'

interface EntitlementTotal {
  /** As people write it: `role Falcon Administrator`. */
  readonly name: string
  grants: number
  revokes: number
}

/** Counts over all accounts of a connection; grows with the catalogue, not with the people. Plain JSON. */
interface PreviewTotals {
  readonly connection: string
  /** ISO 8601 instant. */
  readonly at: string
  accounts: number
  readonly kinds: Record<PreviewKind, number>
  readonly operations: Record<string, number>
  /** By name; only those that somebody would be granted or lose. */
  readonly entitlements: Record<string, EntitlementTotal>
}

function newTotals(connection: string, at: string): PreviewTotals {
  const kinds = {
    create: 0,
    adopt: 0,
    recreate: 0,
    change: 0,
    'shut-out': 0,
    refused: 0,
    ignored: 0,
    unchanged: 0,
  }
  return { connection, at, accounts: 0, kinds, operations: {}, entitlements: {} }
}

function countIn(
  totals: PreviewTotals,
  { kind, operations }: { readonly kind: PreviewKind; readonly operations: readonly Operation[] },
  nameOf: NameOf,
): void {
  totals.accounts++
  totals.kinds[kind]++
  for (const operation of operations) {
    totals.operations[operation.op] = (totals.operations[operation.op] ?? 0) + 1
    for (const ref of granted(operation)) totalOf(totals, nameOf(ref)).grants++
    for (const ref of revoked(operation)) totalOf(totals, nameOf(ref)).revokes++
  }
}

function totalOf({ entitlements }: PreviewTotals, name: string): EntitlementTotal {
  return (entitlements[name] ??= { name, grants: 0, revokes: 0 })
}

function granted(operation: Operation): readonly EntitlementRef[] {
  if (operation.op === 'create') return operation.draft.entitlements
  return operation.op === 'change-entitlements' ? operation.change.assign : []
}

function revoked(operation: Operation): readonly EntitlementRef[] {
  return operation.op === 'change-entitlements' ? operation.change.revoke : []
}

/** The totals in people's words. */
function totalsInWords({ kinds, entitlements, accounts, connection }: PreviewTotals): readonly string[] {
  const counted = (Object.keys(kinds) as PreviewKind[]).filter((kind) => kinds[kind] > 0)
  return [
    `${accounts} ${accounts === 1 ? 'account' : 'accounts'} at ${connection}`,
    ...counted.map((kind) => `${kinds[kind]} ${phrases[kind]}`),
    ...Object.values(entitlements)
      .toSorted((a, b) => a.name.localeCompare(b.name))
      .map(({ name, grants, revokes }) => `${name}: ${grants} granted, ${revokes} revoked`),
  ]
}

const phrases: Record<PreviewKind, string> = {
  create: 'to create',
  adopt: 'to link to an existing account',
  recreate: 'to remove and create again under a new login',
  change: 'to change',
  'shut-out': 'to shut out',
  refused: 'refused',
  ignored: 'ignored',
  unchanged: 'already as wanted',
}

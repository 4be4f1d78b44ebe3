import { csvField } from '../../model/text.ts'
import { randomUUID } from 'node:crypto'
import { type Account, entitlementKey } from '../../model/account.ts'
import { planHash } from '../../provisioning/guard.ts'
import type { OpenConnection } from '../../provisioning/connections.ts'
import { stepsFor } from '../../translators/plan.ts'
import { usableSteps } from '../../translators/shut-out.ts'
import { type NameOf, namesFrom } from '../../translators/words.ts'
import { keepList } from '../reconciliation/listing.ts'
import type { ReconciliationDeps } from '../reconciliation/reconciliation.ts'
import { beginRun, failRun, finishRun } from '../reconciliation/store.ts'
import { catalogueOf, type InventoryEntry, listedAccounts, type Proposal, recordProposals } from './store.ts'

/**
 * One account of a vendor. What the vendor does not tell is absent, never guessed. The columns are documented in
 * docs/operations.md, in this order.
 */
export interface InventoryRow {
  readonly connection: string
  readonly vendor: string
  /** The vendor's own id. */
  readonly accountId: string
  readonly login: string
  readonly name?: string
  readonly state: 'active' | 'disabled' | 'invited'
  /** `linked`, `leaver` (linked, and not wanted active), `unclaimed` (made by an import), `orphan` (no person). */
  readonly standing: 'linked' | 'leaver' | 'unclaimed' | 'orphan'
  readonly userName?: string
  readonly userId?: string
  /** By name: `role SOC in site EMEA`; what the catalogue does not know by its id. */
  readonly entitlements?: readonly string[]
  readonly privileged: boolean
  readonly lastOwner?: boolean
  readonly source?: string
  readonly managedBy?: string
  readonly createdAt?: string
  readonly updatedAt?: string
  readonly lastLoginAt?: string
  /** Whole days since the last login. */
  readonly dormantDays?: number
  readonly emailVerified?: boolean
  readonly twoFactor?: boolean
  readonly tokenExpiresAt?: string
  readonly invitation?: 'pending' | 'expired'
  /** Who sent the invitation. */
  readonly invitedBy?: string
  /** Whole days since the invitation. */
  readonly invitedDays?: number
  /** Takes a seat: everybody who is not disabled, invitations included. */
  readonly seat: boolean
  readonly seenAt: string
  /** The same by kind, id and scope, as `entitlementKey` writes them. */
  readonly entitlementKeys?: readonly string[]
}

export const inventoryColumns = [
  'connection',
  'vendor',
  'accountId',
  'login',
  'name',
  'state',
  'standing',
  'userName',
  'userId',
  'entitlements',
  'privileged',
  'lastOwner',
  'source',
  'managedBy',
  'createdAt',
  'updatedAt',
  'lastLoginAt',
  'dormantDays',
  'emailVerified',
  'twoFactor',
  'tokenExpiresAt',
  'invitation',
  'invitedBy',
  'invitedDays',
  'seat',
  'seenAt',
  'entitlementKeys',
] as const satisfies readonly (keyof InventoryRow)[]

const dayMs = 24 * 60 * 60_000

export function toRow(
  { account, person, held, seenAt }: InventoryEntry,
  connection: { readonly name: string; readonly vendor: string },
  nowMs: number,
  nameOf: NameOf = entitlementKey,
): InventoryRow {
  const { profile, facts, state } = account
  const entitlements = account.entitlements ?? held?.account.entitlements
  const names = [profile.givenName, profile.familyName].filter((part) => part !== undefined).join(' ')
  const isInvited = state === 'invited' || facts.invitation !== undefined
  return withoutGaps({
    connection: connection.name,
    vendor: connection.vendor,
    accountId: account.id,
    login: account.login,
    name: profile.displayName ?? (names === '' ? undefined : names),
    state,
    standing: standingOf(person),
    userName: person?.userName,
    userId: person?.userId,
    entitlements: entitlements?.map(nameOf).sort(),
    privileged: account.privileged,
    lastOwner: facts.lastOwner,
    source: facts.source,
    managedBy: facts.managedBy,
    createdAt: account.createdAt,
    updatedAt: facts.updatedAt,
    lastLoginAt: facts.lastLoginAt,
    dormantDays: daysSince(facts.lastLoginAt, nowMs),
    emailVerified: facts.emailVerified,
    twoFactor: facts.twoFactor,
    tokenExpiresAt: facts.tokenExpiresAt,
    invitation: facts.invitation ?? (state === 'invited' ? 'pending' : undefined),
    invitedBy: facts.invitedBy,
    invitedDays: isInvited ? daysSince(account.createdAt, nowMs) : undefined,
    seat: state !== 'disabled',
    seenAt,
    entitlementKeys: entitlements?.map(entitlementKey).sort(),
  })
}

function standingOf(person: InventoryEntry['person']): InventoryRow['standing'] {
  if (!person) return 'orphan'
  if (person.unclaimed) return 'unclaimed'
  return person.active && !person.deleted && !person.held ? 'linked' : 'leaver'
}

function daysSince(instant: string | undefined, nowMs: number): number | undefined {
  const ms = instant === undefined ? Number.NaN : Date.parse(instant)
  return Number.isNaN(ms) ? undefined : Math.max(0, Math.floor((nowMs - ms) / dayMs))
}

type Gappy<T> = { readonly [K in keyof T]: T[K] | undefined }

function withoutGaps<T extends object>(row: Gappy<T>): T {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as T
}

/** The first line of a CSV file (RFC 4180). */
export const csvHeader = line(inventoryColumns)

export function csvLine(row: InventoryRow): string {
  return line(inventoryColumns.map((column) => cell(row[column])))
}

function cell(value: unknown): string {
  if (value === undefined) return ''
  return Array.isArray(value) ? value.join('; ') : String(value)
}

/** Names come from the vendor's people. */
function line(cells: readonly string[]): string {
  return `${cells.map(csvField).join(',')}\r\n`
}

interface InventoryOptions {
  /** Lists the accounts now; otherwise what was listed last is shown. */
  readonly live?: boolean
  /** Reads the entitlements of each account where the list does not show them: a call each, or more. */
  readonly roles?: boolean
  /** Only accounts whose last login is known and at least so many days ago. */
  readonly dormantDays?: number
  /** Only invitations that nobody has accepted for so many days. */
  readonly invitedDays?: number
  /** Only accounts without a person. */
  readonly orphans?: boolean
}

interface Proposed {
  readonly batch: string
  readonly proposed: number
}

export interface Inventories {
  /** Who has what, streamed. Rejects with `ListingRefused` where a live list cannot be believed. */
  inventory(connectionId: string, options?: InventoryOptions): AsyncGenerator<InventoryRow>
  /**
   * Turns the accounts that are dormant into plans of shut-outs that wait for a decision, as one batch. Not: who is
   * privileged, the gateway's own, unclaimed, or leaves already.
   */
  propose(connectionId: string, dormantDays: number): Promise<Proposed>
}

export function createInventories(deps: ReconciliationDeps): Inventories {
  return {
    inventory: (connectionId, options = {}) => rows(deps, connectionId, options),
    propose: (connectionId, dormantDays) => propose(deps, connectionId, dormantDays),
  }
}

async function* rows(
  { db, connections, now }: ReconciliationDeps,
  connectionId: string,
  options: InventoryOptions,
): AsyncGenerator<InventoryRow> {
  const connection = connections.byId(connectionId)
  if (!connection) return
  if (options.live) await listNow(db, connection)
  const nameOf = namesFrom(await catalogueOf(db, connectionId))
  const listed = listedAccounts(db, connectionId)
  for await (const entry of options.roles ? withRoles(connection, listed) : listed) {
    const row = toRow(entry, connection, now(), nameOf)
    if (isAsked(row, options)) yield row
  }
}

/** As many at a time, in the order of the list; the connection's pace decides how fast. */
const readTogether = 8

/** Accounts that have gone since the list was read are left out. */
async function* withRoles(
  connection: OpenConnection,
  listed: AsyncIterable<InventoryEntry>,
): AsyncGenerator<InventoryEntry> {
  const { target } = await connection.ready()
  const complete = async (entry: InventoryEntry): Promise<InventoryEntry | undefined> => {
    if (entry.account.entitlements) return entry
    const known: Account = { ...entry.account, entitlements: [] }
    const account = await connection.patiently(() => target.get(known.id, known))
    return account && { ...entry, account }
  }
  let waiting: InventoryEntry[] = []
  for await (const entry of listed) {
    if (waiting.push(entry) < readTogether) continue
    for (const each of await Promise.all(waiting.map(complete))) if (each) yield each
    waiting = []
  }
  for (const each of await Promise.all(waiting.map(complete))) if (each) yield each
}

async function listNow(db: ReconciliationDeps['db'], connection: OpenConnection): Promise<void> {
  const run = await beginRun(db, connection.id, 'inventory')
  try {
    const { signal } = new AbortController()
    const { listed } = await connection.patiently(async () =>
      keepList(run, { db, connection: await connection.ready(), signal }),
    )
    await finishRun(db, run, { listed })
  } catch (error) {
    await failRun(db, run, (error as Error).message)
    throw error
  }
}

function isAsked(row: InventoryRow, { dormantDays, invitedDays, orphans }: InventoryOptions): boolean {
  if (orphans && row.standing !== 'orphan') return false
  if (dormantDays !== undefined && !isDormant(row, dormantDays)) return false
  return invitedDays === undefined || (row.invitedDays !== undefined && row.invitedDays >= invitedDays)
}

/** Where the vendor does not tell of logins, nobody is dormant. */
function isDormant({ dormantDays, state }: InventoryRow, days: number): boolean {
  return state === 'active' && dormantDays !== undefined && dormantDays >= days
}

const perBatch = 500

async function propose(
  { db, connections, notices, now }: ReconciliationDeps,
  connectionId: string,
  days: number,
): Promise<Proposed> {
  const batch = randomUUID()
  const opened = connections.byId(connectionId)
  if (!opened) return { batch, proposed: 0 }
  const connection = await opened.ready()
  const self = await connection.self()
  const steps = usableSteps(stepsFor('inactive', connection.policy), connection.can)
  const operations = [{ op: 'shut-out', steps }] as const
  const plan = { batch, operations, hash: planHash(operations) }
  let proposed = 0
  let proposals: Proposal[] = []
  const record = async (): Promise<void> => {
    proposed += await recordProposals(db, connectionId, plan, proposals)
    proposals = []
  }
  for await (const entry of listedAccounts(db, connectionId)) {
    const { accountId } = entry
    const row = toRow(entry, connection, now())
    const isMeant = row.standing === 'linked' && !row.privileged && row.accountId !== self
    if (accountId === undefined || !isMeant || !isDormant(row, days)) continue
    const line = `Shut out ${row.login}: the last login was ${row.dormantDays} days ago.`
    if (proposals.push({ accountId, login: row.login, line }) >= perBatch) await record()
  }
  if (proposals.length > 0) await record()
  if (proposed > 0) {
    const who = proposed === 1 ? '1 person has' : `${proposed} people have`
    const text = `${who} not used ${connection.name} for ${days} days and would be shut out: approve or reject batch ${batch}.`
    const notice = { kind: 'decision-needed', connectionId, subject: 'plans' } as const
    await notices.raise({ ...notice, text, detail: { batch } })
  }
  return { batch, proposed }
}

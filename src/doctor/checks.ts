import { randomUUID } from 'node:crypto'
import { failures, VendorError } from '../model/errors.ts'
import { deviationOf, resolve } from '../translators/entitlements/catalogue.ts'
import { requestsOf } from '../translators/rules/right-side.ts'
import { hasTemplate } from '../translators/rules/right-side.ts'
import type { AnyVendor, DoctorFinding, Route, Target } from '../vendors/contract.ts'
import type { NativeScimFacts } from '../vendors/native-scim.ts'
import type { AccountSummary, ApiProfile, Entitlement } from '../model/account.ts'
import type { Capabilities } from '../model/capabilities.ts'
import type { Policy } from '../model/policy.ts'

export interface RouteFinding extends Pick<Route, 'method' | 'path' | 'purpose'> {
  readonly writes: boolean
  readonly state: DoctorFinding['state']
  readonly detail: string
}

/** Whether the vendor's own SCIM is in the way, out of reach, or cannot be told. */
export interface NativeScim {
  readonly nativeScim: 'active' | 'locked' | 'unknown'
  readonly nativeScimReason: string
}

/** Everything that the doctor found of one connection; plain JSON, without secrets. */
export interface Report extends NativeScim {
  /** No finding and no route failed. */
  readonly ok: boolean
  readonly connection: string
  readonly directory: string
  readonly vendor: string
  readonly profile: { readonly configured: 'auto' | ApiProfile; readonly used: ApiProfile }
  readonly findings: readonly DoctorFinding[]
  readonly routes: readonly RouteFinding[]
  /** What the tenant pays for, as configured. */
  readonly plan?: string
  /** What native SCIM asks for and lacks, and what Drawbridge does instead. */
  readonly gaps?: NativeScimFacts
}

type Told = Pick<DoctorFinding, 'state' | 'detail'>

/** Most accounts that are looked at for signs of native SCIM. */
const mostAccounts = 1_000
const soonMs = 14 * 24 * 60 * 60_000

/** Carries out a check; a failure of the vendor becomes its finding. */
async function finding(check: string, look: () => Promise<Told>): Promise<DoctorFinding> {
  try {
    return { check, ...(await look()) }
  } catch (error) {
    if (!(error instanceof VendorError)) throw error
    const { failure, detail } = error
    const state = ['unavailable', 'rate-limited'].includes(failure) ? 'unknown' : 'failed'
    return { check, state, detail: `${failures[failure].summary}: ${detail}` }
  }
}

/** Exercises the credentials; `refused` when the vendor does not take them at all. */
export async function credentials(
  target: Target,
  { nativeScim, scopes }: AnyVendor,
): Promise<{ readonly finding: DoctorFinding; readonly refused: boolean }> {
  const check = 'credentials'
  try {
    await target.test()
    return { finding: { check, state: 'ok', detail: 'accepted, and enough for every read' }, refused: false }
  } catch (error) {
    if (!(error instanceof VendorError)) throw error
    const refused = error.failure === 'unauthenticated'
    const token =
      nativeScim && `; a token of the vendor’s own SCIM (${nativeScim.nativeScim.token}) does not work here`
    const needs = `; all that is needed: ${scopes.join(', ')}`
    const hint = refused ? (token ?? '') : error.failure === 'missing-scope' ? needs : ''
    const detail = `${failures[error.failure].summary}: ${error.detail}${hint}`
    return { finding: { check, state: 'failed', detail }, refused }
  }
}

export function tenant(target: Target): Promise<DoctorFinding> {
  return finding('tenant', async () => ({ state: 'ok', detail: await target.tenant() }))
}

/** The account behind the credentials, and until when they are valid, as the vendor tells or else as was stated. */
export async function identity(target: Target, statedEnd?: string): Promise<readonly DoctorFinding[]> {
  let expiresAt: string | undefined
  const who = await finding('own identity', async () => {
    const id = await target.self()
    if (id === undefined) return { state: 'ok', detail: 'the credentials belong to no account' }
    const account = await target.get(id)
    expiresAt = (await target.credentialsEnd?.()) ?? account?.facts.tokenExpiresAt
    return { state: 'ok', detail: `${account?.login ?? 'account'} (${id}); Drawbridge never changes it` }
  })
  return [who, expiry(expiresAt ?? statedEnd)]
}

function expiry(expiresAt: string | undefined): DoctorFinding {
  const check = 'token expiry'
  if (expiresAt === undefined) {
    const detail = 'the vendor does not tell it; state it as expiresAt beside the credentials'
    return { check, state: 'unknown', detail }
  }
  const left = Date.parse(expiresAt) - Date.now()
  if (left <= 0) return { check, state: 'failed', detail: `ended ${expiresAt}` }
  const days = Math.floor(left / (24 * 60 * 60_000))
  const detail = `ends ${expiresAt}, in ${days} days`
  return left < soonMs
    ? { check, state: 'warning', detail: `${detail}: renew it` }
    : { check, state: 'ok', detail }
}

/** What can be granted, and whether every rule means something of it. */
export async function catalogue(target: Target, policy: Policy): Promise<readonly DoctorFinding[]> {
  let entries: readonly Entitlement[] | undefined
  const offered = await finding('catalogue', async () => {
    entries = await target.catalogue()
    if (entries.length === 0) return { state: 'failed', detail: 'the vendor offers no role or group at all' }
    return { state: 'ok', detail: described(entries) }
  })
  return entries ? [offered, rules(entries, policy, target.capabilities)] : [offered]
}

function described(entries: readonly Entitlement[]): string {
  const counts = Map.groupBy(entries, ({ kind, scope }) => (scope ? `${kind} in ${scope.level}` : kind))
  const numbers = [...counts].map(([what, each]) => `${each.length} × ${what}`).join(', ')
  const privileged = [...new Set(entries.filter(({ privileged }) => privileged).map(({ name }) => name))]
  return `${numbers}; privileged: ${privileged.join(', ') || 'none'}`
}

function rules(
  entries: readonly Entitlement[],
  { rules: all, default: usual }: Policy,
  { scopes }: Capabilities,
): DoctorFinding {
  const check = 'rules'
  const reasons = [
    ...all.map((right, rule) => ({ right, reason: { rule, ...(right.line && { line: right.line }) } })),
    { right: usual, reason: { rule: 'default' } as const },
  ]
  // What a template stands for only the groups of the directory can tell: `drawbridge check --live`.
  const plain = reasons.filter(({ right }) => !hasTemplate(right))
  const requests = plain.flatMap(({ right, reason }) =>
    requestsOf(right).map((request) => ({ request, reason })),
  )
  const problems = requests.flatMap(({ request, reason }) => {
    const resolution = resolve(request, entries, undefined, scopes)
    return resolution.kind === 'found' ? [] : [deviationOf(request, reason, resolution).detail]
  })
  if (problems.length > 0) return { check, state: 'failed', detail: [...new Set(problems)].join(' ') }
  return {
    check,
    state: 'ok',
    detail:
      requests.length === 0
        ? 'none'
        : `${requests.length === 1 ? 'one grant, which is' : `${requests.length} grants, all`} in the catalogue`,
  }
}

/** Looks for somebody who cannot exist, as correlation does before every creation. */
export function search(target: Target): Promise<DoctorFinding> {
  return finding('search', async () => {
    const [attribute] = target.capabilities.correlateBy
    const found = await target.find(attribute, `doctor-${randomUUID()}@drawbridge.invalid`)
    if (found.length === 0)
      return { state: 'ok', detail: `by ${attribute}; nobody is found who is not there` }
    return { state: 'failed', detail: `by ${attribute} finds people who do not match` }
  })
}

/** Lists accounts, up to a thousand of them, and reads one as a proof would. */
export async function accounts(
  target: Target,
): Promise<{ readonly found: readonly AccountSummary[]; readonly finding: DoctorFinding }> {
  const found: AccountSummary[] = []
  const told = await finding('accounts', async () => {
    let more = false
    for await (const account of target.list()) {
      more = found.length === mostAccounts
      if (more) break
      found.push(account)
    }
    const [first] = found
    const read = first && (await target.get(first.id))
    if (first && !read) return { state: 'failed', detail: 'an account that is listed cannot be read' }
    return { state: 'ok', detail: more ? `more than ${mostAccounts}` : String(found.length) }
  })
  return { found, finding: told }
}

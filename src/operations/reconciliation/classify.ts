import { intentsFor } from '../../translators/plan.ts'
import type { Held, Intent, Wanted } from '../../model/plan.ts'
import { type Capabilities } from '../../model/capabilities.ts'
import type { AccountWork } from '../../model/work.ts'
import { type AccountSummary, entitlementKey } from '../../model/account.ts'
import type { DriftKind, Policy } from '../../model/policy.ts'

export interface Classified {
  readonly kind: DriftKind
  readonly detail: Readonly<Record<string, unknown>>
  /** A new run would change something; what is not ours to take away is only told of. */
  readonly repairable: boolean
}

export interface Circumstances {
  readonly can: Capabilities
  readonly policy: Policy
  /** ISO 8601 instant. */
  readonly now: string
}

/**
 * How a settled account differs from what its run left: the same look at what differs that a run takes, with what the list
 * shows in the place of held. Where the list leaves entitlements out, those held count.
 */
export function driftOf(
  work: AccountWork,
  wanted: Wanted,
  listed: AccountSummary | undefined,
  { can, policy, now }: Circumstances,
): readonly Classified[] {
  if (wanted.kind !== 'present') return ofLeaver(wanted, work, listed, { can, policy, now })
  if (!listed) {
    const isMissing = work.vendorAccountId !== undefined
    return isMissing ? [{ kind: 'missing', detail: {}, repairable: true }] : []
  }
  const held = asListed(work.held, listed)
  const { intents } = intentsFor({ wanted, held, can, policy, now })
  const found = (['lacking', 'excess', 'profile'] as const).flatMap((kind) => {
    const differing = intents.filter((intent) => kindOf(intent) === kind)
    return differing.length === 0 ? [] : [{ kind, detail: detailOf(differing), repairable: true }]
  })
  const byHand = grantedByHand(work.held, held, wanted, can)
  const isExcess = found.some(({ kind }) => kind === 'excess')
  return isExcess || byHand.length === 0
    ? found
    : [...found, { kind: 'excess', detail: { byHand }, repairable: false }]
}

function ofLeaver(
  wanted: Wanted,
  { held, snapshot, vendorAccountId }: AccountWork,
  listed: AccountSummary | undefined,
  circumstances: Circumstances,
): readonly Classified[] {
  // An account that somebody has by themselves, where no rule ever brought them, was never shut out.
  const wasNeverHere = wanted.kind === 'nothing' && vendorAccountId === undefined && !held && !snapshot
  if (!listed || wasNeverHere) return []
  const { tried = [] } = snapshot ?? {}
  const { intents } = intentsFor({ ...circumstances, wanted, held: asListed(held, listed), tried })
  const { state, entitlements } = listed
  const detail = { state, ...(entitlements ? { entitlements: entitlements.map(entitlementKey) } : {}) }
  return intents.length === 0 ? [] : [{ kind: 'reactivated', detail, repairable: true }]
}

/** What the store would hold if a run had read what the list shows. */
function asListed(held: Held | undefined, listed: AccountSummary): Held {
  const entitlements = listed.entitlements ?? held?.account.entitlements ?? []
  return { granted: [], ...held, account: { ...held?.account, ...listed, entitlements } }
}

function kindOf(intent: Intent): DriftKind | undefined {
  switch (intent.kind) {
    case 'assign':
    case 'activate':
      return 'lacking'
    case 'revoke':
      return 'excess'
    case 'update-profile':
    case 'update-settings':
      return 'profile'
    case 'provision':
    case 'shut-out':
      return undefined
  }
}

function detailOf(intents: readonly Intent[]): Readonly<Record<string, unknown>> {
  const entitlements = intents.flatMap((intent) =>
    intent.kind === 'assign' || intent.kind === 'revoke' ? [entitlementKey(intent.entitlement)] : [],
  )
  const attributes = intents.flatMap((intent) =>
    intent.kind === 'update-profile'
      ? Object.keys(intent.change)
      : intent.kind === 'update-settings'
        ? Object.keys(intent.settings)
        : [],
  )
  return {
    ...(entitlements.length > 0 ? { entitlements } : {}),
    ...(attributes.length > 0 ? { attributes } : {}),
    ...(intents.some(({ kind }) => kind === 'activate') ? { state: 'disabled' } : {}),
  }
}

/** What came since the last proof, and no rule asks for: somebody granted it at the vendor, and it is left alone. */
function grantedByHand(
  before: Held | undefined,
  { account }: Held,
  wanted: Extract<Wanted, { kind: 'present' }>,
  can: Capabilities,
): readonly string[] {
  const known = new Set([
    ...(before?.account.entitlements ?? []).map(entitlementKey),
    ...wanted.entitlements.map(({ ref }) => entitlementKey(ref)),
  ])
  return account.entitlements
    .filter(({ inherited, kind, id }) => !inherited && !can.entitlements[kind]?.floor?.includes(id))
    .map(entitlementKey)
    .filter((key) => !known.has(key))
}

/** Whether the vendor shows other things of an account than the store holds, whatever is wanted. For the time after a restore. */
export function contradicts(held: Held | undefined, shown: AccountSummary | undefined): boolean {
  if (!held || !shown) return Boolean(held) !== Boolean(shown)
  const { account } = held
  const keys = ({ entitlements = [] }: AccountSummary): string =>
    entitlements
      .filter(({ inherited }) => !inherited)
      .map(entitlementKey)
      .sort()
      .join()
  return (
    account.state !== shown.state ||
    account.login.toLowerCase() !== shown.login.toLowerCase() ||
    (shown.entitlements !== undefined && keys(account) !== keys(shown))
  )
}

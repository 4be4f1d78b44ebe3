import type { AccountDraft, Entitlement, Profile } from '../model/account.ts'
import type { Capabilities } from '../model/capabilities.ts'
import { failures, VendorError } from '../model/errors.ts'
import type { GroupRef } from '../model/person.ts'
import type { Policy } from '../model/policy.ts'
import type { Target } from '../vendors/contract.ts'

/** Creations that the vendor is asked to judge, a call each. */
const mostRehearsed = 25

interface Finding {
  readonly state: 'hint' | 'failed' | 'unknown'
  readonly detail: string
}

interface Question extends Offer {
  readonly population?: Population | undefined
  /** Of the directory. */
  readonly domains: readonly string[]
}

/**
 * Has the vendor judge what would be made, where it can without making anything: the first people who have no account yet.
 * Where nobody is known, somebody who does not exist in each domain of the directory: a domain that the vendor does not take
 * is told before anybody is pushed.
 */
export async function rehearsalFindings(
  { rehearse }: Target,
  { population, domains, ...offer }: Question,
): Promise<readonly Finding[]> {
  if (!rehearse) return []
  const refused = new Map<string, { readonly state: Finding['state']; readonly logins: string[] }>()
  let left = mostRehearsed
  for await (const draft of population ? population.joiners(offer) : nobodies(domains, offer.can)) {
    if (left === 0) break
    left -= 1
    const refusal = await refusalOf(() => rehearse(draft))
    if (!refusal) continue
    const alike = refused.get(refusal.detail) ?? { state: refusal.state, logins: [] }
    refused.set(refusal.detail, alike)
    alike.logins.push(draft.login)
    // What cannot be asked now cannot be asked about the next one either.
    if (refusal.state === 'unknown') break
  }
  return [...refused].map(([detail, { state, logins }]) => ({ state, detail: `${named(logins)}: ${detail}` }))
}

async function refusalOf(rehearsing: () => Promise<void>): Promise<Finding | undefined> {
  try {
    await rehearsing()
    return undefined
  } catch (error) {
    if (!(error instanceof VendorError)) throw error
    const { failure, detail } = error
    if (failure === 'conflict') return { state: 'hint', detail: `somebody has this login already: ${detail}` }
    return failures[failure].next === 'give-up'
      ? { state: 'failed', detail: `the vendor would refuse the creation: ${detail}` }
      : { state: 'unknown', detail: `the vendor could not be asked about the creation: ${detail}` }
  }
}

/** Names that nobody has, with whatever the vendor wants of an account. */
function* nobodies(domains: readonly string[], { attributes }: Capabilities): Generator<AccountDraft> {
  for (const domain of domains) {
    const login = `drawbridge-check@${domain}`
    const profile: Profile = {
      email: login,
      userName: login,
      displayName: 'Drawbridge Check',
      givenName: 'Drawbridge',
      familyName: 'Check',
    }
    const kept = Object.entries(profile).filter(([name]) => name in attributes)
    yield { login, profile: Object.fromEntries(kept), entitlements: [] }
  }
}

function named(logins: readonly string[]): string {
  const [one, two, three] = logins
  const first = [one, two, three].filter((login) => login !== undefined).join(', ')
  return logins.length > 3 ? `${first} and ${logins.length - 3} more` : first
}

/** What rules can meet in a directory. */
export interface Population {
  readonly groups: readonly GroupRef[]
  /** Filters of rules, and whether somebody satisfies them. */
  readonly filters: ReadonlyMap<string, boolean>
  /** Whether somebody has this value under roles or entitlements; `*`: any. */
  readonly hasValue: (value: string) => boolean
  /** What would be sent for whom the connection would make an account, as far as the store knows. */
  readonly joiners: (offer: Offer) => AsyncGenerator<AccountDraft>
}

/** What a vendor has to offer, under the rules that are looked at. */
export interface Offer {
  readonly catalogue: readonly Entitlement[]
  readonly can: Capabilities
  readonly policy: Policy
}

import { isProtected } from './plan.ts'
import type { Account } from '../model/account.ts'
import type { Policy } from '../model/policy.ts'

export interface CorrelationInput {
  readonly login: string
  readonly adopt: Policy['adopt']
  /** ISO 8601 instant at which a create of ours was journaled whose outcome is not known. */
  readonly ownOpenCreateAt?: string
  /** Account id of the gateway's own credentials. */
  readonly self?: string
  readonly linkedElsewhere: (accountId: string) => boolean
  /** Logins that are never changed, as `isProtected` reads them. */
  readonly protect?: readonly string[]
  /** The account is looked for to end its access. */
  readonly shutOut: boolean
}

export type Correlation =
  | { readonly kind: 'none' }
  | { readonly kind: 'adopt'; readonly account: Account }
  /** The account under the login is linked with another User, or by another connection. */
  | { readonly kind: 'elsewhere'; readonly account: Account; readonly detail: string }
  /** An operator has to decide. */
  | { readonly kind: 'wait'; readonly detail: string }
  | {
      readonly kind: 'refuse'
      readonly failure: 'own-identity' | 'conflict' | 'managed-elsewhere' | 'protected' | 'service-account'
      readonly detail: string
    }

/** A vendor's clock may be this far behind ours before an account counts as older than our create. */
const clockToleranceMs = 5 * 60_000

/** Decides whether what the vendor has under a login is the person's account. */
export function correlate(candidates: readonly Account[], input: CorrelationInput): Correlation {
  const [first] = candidates
  if (!first) return { kind: 'none' }

  const exact = distinct(candidates.filter((account) => isNamed(account, input.login)))
  if (exact.some(({ id }) => id === input.self)) return ownIdentity(input.login)
  const [account, another] = exact
  if (!account) {
    return wait(`The vendor answers ${first.login} for ${input.login}; check whose account ${first.id} is.`)
  }
  if (another) {
    const ids = exact.map(({ id }) => id).join(', ')
    return wait(`The vendor has several accounts under ${input.login} (${ids}); keep one of them.`)
  }
  if (input.linkedElsewhere(account.id)) {
    const detail = `Account ${account.id} of ${input.login} belongs to another User of the directory, or to another connection. Give this User another e-mail address, or remove the other one.`
    return { kind: 'elsewhere', account, detail }
  }
  if (account.facts.kind === 'service') return serviceAccount(input.login)
  return input.shutOut ? forShutOut(account, input) : byPolicy(account, input)
}

// Access must end, no matter who made the account or what it may do; the last owner is the guard's concern.
function forShutOut(account: Account, { protect = [] }: CorrelationInput): Correlation {
  if (isProtected([account.login, account.profile.email], protect)) {
    const detail = `${account.login} is protected (guard.protect) and never changed. Take it off that list first, or end the access there by hand.`
    return { kind: 'refuse', failure: 'protected', detail }
  }
  const { managedBy } = account.facts
  if (managedBy === undefined) return { kind: 'adopt', account }
  const detail = `${account.login} is managed by ${managedBy}, which refuses our writes; end the access there.`
  return { kind: 'refuse', failure: 'managed-elsewhere', detail }
}

function byPolicy(account: Account, { adopt, ownOpenCreateAt, protect = [] }: CorrelationInput): Correlation {
  if (ownOpenCreateAt !== undefined && isOurs(account, ownOpenCreateAt)) return { kind: 'adopt', account }
  if (adopt === 'never') {
    const detail = `The vendor already has an account under ${account.login}, and this connection adopts none.`
    return { kind: 'refuse', failure: 'conflict', detail }
  }
  const doubt = isProtected([account.login, account.profile.email], protect)
    ? 'is protected'
    : doubtAbout(account)
  if (doubt !== undefined)
    return wait(`${account.login} ${doubt}; adopt account ${account.id} by hand if it is right.`)
  if (adopt === 'ask')
    return wait(`The vendor already has an account under ${account.login}; adopt ${account.id} or not.`)
  return { kind: 'adopt', account }
}

function doubtAbout({ facts, privileged }: Account): string | undefined {
  if (facts.managedBy !== undefined) return `is managed by ${facts.managedBy}, which refuses our writes`
  if (facts.source !== undefined && facts.source !== 'local')
    return `was made by ${facts.source}, not locally`
  return privileged ? 'holds an owner or admin role' : undefined
}

function isOurs({ createdAt }: Account, openedAt: string): boolean {
  if (createdAt === undefined) return true
  const older = Date.parse(openedAt) - Date.parse(createdAt)
  return Number.isNaN(older) || older <= clockToleranceMs
}

function isNamed({ login, profile }: Account, wanted: string): boolean {
  const folded = wanted.toLowerCase()
  return login.toLowerCase() === folded || profile.email?.toLowerCase() === folded
}

function distinct(accounts: readonly Account[]): readonly Account[] {
  return [...new Map(accounts.map((account) => [account.id, account])).values()]
}

function ownIdentity(login: string): Correlation {
  const detail = `${login} is the account that the gateway's own credentials belong to; it is never changed.`
  return { kind: 'refuse', failure: 'own-identity', detail }
}

function serviceAccount(login: string): Correlation {
  const detail = `${login} is a service account at the vendor; service accounts are never adopted or changed. Give the person another login.`
  return { kind: 'refuse', failure: 'service-account', detail }
}

function wait(detail: string): Correlation {
  return { kind: 'wait', detail }
}

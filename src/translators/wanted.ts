import type { Capabilities } from '../model/capabilities.ts'
import type { Granted, Wanted } from '../model/plan.ts'
import { loginOf, personOf, whyNoLogin } from './person.ts'
import { entitlementsFor } from './rules/rules.ts'
import type { Subject } from './rules/left-side.ts'
import type { Entitlement, Scope } from '../model/account.ts'
import type { GroupRef } from '../model/person.ts'
import type { Matching, Policy } from '../model/policy.ts'
import type { MadeGroups } from '../model/work.ts'

export interface WantedInput {
  /** The SCIM User as wanted. */
  readonly resource: Readonly<Record<string, unknown>>
  readonly active: boolean
  readonly deleted: boolean
  readonly groups: readonly GroupRef[]
  readonly policy: Policy
  readonly catalogue: readonly Entitlement[]
  readonly can: Capabilities
  readonly defaultScope?: Scope
  readonly matching: Matching
  /** ISO 8601 instant. */
  readonly now: string
  /** Name of the connection, which values of the User may carry. */
  readonly connection?: string
  /** What Drawbridge granted so far. */
  readonly granted?: readonly Granted[]
  /** The vendor's groups that are made for SCIM Groups. */
  readonly made?: MadeGroups
}

/** The User cannot be provisioned at this connection as the directory has it. */
export interface Refused {
  readonly kind: 'refused'
  readonly failure: 'no-login'
  readonly detail: string
}

/** What the directory says must be true of an account. A shut-out is never refused, whatever else the User lacks. */
export function wantedOf(input: WantedInput): Wanted | Refused {
  const { resource, policy, groups } = input
  if (input.deleted || !input.active) {
    const login = loginOf(resource, policy.login)
    const because = input.deleted ? 'deleted' : 'inactive'
    return { kind: 'shut-out', because, ...(login === undefined ? {} : { login }) }
  }

  const { matched, doubtful, ...grants } = entitlementsFor({ ...input, subject: subjectOf(input) })
  const mayBelong = grants.frozen.some((request) => !doubtful.includes(request) || wasGranted(request, input))
  if (policy.people === 'mapped' && !matched && !mayBelong) return { kind: 'nothing' }

  const person = personOf(resource, groups, policy.login)
  return person
    ? { kind: 'present', person: { ...person, active: true }, ...grants }
    : noLogin(resource, policy)
}

/** Filters see the User with the groups that they are in. */
export function subjectOf({ resource, groups }: Pick<WantedInput, 'resource' | 'groups'>): Subject {
  const shown = groups.map(({ id, displayName }) => ({ value: id, display: displayName }))
  return { groups, resource: { ...resource, active: true, groups: shown } }
}

// A right side that does not resolve now may well be this person's reason to be here: that is no leaver. A value of the
// User that never was granted anything here was meant for another vendor.
function wasGranted(request: string, { granted }: WantedInput): boolean {
  return (
    granted === undefined ||
    granted.some(({ wishes: requests }) => requests.length === 0 || requests.includes(request))
  )
}

function noLogin(resource: WantedInput['resource'], { login }: Policy): Refused {
  return { kind: 'refused', failure: 'no-login', detail: whyNoLogin(resource, login) }
}

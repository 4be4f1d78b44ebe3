import type { Capabilities, Entitlement, Scope } from '../vendors/contract.ts'
import type { GroupRef, Policy, Wanted } from './model.ts'
import { loginOf, personOf } from './person.ts'
import { entitlementsFor } from './rules.ts'

export interface WantedInput {
  /** The SCIM User as wanted. */
  readonly resource: Readonly<Record<string, unknown>>
  readonly active: boolean
  readonly deleted: boolean
  readonly groups: readonly GroupRef[]
  readonly policy: Policy
  readonly catalogue: readonly Entitlement[]
  readonly capabilities: Capabilities
  readonly defaultScope?: Scope
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

  const { matched, ...grants } = entitlementsFor(
    { groups },
    policy,
    input.catalogue,
    input.capabilities,
    input.defaultScope ? { defaultScope: input.defaultScope } : {},
  )
  // A right side that does not resolve now may well be this person's reason to be here: that is no leaver.
  if (policy.people === 'mapped' && !matched && grants.frozen.length === 0) return { kind: 'nothing' }

  const person = personOf(resource, groups, policy.login)
  return person ? { kind: 'present', person: { ...person, active: true }, ...grants } : noLogin(policy)
}

function noLogin({ login }: Policy): Refused {
  const order =
    login === 'userName'
      ? 'userName, nor the primary, nor the work e-mail'
      : 'primary e-mail, nor the work e-mail, nor userName'
  return {
    kind: 'refused',
    failure: 'no-login',
    detail: `Neither ${order} is an e-mail address; vendors know people by one. Map an e-mail address to one of them.`,
  }
}

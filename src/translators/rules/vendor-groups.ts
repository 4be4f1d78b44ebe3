import type { EntitlementRequest, Resolution } from '../entitlements/catalogue.ts'
import { groupCaptures, type Match, type Reading } from './left-side.ts'
import { filledIn, requestsOf, type RuleRequest } from './right-side.ts'
import type { Entitlement } from '../../model/account.ts'
import type { GroupRef } from '../../model/person.ts'
import type { Policy, Rule } from '../../model/policy.ts'
import type { Deviation } from '../../model/plan.ts'
import type { MadeGroup } from '../../model/work.ts'

/** The name of the vendor's group that is to be made for a SCIM Group: by the first rule with `create` that means it. */
export function groupWanted(
  { rules }: Pick<Policy, 'rules'>,
  group: GroupRef,
  { matching }: Reading,
): string | undefined {
  for (const rule of rules) {
    if (rule.create !== true || rule.group === undefined) continue
    const captures = groupCaptures(rule.group, group, matching)
    const name = captures && nameOf(rule, captures)
    if (name !== undefined) return name
  }
  return undefined
}

function nameOf(rule: Rule, captures: Match['captures']): string | undefined {
  const [request] = requestsOf(filledIn(rule, captures)).filter(
    ({ kind, name }) => kind === 'group' && name.trim() !== '',
  )
  return request?.name.trim()
}

/** Marks what a rule asks for as the vendor's group that is made for the SCIM Group. */
export function madeFor(
  asked: RuleRequest,
  { rule, match }: { readonly rule: Rule; readonly match: Match },
  policy: Pick<Policy, 'rules'>,
  reading: Reading,
): RuleRequest {
  const { group } = match
  if (rule.create !== true || !group || asked.request.kind !== 'group') return asked
  return groupWanted(policy, group, reading) === asked.request.name.trim()
    ? { ...asked, madeFor: group.id }
    : asked
}

export type MadeResolution =
  | Extract<Resolution, { kind: 'found' }>
  /** `refusal`: none will come by itself. */
  | { readonly kind: 'awaited'; readonly refusal?: string | undefined }

/** What a request for a group that is made means now; never another group of that name. */
export function resolveMade({ request }: RuleRequest, made: MadeGroup | undefined): MadeResolution {
  if (made?.id === undefined) return { kind: 'awaited', refusal: made?.refusal }
  const entitlement: Entitlement = { kind: 'group', id: made.id, name: made.name ?? request.name }
  return { kind: 'found', entitlement, further: [] }
}

/** Those that a rule makes in this directory at all: whether anybody need look. */
export function makesGroups({ rules }: Pick<Policy, 'rules'>): boolean {
  return rules.some(({ create }) => create === true)
}

/** Says that the vendor's group of a rule with `create` is not there yet, or why it will not come. */
export function groupAwaited({ name }: EntitlementRequest, refusal: string | undefined): Deviation {
  const detail =
    refusal === undefined
      ? `The group "${name}" is still to be made at the vendor; nothing needs to be done.`
      : `The group "${name}" cannot be made at the vendor: ${refusal}`
  return { code: 'group-awaited', detail }
}

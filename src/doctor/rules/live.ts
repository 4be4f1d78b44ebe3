import type { ConnectionConfig } from '../../model/configuration.ts'
import { matching } from '../../config/rules/matching.ts'
import { VendorError } from '../../model/errors.ts'
import { resolve } from '../../translators/entitlements/catalogue.ts'
import { deviationOf } from '../../translators/entitlements/unresolved.ts'
import { wishesOf } from '../../translators/entitlements/wishes.ts'
import type { DefaultGrant, GroupRef, Rule } from '../../model/plan.ts'
import { filledIn, hasTemplate } from '../../translators/rules/right-side.ts'
import { groupCaptures, isPattern } from '../../translators/rules/left-side.ts'
import type { AnyVendor, Capabilities, Entitlement } from '../../vendors/contract.ts'
import type { Kit } from '../../vendors/kit/kit.ts'
import { open } from '../open.ts'
import { placeOf, type RuleHint } from './hints.ts'
import type { Population } from './population.ts'
import { rehearsalFindings } from './rehearse.ts'

interface Question {
  readonly directory: string
  readonly connection: ConnectionConfig
  readonly vendor: AnyVendor
  /** Of the directory; empty: any. */
  readonly domains: readonly string[]
  /** Who is in the directory, where a store could be read. */
  readonly population?: Population | undefined
}

type Finding = Omit<RuleHint, 'directory' | 'connection'>

/** Compares the rules of a connection with the vendor's catalogue and, where it is known, with the directory. Reads only. */
export async function liveHints(question: Question, kit: Kit): Promise<readonly RuleHint[]> {
  const { directory, connection, vendor, population, domains } = question
  const about = { directory, connection: connection.name }
  const { rules, default: byDefault } = connection.policy
  const grants = rules.length > 0 || wishesOf(byDefault).length > 0
  const unmet = population ? rules.flatMap((rule, index) => unmetFindings(rule, index, population)) : []
  if (!grants && domains.length === 0 && !population) return []
  try {
    const { target } = await open(connection, vendor, kit)
    if (!grants && !target.rehearse) return []
    const catalogue = await target.catalogue()
    const found = rules.flatMap((rule, index) =>
      rightFindings(rule, placeOf(rule, index), {
        catalogue,
        can: target.capabilities,
        groups: population?.groups,
      }),
    )
    const last = rightFindings(byDefault, { rule: 'default' }, { catalogue, can: target.capabilities })
    const { capabilities: can } = target
    const offer = { catalogue, can, policy: connection.policy }
    const judged = await rehearsalFindings(target, { ...offer, population, domains })
    return [...found, ...last, ...unmet, ...judged].map((each) => ({ ...about, ...each }))
  } catch (error) {
    if (!(error instanceof VendorError)) throw error
    const detail = `the catalogue of ${vendor.name} could not be read: ${error.detail}`
    return [{ state: 'unknown', detail } as const, ...unmet].map((each) => ({ ...about, ...each }))
  }
}

interface Offer {
  readonly catalogue: readonly Entitlement[]
  readonly can: Capabilities
  readonly groups?: readonly GroupRef[] | undefined
}

/** What a right side names and the vendor does not have, or has more than once. */
function rightFindings(
  right: Rule | DefaultGrant,
  place: Pick<RuleHint, 'rule' | 'line'>,
  { catalogue, can, groups }: Offer,
): readonly Finding[] {
  const found = readingsOf(right, groups).flatMap((reading) =>
    wishesOf(reading)
      .filter(({ name }) => name.trim() !== '')
      .flatMap((wish) => {
        const resolution = can.entitlements[wish.kind] ? resolve(wish, catalogue) : undefined
        const isMade = 'create' in right && right.create === true && wish.kind === 'group'
        if (resolution?.kind === 'found' || (isMade && resolution?.kind === 'unknown')) return []
        const { detail } = deviationOf(wish, { rule: place.rule ?? 'default' }, resolution)
        return [{ ...place, state: 'failed', detail } as const]
      }),
  )
  return [...new Map(found.map((each) => [each.detail, each])).values()]
}

/** A right side with templates is read for every group that the pattern finds; without groups it is left alone. */
function readingsOf(right: Rule | DefaultGrant, groups: readonly GroupRef[] = []): readonly DefaultGrant[] {
  const written = 'group' in right ? right.group : undefined
  if ('roles' in right && right.roles !== undefined) return hasTemplate(right) ? [] : [right]
  if (written === undefined || !isPattern(written) || !hasTemplate(right)) return [right]
  return groups.flatMap((group) => {
    const captures = groupCaptures(written, group, matching)
    return captures ? [filledIn(right, captures)] : []
  })
}

/** Rules that concern nobody of the directory as it is. */
function unmetFindings(rule: Rule, index: number, population: Population): readonly Finding[] {
  const place = placeOf(rule, index)
  const { group, attribute, roles, except = [] } = rule
  const meets = (written: string): boolean =>
    population.groups.some((each) => groupCaptures(written, each, matching) !== undefined)
  const strangers = except
    .filter((written) => !meets(written))
    .map((written): Finding => ({
      ...place,
      state: 'hint',
      detail: `excepts ${JSON.stringify(written)}, and the directory has no such group`,
    }))
  const misses = (detail: string): readonly Finding[] => [{ ...place, state: 'hint', detail }, ...strangers]
  if (group !== undefined && !meets(group))
    return misses(`never matches: the directory has no group ${JSON.stringify(group)}`)
  if (attribute !== undefined && !population.filters.get(attribute))
    return misses(`never matches: nobody in the directory satisfies ${attribute}`)
  if (roles !== undefined && !population.hasValue(roles))
    return misses(
      `never matches: nobody in the directory has ${roles === '*' ? 'roles or entitlements' : JSON.stringify(roles)}`,
    )
  return strangers
}

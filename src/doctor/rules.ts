import { matching } from '../config/matching.ts'
import type { ConnectionConfig, DirectoryConfig } from '../model/configuration.ts'
import { VendorError } from '../model/errors.ts'
import { deviationOf, resolve, slotOfRequest } from '../translators/entitlements/catalogue.ts'
import { groupCaptures, isPattern } from '../translators/rules/left-side.ts'
import { filledIn, hasTemplate, leftWords, requestsOf } from '../translators/rules/right-side.ts'
import type { AnyVendor } from '../vendors/contract.ts'
import type { Capabilities } from '../model/capabilities.ts'
import type { Kit } from '../vendors/kit/kit.ts'
import { open } from './open.ts'
import { type Population, rehearsalFindings } from './rehearse.ts'
import type { Entitlement } from '../model/account.ts'
import type { GroupRef } from '../model/person.ts'
import type { DefaultGrant, Rule } from '../model/policy.ts'

/** Something about rules that is allowed and probably not meant, or that cannot work. */
export interface RuleHint {
  readonly directory: string
  /** Absent: about the directory as a whole. */
  readonly connection?: string
  /** Counted from 0, with its line in the file. */
  readonly rule?: number | 'default'
  readonly line?: number
  /** `failed`: the rule grants nothing as it stands. */
  readonly state: 'hint' | 'failed' | 'unknown'
  readonly detail: string
}

type VendorOf = (id: string) => AnyVendor | undefined

/** What can be told of rules from the file alone. */
export function ruleHints(directories: readonly DirectoryConfig[], vendorOf: VendorOf): readonly RuleHint[] {
  return directories.flatMap((directory) => [
    ...seatHints(directory),
    ...directory.connections.flatMap((connection) => {
      const vendor = vendorOf(connection.vendor)
      const can = vendor?.capabilities(
        connection.apiProfile === 'auto' ? vendor.profiles[0] : connection.apiProfile,
      )
      const about = { directory: directory.name, connection: connection.name }
      return can
        ? [...shadowHints(connection, can), ...levelHints(connection, can)].map((hint) => ({
            ...about,
            ...hint,
          }))
        : []
    }),
  ])
}

function seatHints({ name, connections }: DirectoryConfig): readonly RuleHint[] {
  const open = connections.filter(({ policy }) => policy.people === 'assigned').map((each) => each.name)
  if (open.length < 2) return []
  const detail = `${open.join(', ')} take in everyone who is pushed, so everyone takes a seat in each; with people: mapped, only people to whom a rule grants something get an account`
  return [{ directory: name, state: 'hint', detail }]
}

type Finding = Omit<RuleHint, 'directory' | 'connection'>

/** Rules whose grant an earlier rule of the same left side always decides, and rules that are repeated. */
function shadowHints({ policy: { rules } }: ConnectionConfig, can: Capabilities): readonly Finding[] {
  return rules.flatMap((rule, index) => {
    const earlier = rules.slice(0, index).find((each) => isSameLeft(each, rule) && isUnconditional(each))
    if (!earlier) return []
    const before = `rule ${rules.indexOf(earlier) + 1}${earlier.line === undefined ? '' : ` (line ${earlier.line})`}`
    if (rightOf(earlier) === rightOf(rule))
      return [{ ...placeOf(rule, index), state: 'hint', detail: `repeats ${before}` }]
    const taken = new Set(slotsOf(earlier, can))
    const slots = slotsOf(rule, can)
    const isBeaten =
      slots.length > 0 && slots.length === requestsOf(rule).length && slots.every((slot) => taken.has(slot))
    return isBeaten && rule.set === undefined
      ? [
          {
            ...placeOf(rule, index),
            state: 'hint',
            detail: `never grants anything: ${before} matches the same people (${leftWords(rule)}) and comes first, and an account can hold only one`,
          } as const,
        ]
      : []
  })
}

function isSameLeft(one: Rule, other: Rule): boolean {
  const fold = (text: string | undefined): string | undefined => text?.trim().toLowerCase()
  return (
    fold(one.group) === fold(other.group) &&
    one.attribute === other.attribute &&
    fold(one.roles) === fold(other.roles)
  )
}

function isUnconditional({ except, until }: Rule): boolean {
  return except === undefined && until === undefined
}

function rightOf({ role, team, vendorGroup, scope, set }: Rule): string {
  return JSON.stringify([role, team, vendorGroup, scope, set]).toLowerCase()
}

/** The slots of kinds that an account holds one of. */
function slotsOf(rule: Rule, can: Capabilities): readonly string[] {
  return requestsOf(rule)
    .filter(({ kind }) => can.entitlements[kind]?.perAccount === 'one')
    .map((request) => slotOfRequest(request, undefined).toLowerCase())
}

/** Rules of several scope levels at a vendor that knows an account at one level: anyone who matches two is frozen. */
function levelHints({ policy: { rules } }: ConnectionConfig, can: Capabilities): readonly Finding[] {
  if (can.entitlements.role?.scopeLevels !== 'one') return []
  const levelled = rules.flatMap((rule, index) => {
    const [level] = Object.keys(rule.scope ?? {})
    return level === undefined || rule.role === undefined ? [] : [{ rule, index, level }]
  })
  const [first] = levelled
  const other = levelled.find(({ level }) => level !== first?.level)
  if (!first || !other) return []
  const detail = `names the scope level ${other.level}, and rule ${first.index + 1} names ${first.level}: the vendor keeps an account at one level, so anyone who matches both keeps what they have and is granted neither`
  return [{ ...placeOf(other.rule, other.index), state: 'hint', detail }]
}

function placeOf({ line }: Rule, index: number): Pick<RuleHint, 'rule' | 'line'> {
  return { rule: index, ...(line === undefined ? {} : { line }) }
}

interface Question {
  readonly directory: string
  readonly connection: ConnectionConfig
  readonly vendor: AnyVendor
  /** Of the directory; empty: any. */
  readonly domains: readonly string[]
  /** Who is in the directory, where a store could be read. */
  readonly population?: Population | undefined
}

type RuleFinding = Omit<RuleHint, 'directory' | 'connection'>

/** Compares the rules of a connection with the vendor's catalogue and, where it is known, with the directory. Reads only. */
export async function liveHints(question: Question, kit: Kit): Promise<readonly RuleHint[]> {
  const { directory, connection, vendor, population, domains } = question
  const about = { directory, connection: connection.name }
  const { rules, default: byDefault } = connection.policy
  const grants = rules.length > 0 || requestsOf(byDefault).length > 0
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
): readonly RuleFinding[] {
  const found = readingsOf(right, groups).flatMap((reading) =>
    requestsOf(reading)
      .filter(({ name }) => name.trim() !== '')
      .flatMap((request) => {
        const resolution = can.entitlements[request.kind]
          ? resolve(request, catalogue, undefined, can.scopes)
          : undefined
        const isMade = 'create' in right && right.create === true && request.kind === 'group'
        if (resolution?.kind === 'found' || (isMade && resolution?.kind === 'unknown')) return []
        const { detail } = deviationOf(request, { rule: place.rule ?? 'default' }, resolution)
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

/** Rules that match no one in the directory as it is. */
function unmetFindings(rule: Rule, index: number, population: Population): readonly RuleFinding[] {
  const place = placeOf(rule, index)
  const { group, attribute, roles, except = [] } = rule
  const meets = (written: string): boolean =>
    population.groups.some((each) => groupCaptures(written, each, matching) !== undefined)
  const strangers = except
    .filter((written) => !meets(written))
    .map((written): RuleFinding => ({
      ...place,
      state: 'hint',
      detail: `excepts ${JSON.stringify(written)}, but the directory has no such group`,
    }))
  const misses = (detail: string): readonly RuleFinding[] => [
    { ...place, state: 'hint', detail },
    ...strangers,
  ]
  if (group !== undefined && !meets(group))
    return misses(`never matches: the directory has no group ${JSON.stringify(group)}`)
  if (attribute !== undefined && !population.filters.get(attribute))
    return misses(`never matches: no one in the directory satisfies ${attribute}`)
  if (roles !== undefined && !population.hasValue(roles))
    return misses(
      `never matches: no one in the directory has ${roles === '*' ? 'roles or entitlements' : JSON.stringify(roles)}`,
    )
  return strangers
}

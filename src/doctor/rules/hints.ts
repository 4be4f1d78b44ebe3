import type { ConnectionConfig, DirectoryConfig } from '../../model/configuration.ts'
import { slotAsked, wishesOf } from '../../translators/entitlements/wishes.ts'
import type { Rule } from '../../model/plan.ts'
import { leftWords } from '../../translators/rules/words.ts'
import type { AnyVendor, Capabilities } from '../../vendors/contract.ts'

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

export type VendorOf = (id: string) => AnyVendor | undefined

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
  const detail = `${open.join(', ')} take in everyone who is pushed, so everyone takes a seat in each; people: mapped takes in only whom a rule grants something`
  return [{ directory: name, state: 'hint', detail }]
}

type Finding = Omit<RuleHint, 'directory' | 'connection'>

/** Rules whose grant an earlier rule of the same left side always decides, and rules that stand twice. */
function shadowHints({ policy: { rules } }: ConnectionConfig, can: Capabilities): readonly Finding[] {
  return rules.flatMap((rule, index) => {
    const earlier = rules.slice(0, index).find((each) => isSameLeft(each, rule) && isUnconditional(each))
    if (!earlier) return []
    const before = `rule ${rules.indexOf(earlier) + 1}${earlier.line === undefined ? '' : ` (line ${earlier.line})`}`
    if (rightOf(earlier) === rightOf(rule))
      return [{ ...placeOf(rule, index), state: 'hint', detail: `says what ${before} says already` }]
    const taken = new Set(slotsOf(earlier, can))
    const slots = slotsOf(rule, can)
    const isBeaten =
      slots.length > 0 && slots.length === wishesOf(rule).length && slots.every((slot) => taken.has(slot))
    return isBeaten && rule.set === undefined
      ? [
          {
            ...placeOf(rule, index),
            state: 'hint',
            detail: `never grants anything: ${before} concerns the same people (${leftWords(rule)}), comes first, and an account holds one only`,
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
  return wishesOf(rule)
    .filter(({ kind }) => can.entitlements[kind]?.perAccount === 'one')
    .map((wish) => slotAsked(wish, undefined).toLowerCase())
}

/** Rules of several scope levels at a vendor that knows an account at one level: whoever meets two is frozen. */
function levelHints({ policy: { rules } }: ConnectionConfig, can: Capabilities): readonly Finding[] {
  if (can.entitlements.role?.scopeLevels !== 'one') return []
  const levelled = rules.flatMap((rule, index) => {
    const [level] = Object.keys(rule.scope ?? {})
    return level === undefined || rule.role === undefined ? [] : [{ rule, index, level }]
  })
  const [first] = levelled
  const other = levelled.find(({ level }) => level !== first?.level)
  if (!first || !other) return []
  const detail = `names the scope level ${other.level}, and rule ${first.index + 1} names ${first.level}: the vendor keeps an account at one level, so whoever meets both keeps what they have and is granted neither`
  return [{ ...placeOf(other.rule, other.index), state: 'hint', detail }]
}

export function placeOf({ line }: Rule, index: number): Pick<RuleHint, 'rule' | 'line'> {
  return { rule: index, ...(line === undefined ? {} : { line }) }
}

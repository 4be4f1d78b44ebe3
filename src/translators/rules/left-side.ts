import { type NamedValue, namedValues } from './right-side.ts'
import { endOf } from './rules.ts'
import type { GroupRef } from '../../model/person.ts'
import type { Matching, Rule } from '../../model/policy.ts'

/** Whom rules are read for. */
export interface Subject {
  readonly groups: readonly GroupRef[]
  /** The SCIM User as wanted; without it rules over attributes and roles concern nobody. */
  readonly resource?: Readonly<Record<string, unknown>>
}

/** What reading a rule needs beside the person; whatever a rule needs and is not given is an error, never a mismatch. */
export interface Reading {
  readonly matching?: Matching | undefined
  /** ISO 8601 instant. */
  readonly now?: string | undefined
  /** Name of the connection: values of roles may name entitlements of another one. */
  readonly connection?: string | undefined
}

/** One way in which a rule concerns a person. */
export interface Match {
  /** Absent for rules over attributes and roles. */
  readonly group?: GroupRef
  readonly value?: NamedValue
  /** What templates of the right side stand for. */
  readonly captures: Readonly<Record<string, string>>
  /** ISO 8601 instant at which it ends. */
  readonly until?: string
}

/** What a rule means for a person, and why it does not concern them where it does not. */
export interface RuleReading {
  readonly matches: readonly Match[]
  /** Would concern the person, were their time not over; without `until`: the group's name does not say how long. */
  readonly ended: readonly Match[]
  /** Name of the group that cancels the rule for the person. */
  readonly exceptedBy?: string
}

/** Reads the left side of a rule for a person. */
export function readRule(rule: Rule, subject: Subject, reading: Reading): RuleReading {
  const candidates = candidatesOf(rule, subject, reading)
  if (candidates.length === 0) return { matches: [], ended: [] }
  const exception = exceptionFor(rule, subject, reading)
  if (exception) return { matches: [], ended: [], exceptedBy: exception.displayName }
  if (rule.until === undefined) return { matches: candidates, ended: [] }
  return timed(rule.until, candidates, reading)
}

/** Whether a group is meant by the text of a left side: by displayName, `externalId:…` or `/pattern/`; its captures. */
export function groupCaptures(
  written: string,
  { displayName, externalId }: GroupRef,
  matching: Matching | undefined,
): Readonly<Record<string, string>> | undefined {
  if (written.startsWith(byExternalId)) {
    return externalId === written.slice(byExternalId.length) ? {} : undefined
  }
  if (isPattern(written)) return needed(matching).captures(written, displayName)
  return displayName.toLowerCase() === written.toLowerCase() ? {} : undefined
}

/** `/pattern/`, or `/pattern/i` where letter case does not count. */
export function isPattern(written: string): boolean {
  return /^\/.*\/i?$/su.test(written) && written.length > 2
}

const byExternalId = 'externalId:'

function candidatesOf(rule: Rule, subject: Subject, { matching, connection }: Reading): readonly Match[] {
  const { group: written, attribute, roles } = rule
  if (written !== undefined) {
    return inOrder(subject.groups.filter((group) => groupCaptures(written, group, matching))).map(
      (group) => ({
        group,
        captures: groupCaptures(written, group, matching) ?? {},
      }),
    )
  }
  const { resource } = subject
  if (!resource) return []
  if (attribute !== undefined)
    return needed(matching).satisfies(attribute, resource) ? [{ captures: {} }] : []
  return namedValues(resource, connection)
    .filter(({ name }) => roles === '*' || name.toLowerCase() === roles?.trim().toLowerCase())
    .map((value) => ({ value, captures: { value: value.name } }))
}

/** Each once, so that neither order nor repetition of memberships shows in what follows. */
function inOrder(groups: readonly GroupRef[]): readonly GroupRef[] {
  if (groups.length < 2) return groups
  const once = [...new Map(groups.map((group) => [group.id, group])).values()]
  return once.sort((a, b) => compare(a.displayName, b.displayName) || compare(a.id, b.id))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

function exceptionFor(rule: Rule, { groups }: Subject, { matching }: Reading): GroupRef | undefined {
  return groups.find((group) =>
    rule.except?.some((written) => groupCaptures(written, group, matching) !== undefined),
  )
}

function timed(until: string, candidates: readonly Match[], { now }: Reading): RuleReading {
  if (now === undefined) throw new Error('a rule with an end cannot be read without the time')
  const ends = candidates.map((match): Match & { readonly isOver: boolean } => {
    const end = endOf(until, match.group)
    if (end === 'never-begun') return { ...match, isOver: true }
    return { ...match, until: end, isOver: Date.parse(end) <= Date.parse(now) }
  })
  const strip = ({ isOver: _, ...match }: Match & { readonly isOver: boolean }): Match => match
  return {
    matches: ends.filter(({ isOver }) => !isOver).map(strip),
    ended: ends.filter(({ isOver }) => isOver).map(strip),
  }
}

function needed(matching: Matching | undefined): Matching {
  if (!matching) throw new Error('a rule over patterns or attributes cannot be read without what reads them')
  return matching
}

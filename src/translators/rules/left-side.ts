import type { GroupRef } from '../../model/person.ts'
import type { Matching, Rule } from '../../model/policy.ts'
import { endOf } from './until.ts'

/** Whom rules are read for. */
export interface Subject {
  readonly groups: readonly GroupRef[]
  /** The SCIM User as wanted; without it rules over attributes and roles match no one. */
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

type Resource = Readonly<Record<string, unknown>>

/** A value of the User's own roles or entitlements: what it names, and where only that is meant. */
interface NamedValue {
  readonly name: string
  /** Given by an id of the catalogue that Drawbridge publishes (`/Roles`, `/Entitlements`). */
  readonly kind?: 'role' | 'group'
  readonly scope?: { readonly [level: string]: string }
}

/**
 * The values of roles and entitlements, each once, in their order. Ids that name another connection are left out; JSON
 * text inside a value (Entra ID, AppRoleAssignmentsComplex) is read.
 */
export function namedValues(resource: Resource, connection: string | undefined): readonly NamedValue[] {
  const named = [...entriesOf(resource['roles']), ...entriesOf(resource['entitlements'])].flatMap((entry) => {
    const text = textOf(entry)
    if (text === undefined) return []
    const published = publishedId(text)
    if (!published) return [{ name: text }]
    const { connection: home, ...value } = published
    return connection === undefined || home === connection ? [value] : []
  })
  return [...new Map(named.map((value) => [keyOf(value), value])).values()]
}

function entriesOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function textOf(entry: unknown): string | undefined {
  if (typeof entry === 'string') return filled(entry)
  if (!isRecord(entry)) return undefined
  const value = filled(entry['value'])
  const decoded = value?.startsWith('{') ? parsed(value) : undefined
  if (decoded) return filled(decoded['value']) ?? filled(decoded['displayName'])
  return value ?? filled(entry['display'])
}

/** `connection~kind~id[~level~id]`, other bytes than letters, digits, `_` and `-` as a dot and two hexadecimal digits. */
function publishedId(text: string): (NamedValue & { readonly connection: string }) | undefined {
  if (!/^[\w.~-]+$/.test(text)) return undefined
  const [connection, kind, id, level, scopeId, ...rest] = text.split('~').map(unescaped)
  if (connection === undefined || id === undefined || rest.length > 0) return undefined
  if (kind !== 'role' && kind !== 'group') return undefined
  if (level === undefined) return { connection, kind, name: id }
  return scopeId === undefined ? undefined : { connection, kind, name: id, scope: { [level]: scopeId } }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text.replace(/\.([0-9a-f]{2})/g, '%$1'))
  } catch {
    // Not UTF-8, so no id of ours; taken as it stands.
    return text
  }
}

function keyOf({ name, kind, scope }: NamedValue): string {
  return JSON.stringify([kind, name.toLowerCase(), scope])
}

function filled(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}

function parsed(text: string): Resource | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Resource {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

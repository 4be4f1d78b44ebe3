import type { ClientSwitches } from '../client-profiles.ts'
import { invalidValue, quoted } from '../errors.ts'
import { type AttributeDefinition, type AttributeType, subAttributeOf } from '../schema/attribute.ts'
import { isObject, isUnassigned, jsonIn } from './json.ts'

export type ComplexValue = Readonly<Record<string, unknown>>

/** Values of one attribute; more than any identity provider sends, and few enough to search through. */
const maxValues = 500

/** Of one text; certificates and pictures that are sent as text are shorter. */
const mostCharacters = 32_768

/** What one attribute of a body becomes; undefined when it is unassigned. Throws `invalidValue` with the path. */
export function coerceAttribute(
  definition: AttributeDefinition,
  value: unknown,
  path: string,
  switches: ClientSwitches,
): unknown {
  if (isUnassigned(value)) return undefined
  if (!definition.multiValued) return coerceOne(definition, value, path, switches)
  if (!Array.isArray(value) && !switches.lenient) {
    throw invalidValue(`${path} must be a JSON array. Put the value into brackets.`)
  }
  const values = coerceList(definition, value, path, switches)
  return values.length === 0 ? undefined : settleValues(values)
}

/** The values of a multi-valued attribute, one by one; a single value counts as a list of one. */
export function coerceList(
  definition: AttributeDefinition,
  value: unknown,
  path: string,
  switches: ClientSwitches,
): unknown[] {
  if (isUnassigned(value)) return []
  const given = (switches.lenient && definition.type === 'complex' && jsonIn(value)) || value
  const list: readonly unknown[] = Array.isArray(given) ? given : [given]
  checkCount(list.length, path)
  return list
    .filter((each) => !isUnassigned(each))
    .map((each, index) => coerceValue(definition, each, `${path}[${index}]`, switches))
    .filter((each) => each !== undefined)
}

export function checkCount(count: number, path: string): void {
  if (count > maxValues) {
    throw invalidValue(`${path} may hold ${maxValues} values at most. Send fewer.`)
  }
}

function coerceOne(
  definition: AttributeDefinition,
  value: unknown,
  path: string,
  switches: ClientSwitches,
): unknown {
  if (!Array.isArray(value)) return coerceValue(definition, value, path, switches)
  if (switches.lenient && value.length === 1) return coerceOne(definition, value[0], path, switches)
  throw invalidValue(`${path} holds one value only. Send it without brackets.`)
}

/** One value: of a single-valued attribute, or one among many. */
function coerceValue(
  definition: AttributeDefinition,
  value: unknown,
  path: string,
  switches: ClientSwitches,
): unknown {
  if (definition.type === 'complex') return coerceComplex(definition, value, path, switches)
  const given = switches.lenient && isObject(value) ? valueIn(value) : value
  return isUnassigned(given) ? undefined : coerceSimple(definition, given, path, switches)
}

/** The `value` of an object that stands where a simple value belongs; without one the object itself. */
function valueIn(object: ComplexValue): unknown {
  const key = Object.keys(object).find((name) => name.toLowerCase() === 'value')
  return key === undefined ? object : object[key]
}

/** Keys come out in the schema's order, so that equal values have equal JSON. */
function coerceComplex(
  definition: AttributeDefinition,
  value: unknown,
  path: string,
  switches: ClientSwitches,
): ComplexValue | undefined {
  if (isUnassigned(value)) return undefined
  const object = objectOf(definition, value, path, switches)
  const given = new Map<AttributeDefinition, unknown>()
  for (const [key, each] of Object.entries(object)) {
    const sub = subAttributeOf(definition, key)
    if (sub && sub.mutability !== 'readOnly') given.set(sub, each)
  }
  const result: Record<string, unknown> = {}
  for (const sub of definition.subAttributes ?? []) {
    if (!given.has(sub)) continue
    const each = coerceAttribute(sub, given.get(sub), `${path}.${sub.name}`, switches)
    if (each !== undefined) result[sub.name] = sub.name === '$ref' ? relativeReference(each) : each
  }
  return Object.keys(result).length === 0 || clears(definition, result, switches) ? undefined : result
}

/**
 * Entra ID sends the manager as a bare id, and clears it with an empty one; Okta sends roles as texts. An object may also
 * come as JSON in a text.
 */
function objectOf(
  definition: AttributeDefinition,
  value: unknown,
  path: string,
  switches: ClientSwitches,
): ComplexValue {
  if (isObject(value)) return value
  if (typeof value === 'string' && switches.lenient) {
    const parsed = jsonIn(value)
    const [only, ...more] = Array.isArray(parsed) ? (parsed as unknown[]) : [parsed]
    if (isObject(only) && more.length === 0) return only
    if (parsed === undefined && subAttributeOf(definition, 'value')) return { value }
  }
  throw wrongType('complex', path)
}

function clears(definition: AttributeDefinition, result: ComplexValue, switches: ClientSwitches): boolean {
  return switches.lenient && isReference(definition) && result['value'] === ''
}

/** A single complex attribute that points to another resource by `value` and `$ref` (manager). */
export function isReference(definition: AttributeDefinition): boolean {
  return (
    !definition.multiValued &&
    subAttributeOf(definition, '$ref') !== undefined &&
    subAttributeOf(definition, 'value') !== undefined
  )
}

/** A `$ref` to a resource of ours is kept without its base, which answers put back (`absoluteReference`). */
function relativeReference(reference: unknown): unknown {
  return ownReference(reference) ?? reference
}

export function absoluteReference(reference: unknown, baseUrl: string): unknown {
  const own = ownReference(reference)
  return own !== undefined && own === reference ? `${baseUrl}/${own.slice(3)}` : reference
}

function ownReference(reference: unknown): string | undefined {
  if (typeof reference !== 'string') return undefined
  const slash = reference.lastIndexOf('/')
  const id = reference.slice(slash + 1)
  const endpoint = reference.slice(reference.lastIndexOf('/', slash - 1) + 1, Math.max(slash, 0))
  return id && (endpoint === 'Users' || endpoint === 'Groups') ? `../${endpoint}/${id}` : undefined
}

/**
 * Makes the values of an attribute sound: no pair of type and value twice, the later counting (RFC 7643 §2.4), and
 * one `primary` at most. `favoured` was written last: its primary wins over others, wherever it stands.
 */
export function settleValues(values: readonly unknown[], favoured?: ReadonlySet<unknown>): unknown[] {
  const byIdentity = new Map<string, unknown>()
  for (const value of values) byIdentity.set(identityOf(value), value)
  return onePrimary([...byIdentity.values()], favoured)
}

/** Type and value; what has no value is identified by all that it has but its mark as primary. */
export function identityOf(value: unknown): string {
  if (!isObject(value)) return JSON.stringify(value)
  if (value['value'] === undefined) return JSON.stringify({ ...value, primary: undefined })
  return JSON.stringify([value['type'] ?? null, value['value']])
}

function isPrimary(value: unknown): boolean {
  return isObject(value) && value['primary'] === true
}

function onePrimary(values: unknown[], favoured: ReadonlySet<unknown> | undefined): unknown[] {
  const primaries = values.filter(isPrimary)
  if (primaries.length < 2) return values
  const winner = primaries.findLast((value) => favoured?.has(value)) ?? primaries.at(-1)
  return values.map((value) =>
    isPrimary(value) && value !== winner ? { ...(value as object), primary: false } : value,
  )
}

/** A point in time, finer than a Date: seconds since 1970 and nanoseconds within the second. */
export interface Instant {
  readonly seconds: number
  readonly nanoseconds: number
}

const dateTime =
  /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:Z|([+-])(\d{2}):(\d{2}))?$/i

/** Reads xsd:dateTime (RFC 7643 §2.3.5) from year 0001 on, with 1 to 9 fraction digits; without a zone it is UTC. */
export function instantOf(text: string): Instant | undefined {
  const parts = dateTime.exec(text)
  if (!parts) return undefined
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  const [fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = parts.slice(7)
  const date = new Date(0)
  // Date.UTC reads years below 100 as 19xx.
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  if (!exists || year < 1 || hour > 23 || minute > 59 || second > 59) return undefined
  if (Number(offsetHour) > 14 || Number(offsetMinute) > 59) return undefined
  const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60 * (sign === '-' ? -1 : 1)
  return { seconds: date.getTime() / 1000 - offset, nanoseconds: Number(fraction.padEnd(9, '0')) }
}

/** Negative, zero or positive, as for `sort`. */
export function compareInstants(a: Instant, b: Instant): number {
  return a.seconds - b.seconds || a.nanoseconds - b.nanoseconds
}

const wanted: Readonly<Record<AttributeType, string>> = {
  string: 'a JSON string',
  boolean: 'true or false',
  integer: 'a whole number',
  decimal: 'a number',
  dateTime: 'a date and time like 2026-01-31T08:00:00Z',
  reference: 'a JSON string',
  binary: 'base64 text',
  complex: 'a JSON object',
}

function wrongType(type: AttributeType, path: string): Error {
  return invalidValue(`${path} must be ${wanted[type]}. Correct the value and send it again.`)
}

/** `"True"` and its like, or undefined. */
export function booleanOf(text: string): boolean | undefined {
  const folded = text.toLowerCase()
  return folded === 'true' ? true : folded === 'false' ? false : undefined
}

/** Text that cannot be stored: NUL and halves of surrogate pairs have no place in PostgreSQL's JSON. */
function checkText(text: string, path: string): void {
  if (text.length > mostCharacters) {
    throw invalidValue(`${path} has ${text.length} characters and may have ${mostCharacters}. Shorten it.`)
  }
  if (text.includes('\0') || !text.isWellFormed()) {
    throw invalidValue(`${path} holds a character that is not Unicode text: ${quoted(text)}. Remove it.`)
  }
}

const base64 = /^[A-Za-z0-9+/_\-\s]*={0,2}$/

/** One value of a simple type, untransformed apart from string booleans; throws `invalidValue`. */
function coerceSimple(
  definition: AttributeDefinition,
  value: unknown,
  path: string,
  switches: ClientSwitches,
): string | number | boolean {
  const { type } = definition
  switch (typeof value) {
    case 'boolean':
      if (type === 'boolean') return value
      break
    case 'number':
      if (type === 'decimal' || (type === 'integer' && Number.isInteger(value))) return value
      break
    case 'string':
      if (definition.address && jsonIn(value)) {
        throw invalidValue(`${path} is an address, not JSON: ${quoted(value)}. Send the address alone.`)
      }
      return coerceText(type, value, path, switches)
    default:
  }
  throw wrongType(type, path)
}

function coerceText(
  type: AttributeType,
  text: string,
  path: string,
  switches: ClientSwitches,
): string | boolean {
  checkText(text, path)
  if (type === 'string' || type === 'reference') return text
  if (type === 'dateTime' && instantOf(text)) return text
  // Clients that send random text where a certificate belongs are known (Microsoft's validator).
  if (type === 'binary' && (switches.lenient || base64.test(text.trimEnd()))) return text
  const boolean = type === 'boolean' && switches.stringBooleans ? booleanOf(text) : undefined
  if (boolean !== undefined) return boolean
  throw wrongType(type, path)
}

import type { ClientSwitches } from '../client-profiles.ts'
import { invalidValue, quoted } from '../errors.ts'
import type { AttributeDefinition, AttributeType } from '../schema/attribute.ts'

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

export function wrongType(type: AttributeType, path: string): Error {
  return invalidValue(`${path} must be ${wanted[type]}. Correct the value and send it again.`)
}

/** `"True"` and its like, or undefined. */
export function booleanOf(text: string): boolean | undefined {
  const folded = text.toLowerCase()
  return folded === 'true' ? true : folded === 'false' ? false : undefined
}

/** Text that cannot be stored: NUL and halves of surrogate pairs have no place in PostgreSQL's JSON. */
function checkText(text: string, path: string): void {
  if (text.includes('\0') || !text.isWellFormed()) {
    throw invalidValue(`${path} holds a character that is not Unicode text: ${quoted(text)}. Remove it.`)
  }
}

const base64 = /^[A-Za-z0-9+/_\-\s]*={0,2}$/

/** One value of a simple type, untransformed apart from string booleans; throws `invalidValue`. */
export function coerceSimple(
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

import { invalidValue, quoted } from '../errors.ts'
import type { AttributeDefinition, AttributeType } from '../schema/attribute.ts'
import type { ClientSwitches } from '../client-profiles.ts'
import { instantOf } from './date-time.ts'

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

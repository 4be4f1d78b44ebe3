import { isObject } from '../values/json.ts'
import { compareInstants, instantOf } from '../values/coerce.ts'
import type { BoundPath, CompareOp, Filter, Literal } from './ast.ts'

type Values = Readonly<Record<string, unknown>>

/**
 * Whether a resource, as SCIM shows it in full, satisfies the filter. Comparisons follow the attribute's type and letter
 * case; on several values one that matches is enough, for `ne` one that differs, or none at all.
 */
export function matches(filter: Filter, resource: Values): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.terms.every((term) => matches(term, resource))
    case 'or':
      return filter.terms.some((term) => matches(term, resource))
    case 'not':
      return !matches(filter.term, resource)
    case 'present':
      return valuesAt(resource, filter.path.names).some(isSet)
    case 'element':
      return valuesAt(resource, filter.path.names).some((each) =>
        matches(filter.filter, isObject(each) ? each : { value: each }),
      )
    case 'compare':
      return compare(filter.path, filter.op, filter.value, resource)
  }
}

/** The values that a path leads to, lists flattened, without null. */
function valuesAt(resource: Values, names: readonly string[]): readonly unknown[] {
  let values: unknown[] = [resource]
  for (const name of names) {
    values = values.flatMap((value) => (isObject(value) && Object.hasOwn(value, name) ? value[name] : []))
  }
  return values.filter((value) => value !== null && value !== undefined)
}

function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isSet)
  if (isObject(value)) return Object.values(value).some(isSet)
  return value !== undefined && value !== null && value !== ''
}

function compare(path: BoundPath, op: CompareOp, literal: Literal, resource: Values): boolean {
  if (path.type === 'unknown') return false
  const values = valuesAt(resource, path.names)
  if (literal === null) return (op === 'ne') === values.some(isSet)
  if (op === 'ne') return values.length === 0 || values.some((value) => !holds(path, 'eq', value, literal))
  return values.some((value) => holds(path, op, value, literal))
}

function holds(path: BoundPath, op: CompareOp, value: unknown, literal: Literal): boolean {
  if (typeof value === 'string' && typeof literal === 'string') {
    if (path.type === 'dateTime' && op !== 'co' && op !== 'sw' && op !== 'ew') {
      const [left, right] = [instantOf(value), instantOf(literal)]
      return left !== undefined && right !== undefined && ordered(op, compareInstants(left, right))
    }
    return path.caseExact
      ? textHolds(op, value, literal)
      : textHolds(op, value.toLowerCase(), literal.toLowerCase())
  }
  if (typeof value === 'number' && typeof literal === 'number') return ordered(op, value - literal)
  return typeof value === 'boolean' && op === 'eq' && value === literal
}

function textHolds(op: CompareOp, value: string, literal: string): boolean {
  switch (op) {
    case 'eq':
      return value === literal
    case 'co':
      return value.includes(literal)
    case 'sw':
      return value.startsWith(literal)
    case 'ew':
      return value.endsWith(literal)
    default:
      return ordered(op, compareCodePoints(value, literal))
  }
}

function ordered(op: CompareOp, difference: number): boolean {
  switch (op) {
    case 'eq':
      return difference === 0
    case 'gt':
      return difference > 0
    case 'ge':
      return difference >= 0
    case 'lt':
      return difference < 0
    case 'le':
      return difference <= 0
    default:
      return false
  }
}

/** Order of code points, as PostgreSQL's collation "C" has it for UTF-8; negative, zero or positive. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at += 1) {
    if (a.charCodeAt(at) !== b.charCodeAt(at)) return rank(a.charCodeAt(at)) - rank(b.charCodeAt(at))
  }
  return a.length - b.length
}

/** Surrogates stand for code points above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

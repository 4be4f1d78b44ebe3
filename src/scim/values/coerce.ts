import type { ClientSwitches } from '../client-profiles.ts'
import { invalidValue } from '../errors.ts'
import { isObject, isUnassigned } from './json.ts'
import { coerceSimple, wrongType } from './simple.ts'
import { type AttributeDefinition, subAttributeOf } from '../schema/attribute.ts'

export type ComplexValue = Readonly<Record<string, unknown>>

/** Values of one attribute; more than any identity provider sends, and few enough to search through. */
export const maxValues = 500

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
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
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
  if (switches.lenient && definition.type === 'complex' && value.length === 1) {
    return coerceValue(definition, value[0], path, switches)
  }
  throw invalidValue(`${path} holds one value only. Send it without brackets.`)
}

/** One value: of a single-valued attribute, or one among many. */
function coerceValue(
  definition: AttributeDefinition,
  value: unknown,
  path: string,
  switches: ClientSwitches,
): unknown {
  if (definition.type !== 'complex') return coerceSimple(definition, value, path, switches)
  return coerceComplex(definition, value, path, switches)
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

/** Entra ID sends the manager as a bare id, and clears it with an empty one. */
function objectOf(
  definition: AttributeDefinition,
  value: unknown,
  path: string,
  switches: ClientSwitches,
): ComplexValue {
  if (isObject(value)) return value
  if (typeof value === 'string' && switches.lenient && subAttributeOf(definition, 'value')) return { value }
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
export function relativeReference(reference: unknown): unknown {
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

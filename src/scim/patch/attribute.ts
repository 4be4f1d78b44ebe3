import { invalidValue, mutability } from '../errors.ts'
import { type AttributeDefinition, subAttributeOf } from '../schema/model.ts'
import { coerceAttribute, type ComplexValue, identityOf, isReference } from '../values/coerce.ts'
import { isObject, isUnassigned, sameValue } from '../values/json.ts'
import { checkImmutable } from '../values/required.ts'
import type { Change } from './apply.ts'
import { changeValues } from './values.ts'

/** Parts that the service provider may make itself: they do not tell elements apart. */
const derived: ReadonlySet<string> = new Set(['$ref', 'display'])

/** Appends what is not there yet; an element of the same type and value takes over what is new. */
export function added(
  values: readonly unknown[],
  given: readonly unknown[],
): { readonly after: readonly unknown[]; readonly written: readonly unknown[] } {
  const after = [...values]
  const places = new Map(values.map((value, index) => [keyOf(value), index]))
  const written: unknown[] = []
  for (const value of given) {
    const place = places.get(keyOf(value))
    const existing = place === undefined ? undefined : after[place]
    if (place !== undefined && isObject(existing) && isObject(value)) {
      if (says(existing, value)) continue
      after[place] = { ...existing, ...value }
      written.push(after[place])
    } else if (place === undefined) {
      places.set(keyOf(value), after.push(value) - 1)
      written.push(value)
    }
  }
  return { after: written.length === 0 ? values : after, written }
}

/** Type and value; for elements without a value, all but what is derived and the mark as primary. */
function keyOf(value: unknown): string {
  if (!isObject(value) || value['value'] !== undefined) return identityOf(value)
  const parts = Object.entries(value).filter(([name]) => name !== 'primary' && !derived.has(name))
  return JSON.stringify(parts.sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Whether an element has every part of another already, derived ones aside. */
function says(element: ComplexValue, other: ComplexValue): boolean {
  return Object.entries(other).every(([name, part]) => derived.has(name) || sameValue(element[name], part))
}

/** Takes away only the elements that are listed: by their value, and their type where it is given. */
export function withoutListed(
  values: readonly unknown[],
  listed: readonly unknown[],
  definition: AttributeDefinition,
): readonly unknown[] {
  const wanted = listed.map((each) => distinguishing(each, definition))
  const left = values.filter((value) => !wanted.some((each) => isListed(value, each, definition)))
  return left.length === values.length ? values : left
}

function distinguishing(listed: unknown, { name }: AttributeDefinition): unknown {
  if (!isObject(listed)) return listed
  const parts = Object.entries(listed).filter(([part]) => !derived.has(part))
  if (parts.length === 0) {
    throw invalidValue(`A value listed in the remove of ${name} names no element. Give its value.`)
  }
  const identifying = parts.filter(([part]) => part === 'value' || part === 'type')
  return Object.fromEntries(listed['value'] === undefined ? parts : identifying)
}

function isListed(value: unknown, listed: unknown, definition: AttributeDefinition): boolean {
  if (!isObject(listed)) return same(value, listed, definition)
  if (!isObject(value)) return false
  return Object.entries(listed).every(([name, part]) =>
    same(value[name], part, subAttributeOf(definition, name)),
  )
}

function same(a: unknown, b: unknown, definition: AttributeDefinition | undefined): boolean {
  const folds = typeof a === 'string' && typeof b === 'string' && definition?.caseExact === false
  return folds ? a.toLowerCase() === b.toLowerCase() : sameValue(a, b)
}

/** The attribute's value after the operation; undefined: unassigned. Never changes `before`. */
export function changed(before: unknown, change: Change): unknown {
  const { definition, op, subAttribute, filter, path, value, switches } = change
  if (op === 'remove' && !filter && (subAttribute ?? definition).required) throw required(path)
  // Never shown and not kept (password): a valid value is accepted.
  if (definition.returned === 'never') {
    if (op !== 'remove') coerceAttribute(definition, value, path, switches)
    return before
  }
  const after = definition.multiValued ? changeValues(before, change) : changeOne(before, change)
  if (definition.mutability === 'immutable') checkSet(before, after, path)
  return after
}

function required(path: string): Error {
  return mutability(`${path} is required and cannot be removed. Replace it instead.`)
}

/** Immutable: what was unset may be set; what was set may not even be removed. */
function checkSet(before: unknown, after: unknown, path: string): void {
  if (before === undefined || sameValue(before, after)) return
  throw mutability(`${path} cannot change once it is set. Leave it out.`)
}

function changeOne(before: unknown, change: Change): unknown {
  const { definition, op, subAttribute, value, path, switches } = change
  const parts = isObject(before) ? before : {}
  if (subAttribute) return changePart(parts, subAttribute, change)
  if (op === 'remove') return undefined
  const after = coerceAttribute(definition, value, path, switches)
  if (!isObject(after)) return isObject(value) ? merged(parts, {}, value, change) : after
  // A bare id or a list of one replaces the whole reference (Entra ID's manager).
  return isObject(value) ? merged(parts, after, value, change) : after
}

function merged(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  written: Readonly<Record<string, unknown>>,
  { definition, path, switches }: Change,
): unknown {
  const result: Record<string, unknown> = { ...before }
  for (const [key, value] of Object.entries(written)) {
    const part = subAttributeOf(definition, key)
    if (part && part.mutability !== 'readOnly' && isUnassigned(value)) delete result[part.name]
  }
  Object.assign(result, after)
  for (const { name, mutability: kind } of definition.subAttributes ?? []) {
    if (kind === 'immutable') checkImmutable(`${path}.${name}`, before[name], result[name])
  }
  if (switches.lenient && isReference(definition) && written['value'] === '') return undefined
  return withoutStaleReference(definition, before, result, after['$ref'] !== undefined)
}

function changePart(
  before: Readonly<Record<string, unknown>>,
  part: AttributeDefinition,
  change: Change,
): unknown {
  const { definition, value, switches } = change
  if (switches.lenient && isReference(definition) && part.name === 'value' && value === '') return undefined
  const after = changed(before[part.name], { ...change, definition: part, subAttribute: undefined })
  const result: Record<string, unknown> = { ...before }
  if (after === undefined) delete result[part.name]
  else result[part.name] = after
  return withoutStaleReference(definition, before, result, part.name === '$ref')
}

/** A `$ref` belongs to the `value` that it came with. */
function withoutStaleReference(
  definition: AttributeDefinition,
  before: Readonly<Record<string, unknown>>,
  result: Record<string, unknown>,
  renewed: boolean,
): unknown {
  if (isReference(definition) && !renewed && before['value'] !== result['value']) delete result['$ref']
  return Object.keys(result).length === 0 ? undefined : result
}

import type { ClientSwitches } from '../client-profiles.ts'
import { invalidValue, mutability, noTarget, quoted, tooLarge } from '../errors.ts'
import type { Filter } from '../filter/ast.ts'
import { matches } from '../filter/evaluate.ts'
import { type AttributeDefinition, subAttributeOf } from '../schema/attribute.ts'
import {
  checkCount,
  coerceAttribute,
  coerceList,
  type ComplexValue,
  identityOf,
  isReference,
  settleValues,
} from '../values/coerce.ts'
import { isObject, isUnassigned, sameValue } from '../values/json.ts'
import { checkImmutable } from '../values/required.ts'
import type { PatchOperation } from './operations.ts'

/** The values of a multi-valued attribute after an operation; undefined: none left. */
function changeValues(before: unknown, change: Change): unknown {
  const values: readonly unknown[] = Array.isArray(before) ? before : []
  spend(change.effort, (values.length + 1) * (1 + termsOf(change.filter)))
  const { after, written } =
    change.filter || change.subAttribute ? selected(values, change) : all(values, change)
  if (after.length === 0) return undefined
  checkCount(after.length, change.path)
  return after === values ? values : settleValues(after, new Set(written))
}

interface Changed {
  readonly after: readonly unknown[]
  /** Those among them that the operation wrote. */
  readonly written: readonly unknown[]
}

function termsOf(filter: Filter | undefined): number {
  if (!filter) return 0
  if (filter.kind === 'and' || filter.kind === 'or')
    return filter.terms.reduce((sum, term) => sum + termsOf(term), 0)
  return filter.kind === 'not' ? termsOf(filter.term) : 1
}

function all(values: readonly unknown[], { op, definition, value, path, switches, effort }: Change): Changed {
  if (op === 'remove' && value === undefined) return { after: [], written: [] }
  const given = coerceList(definition, value, path, switches)
  if (op === 'replace') return { after: given, written: given }
  if (op === 'add') return added(values, given)
  const count = Array.isArray(value) ? value.length : 1
  if (given.length < count) {
    throw invalidValue(
      `The value of the remove of ${path} names nothing. List the values that are to be removed.`,
    )
  }
  spend(effort, values.length * given.length)
  return { after: withoutListed(values, given, definition), written: [] }
}

/** Operations on the elements that the path selects: by its filter, or every one. */
function selected(values: readonly unknown[], change: Change): Changed {
  const { op, filter, subAttribute } = change
  const chosen = new Set(
    filter ? values.filter((value) => matches(filter, isObject(value) ? value : { value })) : values,
  )
  if (op === 'remove') {
    if (chosen.size === 0) return { after: values, written: [] }
    const after = subAttribute
      ? values.map((value) => (chosen.has(value) ? withoutPart(value, subAttribute, change) : value))
      : values.filter((value) => !chosen.has(value))
    return { after: after.filter((value) => value !== undefined), written: [] }
  }
  if (chosen.size === 0) {
    const element = created(change)
    return { after: [...values, element], written: [element] }
  }
  const written: unknown[] = []
  const after = values.map((value) => {
    if (!chosen.has(value)) return value
    const next = rewritten(value, change)
    written.push(next)
    return next
  })
  return { after, written }
}

/** An element that says nothing any more but its type goes too. */
function withoutPart(value: unknown, part: AttributeDefinition, { path }: Change): unknown {
  if (!isObject(value) || value[part.name] === undefined) return value
  if (part.mutability === 'immutable' || part.required) {
    throw mutability(`${path} cannot be removed alone. Remove the whole element.`)
  }
  const { [part.name]: _removed, ...rest } = value
  return Object.keys(rest).every((name) => name === 'type' || name === 'primary') ? undefined : rest
}

function rewritten(value: unknown, change: Change): unknown {
  const { op, filter, subAttribute } = change
  if (!subAttribute) {
    const given = oneValue(change)
    if (!isObject(given)) return given
    if (op === 'add') return unchangedParts(value, { ...(value as ComplexValue), ...given }, change)
    return { ...termsGiven(filter, change), ...given }
  }
  if (!isObject(value)) return value
  const part = partValue(subAttribute, change)
  return unchangedParts(value, { ...value, [subAttribute.name]: part }, change)
}

/** What is immutable inside an element stays, unless the element comes or goes as a whole. */
function unchangedParts(before: unknown, after: ComplexValue, { definition, path }: Change): ComplexValue {
  for (const { name, mutability: kind } of definition.subAttributes ?? []) {
    const had = isObject(before) ? before[name] : undefined
    if (kind === 'immutable' && had !== undefined && !sameValue(had, after[name])) {
      throw mutability(`${path} cannot change once it is set. Remove the element and add another.`)
    }
  }
  return after
}

/** An element made from what the filter says, for clients that write into elements that are not there yet. */
function created(change: Change): unknown {
  const { op, filter, subAttribute, path, switches } = change
  if (op === 'replace' && filter && switches.replaceUnmatched === 'no-target') {
    throw noTarget(`No value matches ${quoted(path)}. Use add, or correct the filter.`)
  }
  const terms = termsGiven(filter, change)
  if (filter && Object.keys(terms).length === 0) {
    throw noTarget(
      `No value matches ${quoted(path)}, and its filter does not say what to make. Add the value whole.`,
    )
  }
  if (subAttribute) return { ...terms, [subAttribute.name]: partValue(subAttribute, change) }
  const given = oneValue(change)
  return isObject(given) ? { ...terms, ...given } : given
}

function oneValue({ definition, value, path, switches }: Change): unknown {
  const [given, ...more] = coerceList(definition, value, path, switches)
  if (given === undefined || more.length > 0) {
    throw invalidValue(`${quoted(path)} needs exactly one value. Correct the operation.`)
  }
  return given
}

function partValue(part: AttributeDefinition, { value, path, switches }: Change): unknown {
  const given = coerceAttribute(part, value, path, switches)
  if (given === undefined) throw invalidValue(`${quoted(path)} needs a value. Add one, or use remove.`)
  return given
}

/** The `eq` terms of a filter, as far as `and` joins them, as parts of an element. */
function termsGiven(filter: Filter | undefined, change: Change): Record<string, unknown> {
  if (filter?.kind === 'and') {
    const parts = filter.terms.map((term) => termsGiven(term, change))
    return Object.assign({}, ...parts) as Record<string, unknown>
  }
  if (filter?.kind !== 'compare' || filter.op !== 'eq' || filter.value === null) return {}
  const part = subAttributeOf(change.definition, filter.path.names[0] ?? '')
  if (!part || part.mutability === 'readOnly') return {}
  return {
    [part.name]: coerceAttribute(
      part,
      filter.value,
      `${change.definition.name}.${part.name}`,
      change.switches,
    ),
  }
}

/** Appends what is not there yet; an element of the same type and value takes over what is new. */
function added(
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

/** Takes away only the elements that are listed: by their value, and their type where it is given. */
function withoutListed(
  values: readonly unknown[],
  listed: readonly unknown[],
  definition: AttributeDefinition,
): readonly unknown[] {
  const wanted = listed.map((each) => distinguishing(each, definition))
  const left = values.filter((value) => !wanted.some((each) => isListed(value, each, definition)))
  return left.length === values.length ? values : left
}

/** What one operation asks of one attribute. */
export interface Change {
  readonly op: PatchOperation['op']
  readonly definition: AttributeDefinition
  readonly filter: PatchOperation['target']['filter']
  readonly subAttribute: AttributeDefinition | undefined
  readonly value: unknown
  readonly path: string
  readonly switches: ClientSwitches
  readonly effort: Effort
}

/** Steps that a PATCH may still take: operations on long lists with long filters multiply. */
export interface Effort {
  left: number
}

function spend(effort: Effort, steps: number): void {
  effort.left -= steps
  if (effort.left < 0) throw tooLarge('The operations take too much work together. Send several requests.')
}

/** Parts that the service provider may make itself: they do not tell elements apart. */
const derived: ReadonlySet<string> = new Set(['$ref', 'display'])

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
  const { definition, op, subAttribute, filter, value, path, switches } = change
  if (filter && !(isObject(before) && matches(filter, before))) {
    // What is to be removed is not there, or is another one by now.
    if (op === 'remove') return before
    if (op === 'replace' && switches.replaceUnmatched === 'no-target') {
      throw noTarget(`No value matches ${quoted(path)}. Correct the filter, or leave out the brackets.`)
    }
  }
  const parts = isObject(before) ? before : filter && subAttribute ? termsGiven(filter, change) : {}
  if (subAttribute) return changePart(parts, subAttribute, change)
  if (op === 'remove') return undefined
  const after = coerceAttribute(definition, value, path, switches)
  // A bare id or a list of one replaces the whole reference (Entra ID's manager).
  if (definition.type !== 'complex' || !isObject(value)) return after
  return merged(parts, isObject(after) ? after : {}, value, change)
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
  const inside = { ...change, definition: part, subAttribute: undefined, filter: undefined }
  const after = changed(before[part.name], inside)
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

import { mutability } from '../errors.ts'
import { checkImmutable } from '../values/immutable.ts'
import type { AttributeDefinition } from '../schema/model.ts'
import { subAttributeOf } from '../schema/model.ts'
import { coerceAttribute, isReference } from '../values/coerce.ts'
import { isObject, isUnassigned, sameValue } from '../values/json.ts'
import type { Change } from './change.ts'
import { changeValues } from './values.ts'

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

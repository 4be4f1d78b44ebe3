import { invalidValue, mutability, noTarget, quoted } from '../errors.ts'
import type { Filter } from '../filter/ast.ts'
import { matches } from '../filter/evaluate.ts'
import { type AttributeDefinition, subAttributeOf } from '../schema/model.ts'
import { checkCount, coerceAttribute, coerceList, type ComplexValue, settleValues } from '../values/coerce.ts'
import { isObject, sameValue } from '../values/json.ts'
import { added, withoutListed } from './attribute.ts'
import { type Change, spend } from './apply.ts'

/** The values of a multi-valued attribute after an operation; undefined: none left. */
export function changeValues(before: unknown, change: Change): unknown {
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

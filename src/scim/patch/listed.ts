import { invalidValue } from '../errors.ts'
import type { AttributeDefinition } from '../schema/model.ts'
import { subAttributeOf } from '../schema/model.ts'
import type { ComplexValue } from '../values/coerce.ts'
import { isObject, sameValue } from '../values/json.ts'
import { identityOf } from '../values/multi-valued.ts'

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

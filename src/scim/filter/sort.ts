import { invalidPath, quoted } from '../errors.ts'
import { resolvePath, type ResourceModel } from '../schema/model.ts'
import { isObject } from '../values/json.ts'
import { instantOf } from '../values/coerce.ts'
import type { BoundPath, Sort } from './ast.ts'
import { compareCodePoints } from './evaluate.ts'
import { subAttributeOf } from '../schema/attribute.ts'
import type { FilterOptions } from './bind.ts'

/** What a resource is sorted by; null: it has no value. Instants are milliseconds since 1970. */
export type SortKey = string | number | boolean | null

/** Texts are told apart by so many code points: longer ones would not fit into a cursor. */
export const longestSortKey = 2_000

/** Of several values the primary one counts, else the first (RFC 7644 §3.4.2.3); letter case as the attribute has it. */
export function sortKeyOf(path: BoundPath, resource: Readonly<Record<string, unknown>>): SortKey {
  let value: unknown = resource
  for (const name of path.names) {
    value = leading(isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined)
  }
  if (typeof value === 'boolean' || typeof value === 'number') return value
  if (typeof value !== 'string') return null
  if (path.type !== 'dateTime') return shortened(path.caseExact ? value : value.toLowerCase())
  const instant = instantOf(value)
  return instant ? instant.seconds * 1000 + instant.nanoseconds / 1e6 : null
}

function leading(value: unknown): unknown {
  if (!Array.isArray(value)) return value
  return value.find((each: unknown) => isObject(each) && each['primary'] === true) ?? value[0]
}

function shortened(text: string): string {
  if (text.length <= longestSortKey) return text
  return [...text.slice(0, 2 * longestSortKey)].slice(0, longestSortKey).join('')
}

/** Negative, zero or positive, as for `sort`: missing values last, descending first. */
export function compareSortKeys(a: SortKey, b: SortKey, descending: boolean): number {
  const difference = ascending(a, b)
  return descending ? -difference : difference
}

function ascending(a: SortKey, b: SortKey): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  if (typeof a === 'string' || typeof b === 'string') return compareCodePoints(String(a), String(b))
  return Number(a) - Number(b)
}

/**
 * Binds `sortBy` to the schema (RFC 7644 §3.4.2.3); undefined when the resource type has no such attribute. Throws 400
 * `invalidPath` for attributes that have no order. Every `sortOrder` but `descending` means ascending.
 */
export function parseSort(
  sortBy: string,
  sortOrder: string | undefined,
  model: ResourceModel,
  options: FilterOptions = {},
): Sort | undefined {
  const path = resolvePath(model, sortBy.trim(), { shortNames: options.lenient ?? false })
  if (!path?.attribute) return undefined
  const definition = path.subAttribute ?? path.attribute
  if (definition.returned === 'never') throw invalidPath(`Lists cannot be sorted by ${quoted(sortBy)}.`)
  const compared = definition.type === 'complex' ? subAttributeOf(definition, 'value') : definition
  if (!compared) {
    throw invalidPath(`${quoted(sortBy)} has several parts. Sort by one of them, such as name.familyName.`)
  }
  return {
    path: {
      names: compared === definition ? path.names : [...path.names, compared.name],
      type: compared.type,
      caseExact: compared.caseExact,
      multiValued: path.attribute.multiValued || definition.multiValued,
    },
    descending: sortOrder?.trim().toLowerCase() === 'descending',
  }
}

import { instantOf } from '../values/date-time.ts'
import { isObject } from '../values/json.ts'
import type { BoundPath } from './ast.ts'
import { compareCodePoints } from './evaluate.ts'

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

import { isObject } from './json.ts'

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
